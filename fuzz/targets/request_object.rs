//! Request objects (OpenID Connect Core §6, RFC 9101): nothing that the client did not sign is believed, and whatever it
//! signed is judged like any other request: an accepted one still goes to its redirect URI, with PKCE.
#![no_main]

#[path = "../shared/samples.rs"]
#[expect(dead_code, reason = "shared with the other targets")]
mod samples;

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use std::sync::OnceLock;
use valetkey_jose::{Algorithm, KeySet, SigningKey};
use valetkey_protocol::authorize::Request;
use valetkey_protocol::rule::Trail;
use valetkey_rules::SecretKeys;
use valetkey_rules::authorize::{Denied, Facts, Loaded, ValidRequest, needs, validate};

fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(Algorithm::ES256).expect("a key can be made"))
}

fn judged(object: &str) -> Option<ValidRequest> {
    let given = |text: &str| Some(text.to_owned());
    let request = Request {
        response_type: given("code"),
        client_id: given("app"),
        redirect_uri: given(samples::REDIRECT),
        scope: given("openid"),
        code_challenge: given(samples::CHALLENGE),
        code_challenge_method: given("S256"),
        request: given(object),
        ..Request::default()
    };
    let (client, policy, secrets) = (samples::client(), samples::policy(), SecretKeys::new(&[7; 32]));
    let keys: KeySet = [key().verifying_key().clone()].into_iter().collect();
    let facts = Facts {
        client: Some(&client),
        loaded: Loaded {
            keys: Some(&keys),
            ..Loaded::default()
        },
        secrets: &secrets,
        policy: &policy,
        now: samples::NOW,
    };
    assert_eq!(needs(&request, facts.client, &facts.loaded), None);
    match validate(&request, &facts, &mut Trail::off()) {
        Ok(valid) => {
            assert_eq!(valid.redirect_uri, samples::REDIRECT);
            assert!(valid.code_challenge.is_some(), "PKCE is required");
            assert!(valid.scope.is_subset(&client.scope));
            Some(valid)
        }
        Err(Denied::Redirect(error)) => {
            assert_eq!(error.redirect_uri, samples::REDIRECT);
            None
        }
        Err(Denied::ShowPage(_)) => None,
    }
}

fuzz_target!(|text: &str| {
    assert!(judged(text).is_none(), "nobody signed this");
    let Ok(claims) = serde_json::from_str::<Map<String, Value>>(text) else {
        return;
    };
    let Ok(object) = key().sign_jwt("oauth-authz-req+jwt", &claims) else {
        return;
    };
    let says = |name: &str| {
        claims
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| !text.is_empty())
    };
    if let Some(valid) = judged(&object) {
        assert!(says("iss").is_none_or(|iss| iss == "app"));
        assert!(says("client_id").is_none_or(|id| id == "app"));
        assert!(says("response_type").is_none_or(|kind| kind == "code"));
        assert_eq!(valid.state.as_deref(), says("state"));
    }
});
