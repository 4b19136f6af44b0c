//! Whole requests to what clients call, through the real router and a real store: nothing makes the server fail, every
//! refusal is an error that the specifications know, and a token goes out only for the right secret with a good code and
//! verifier, or for the client itself (RFC 6749 §4.1.3, §4.4.2, §5.2); temporary credentials of OAuth 1.0a go out only to who
//! signs with the consumer secret (RFC 5849 §2.1).
//!
//! The first byte chooses the endpoint; up to a NUL the `Authorization` header follows, then the body. `{code}` in the body
//! stands for a code that is good, as no fuzzer guesses one.
#![no_main]

#[path = "../shared/samples.rs"]
mod samples;
#[path = "../shared/whole.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod whole;

use http::{HeaderValue, Request};
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::oauth1::Collected;
use valetkey_protocol::params::Params;
use whole::{Answer, world};

const PATHS: [&str; 8] = [
    "/token",
    "/oauth1/initiate",
    "/oauth1/verify",
    "/revoke",
    "/introspect",
    "/device_authorization",
    "/userinfo",
    "/oauth1/token",
];

/// RFC 6749 §5.2, RFC 7009 §2.2.1, RFC 8628 §3.5, RFC 8707 §2, RFC 6750 §3.1.
const ERRORS: [&str; 14] = [
    "invalid_request",
    "invalid_client",
    "invalid_grant",
    "unauthorized_client",
    "unsupported_grant_type",
    "invalid_scope",
    "invalid_target",
    "unsupported_token_type",
    "authorization_pending",
    "slow_down",
    "expired_token",
    "access_denied",
    "invalid_token",
    "insufficient_scope",
];

fuzz_target!(init: { world(); }, |data: &[u8]| {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let path = PATHS[usize::from(*choice) % PATHS.len()];
    let (header, body) = rest
        .iter()
        .position(|byte| *byte == 0)
        .map_or((&[][..], rest), |at| (&rest[..at], &rest[at + 1..]));
    let world = world();
    world.tick();
    let (body, code) = with_code(body, || world.code());
    let mut request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    if let Ok(value) = HeaderValue::from_bytes(header)
        && !header.is_empty()
    {
        request = request.header("authorization", value);
    }
    let header = request
        .headers_ref()
        .and_then(|headers| headers.get("authorization"));
    let header = header.map(|value| value.as_bytes().to_vec());
    let answer = world.send(request.body(body.clone()).expect("it is a request"));

    assert!(
        answer.status.as_u16() < 500,
        "{path}: {} {}",
        answer.status,
        answer.body
    );
    assert_eq!(answer.location, None);
    assert!(!answer.body.contains("secret\":\"secret"));
    if path == "/token" {
        of_token(&answer, header.as_deref(), &body, code.as_deref());
    }
    if path == "/oauth1/initiate" && answer.status == 200 {
        let signed = Collected::read(header.as_deref(), None, Some(&body)).expect("it was read");
        let secret = format!("{}&", whole::PRINTERS);
        assert_eq!(signed.protocol.signature, Some(secret), "nobody else is the printer");
    }
});

/// The body with a code in it, and the code.
fn with_code(body: &[u8], code: impl FnOnce() -> String) -> (Vec<u8>, Option<String>) {
    const PLACE: &[u8] = b"{code}";
    let Some(at) = body.windows(PLACE.len()).position(|bytes| bytes == PLACE) else {
        return (body.to_vec(), None);
    };
    let code = code();
    (
        [&body[..at], code.as_bytes(), &body[at + PLACE.len()..]].concat(),
        Some(code),
    )
}

fn of_token(answer: &Answer, header: Option<&[u8]>, body: &[u8], code: Option<&str>) {
    assert_eq!(answer.cache_control.as_deref(), Some("no-store"));
    let said: Value = serde_json::from_str(&answer.body).expect("it is JSON");
    if answer.status != 200 {
        let error = said["error"].as_str().expect("it names the error");
        assert!(ERRORS.contains(&error), "{error}");
        assert_eq!(said.get("access_token"), None);
        return;
    }
    assert!(said["access_token"].is_string());
    let params = Params::parse(body).expect("another form is refused");
    let shown = Presented::read(header, &params);
    let in_form = params.get("client_secret") == Some("secret");
    let proved = in_form || shown.basic.is_some_and(|basic| basic.secret.expose() == "secret");
    match params.get("grant_type") {
        Some("client_credentials") => assert!(proved),
        Some("authorization_code") => {
            // The code was given to `app`, not to `native`.
            assert!(proved && code.is_some() && params.get("code") == code);
            assert_eq!(params.get("code_verifier"), Some(samples::VERIFIER));
            assert_eq!(params.get("redirect_uri"), Some(samples::REDIRECT));
        }
        other => panic!("nobody was given anything for {other:?}"),
    }
}
