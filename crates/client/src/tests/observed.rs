//! What an observer hears: only what the authorization server cannot see.

use std::sync::{Arc, Mutex};

use serde_json::json;
use valetkey_jose::{b64, hash};
use valetkey_protocol::observe::{Event, Key, Observer, Role, Step};
use valetkey_protocol::rule::Rule;

use super::{NOW, OPENID, World, now};

#[derive(Default)]
pub(super) struct Notebook(pub(super) Mutex<Vec<Event>>);

impl Observer for Notebook {
    fn observe(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

pub(super) fn token(text: &str) -> Key {
    Key::Token(b64::encode_url(&hash::sha256(text.as_bytes())))
}

pub(super) fn rules(event: &Event) -> Vec<Rule> {
    event.checks.iter().map(|check| check.rule).collect()
}

#[test]
fn a_sign_in_is_told_as_the_checks_on_the_callback_and_on_the_id_token() {
    let world = World::new();
    let notebook = Arc::new(Notebook::default());
    let client = world.client().with_observer(notebook.clone());
    let pending = world.begin(&client, &OPENID);
    let state = Key::State(pending.state().to_owned());
    now(client.finish(pending, &world.callback(), NOW)).unwrap();
    let events = notebook.0.lock().unwrap();
    let [callback, id_token] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(
        (callback.from, callback.to, callback.step, callback.title.as_str()),
        (
            Role::ResourceOwner,
            Role::Client,
            Step::AuthorizationGrant,
            "Callback checks"
        )
    );
    assert_eq!(
        (id_token.from, id_token.to, id_token.step, id_token.title.as_str()),
        (
            Role::AuthorizationServer,
            Role::Client,
            Step::TokenResponse,
            "ID token checked"
        )
    );
    assert_eq!(callback.keys, [state.clone(), token("c1")]);
    assert_eq!(id_token.keys, [state, token("at1"), token("c1")]);
    assert!(
        events
            .iter()
            .all(|event| event.client_id.as_deref() == Some("my app") && event.at == NOW)
    );
    assert_eq!(
        rules(callback),
        [
            Rule::ClientStateMismatch,
            Rule::ClientIssMissing,
            Rule::ClientIssMismatch,
            Rule::ClientErrorResponse
        ]
    );
    for rule in [
        Rule::IdTokenSignature,
        Rule::IdTokenIssuer,
        Rule::IdTokenAudience,
        Rule::IdTokenExpired,
        Rule::IdTokenNonce,
        Rule::IdTokenMalformed,
    ] {
        assert!(rules(id_token).contains(&rule), "{rule}");
    }
    let masked: Vec<_> = callback
        .parameters
        .iter()
        .filter(|p| p.masked)
        .map(|p| p.name.as_str())
        .collect();
    assert_eq!(masked, ["code", "state"]);
}

#[test]
fn a_refused_redirect_is_told_in_the_flow_it_was_meant_for() {
    let world = World::new();
    let notebook = Arc::new(Notebook::default());
    let client = world.client().with_observer(notebook.clone());
    let pending = world.begin(&client, &OPENID);
    let state = Key::State(pending.state().to_owned());
    let foreign = "code=stolen&state=foreign&iss=https%3A%2F%2Flogin.example";
    now(client.finish(pending, foreign, NOW)).unwrap_err();
    let events = notebook.0.lock().unwrap();
    assert_eq!(events[0].keys, [state]);
    assert_eq!(
        events[0].checks[0].refused.as_ref().unwrap().rule,
        Rule::ClientStateMismatch
    );
    assert!(!format!("{events:?}").contains("stolen"));
}

#[test]
fn a_refreshed_id_token_is_told_with_its_refusal() {
    let world = World::new();
    let notebook = Arc::new(Notebook::default());
    let client = world.client().with_observer(notebook.clone());
    let tokens = world.sign_in(&client).unwrap();
    world.id_claims(json!({"sub": "mallory"}));
    now(client.refresh(&tokens, NOW)).unwrap_err();
    let events = notebook.0.lock().unwrap();
    let last = events.last().unwrap();
    assert_eq!(
        (last.step, last.title.as_str()),
        (Step::Other, "Refreshed ID token checked")
    );
    assert_eq!(last.keys, [token("at1"), token("rt1")]);
    let refused = last.checks.last().unwrap().refused.as_ref().unwrap();
    assert_eq!(
        (refused.expected.as_str(), refused.received.as_str()),
        ("alice", "mallory")
    );
}
