//! The way out: what the authorization request carries, and what is remembered.

use valetkey_protocol::pkce;
use valetkey_protocol::secret::CodeVerifier;

use super::{CALLBACK, OPENID, World};
use crate::{Ask, Error, Pending};

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
    let ask = Ask {
        scope: "photos.read",
        resource: Some("https://photos.example"),
        prompt: Some("login"),
        max_age: Some(0),
        login_hint: Some("alice&x=1"),
    };
    world.begin(&client, &ask);
    let sent = world.begun.lock().unwrap().clone();
    assert_eq!(
        (sent["max_age"].as_str(), sent["prompt"].as_str()),
        ("0", "login")
    );
    assert_eq!(sent["resource"], "https://photos.example");
    assert_eq!(sent["login_hint"], "alice&x=1");
    assert!(!sent.contains_key("nonce") && !sent.contains_key("x"));
    world.begin(&client, &Ask::default());
    assert!(!world.begun.lock().unwrap().contains_key("scope"));
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
    let shown = format!("{pending:?}");
    for secret in [&pending.verifier, &pending.state, pending.nonce.as_ref().unwrap()] {
        assert!(!shown.contains(secret.as_str()));
    }
}
