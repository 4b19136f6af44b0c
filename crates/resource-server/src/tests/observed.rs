//! What an observer hears.

use std::sync::{Arc, Mutex};

use serde_json::json;
use valetkey_jose::{b64, hash};
use valetkey_protocol::observe::{Event, Key, Observer, Role, Step};
use valetkey_protocol::rule::Rule;

use super::{Api, World, active};

#[derive(Default)]
struct Notebook(Mutex<Vec<Event>>);

impl Observer for Notebook {
    fn observe(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

impl Notebook {
    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

fn steps(events: &[Event]) -> Vec<(Step, &str)> {
    events
        .iter()
        .map(|event| (event.step, event.title.as_str()))
        .collect()
}

fn rules(event: &Event) -> Vec<Rule> {
    event.checks.iter().map(|check| check.rule).collect()
}

#[tokio::test]
async fn a_request_is_told_with_every_rule_and_tied_to_token_and_grant_without_the_token() {
    let world = World::new();
    let notebook = Arc::new(Notebook::default());
    let api = Api::new(world.introspecting().jwt().online(0).observer(notebook.clone()));
    world.says(active(json!({})));
    let token = world.token(json!({}));
    api.show(&token).await.is_alice();
    let first = notebook.take();
    assert_eq!(
        steps(&first),
        [
            (Step::ResourceRequest, "Resource request"),
            (Step::Other, "Key set fetched"),
            (Step::Other, "Introspection answer checked"),
            (Step::ResourceResponse, "Resource response"),
        ]
    );
    let keys = [
        Key::Token(b64::encode_url(&hash::sha256(token.as_bytes()))),
        Key::Grant("g1".into()),
    ];
    assert!(first.iter().all(|event| event.keys == keys));
    assert!(
        first
            .iter()
            .all(|event| event.client_id.as_deref() == Some("mysweetapp"))
    );
    assert!(first.iter().all(|event| !format!("{event:?}").contains(&token)));
    assert_eq!((first[0].from, first[0].to), (Role::Client, Role::ResourceServer));
    assert_eq!(
        (first[0].line.as_str(), first[3].line.as_str()),
        ("GET /photos", "200 OK")
    );
    for rule in [
        Rule::BearerTokenMissing,
        Rule::BearerHeaderMalformed,
        Rule::AccessTokenMalformed,
        Rule::AccessTokenAlgorithm,
        Rule::AccessTokenType,
        Rule::AccessTokenKeyUnknown,
        Rule::AccessTokenSignature,
        Rule::AccessTokenIssuer,
        Rule::AccessTokenAudience,
        Rule::AccessTokenExpired,
        Rule::AccessTokenNotYetValid,
        Rule::AccessTokenInactive,
        Rule::AccessTokenScope,
    ] {
        assert!(rules(&first[0]).contains(&rule), "{rule}");
    }
    api.show(&token).await.is_alice();
    let again = notebook.take();
    let sorted = |event| {
        let mut rules = rules(event);
        rules.sort();
        rules
    };
    assert_eq!(
        sorted(&again[0]),
        sorted(&first[0]),
        "a remembered token tells the same rules again"
    );
}

#[tokio::test]
async fn a_refusal_is_told_with_what_was_expected_and_received() {
    let world = World::new();
    let notebook = Arc::new(Notebook::default());
    let api = Api::new(world.builder().jwt().observer(notebook.clone()));
    api.refuses(
        &world.token(json!({"aud": "https://mail.example"})),
        Rule::AccessTokenAudience,
    )
    .await;
    let events = notebook.take();
    let refused = events[0].checks.last().unwrap().refused.as_ref().unwrap();
    assert_eq!(refused.rule, Rule::AccessTokenAudience);
    assert_eq!(refused.expected, super::API);
    assert_eq!(refused.received, "https://mail.example");
    assert_eq!(
        rules(&events[0])
            .iter()
            .filter(|rule| **rule == Rule::AccessTokenAudience)
            .count(),
        1
    );
    let last = events.last().unwrap();
    assert_eq!(
        (last.step, last.line.as_str()),
        (Step::ResourceResponse, "401 Unauthorized")
    );
    assert_eq!(last.parameters[0].name, "www-authenticate");
}
