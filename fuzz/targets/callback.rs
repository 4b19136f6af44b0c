//! The redirect that comes back to an app (RFC 6749 §4.1.2, RFC 9207): a code leaves for the token endpoint only when
//! the state is this browser's and the issuer the one that was asked. So does a verifier of OAuth 1.0a (RFC 5849 §2.2), only
//! with the token that this browser was sent away with.
#![no_main]

#[path = "../shared/now.rs"]
mod now;

use libfuzzer_sys::fuzz_target;
use now::now;
use std::sync::{Arc, Mutex, OnceLock};
use valetkey_client::oauth1::{self, Consumer, Provider, Signing};
use valetkey_client::{
    Client, ClientAuthentication, HttpError, HttpRequest, Pending, Registration, Timestamp,
};
use valetkey_protocol::oauth1::Collected;
use valetkey_protocol::params::Params;
use valetkey_protocol::secret::OAuth1Secret;

const ISSUER: &str = "https://as.example";
const STATE: &str = "st-1";

/// The forms that reached the token endpoint.
static SENT: Mutex<Vec<Params>> = Mutex::new(Vec::new());

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let http = |request: HttpRequest| {
            let body = if request.uri().path() == "/token" {
                let form = Params::parse(request.body()).expect("the client writes forms");
                SENT.lock().expect("one thread").push(form);
                serde_json::json!({"access_token": "at", "token_type": "Bearer"})
            } else {
                serde_json::json!({
                    "issuer": ISSUER,
                    "authorization_endpoint": "https://as.example/authorize",
                    "token_endpoint": "https://as.example/token",
                    "jwks_uri": "https://as.example/jwks",
                    "authorization_response_iss_parameter_supported": true,
                })
            };
            let answer = http::Response::new(body.to_string().into_bytes());
            async move { Ok::<_, HttpError>(answer) }
        };
        let registration = Registration {
            issuer: ISSUER.to_owned(),
            client_id: "app".to_owned(),
            authentication: ClientAuthentication::None,
            redirect_uri: Some("https://app.example/callback".to_owned()),
        };
        now(Client::discover(Arc::new(http), registration)).expect("the metadata is good")
    })
}

fn pending() -> Pending {
    serde_json::from_value(serde_json::json!({
        "state": STATE, "nonce": null, "verifier": "v", "issuer": ISSUER, "scope": "photos.read",
        "resource": null, "max_age": null,
    }))
    .expect("as it was stored")
}

/// What the signed requests of OAuth 1.0a say in their header.
static SIGNED: Mutex<Vec<Collected>> = Mutex::new(Vec::new());

fn of_oauth1(query: &str) {
    let http = |request: HttpRequest| {
        let header = request.headers()["authorization"].as_bytes();
        let signed = Collected::read(Some(header), None, None).expect("the client writes parameters");
        SIGNED.lock().expect("one thread").push(signed);
        let answer = http::Response::new(b"oauth_token=t2&oauth_token_secret=s2".to_vec());
        async move { Ok::<_, HttpError>(answer) }
    };
    let consumer = Consumer {
        key: "printer".to_owned(),
        signing: Signing::HmacSha256(OAuth1Secret::new("printer-secret")),
    };
    let client = oauth1::Client::new(Arc::new(http), Provider::of_issuer(ISSUER), consumer);
    let pending: oauth1::Pending = serde_json::from_value(serde_json::json!({
        "initiate": "https://as.example/oauth1/initiate",
        "credentials": {"token": "t1", "secret": "s1"},
    }))
    .expect("as it was stored");
    SIGNED.lock().expect("one thread").clear();
    let finished = now(client.finish(pending, query, Timestamp(1_800_000_000)));
    let sent = std::mem::take(&mut *SIGNED.lock().expect("one thread"));
    let params = Params::parse(query.strip_prefix('?').unwrap_or(query).as_bytes()).ok();
    let good = params.filter(|params| {
        params.get("oauth_token") == Some("t1")
            && params.get("oauth_problem").is_none()
            && params
                .get("oauth_verifier")
                .is_some_and(|verifier| !verifier.trim().is_empty())
    });
    assert_eq!(finished.is_ok(), good.is_some(), "{finished:?}");
    assert_eq!(sent.len(), usize::from(good.is_some()));
    if let (Some(sent), Some(good)) = (sent.first(), good) {
        assert_eq!(sent.protocol.token.as_deref(), Some("t1"));
        let typed = good.get("oauth_verifier").map(str::trim);
        assert_eq!(sent.protocol.verifier.as_deref(), typed);
    }
}

fuzz_target!(|query: &str| {
    of_oauth1(query);
    let client = client();
    SENT.lock().expect("one thread").clear();
    let finished = now(client.finish(pending(), query, Timestamp(1_800_000_000)));
    let sent = std::mem::take(&mut *SENT.lock().expect("one thread"));
    let params = Params::parse(query.strip_prefix('?').unwrap_or(query).as_bytes()).ok();
    let good = params.filter(|params| {
        params.get("state") == Some(STATE)
            && params.get("iss") == Some(ISSUER)
            && params.get("error").is_none()
            && params.get("code").is_some()
    });
    assert_eq!(finished.is_ok(), good.is_some(), "{finished:?}");
    assert_eq!(sent.len(), usize::from(good.is_some()));
    if let (Some(sent), Some(good)) = (sent.first(), good) {
        assert_eq!(sent.get("code"), good.get("code"));
        assert_eq!(sent.get("code_verifier"), Some("v"));
    }
});
