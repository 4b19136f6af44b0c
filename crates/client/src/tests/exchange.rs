//! Token exchange: what is asked for, and answers that are not what was promised.

use serde_json::json;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, JWT_TYPE};

use super::{NOW, World, now, refused};
use crate::{Error, Exchange};

#[test]
fn an_answer_that_does_not_say_what_was_issued_or_is_no_bearer_token_is_refused() {
    let world = World::new();
    let client = world.client();
    let outcome = now(client.exchange(&Exchange::of("st"), NOW));
    assert!(matches!(outcome, Err(Error::Malformed { .. })), "{outcome:?}");
    *world.token_answer.lock().unwrap() =
        json!({"issued_token_type": ACCESS_TOKEN_TYPE, "token_type": "N_A"});
    refused(
        now(client.exchange(&Exchange::of("st"), NOW)),
        Rule::TokenTypeNotBearer,
    );
    let bad_scope = Exchange {
        scope: "a\"b",
        ..Exchange::of("st")
    };
    assert!(matches!(
        now(client.exchange(&bad_scope, NOW)),
        Err(Error::Config(_))
    ));
}

#[test]
fn what_is_asked_for_stands_in_the_request_and_nothing_else() {
    let world = World::new();
    *world.token_answer.lock().unwrap() =
        json!({"issued_token_type": ACCESS_TOKEN_TYPE, "scope": "photos.read"});
    let client = world.client();
    let exchanged = now(client.exchange(&Exchange::of("st"), NOW)).unwrap();
    assert_eq!(exchanged.issued_token_type, ACCESS_TOKEN_TYPE);
    assert_eq!(exchanged.tokens.scope.to_string(), "photos.read");
    assert_eq!(
        exchanged.tokens.id_token, None,
        "an ID token out of nowhere is not used"
    );
    let full = Exchange {
        subject_token_type: JWT_TYPE,
        actor_token: Some("at"),
        scope: "photos.read",
        resource: Some("https://photos.example"),
        requested_token_type: Some(ACCESS_TOKEN_TYPE),
        ..Exchange::of("st")
    };
    now(client.exchange(&full, NOW)).unwrap();
    let asked = world.asked("/token");
    let names = |index: usize| {
        asked[index]
            .pairs()
            .map(|(name, _)| name.to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names(0), ["grant_type", "subject_token", "subject_token_type"]);
    for (name, value) in [
        ("grant_type", "urn:ietf:params:oauth:grant-type:token-exchange"),
        ("subject_token", "st"),
        ("subject_token_type", JWT_TYPE),
        ("actor_token", "at"),
        ("actor_token_type", ACCESS_TOKEN_TYPE),
        ("scope", "photos.read"),
        ("resource", "https://photos.example"),
        ("requested_token_type", ACCESS_TOKEN_TYPE),
    ] {
        assert_eq!(asked[1].get(name), Some(value));
    }
    assert_eq!(names(1).len(), 8);
    assert!(!format!("{full:?}").contains("st\""));
}
