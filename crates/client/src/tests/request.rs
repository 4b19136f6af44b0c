//! The way out: what the authorization request carries, and what is remembered.

use serde_json::json;
use valetkey_protocol::pkce;
use valetkey_protocol::secret::CodeVerifier;

use super::{CALLBACK, OPENID, World};
use crate::{Ask, Error, Pending, ResponseMode};

#[test]
fn the_request_carries_a_challenge_a_state_and_a_nonce_that_no_other_request_has() {
    let world = World::new();
    let client = world.client();
    let first = world.begin(&client, &OPENID);
    let sent = world.begun.lock().unwrap().clone();
    for (name, value) in [
        ("tenant", "a"),
        ("response_type", "code"),
        ("client_id", "my app"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid photos.read"),
        ("code_challenge_method", "S256"),
    ] {
        assert_eq!(sent[name], value);
    }
    assert!(
        !sent.values().any(|value| *value == first.verifier),
        "the verifier stays at home"
    );
    assert!(pkce::is_well_formed(&CodeVerifier::new(first.verifier.clone())));
    assert_eq!(sent["state"], first.state());
    let second = world.begin(&client, &OPENID);
    assert_ne!(first.state, second.state);
    assert_ne!(first.nonce, second.nonce);
    assert_ne!(first.verifier, second.verifier);
}

#[test]
fn what_is_asked_for_stands_in_the_request_and_nothing_else() {
    let world = World::new();
    let client = world.client();
    let claims = json!({"userinfo": {"email": {"essential": true}}});
    let ask = Ask {
        scope: "photos.read",
        resource: Some("https://photos.example"),
        prompt: Some("login"),
        max_age: Some(0),
        login_hint: Some("alice&x=1"),
        acr_values: Some("2 1"),
        claims: Some(&claims),
        ui_locales: Some("de en"),
        id_token_hint: Some("a.b.c"),
        response_mode: Some(ResponseMode::FormPost),
    };
    world.begin(&client, &ask);
    let sent = world.begun.lock().unwrap().clone();
    assert_eq!(
        (sent["max_age"].as_str(), sent["prompt"].as_str()),
        ("0", "login")
    );
    assert_eq!(sent["resource"], "https://photos.example");
    for (name, value) in [
        ("login_hint", "alice&x=1"),
        ("acr_values", "2 1"),
        ("claims", r#"{"userinfo":{"email":{"essential":true}}}"#),
        ("ui_locales", "de en"),
        ("id_token_hint", "a.b.c"),
        ("response_mode", "form_post"),
    ] {
        assert_eq!(sent[name], value);
    }
    assert!(!sent.contains_key("nonce") && !sent.contains_key("x"));
    world.begin(&client, &Ask::default());
    let sent = world.begun.lock().unwrap().clone();
    for absent in ["scope", "claims", "id_token_hint", "response_mode", "max_age"] {
        assert!(!sent.contains_key(absent), "{absent}");
    }
}

#[test]
fn a_claims_request_that_cannot_be_one_is_refused_before_anybody_is_sent_away() {
    let client = World::new().client();
    for claims in [json!([]), json!({"id_token": {"acr": "2"}}), json!("x")] {
        let ask = Ask {
            claims: Some(&claims),
            ..OPENID
        };
        assert!(matches!(client.begin(&ask), Err(Error::Config(_))), "{claims}");
    }
}

#[test]
fn a_scope_that_cannot_be_one_is_refused_before_anybody_is_sent_away() {
    let client = World::new().client();
    let ask = Ask {
        scope: "photos\"",
        ..Ask::default()
    };
    assert!(matches!(client.begin(&ask), Err(Error::Config(_))));
}

#[test]
fn a_pending_request_survives_the_session_store_and_shows_no_secret() {
    let world = World::new();
    let pending = world.begin(&world.client(), &OPENID);
    let stored = serde_json::to_string(&pending).unwrap();
    assert_eq!(serde_json::from_str::<Pending>(&stored).unwrap(), pending);
    // One that was stored before these were remembered.
    let mut before: serde_json::Value = serde_json::from_str(&stored).unwrap();
    super::merge(&mut before, &json!({"acr": null, "sub": null}));
    assert_eq!(serde_json::from_value::<Pending>(before).unwrap(), pending);
    let shown = format!("{pending:?}");
    for secret in [&pending.verifier, &pending.state, pending.nonce.as_ref().unwrap()] {
        assert!(!shown.contains(secret.as_str()));
    }
}
