//! Logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.6) and front-channel logout as an app reads them: a session ends
//! only by a token that the issuer signed for this app, that says so, and in its time.
//!
//! The first byte chooses the type in the header; then follow the claims that the issuer signs, up to a NUL, and the form or
//! query, in which `{token}` stands for that token.
#![no_main]

#[path = "../shared/now.rs"]
mod now;

use libfuzzer_sys::fuzz_target;
use now::now;
use serde_json::Value;
use std::sync::{Arc, OnceLock};
use valetkey_client::{
    Client, ClientAuthentication, Error, HttpError, HttpRequest, LogoutToken, Registration, Timestamp,
};
use valetkey_jose::{Algorithm, JwkSet, SigningKey};
use valetkey_protocol::params::Params;

const NOW: Timestamp = Timestamp(1_800_000_000);
const ISSUER: &str = "https://as.example";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";
const TYPES: [&str; 6] = [
    "logout+jwt",
    "application/logout+jwt",
    "JWT",
    "LOGOUT+JWT",
    "at+jwt",
    "secevent+jwt",
];
/// So many of them may be a logout token.
const GOOD_TYPES: usize = 4;
/// What clocks may differ by.
const LEEWAY_SECONDS: i64 = 30;

fn fixed() -> &'static (Client, SigningKey) {
    static FIXED: OnceLock<(Client, SigningKey)> = OnceLock::new();
    FIXED.get_or_init(|| {
        let key = SigningKey::generate(Algorithm::ES256).expect("a key can be made");
        let keys = JwkSet {
            keys: vec![key.public_jwk()],
        };
        let keys = serde_json::to_vec(&keys).expect("keys are JSON");
        let http = move |request: HttpRequest| {
            let body = if request.uri().path() == "/jwks" {
                keys.clone()
            } else {
                let metadata = serde_json::json!({
                    "issuer": ISSUER,
                    "token_endpoint": "https://as.example/token",
                    "jwks_uri": "https://as.example/jwks",
                    "id_token_signing_alg_values_supported": ["ES256"],
                });
                metadata.to_string().into_bytes()
            };
            let answer = http::Response::new(body);
            async move { Ok::<_, HttpError>(answer) }
        };
        let registration = Registration {
            issuer: ISSUER.to_owned(),
            client_id: "app".to_owned(),
            authentication: ClientAuthentication::None,
            redirect_uri: None,
        };
        let client = now(Client::discover(Arc::new(http), registration)).expect("the metadata is good");
        (client, key)
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((first, rest)) = data.split_first() else {
        return;
    };
    let (client, key) = fixed();
    let mut parts = rest.splitn(2, |byte| *byte == 0);
    let claims = parts.next().unwrap_or_default();
    let form = parts.next().unwrap_or_default();

    // What nobody signed is refused, whatever it says.
    if let Ok(text) = std::str::from_utf8(rest) {
        assert!(now(client.verify_logout_token(text, NOW)).is_err());
        front_channel(text);
    }
    assert!(now(client.back_channel_logout(form, NOW)).is_err());

    let Ok(claims) = serde_json::from_slice::<Value>(claims) else {
        return;
    };
    let kind = usize::from(*first) % TYPES.len();
    let Ok(token) = key.sign_jwt(TYPES[kind], &claims) else {
        return;
    };
    let read = now(client.verify_logout_token(&token, NOW));
    assert_eq!(read.is_ok(), kind < GOOD_TYPES && ends(&claims), "{read:?}");
    if let Ok(read) = &read {
        same(read, &claims);
    }
    posted(form, &token, &read);
});

/// Whether these claims end a session of this app, now.
fn ends(claims: &Value) -> bool {
    let text = |name: &str| claims[name].as_str();
    let absent_or_text = |name: &str| claims[name].is_null() || claims[name].is_string();
    let for_me = match &claims["aud"] {
        Value::String(aud) => aud == "app",
        Value::Array(all) => all.iter().all(Value::is_string) && all.iter().any(|aud| aud == "app"),
        _ => false,
    };
    let in_time = claims["exp"].as_i64().zip(claims["iat"].as_i64());
    let in_time = in_time.is_some_and(|(exp, iat)| {
        NOW.0 < exp.saturating_add(LEEWAY_SECONDS) && iat <= NOW.0 + LEEWAY_SECONDS
    });
    text("iss") == Some(ISSUER)
        && for_me
        && in_time
        && text("jti").is_some()
        && claims["events"][EVENT].is_object()
        && absent_or_text("sub")
        && absent_or_text("sid")
        && (text("sub").is_some() || text("sid").is_some())
        && claims.get("nonce").is_none()
}

fn same(read: &LogoutToken, claims: &Value) {
    assert_eq!(read.sid.as_deref(), claims["sid"].as_str());
    assert_eq!(read.sub.as_deref(), claims["sub"].as_str());
    assert_eq!(Some(read.jti.as_str()), claims["jti"].as_str());
    assert_eq!(Some(read.exp.0), claims["exp"].as_i64());
}

/// The token in a form says what it says alone; and only as the one `logout_token` of it.
fn posted(form: &[u8], token: &str, alone: &Result<LogoutToken, Error>) {
    let Ok(form) = std::str::from_utf8(form) else {
        return;
    };
    let form = form.replace("{token}", token);
    let got = now(fixed().0.back_channel_logout(form.as_bytes(), NOW));
    let params = Params::parse(form.as_bytes()).ok();
    let carries = params.is_some_and(|params| params.get("logout_token") == Some(token));
    match (got, alone) {
        (Ok(got), Ok(alone)) => assert!(carries && got == *alone),
        (got, alone) => assert!(got.is_err() && (alone.is_err() || !carries)),
    }
}

fn front_channel(query: &str) {
    let Some(sid) = fixed().0.front_channel_sid(query) else {
        return;
    };
    let params = Params::parse(query.as_bytes()).expect("it was read");
    assert_eq!(params.get("iss"), Some(ISSUER));
    assert_eq!(params.get("sid"), Some(sid.as_str()));
}
