//! Client assertions (RFC 7523 §3): a client is let in only by claims about itself, for this server, in time, signed with
//! its own key, whatever else they say; and never by a text that it did not sign.
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod samples;

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use std::sync::OnceLock;
use valetkey_jose::{Algorithm, KeySet, SigningKey};
use valetkey_model::Client;
use valetkey_model::client::Authentication;
use valetkey_protocol::client_auth::{JWT_BEARER, Presented};
use valetkey_protocol::rule::Trail;
use valetkey_protocol::secret::ClientAssertion;
use valetkey_rules::SecretKeys;
use valetkey_rules::client_auth::{Facts, authenticate, claimed_id};

const ENDPOINT: &str = "https://as.example/token";

fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(Algorithm::ES256).expect("a key can be made"))
}

fn client() -> Client {
    Client {
        authentication: Authentication::PrivateKeyJwt,
        ..samples::client()
    }
}

fn lets_in(assertion: &str) -> bool {
    let presented = Presented {
        body_id: Some("app".to_owned()),
        assertion: Some(ClientAssertion::new(assertion)),
        assertion_type: Some(JWT_BEARER.to_owned()),
        ..Presented::default()
    };
    let (client, policy, secrets) = (client(), samples::policy(), SecretKeys::new(&[7; 32]));
    let keys: KeySet = [key().verifying_key().clone()].into_iter().collect();
    let facts = Facts {
        client: Some(&client),
        keys: Some(&keys),
        token_endpoint: ENDPOINT,
        endpoint: ENDPOINT,
        secrets: &secrets,
        policy: &policy,
        now: samples::NOW,
    };
    let alone = Presented {
        body_id: None,
        ..presented.clone()
    };
    drop(claimed_id(&alone, &mut Trail::off()));
    match authenticate(&presented, &facts, &mut Trail::off()) {
        Ok(once) => {
            let once = once.expect("an assertion counts once");
            assert!(
                once.expires_at > samples::NOW,
                "it would be forgotten while it counts"
            );
            true
        }
        Err(_) => false,
    }
}

fuzz_target!(|text: &str| {
    assert!(!lets_in(text), "nobody signed this");
    let Ok(claims) = serde_json::from_str::<Map<String, Value>>(text) else {
        return;
    };
    let signed = key().sign_jwt("JWT", &claims).expect("claims can be signed");
    if !lets_in(&signed) {
        return;
    }
    let said = |name: &str| claims.get(name).cloned().unwrap_or_default();
    assert_eq!(
        (said("iss"), said("sub")),
        (Value::from("app"), Value::from("app"))
    );
    let here = |text: &Value| text == "https://as.example" || text == ENDPOINT;
    let audience = match &said("aud") {
        Value::Array(several) => several.iter().any(here),
        one => here(one),
    };
    assert!(audience, "{text}");
    let policy = samples::policy();
    let leeway = policy.clock_leeway_seconds;
    let end = said("exp").as_f64().expect("it has an end");
    let (first, last) = (
        samples::NOW.0 - leeway,
        samples::NOW.0 + leeway + policy.assertion_ttl_seconds + 1,
    );
    assert!(end > first as f64 && end < last as f64, "{text}");
    assert!(
        said("jti").as_str().is_some_and(|name| !name.is_empty()),
        "{text}"
    );
});
