//! Tests of the client against an authorization server in process: real keys, signatures and PKCE, and a clock that
//! stands still.

mod after;
mod assertions;
mod attacks;
mod device;
mod discovery;
mod endpoints;
mod exchange;
mod hyper;
mod id_token;
mod keys;
mod logout;
mod oauth1;
mod observed;
mod request;
mod third_party;

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, LazyLock, Mutex};
use std::task::{Context, Poll, Waker};

use http::Response;
use serde_json::{Value, json};
use valetkey_jose::{Algorithm, JwkSet, SigningKey, b64, hash};
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::params::Params;
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;

use crate::{
    Ask, Client, ClientAuthentication, Error, HttpError, HttpRequest, HttpResponse, Pending, Registration,
    Tokens,
};

const ISSUER: &str = "https://login.example";
const CALLBACK: &str = "https://app.example/callback";
const NOW: Timestamp = Timestamp(1_800_000_000);
const SECRET: &str = "my: secret%";

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());

/// The authorization server: what it publishes, what it will answer, and what it was asked.
struct World {
    metadata: Mutex<Value>,
    key: Mutex<Arc<SigningKey>>,
    /// Changes to the ID token's claims.
    id_claims: Mutex<Value>,
    id_typ: Mutex<&'static str>,
    /// Changes to the token answer; or a whole other answer.
    token_answer: Mutex<Value>,
    instead: Mutex<Option<HttpResponse>>,
    /// Changes to the answer of the device authorization endpoint.
    device_answer: Mutex<Value>,
    userinfo: Mutex<Value>,
    /// The authorization request that is under way.
    begun: Mutex<HashMap<String, String>>,
    asked: Mutex<Vec<(String, Params)>>,
}

impl World {
    fn new() -> Arc<Self> {
        let pkcs8 = KEY.to_pkcs8();
        Arc::new(Self {
            metadata: Mutex::new(json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/authorize?tenant=a"),
                "token_endpoint": format!("{ISSUER}/token"),
                "jwks_uri": format!("{ISSUER}/jwks"),
                "userinfo_endpoint": format!("{ISSUER}/userinfo"),
                "revocation_endpoint": format!("{ISSUER}/revoke"),
                "device_authorization_endpoint": format!("{ISSUER}/device"),
                "end_session_endpoint": format!("{ISSUER}/end_session?tenant=a"),
                "id_token_signing_alg_values_supported": ["ES256", "a-future-one"],
                "authorization_response_iss_parameter_supported": true,
            })),
            key: Mutex::new(Arc::new(
                SigningKey::from_pkcs8(Algorithm::ES256, &pkcs8).unwrap(),
            )),
            id_claims: Mutex::new(json!({})),
            id_typ: Mutex::new("JWT"),
            token_answer: Mutex::new(json!({})),
            instead: Mutex::default(),
            device_answer: Mutex::new(json!({})),
            userinfo: Mutex::new(json!({"sub": "alice", "name": "Alice"})),
            begun: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    fn change(&self, changes: Value) -> &Self {
        merge(&mut self.metadata.lock().unwrap(), &changes);
        self
    }

    fn id_claims(&self, changes: Value) {
        *self.id_claims.lock().unwrap() = changes;
    }

    fn discover_as(self: &Arc<Self>, authentication: ClientAuthentication) -> Result<Client, Error> {
        let world = Arc::clone(self);
        let http = move |request: HttpRequest| {
            let answer = world.answer(&request);
            async move { answer }
        };
        let registration = Registration {
            issuer: ISSUER.to_owned(),
            client_id: "my app".to_owned(),
            authentication,
            redirect_uri: Some(CALLBACK.to_owned()),
        };
        now(Client::discover(Arc::new(http), registration))
    }

    fn client(self: &Arc<Self>) -> Client {
        let secret = ClientSecret::new(SECRET);
        self.discover_as(ClientAuthentication::SecretBasic(secret))
            .unwrap()
    }

    /// Sends the person away.
    fn begin(&self, client: &Client, ask: &Ask<'_>) -> Pending {
        let (url, pending) = client.begin(ask).unwrap();
        *self.begun.lock().unwrap() = url.query_pairs().into_owned().collect();
        pending
    }

    /// What the browser brings back when all goes well.
    fn callback(&self) -> String {
        format!(
            "code=c1&state={}&iss=https%3A%2F%2Flogin.example",
            self.begun.lock().unwrap()["state"]
        )
    }

    /// A whole sign-in.
    fn sign_in(&self, client: &Client) -> Result<Tokens, Error> {
        let pending = self.begin(client, &OPENID);
        now(client.finish(pending, &self.callback(), NOW))
    }

    fn asked(&self, path: &str) -> Vec<Params> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|(to, _)| to == path)
            .map(|(_, params)| params.clone())
            .collect()
    }

    fn answer(&self, request: &HttpRequest) -> Result<HttpResponse, HttpError> {
        let path = request.uri().path().to_owned();
        let params = Params::parse(request.body()).unwrap();
        self.asked.lock().unwrap().push((path.clone(), params.clone()));
        let answer = match path.as_str() {
            "/.well-known/oauth-authorization-server" => self.metadata.lock().unwrap().clone(),
            "/jwks" => json!(JwkSet {
                keys: vec![self.key.lock().unwrap().public_jwk()]
            }),
            "/token" => {
                if let Some(answer) = self.instead.lock().unwrap().take() {
                    return Ok(answer);
                }
                check_client(request, &params);
                self.tokens(&params)
            }
            "/device" => {
                check_client(request, &params);
                let mut answer = json!({
                    "device_code": "dc1", "user_code": "WDJB-MJHT", "expires_in": 600, "interval": 7,
                    "verification_uri": format!("{ISSUER}/device"),
                });
                merge(&mut answer, &self.device_answer.lock().unwrap());
                answer
            }
            "/userinfo" => {
                assert_eq!(request.headers()["authorization"], "Bearer at1");
                self.userinfo.lock().unwrap().clone()
            }
            "/revoke" => {
                check_client(request, &params);
                json!({})
            }
            _ => return Ok(plain(404, "")),
        };
        Ok(plain(200, &answer.to_string()))
    }

    fn tokens(&self, params: &Params) -> Value {
        let begun = self.begun.lock().unwrap();
        let mut claims = json!({
            "iss": ISSUER, "sub": "alice", "aud": "my app", "exp": NOW.0 + 3600, "iat": NOW.0,
            "at_hash": hash::left_half_b64(self.key.lock().unwrap().alg(), "at1"),
        });
        if params.get("grant_type") == Some("authorization_code") {
            let verifier = params.get("code_verifier").unwrap();
            let challenge = b64::encode_url(&hash::sha256(verifier.as_bytes()));
            assert_eq!(
                (params.get("code"), params.get("redirect_uri")),
                (Some("c1"), Some(CALLBACK))
            );
            assert_eq!(begun["code_challenge"], challenge);
            merge(&mut claims, &json!({"nonce": begun.get("nonce")}));
        }
        merge(&mut claims, &self.id_claims.lock().unwrap());
        let id_token = self
            .key
            .lock()
            .unwrap()
            .sign_jwt(*self.id_typ.lock().unwrap(), &claims)
            .unwrap();
        let mut answer = json!({
            "access_token": "at1", "token_type": "bearer", "expires_in": 300, "refresh_token": "rt1",
            "id_token": id_token,
        });
        merge(&mut answer, &self.token_answer.lock().unwrap());
        answer
    }
}

const OPENID: Ask<'static> = Ask {
    scope: "openid photos.read",
    resource: None,
    prompt: None,
    max_age: None,
    login_hint: None,
    acr_values: None,
    claims: None,
    ui_locales: None,
    id_token_hint: None,
    response_mode: None,
};

/// The client must prove who it is, in exactly one way.
fn check_client(request: &HttpRequest, params: &Params) {
    let header = request
        .headers()
        .get("authorization")
        .map(|value| value.as_bytes());
    let presented = Presented::read(header, params);
    let (id, secret) = match (&presented.basic, &presented.body_id) {
        (Some(basic), None) => (&basic.id, Some(&basic.secret)),
        (None, Some(id)) => (id, presented.body_secret.as_ref()),
        other => panic!("{other:?}"),
    };
    assert_eq!(id, "my app");
    assert!(secret.is_none_or(|secret| secret.expose() == SECRET));
}

fn plain(status: u16, body: &str) -> HttpResponse {
    Response::builder()
        .status(status)
        .body(body.as_bytes().to_vec())
        .unwrap()
}

/// `null` takes a member out.
fn merge(into: &mut Value, changes: &Value) {
    let members = into.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
}

/// Nothing here waits for anything, so one poll is enough.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("the test's server answers at once"),
    }
}

#[track_caller]
fn refused<T: std::fmt::Debug>(outcome: Result<T, Error>, rule: valetkey_protocol::rule::Rule) {
    match outcome {
        Err(Error::Refused(refusal)) => assert_eq!(refusal.rule, rule, "{refusal:?}"),
        other => panic!("not refused by {rule}: {other:?}"),
    }
}
