//! Tests through the layer: a real axum router behind it, real keys and signatures, and an authorization server that
//! answers in process. The clock is the test's.

mod attacks;
mod config;
mod introspection;
mod keys;
mod oauth1;
mod observed;
mod wire;

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::routing::get;
use axum::{Extension, Router};
use http::{Request, Response, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use valetkey_jose::{Algorithm, JwkSet, SigningKey};
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::params::Params;
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;

use crate::{Access, Builder, HttpError, HttpRequest, HttpResponse, ResourceServer};

const API: &str = "https://photos.example";
const ISSUER: &str = "https://login.example";
const NOW: i64 = 1_800_000_000;
const SECRET: &str = "photos: a%secret";

/// An authorization server in process: its documents, its word on tokens, and how often it was asked.
struct World {
    now: AtomicI64,
    down: AtomicBool,
    claimed_issuer: Mutex<String>,
    keys: Mutex<Vec<Arc<SigningKey>>>,
    /// The introspection answer.
    answer: Mutex<Value>,
    asked: Mutex<Vec<String>>,
}

impl World {
    fn new() -> Arc<Self> {
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        Arc::new(Self {
            now: AtomicI64::new(NOW),
            down: AtomicBool::new(false),
            claimed_issuer: Mutex::new(ISSUER.to_owned()),
            keys: Mutex::new(vec![Arc::new(key)]),
            answer: Mutex::new(json!({"active": false})),
            asked: Mutex::default(),
        })
    }

    fn builder(self: &Arc<Self>) -> Builder {
        let (server, clock) = (Arc::clone(self), Arc::clone(self));
        ResourceServer::builder(API, ISSUER)
            .http(Arc::new(move |request| {
                let answer = server.answer(&request);
                async move {
                    // Others get their turn meanwhile, as on a real connection.
                    tokio::task::yield_now().await;
                    answer
                }
            }))
            .clock(move || Timestamp(clock.now.load(Ordering::SeqCst)))
    }

    /// An API that takes JWTs.
    fn jwt(self: &Arc<Self>) -> Api {
        Api::new(self.builder().jwt())
    }

    /// An API that asks about every token.
    fn introspecting(self: &Arc<Self>) -> Builder {
        self.builder().introspect("photos:api", ClientSecret::new(SECRET))
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let path = request.uri().path().to_owned();
        self.asked.lock().unwrap().push(path.clone());
        if self.down.load(Ordering::SeqCst) {
            return Err(HttpError::Unreachable("down".into()));
        }
        let body = match path.as_str() {
            "/.well-known/oauth-authorization-server" => json!({
                "issuer": *self.claimed_issuer.lock().unwrap(),
                "jwks_uri": format!("{ISSUER}/jwks"),
                "introspection_endpoint": format!("{ISSUER}/introspect"),
            }),
            "/jwks" => json!(JwkSet {
                keys: self
                    .keys
                    .lock()
                    .unwrap()
                    .iter()
                    .map(|key| key.public_jwk())
                    .collect(),
            }),
            "/introspect" => self.introspect(request),
            _ => return Ok(status(404)),
        };
        Ok(Response::new(body.to_string().into_bytes()))
    }

    fn introspect(&self, request: &HttpRequest) -> Value {
        let header = request
            .headers()
            .get("authorization")
            .map(|value| value.as_bytes());
        let params = Params::parse(request.body()).unwrap();
        let basic = Presented::read(header, &params).basic.unwrap();
        assert_eq!((basic.id.as_str(), basic.secret.expose()), ("photos:api", SECRET));
        assert!(params.get("token").is_some());
        self.answer.lock().unwrap().clone()
    }

    fn key(&self) -> Arc<SigningKey> {
        Arc::clone(&self.keys.lock().unwrap()[0])
    }

    /// A good token, with these members changed; `null` takes one out.
    fn token(&self, changes: Value) -> String {
        self.key().sign_jwt("at+jwt", &claims(changes)).unwrap()
    }

    fn wait(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
    }

    fn asked(&self, path: &str) -> usize {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .filter(|asked| *asked == path)
            .count()
    }

    fn says(&self, answer: Value) {
        *self.answer.lock().unwrap() = answer;
    }
}

fn status(code: u16) -> HttpResponse {
    Response::builder().status(code).body(Vec::new()).unwrap()
}

fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "sub": "alice", "aud": API, "exp": NOW + 300, "iat": NOW, "jti": "t1",
        "client_id": "mysweetapp", "scope": "photos.read", "gid": "g1",
    });
    merge(&mut claims, changes);
    claims
}

/// What the server says about a token that counts.
fn active(changes: Value) -> Value {
    let mut answer = json!({
        "active": true, "iss": ISSUER, "sub": "alice", "aud": API, "exp": NOW + 300, "token_type": "Bearer",
        "client_id": "mysweetapp", "scope": "photos.read", "grant_id": "g1", "jti": "t1",
    });
    merge(&mut answer, changes);
    answer
}

fn merge(into: &mut Value, changes: Value) {
    let members = into.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}

/// The API: `/photos` wants `photos.read`, `/upload` wants `photos.write`, `/me` any good token.
struct Api {
    router: Router,
}

impl Api {
    fn new(builder: Builder) -> Self {
        async fn who(Extension(access): Extension<Access>) -> String {
            format!("{} {} {}", access.subject, access.client_id, access.scope)
        }
        let server = builder.build().unwrap();
        let router = Router::new()
            .route("/photos", get(who).layer(server.require("photos.read")))
            .route(
                "/upload",
                get(who).layer(server.require("photos.read photos.write")),
            )
            .route("/me", get(who).layer(server.require("")));
        Self { router }
    }

    async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let header = |name| {
            head.headers
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned())
        };
        Answer {
            status: head.status,
            challenge: header("www-authenticate").unwrap_or_default(),
            retry_after: header("retry-after"),
            cache_control: header("cache-control"),
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    async fn get(&self, uri: &str, authorization: &[&str]) -> Answer {
        let request = authorization.iter().fold(Request::get(uri), |request, value| {
            request.header("authorization", *value)
        });
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// `GET /photos` with this bearer token.
    async fn show(&self, token: &str) -> Answer {
        self.get("/photos", &[&format!("Bearer {token}")]).await
    }

    /// The rule that refuses this token, by its sentence in the answer.
    async fn refuses(&self, token: &str, rule: valetkey_protocol::rule::Rule) {
        let answer = self.show(token).await;
        answer.is_refused_by(rule);
    }
}

#[derive(Debug)]
struct Answer {
    status: StatusCode,
    challenge: String,
    retry_after: Option<String>,
    cache_control: Option<String>,
    body: String,
}

impl Answer {
    #[track_caller]
    fn is_refused_by(&self, rule: valetkey_protocol::rule::Rule) {
        let info = rule.info();
        assert_eq!(self.status.as_u16(), info.status, "{self:?}");
        let error = format!("error=\"{}\", error_description=\"{}\"", info.error, info.says);
        assert!(self.challenge.contains(&error), "{rule}: {self:?}");
        let body: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!(body["error"], info.error.as_str());
        assert_eq!(body["error_uri"], info.url);
        assert_eq!(self.cache_control.as_deref(), Some("no-store"));
    }

    #[track_caller]
    fn is_alice(&self) {
        assert_eq!(
            (self.status, self.body.as_str()),
            (StatusCode::OK, "alice mysweetapp photos.read")
        );
    }

    #[track_caller]
    fn is_unavailable(&self) {
        assert_eq!(self.status, StatusCode::SERVICE_UNAVAILABLE, "{self:?}");
        assert_eq!(self.retry_after.as_deref(), Some("5"));
        assert_eq!(self.challenge, "");
    }
}
