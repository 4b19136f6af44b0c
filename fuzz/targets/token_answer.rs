//! The token and the device authorization endpoint's answers as an app reads them (RFC 6749 §5): tokens come only out of a 200 that names a bearer
//! token, an error stays an error, and nothing of the answer shows in debug output.
#![no_main]

#[path = "../shared/now.rs"]
mod now;

use libfuzzer_sys::fuzz_target;
use now::now;
use std::sync::{Arc, Mutex, OnceLock};
use valetkey_client::{
    Client, ClientAuthentication, Error, HttpError, HttpRequest, Registration, Timestamp, Tokens,
};
use valetkey_protocol::secret::AccessToken;

const NOW: Timestamp = Timestamp(1_800_000_000);

/// What the token endpoint will answer.
static ANSWER: Mutex<(u16, Vec<u8>)> = Mutex::new((200, Vec::new()));

fn client() -> &'static Client {
    static CLIENT: OnceLock<Client> = OnceLock::new();
    CLIENT.get_or_init(|| {
        let http = |request: HttpRequest| {
            let answer = if matches!(request.uri().path(), "/token" | "/device_authorization") {
                let (status, body) = ANSWER.lock().expect("one thread").clone();
                http::Response::builder().status(status).body(body)
            } else {
                let metadata = serde_json::json!({
                    "issuer": "https://as.example",
                    "token_endpoint": "https://as.example/token",
                    "device_authorization_endpoint": "https://as.example/device_authorization",
                    "jwks_uri": "https://as.example/jwks",
                });
                http::Response::builder().body(metadata.to_string().into_bytes())
            };
            async move { Ok::<_, HttpError>(answer.expect("it is an answer")) }
        };
        let registration = Registration {
            issuer: "https://as.example".to_owned(),
            client_id: "app".to_owned(),
            authentication: ClientAuthentication::None,
            redirect_uri: None,
        };
        now(Client::discover(Arc::new(http), registration)).expect("the metadata is good")
    })
}

fuzz_target!(|data: &[u8]| {
    let Some((first, body)) = data.split_first() else {
        return;
    };
    let status = [200, 201, 302, 400, 401, 500][usize::from(*first) % 6];
    *ANSWER.lock().expect("one thread") = (status, body.to_vec());
    let got = now(client().client_credentials("photos.read", None, NOW));
    check(status, body, &got);
    device(status, body);
    // A refresh reads the same answer, and keeps the refresh token when none comes.
    let earlier: Tokens = serde_json::from_value(serde_json::json!({
        "access_token": "old", "expires_at": null, "scope": "photos.read", "refresh_token": "kept",
        "id_token": null, "id_claims": null,
    }))
    .expect("as it was stored");
    let refreshed = now(client().refresh(&earlier, NOW));
    check(status, body, &refreshed);
    if let Ok(tokens) = refreshed {
        assert!(tokens.refresh_token.is_some());
    }
});

/// The same body, as the answer to a device that asks for a code (RFC 8628 §3.2).
fn device(status: u16, body: &[u8]) {
    if let Ok(device) = now(client().begin_device("photos.read", None, NOW)) {
        let said: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
        assert_eq!(status, 200);
        assert!(
            device.interval_seconds >= 1,
            "a device never asks without a pause"
        );
        assert!(said.is_null() || said["user_code"] == device.user_code.as_str());
    }
}

fn check(status: u16, body: &[u8], got: &Result<Tokens, Error>) {
    // What nobody reads is not held to be UTF-8, nor its numbers to be within bounds, nor its lists not to be deep.
    let readable = String::from_utf8_lossy(body);
    let said: Option<serde_json::Value> = serde_json::from_str(&readable).ok();
    if said.is_none() && got.is_ok() {
        return assert_eq!(status, 200);
    }
    let text = |name: &str| said.as_ref().and_then(|said| said[name].as_str());
    match got {
        Ok(tokens) => {
            assert_eq!(status, 200);
            assert!(text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer")));
            assert_eq!(text("access_token"), Some(tokens.access_token.expose()));
            let mut other = tokens.clone();
            other.access_token = AccessToken::new("another");
            assert_eq!(format!("{tokens:?}"), format!("{other:?}"), "the token shows");
            let stored = serde_json::to_string(tokens).expect("tokens can be kept");
            assert_eq!(
                serde_json::from_str::<Tokens>(&stored).ok().as_ref(),
                Some(tokens)
            );
        }
        Err(Error::Wire { error, .. }) => {
            // Some servers say another status to an error as well.
            assert!(said.is_none() || text("error") == Some(error.as_str()));
        }
        Err(_) => {}
    }
}
