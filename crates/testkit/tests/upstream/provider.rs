//! A provider of the test's own: a real HTTP server on the loopback interface that speaks OpenID Connect and, at other
//! addresses, OAuth 2.0 as GitHub does. What it says the test decides, true or not.

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::net::TcpListener;
use valetkey_jose::{Algorithm, JwkSet, SigningKey};
use valetkey_protocol::secret::ClientSecret;
use valetkey_rules::upstream::{Mapping, SignUp};
use valetkey_server::listen::{self, Serving};
use valetkey_server::upstream::{ClientAuthentication, Endpoints, OAuth2, ProviderKind, ProviderSettings};

/// What it says.
pub(crate) struct Says {
    /// Whether it answers at all.
    pub(crate) is_up: bool,
    /// Whether its metadata promises `iss` in the redirect.
    pub(crate) promises_iss: bool,
    /// The claims of the next ID token, laid over honest ones; null leaves a claim out.
    pub(crate) claims: Map<String, Value>,
    /// The key that signs it; the published one when there is none.
    pub(crate) other_key: Option<SigningKey>,
    /// The answer of the token endpoint instead of tokens.
    pub(crate) token_error: Option<(u16, Value)>,
    /// What userinfo adds to `sub`; null leaves a member out.
    pub(crate) userinfo: Map<String, Value>,
    /// The answer of the address that tells who signed in, as GitHub's.
    pub(crate) user: Value,
    /// The list of e-mail addresses.
    pub(crate) emails: Value,
    /// The forms that came to the token endpoint.
    pub(crate) redeemed: Vec<BTreeMap<String, String>>,
    /// How often the metadata was asked for.
    pub(crate) discovered: u32,
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Provider {
    pub(crate) issuer: String,
    key: Arc<SigningKey>,
    says: Arc<Mutex<Says>>,
}

impl Provider {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            key: Arc::new(SigningKey::generate(Algorithm::ES256).unwrap()),
            says: Arc::new(Mutex::new(Says {
                is_up: true,
                promises_iss: true,
                claims: Map::new(),
                other_key: None,
                token_error: None,
                userinfo: Map::new(),
                user: json!({"id": 583_231, "login": "octocat", "name": "Mona", "email": null}),
                emails: json!([
                    {"email": "old@example.org", "primary": false, "verified": true},
                    {"email": "octocat@example.com", "primary": true, "verified": true},
                ]),
                redeemed: Vec::new(),
                discovered: 0,
            })),
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(metadata))
            .route("/jwks", get(jwks))
            .route("/token", post(token))
            .route("/userinfo", get(userinfo))
            .route("/user", get(user))
            .route("/user/emails", get(emails))
            .with_state(provider.clone());
        tokio::spawn(listen::serve(
            listener,
            router,
            Serving::default(),
            std::future::pending(),
        ));
        provider
    }

    pub(crate) fn says(&self) -> MutexGuard<'_, Says> {
        self.says.lock().unwrap()
    }

    /// Says this in the next ID tokens.
    pub(crate) fn claims(&self, claims: Value) {
        self.says().claims = claims.as_object().unwrap().clone();
    }

    /// Tells this of the person, beside who it is.
    pub(crate) fn tells(&self, claims: Value) {
        self.says().userinfo = claims.as_object().unwrap().clone();
    }

    /// As an operator declares it, by OpenID Connect.
    pub(crate) fn openid(&self, id: &str) -> ProviderSettings {
        ProviderSettings {
            id: id.to_owned(),
            label: id.to_uppercase(),
            kind: ProviderKind::OpenId {
                issuer: self.issuer.clone(),
            },
            client_id: String::from("valetkey"),
            authentication: ClientAuthentication::SecretPost(ClientSecret::new("upstream-secret")),
            scope: String::from("openid profile email"),
            prompt: None,
            form_post: false,
            trust_email: true,
            sign_up: SignUp::Anybody,
        }
    }

    /// The same, shaped like GitHub.
    pub(crate) fn github(&self) -> ProviderSettings {
        let member = |name: &str| Some(name.to_owned());
        let oauth2 = OAuth2 {
            issuer: self.issuer.clone(),
            endpoints: Endpoints {
                authorization: format!("{}/login/oauth/authorize", self.issuer),
                token: format!("{}/token", self.issuer),
                userinfo: Some(format!("{}/user", self.issuer)),
                ..Endpoints::default()
            },
            emails_endpoint: Some(format!("{}/user/emails", self.issuer)),
            mapping: Mapping {
                subject: String::from("id"),
                username: member("login"),
                name: member("name"),
                email: member("email"),
                email_verified: None,
                picture: member("avatar_url"),
            },
        };
        ProviderSettings {
            kind: ProviderKind::OAuth2(Arc::new(oauth2)),
            scope: String::from("read:user user:email"),
            ..self.openid("hub")
        }
    }
}

fn up(provider: &Provider) -> Result<MutexGuard<'_, Says>, StatusCode> {
    let says = provider.says();
    if says.is_up {
        Ok(says)
    } else {
        Err(StatusCode::SERVICE_UNAVAILABLE)
    }
}

async fn metadata(State(provider): State<Provider>) -> Result<Json<Value>, StatusCode> {
    provider.says().discovered += 1;
    let issuer = &provider.issuer;
    let promises_iss = up(&provider)?.promises_iss;
    Ok(Json(json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "token_endpoint": format!("{issuer}/token"),
        "userinfo_endpoint": format!("{issuer}/userinfo"),
        "jwks_uri": format!("{issuer}/jwks"),
        "id_token_signing_alg_values_supported": ["ES256"],
        "authorization_response_iss_parameter_supported": promises_iss,
    })))
}

async fn jwks(State(provider): State<Provider>) -> Result<Json<Value>, StatusCode> {
    drop(up(&provider)?);
    Ok(Json(json!(JwkSet {
        keys: vec![provider.key.public_jwk()]
    })))
}

async fn token(
    State(provider): State<Provider>,
    form: Bytes,
) -> Result<(StatusCode, Json<Value>), StatusCode> {
    let mut says = up(&provider)?;
    let form: BTreeMap<_, _> = url::form_urlencoded::parse(&form).into_owned().collect();
    says.redeemed.push(form);
    if let Some((status, error)) = &says.token_error {
        return Ok((StatusCode::from_u16(*status).unwrap(), Json(error.clone())));
    }
    let mut answer = json!({"access_token": "upstream-token", "token_type": "bearer", "scope": "read:user"});
    // Whoever asked for no ID token sent no nonce.
    if says.claims.contains_key("nonce") {
        let key = says.other_key.as_ref().unwrap_or(&provider.key);
        answer["id_token"] = json!(key.sign_jwt("JWT", &Value::Object(says.claims.clone())).unwrap());
    }
    Ok((StatusCode::OK, Json(answer)))
}

fn shows_the_token(headers: &HeaderMap) -> Result<(), StatusCode> {
    let shown = headers.get("authorization").map(http::HeaderValue::as_bytes);
    if shown == Some(b"Bearer upstream-token") {
        Ok(())
    } else {
        Err(StatusCode::UNAUTHORIZED)
    }
}

async fn userinfo(State(provider): State<Provider>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let says = up(&provider)?;
    shows_the_token(&headers)?;
    let mut claims = Map::new();
    claims.insert(
        "sub".to_owned(),
        says.claims.get("sub").cloned().unwrap_or_default(),
    );
    claims.extend(says.userinfo.clone());
    claims.retain(|_, value| !value.is_null());
    Ok(Json(Value::Object(claims)))
}

async fn user(State(provider): State<Provider>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let says = up(&provider)?;
    shows_the_token(&headers)?;
    Ok(Json(says.user.clone()))
}

async fn emails(State(provider): State<Provider>, headers: HeaderMap) -> Result<Json<Value>, StatusCode> {
    let says = up(&provider)?;
    shows_the_token(&headers)?;
    Ok(Json(says.emails.clone()))
}
