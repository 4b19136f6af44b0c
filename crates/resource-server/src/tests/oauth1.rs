//! Requests signed by OAuth 1.0a (RFC 5849), through the layer: the client crate signs them, and an authorization server
//! in process verifies them with the secrets that it alone has, and remembers nonces.

mod attacks;
mod provider;
mod wire;

use axum::routing::any;
use axum::{Extension, Router};
use http::{Method, Request};
use valetkey_client::oauth1::{Consumer, Signing};
use valetkey_protocol::oauth1::TokenCredentials;
use valetkey_protocol::secret::OAuth1Secret;
use valetkey_protocol::time::Timestamp;

use super::{API, Answer, NOW};
use crate::{Access, Builder, HttpRequest};
use provider::Provider;

const FORM: &str = "application/x-www-form-urlencoded";

/// MySweetApp, which has Alice's token.
fn consumer() -> Consumer {
    Consumer {
        key: "mysweetapp".into(),
        signing: Signing::HmacSha256(OAuth1Secret::new("consumer-secret")),
    }
}

fn token() -> TokenCredentials {
    TokenCredentials {
        token: "vko_alice".into(),
        secret: OAuth1Secret::new("token-secret"),
    }
}

fn unsigned(method: Method, path: &str, body: &str) -> HttpRequest {
    let mut request = Request::builder().method(method).uri(format!("{API}{path}"));
    if !body.is_empty() {
        request = request.header("content-type", FORM);
    }
    request.body(body.as_bytes().to_vec()).unwrap()
}

/// A request of MySweetApp for Alice's photos, signed a moment ago.
fn signed(method: Method, path: &str, body: &str) -> HttpRequest {
    let mut request = unsigned(method, path, body);
    consumer()
        .sign_request(&mut request, Some(&token()), Timestamp(NOW))
        .unwrap();
    request
}

fn get_photos() -> HttpRequest {
    signed(Method::GET, "/photos", "")
}

/// The API: `/photos` wants `photos.read`, `/upload` also `photos.write`. It answers who calls, how, and with what body.
struct Api(super::Api);

impl Api {
    fn new(builder: Builder) -> Self {
        async fn who(Extension(access): Extension<Access>, body: String) -> String {
            format!(
                "{} {} {} {:?} {body}",
                access.subject, access.client_id, access.scope, access.via
            )
        }
        let server = builder.build().unwrap();
        let router = Router::new()
            .route("/photos", any(who).layer(server.require_any("photos.read")))
            .route("/photos/{id}", any(who).layer(server.require_any("photos.read")))
            .route(
                "/upload",
                any(who).layer(server.require_any("photos.read photos.write")),
            )
            .route("/bearer-only", any(who).layer(server.require("photos.read")));
        Self(super::Api { router })
    }

    /// Sends it as it would come through a connection: the path alone, and the address in `Host`.
    async fn send(&self, request: HttpRequest) -> Answer {
        let (mut head, body) = request.into_parts();
        let host = head.uri.authority().unwrap().as_str().to_owned();
        head.headers
            .entry("host")
            .or_insert_with(|| host.parse().unwrap());
        head.uri = head.uri.path_and_query().unwrap().as_str().parse().unwrap();
        self.0.send(Request::from_parts(head, body.into())).await
    }
}

impl Answer {
    /// Refused by a rule of OAuth 1.0a: its status, its challenge at 401, and the problem in a form.
    #[track_caller]
    fn is_problem(&self, rule: valetkey_protocol::rule::Rule) {
        let info = rule.info();
        assert_eq!(self.status.as_u16(), info.status, "{rule} {self:?}");
        let says: Vec<(String, String)> = url::form_urlencoded::parse(self.body.as_bytes())
            .into_owned()
            .collect();
        let get = |name: &str| says.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str());
        assert_eq!(get("oauth_problem"), Some(info.error.as_str()), "{rule} {self:?}");
        assert!(get("oauth_problem_advice").unwrap().starts_with(info.says));
        let challenge = if info.status == 401 {
            format!("OAuth realm=\"{API}\"")
        } else {
            String::new()
        };
        assert_eq!(self.challenge, challenge);
        assert_eq!(self.cache_control.as_deref(), Some("no-store"));
    }

    #[track_caller]
    fn is_signed_alice(&self, body: &str) {
        assert_eq!(
            (self.status.as_u16(), self.body.as_str()),
            (
                200,
                format!("alice mysweetapp photos.read OAuth1 {body}").as_str()
            )
        );
    }
}

/// The same request, sent with this header.
fn with_authorization(mut request: HttpRequest, value: &str) -> HttpRequest {
    request
        .headers_mut()
        .append("authorization", value.parse().unwrap());
    request
}

/// The same request at another address.
fn at(mut request: HttpRequest, path: &str) -> HttpRequest {
    *request.uri_mut() = format!("{API}{path}").parse().unwrap();
    request
}

/// The signed header's parameters as a query or form.
fn as_parameters(request: &HttpRequest) -> String {
    let header = request.headers()["authorization"].to_str().unwrap();
    let listed = header.strip_prefix("OAuth ").unwrap().split(", ");
    let pairs: Vec<String> = listed.map(|pair| pair.replace('"', "")).collect();
    pairs.join("&")
}

#[tokio::test]
async fn a_signed_request_and_a_bearer_token_open_the_same_route() {
    let provider = Provider::new();
    let api = Api::new(provider.builder().jwt());
    api.send(get_photos()).await.is_signed_alice("");
    let bearer = format!("Bearer {}", provider.world.token(serde_json::json!({})));
    let answer = api
        .send(with_authorization(unsigned(Method::GET, "/photos", ""), &bearer))
        .await;
    assert_eq!(answer.body, "alice mysweetapp photos.read Bearer ");
    assert_eq!(provider.asked(), 1, "nobody is asked to verify a bearer token");
}

#[tokio::test]
async fn the_parameters_may_stand_in_header_query_or_form_and_the_body_goes_on_unchanged() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let body = "title=Tea+time&title=&x=%7E%2B";
    api.send(signed(Method::POST, "/photos?a=1&a=%20", body))
        .await
        .is_signed_alice(body);

    // Moved to the query: the base string is the same (§3.4.1.3.1).
    let query = format!(
        "/photos?size=1&{}",
        as_parameters(&signed(Method::GET, "/photos?size=1", ""))
    );
    api.send(unsigned(Method::GET, &query, ""))
        .await
        .is_signed_alice("");

    let form = format!("x=1&{}", as_parameters(&signed(Method::POST, "/photos", "x=1")));
    api.send(unsigned(Method::POST, "/photos", &form))
        .await
        .is_signed_alice(&form);
}

#[tokio::test]
async fn a_body_that_is_no_form_is_not_read_and_not_signed() {
    let provider = Provider::new();
    let api = Api::new(provider.builder().form_bytes(4));
    let mut request = get_photos();
    request
        .headers_mut()
        .insert("content-type", "application/json".parse().unwrap());
    *request.body_mut() = br#"{"oauth_signature": "x"}"#.to_vec();
    api.send(request)
        .await
        .is_signed_alice(r#"{"oauth_signature": "x"}"#);
}

#[tokio::test]
async fn every_method_of_signing_goes_through_as_it_is() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let secret = || OAuth1Secret::new("consumer-secret");
    for signing in [
        Signing::HmacSha1(secret()),
        Signing::HmacSha256(secret()),
        Signing::Plaintext(secret()),
    ] {
        let consumer = Consumer {
            signing,
            ..consumer()
        };
        let mut request = unsigned(Method::GET, "/photos/a%2Fb%20c?x=%C3%A9", "");
        consumer
            .sign_request(&mut request, Some(&token()), Timestamp(NOW))
            .unwrap();
        api.send(request).await.is_signed_alice("");
    }
}

#[tokio::test]
async fn the_public_address_counts_and_the_host_header_does_not() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let mut request = get_photos();
    request
        .headers_mut()
        .insert("host", "internal-7.cluster.local:9000".parse().unwrap());
    api.send(request).await.is_signed_alice("");

    // Behind a proxy that takes `/api` away.
    let api = Api::new(provider.builder().public_address("https://photos.example/api/"));
    let request = signed(Method::GET, "/api/photos", "");
    api.send(at(request, "/photos")).await.is_signed_alice("");
    api.send(get_photos())
        .await
        .is_problem(valetkey_protocol::rule::Rule::OAuth1SignatureInvalid);
}

#[tokio::test]
async fn who_acts_for_alice_is_told_for_bearer_tokens_as_well() {
    let provider = Provider::new();
    let server = provider.builder().jwt().build().unwrap();
    let act = serde_json::json!({"sub": "helper", "act": {"sub": "earlier", "client_id": "old"}});
    let token = provider.world.token(serde_json::json!({ "act": act }));
    let request = Request::get("/photos").header("authorization", format!("Bearer {token}"));
    let (head, ()) = request.body(()).unwrap().into_parts();
    let admitted = server.admit(&head, &[], None).await.unwrap();
    let actor = admitted.access.actor.unwrap();
    assert_eq!(
        (actor.subject.as_deref(), actor.client_id.as_deref()),
        (Some("helper"), None)
    );
    assert_eq!(actor.earlier.unwrap().client_id.as_deref(), Some("old"));
    assert_eq!(admitted.access.via, crate::Via::Bearer);
}
