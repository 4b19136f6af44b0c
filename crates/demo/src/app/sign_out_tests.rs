//! Signing in and out with an authorization server in process: real signatures, real callbacks, and the attacks first.

use super::session::COOKIE_NAME;
use super::*;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::body::Body;
use axum::response::Response;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Mutex;
use tower::ServiceExt;
use valetkey_client::{HttpError, HttpRequest};

const ISSUER: &str = "http://localhost:8080";
const APP: &str = "http://localhost:8082";
const NOW: i64 = 1_790_000_000;
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The authorization server and the Photos API.
struct Server {
    key: Ed25519KeyPair,
    metadata: Mutex<Value>,
    /// Changes to the next ID token.
    id_claims: Mutex<Value>,
    nonce: Mutex<String>,
    logouts: Mutex<u32>,
}

/// MySweetApp and one browser.
struct Stage {
    server: Arc<Server>,
    router: Router,
    cookie: Mutex<Option<String>>,
}

impl Server {
    fn sign(&self, typ: &str, claims: &Value) -> String {
        let header = json!({"alg": "EdDSA", "kid": "k1", "typ": typ});
        let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let input = format!("{}.{}", encode(&header), encode(claims));
        let signature = self.key.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    fn answer(&self, request: &HttpRequest) -> (u16, Value) {
        let answer = match request.uri().path() {
            "/.well-known/oauth-authorization-server" => self.metadata.lock().unwrap().clone(),
            "/jwks" => {
                let x = URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref());
                json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "kid": "k1", "x": x}]})
            }
            "/token" => {
                let mut claims = json!({
                    "iss": ISSUER, "sub": "alice", "aud": "mysweetapp", "iat": NOW, "exp": NOW + 60, "sid": "s1",
                    "nonce": *self.nonce.lock().unwrap(), "auth_time": NOW, "acr": "1", "amr": ["pwd"],
                });
                for (name, value) in self.id_claims.lock().unwrap().as_object().unwrap() {
                    claims[name] = value.clone();
                }
                let id_token = self.sign("JWT", &claims);
                json!({"access_token": "at", "token_type": "Bearer", "expires_in": 300, "id_token": id_token})
            }
            "/userinfo" => json!({"sub": "alice", "given_name": "Alice"}),
            "/photos" => json!([]),
            _ => return (404, json!({})),
        };
        (200, answer)
    }

    fn logout_token(&self, changes: &Value) -> String {
        let number = {
            let mut logouts = self.logouts.lock().unwrap();
            *logouts += 1;
            *logouts
        };
        let mut claims = json!({
            "iss": ISSUER, "aud": "mysweetapp", "iat": NOW, "exp": NOW + 120, "jti": format!("j{number}"),
            "events": {EVENT: {}}, "sub": "alice", "sid": "s1",
        });
        let members = claims.as_object_mut().unwrap();
        for (name, value) in changes.as_object().unwrap() {
            if value.is_null() {
                members.remove(name);
            } else {
                members.insert(name.clone(), value.clone());
            }
        }
        self.sign("logout+jwt", &claims)
    }
}

impl Stage {
    fn new() -> Self {
        let server = Arc::new(Server {
            key: Ed25519KeyPair::generate().unwrap(),
            metadata: Mutex::new(json!({
                "issuer": ISSUER,
                "authorization_endpoint": format!("{ISSUER}/authorize"),
                "token_endpoint": format!("{ISSUER}/token"),
                "userinfo_endpoint": format!("{ISSUER}/userinfo"),
                "jwks_uri": format!("{ISSUER}/jwks"),
                "end_session_endpoint": format!("{ISSUER}/end_session"),
                "id_token_signing_alg_values_supported": ["EdDSA"],
                "authorization_response_iss_parameter_supported": true,
            })),
            id_claims: Mutex::new(json!({})),
            nonce: Mutex::default(),
            logouts: Mutex::default(),
        });
        let answering = Arc::clone(&server);
        let http = move |request: HttpRequest| {
            let (status, body) = answering.answer(&request);
            let response = http::Response::builder().status(status);
            let response = response.body(body.to_string().into_bytes()).unwrap();
            async move { Ok::<_, HttpError>(response) }
        };
        let settings = AppSettings {
            base_url: APP.into(),
            issuer: ISSUER.into(),
            client_id: "mysweetapp".into(),
            client_secret: ClientSecret::new("mysweetapp-secret"),
            oauth1_consumer_secret: None,
            photos_url: "http://localhost:8081".into(),
            inspector_url: "http://localhost:8080/inspector".into(),
            spa_client_id: None,
            observer: None,
            clock: Arc::new(|| Timestamp(NOW)),
        };
        let mut app = Arc::into_inner(app(settings).unwrap()).unwrap();
        app.http = Arc::new(http);
        Self {
            server,
            router: routes(Arc::new(app)),
            cookie: Mutex::default(),
        }
    }

    /// A browser of somebody else, or none.
    fn stranger(&self) -> Self {
        Self {
            server: Arc::clone(&self.server),
            router: self.router.clone(),
            cookie: Mutex::default(),
        }
    }

    async fn send(&self, mut request: Request<Body>) -> Response {
        let cookie = self.cookie.lock().unwrap().clone();
        if let Some(cookie) = cookie {
            let value = HeaderValue::try_from(cookie).unwrap();
            request.headers_mut().insert(COOKIE, value);
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        if let Some(set) = response.headers().get(SET_COOKIE) {
            let set = set.to_str().unwrap();
            let pair = set.split(';').next().unwrap().to_owned();
            *self.cookie.lock().unwrap() = (!set.contains("Max-Age=0")).then_some(pair);
        }
        response
    }

    async fn get(&self, path: &str) -> Response {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    /// Presses a button.
    async fn press(&self, path: &str) -> Response {
        let request = Request::post(path).header("sec-fetch-site", "same-origin");
        self.send(request.body(Body::empty()).unwrap()).await
    }

    async fn page(&self, path: &str) -> String {
        text(self.get(path).await).await
    }

    /// The server has authenticated Alice and sends her back.
    async fn come_back(&self, went: Response) -> Response {
        let sent = parameters(&went);
        (*self.server.nonce.lock().unwrap()).clone_from(&sent["nonce"]);
        let query = format!("code=c&state={}&iss=http%3A%2F%2Flocalhost%3A8080", sent["state"]);
        self.get(&format!("/callback?{query}")).await
    }

    async fn sign_in(&self) {
        let went = self.press("/connect").await;
        assert_eq!(to(&self.come_back(went).await), "/");
    }

    async fn is_signed_in(&self) -> bool {
        self.page("/").await.contains(r#"id="sign-out""#)
    }

    /// The server posts to the back channel.
    async fn told(&self, form: &str) -> Response {
        let request = Request::post("/backchannel-logout")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form.to_owned()));
        self.stranger().send(request.unwrap()).await
    }

    async fn told_by(&self, changes: Value) -> StatusCode {
        let token = self.server.logout_token(&changes);
        self.told(&format!("logout_token={token}")).await.status()
    }
}

fn to(response: &Response) -> &str {
    response.headers()[LOCATION].to_str().unwrap()
}

fn parameters(response: &Response) -> HashMap<String, String> {
    let url = Url::parse(to(response)).unwrap();
    url.query_pairs().into_owned().collect()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_forged_an_aimless_or_a_foreign_logout_token_ends_no_session() {
    let stage = Stage::new();
    stage.sign_in().await;
    for changes in [
        json!({"aud": "otherapp"}),
        json!({"iss": "https://evil.example"}),
        json!({"exp": NOW - 60}),
        json!({"nonce": "n"}),
        json!({"events": {}}),
        json!({"sub": null, "sid": null}),
    ] {
        assert_eq!(stage.told_by(changes).await, StatusCode::BAD_REQUEST);
    }
    let token = stage.server.logout_token(&json!({}));
    let bent = format!("logout_token={}AAAAAAAAAAAA", &token[..token.len() - 12]);
    for form in [bent.as_str(), "", "logout_token=x.y.z"] {
        let response = stage.told(form).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST);
        assert_eq!(response.headers()["cache-control"], "no-store");
        let said: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!(said["error"], "invalid_request");
    }
    // Good ones, but about somebody else.
    for changes in [
        json!({"sid": "s2"}),
        json!({"sub": "bob", "sid": null}),
        json!({"sub": "bob"}),
    ] {
        assert_eq!(stage.told_by(changes).await, StatusCode::OK);
    }
    assert!(stage.is_signed_in().await);
}

#[tokio::test]
async fn a_logout_token_ends_the_session_that_it_names_and_says_so() {
    for changes in [json!({}), json!({"sub": null}), json!({"sid": null})] {
        let stage = Stage::new();
        stage.sign_in().await;
        assert_eq!(stage.told_by(changes).await, StatusCode::OK);
        assert!(!stage.is_signed_in().await);
        assert!(stage.page("/").await.contains("You were signed out"));
        stage.sign_in().await;
        assert!(stage.is_signed_in().await);
    }
}

#[tokio::test]
async fn a_logout_token_without_sid_ends_every_session_of_the_person() {
    let stage = Stage::new();
    stage.sign_in().await;
    let phone = stage.stranger();
    *stage.server.id_claims.lock().unwrap() = json!({"sid": "s2"});
    phone.sign_in().await;
    assert_eq!(stage.told_by(json!({})).await, StatusCode::OK);
    assert!(!stage.is_signed_in().await && phone.is_signed_in().await);
    assert_eq!(stage.told_by(json!({"sid": null})).await, StatusCode::OK);
    assert!(!phone.is_signed_in().await);
}

#[tokio::test]
async fn replay_a_logout_token_counts_once() {
    let stage = Stage::new();
    stage.sign_in().await;
    let form = format!("logout_token={}", stage.server.logout_token(&json!({})));
    assert_eq!(stage.told(&form).await.status(), StatusCode::OK);
    stage.sign_in().await;
    assert_eq!(stage.told(&form).await.status(), StatusCode::BAD_REQUEST);
    assert!(stage.is_signed_in().await);
}

#[tokio::test]
async fn the_front_channel_ends_the_session_that_it_names_in_a_frame_of_the_server_alone() {
    let stage = Stage::new();
    stage.sign_in().await;
    let stranger = stage.stranger();
    let issuer = "iss=http%3A%2F%2Flocalhost%3A8080";
    for query in ["", issuer, "sid=s1", "iss=https%3A%2F%2Fevil.example&sid=s1"] {
        let response = stranger.get(&format!("/frontchannel-logout?{query}")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
    }
    stranger
        .get(&format!("/frontchannel-logout?{issuer}&sid=s2"))
        .await;
    assert!(stage.is_signed_in().await);
    let response = stranger
        .get(&format!("/frontchannel-logout?{issuer}&sid=s1"))
        .await;
    assert_eq!(response.status(), StatusCode::OK);
    let headers = response.headers();
    assert!(!headers.contains_key("x-frame-options"));
    let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
    assert!(
        policy.ends_with("frame-ancestors http://localhost:8080"),
        "{policy}"
    );
    assert!(!stage.is_signed_in().await);
}

#[tokio::test]
async fn signing_out_ends_both_sessions_and_comes_back_to_a_page_that_says_so() {
    let stage = Stage::new();
    stage.sign_in().await;
    let went = stage.press("/sign-out").await;
    assert!(to(&went).starts_with("http://localhost:8080/end_session?"));
    let sent = parameters(&went);
    assert_eq!(sent["client_id"], "mysweetapp");
    assert_eq!(
        sent["post_logout_redirect_uri"],
        "http://localhost:8082/signed-out"
    );
    assert_eq!(sent["id_token_hint"].split('.').count(), 3);
    assert!(
        !stage.is_signed_in().await,
        "here it has ended before the server answers"
    );
    let back = format!("/signed-out?state={}", sent["state"]);
    let page = stage.page(&back).await;
    assert!(page.contains("Signed out, here and at Valetkey"), "{page}");
    assert!(stage.cookie.lock().unwrap().is_none());
    // The answer counts once, and for this browser.
    assert!(stage.page(&back).await.contains("Signed out here"));
}

#[tokio::test]
async fn an_answer_to_a_sign_out_that_nobody_began_is_not_believed() {
    let stage = Stage::new();
    stage.sign_in().await;
    assert_eq!(to(&stage.get("/signed-out?state=x").await), "/");
    stage.press("/sign-out").await;
    for state in ["", "?state=", "?state=x"] {
        let stranger = stage.stranger();
        let page = stranger.page(&format!("/signed-out{state}")).await;
        assert!(page.contains("Signed out here") && !page.contains("here and at"));
    }
    let page = stage.page("/signed-out?state=guessed").await;
    assert!(!page.contains("here and at Valetkey"));
}

#[tokio::test]
async fn without_an_end_session_endpoint_the_person_is_signed_out_here() {
    let stage = Stage::new();
    stage.server.metadata.lock().unwrap()["end_session_endpoint"] = Value::Null;
    stage.sign_in().await;
    assert_eq!(to(&stage.press("/sign-out").await), "/signed-out");
    assert!(!stage.is_signed_in().await);
    assert!(
        stage
            .page("/signed-out")
            .await
            .contains("Valetkey may still know you")
    );
}

#[tokio::test]
async fn open_redirector_a_login_that_a_third_party_starts_leads_nowhere_but_to_the_app() {
    let stage = Stage::new();
    let issuer = "iss=http%3A%2F%2Flocalhost%3A8080";
    for query in [
        String::new(),
        "iss=https%3A%2F%2Fevil.example".into(),
        format!("{issuer}&target_link_uri=https%3A%2F%2Fevil.example%2F"),
        format!("{issuer}&target_link_uri=http%3A%2F%2Flocalhost%3A8080%2F"),
        format!("{issuer}&iss=x"),
    ] {
        let response = stage.get(&format!("/login?{query}")).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{query}");
        assert!(response.headers().get(SET_COOKIE).is_none());
    }
}

#[tokio::test]
async fn a_login_that_a_third_party_starts_ends_on_the_page_that_it_names() {
    let stage = Stage::new();
    let query = "iss=http%3A%2F%2Flocalhost%3A8080&login_hint=alice&target_link_uri=http%3A%2F%2Flocalhost%3A8082%2Fspa%3Fx";
    let went = stage.get(&format!("/login?{query}")).await;
    assert_eq!(parameters(&went)["login_hint"], "alice");
    assert_eq!(to(&stage.come_back(went).await), "http://localhost:8082/spa?x");
    assert!(stage.is_signed_in().await);
    // As a form of another site it arrives without a cookie, so it is asked for again with one.
    let form = Request::post("/login")
        .header("sec-fetch-site", "cross-site")
        .body(Body::from(format!("{query}&y=%0D%0Aset-cookie%3A1")));
    let again = stage.stranger().send(form.unwrap()).await;
    assert!(again.headers().get(SET_COOKIE).is_none());
    assert!(to(&again).starts_with("/login?iss=http%3A%2F%2Flocalhost%3A8080&login_hint=alice&"));
}

#[tokio::test]
async fn how_the_person_signed_in_is_shown_and_a_second_proof_can_be_asked_for() {
    let stage = Stage::new();
    stage.sign_in().await;
    let page = stage.page("/").await;
    for part in [
        "a password",
        "1: one proof",
        "21 Sep 2026, 14:13:20 UTC",
        r#"id="confirm""#,
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    let went = stage.press("/confirm").await;
    let sent = parameters(&went);
    assert_eq!(sent["acr_values"], "2");
    assert_eq!(sent["id_token_hint"].split('.').count(), 3);
    stage.come_back(went).await;
    let page = stage.page("/").await;
    assert!(page.contains("You are not confirmed") && page.contains(r#"id="confirm""#));
    *stage.server.id_claims.lock().unwrap() = json!({"acr": "2", "amr": ["pwd", "otp", "mfa"]});
    let went = stage.press("/confirm").await;
    stage.come_back(went).await;
    let page = stage.page("/").await;
    assert!(page.contains("It is really you") && page.contains("2: two proofs"));
    assert!(!page.contains(r#"id="confirm""#) && page.contains(r#"id="confirmed""#));
}

#[tokio::test]
async fn somebody_else_cannot_confirm_in_the_persons_place() {
    let stage = Stage::new();
    stage.sign_in().await;
    *stage.server.id_claims.lock().unwrap() = json!({"acr": "2", "sub": "mallory"});
    let went = stage.press("/confirm").await;
    let response = stage.come_back(went).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(text(response).await.contains("VK-ID-TOKEN-SUBJECT-DIFFERS"));
    let page = stage.page("/").await;
    assert!(page.contains("Alice") && page.contains("1: one proof"));
    // Without a sign-in there is nobody to confirm.
    assert_eq!(to(&stage.stranger().press("/confirm").await), "/");
}

#[tokio::test]
async fn csrf_no_other_site_signs_a_person_out_or_sends_them_to_confirm() {
    let stage = Stage::new();
    stage.sign_in().await;
    for path in ["/sign-out", "/confirm", "/forget"] {
        let request = Request::post(path).header("sec-fetch-site", "cross-site");
        let response = stage.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path}");
        assert_eq!(stage.get(path).await.status(), StatusCode::METHOD_NOT_ALLOWED);
    }
    assert!(stage.is_signed_in().await);
    assert!(
        stage
            .cookie
            .lock()
            .unwrap()
            .as_ref()
            .unwrap()
            .starts_with(COOKIE_NAME)
    );
}
