//! Temporary credentials, each check violated first (RFC 5849 §2.1).

use super::super::initiate::decide;
use super::*;
use crate::samples::CALENDAR;

fn asked(client: &Client, request: &Request) -> Result<Temporary, Rule> {
    decide(
        &request.signed(),
        client,
        &samples::policy(),
        grant_id(),
        NOW,
        &mut Trail::off(),
    )
    .map_err(|refusal| refusal.rule)
}

fn with_query(query: &str) -> Request {
    Request {
        query: Some(query.into()),
        ..request(&printer())
    }
}

#[test]
fn a_client_without_oauth_1_or_retired_from_it_begins_nothing() {
    for client in [samples::web_client(), retired(printer())] {
        assert_eq!(asked(&client, &request(&client)), Err(Rule::OAuth1NotAllowed));
    }
}

#[test]
fn session_fixation_a_request_without_a_callback_is_refused() {
    for callback in [None, Some(String::new())] {
        let request = request(&printer()).change(|protocol| protocol.callback = callback);
        assert_eq!(asked(&printer(), &request), Err(Rule::OAuth1ParameterMissing));
    }
}

#[test]
fn a_callback_that_is_not_the_registered_one_to_the_letter_is_refused() {
    for callback in [
        "https://evil.example/callback",
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://app.example/callback#x",
        "https://APP.example/callback",
        "https://app.example:443/callback",
        "OOB",
        "oob ",
    ] {
        let request = request(&printer()).change(|protocol| protocol.callback = Some(callback.into()));
        assert_eq!(
            asked(&printer(), &request),
            Err(Rule::OAuth1CallbackUnregistered),
            "{callback}"
        );
    }
}

#[test]
fn a_request_with_a_token_already_is_refused() {
    let token = handles().oauth1_token_for(grant_id());
    let request = request(&printer()).change(|protocol| protocol.token = Some(token));
    assert_eq!(asked(&printer(), &request), Err(Rule::OAuth1TokenUnknown));
}

#[test]
fn a_scope_that_the_client_may_not_ask_for_at_an_api_is_refused() {
    for query in [
        "scope=admin",
        "scope=openid",
        "scope=photos.read+offline_access",
        "scope=",
        "scope=%22",
        "scope=photos.read,photos.write",
    ] {
        assert_eq!(
            asked(&printer(), &with_query(query)),
            Err(Rule::OAuth1ScopeNotAllowed),
            "{query}"
        );
    }
    let nothing = Client {
        scope: scope("openid profile"),
        ..printer()
    };
    assert_eq!(
        asked(&nothing, &request(&nothing)),
        Err(Rule::OAuth1ScopeNotAllowed)
    );
}

#[test]
fn a_scope_about_the_person_is_not_asked_for_even_where_an_api_has_one_of_that_name() {
    let mut policy = samples::policy();
    let says = "Know who you are".to_owned();
    policy.resources[0].scopes.insert("openid".into(), says);
    let id = grant_id();
    let decided = |request: &Request| {
        let outcome = decide(&request.signed(), &printer(), &policy, id, NOW, &mut Trail::off());
        outcome.map_err(|refusal| refusal.rule)
    };
    assert_eq!(
        decided(&with_query("scope=openid")),
        Err(Rule::OAuth1ScopeNotAllowed)
    );
    assert!(!decided(&request(&printer())).unwrap().scope.contains("openid"));
}

#[test]
fn parameter_pollution_of_the_scope_is_refused() {
    assert_eq!(
        asked(&printer(), &with_query("scope=photos.read&scope=photos.write")),
        Err(Rule::OAuth1ParameterRepeated)
    );
}

#[test]
fn without_a_scope_all_that_the_client_may_ask_for_at_apis_is_asked_for() {
    let temporary = asked(&printer(), &request(&printer())).unwrap();
    assert_eq!(temporary.scope, scope("photos.read photos.write calendar.read"));
    assert_eq!(temporary.resources, [resource(PHOTOS), resource(CALENDAR)].into());
    assert_eq!(temporary.id, grant_id());
    let ttl = samples::policy().oauth1_temporary_ttl_seconds;
    assert_eq!(temporary.expires_at, NOW.plus_seconds(ttl));
    assert_eq!(temporary.callback.as_deref(), Some(samples::REDIRECT));
}

#[test]
fn a_client_of_one_api_asks_for_nothing_at_another() {
    let client = Client {
        resources: [resource(CALENDAR)].into(),
        ..printer()
    };
    let temporary = asked(&client, &request(&client)).unwrap();
    assert_eq!(temporary.scope, scope("calendar.read"));
    assert_eq!(temporary.resources, [resource(CALENDAR)].into());
}

#[test]
fn out_of_band_and_a_narrower_scope_are_taken() {
    let request = with_query("scope=photos.read").change(|protocol| protocol.callback = Some("oob".into()));
    let mut trail = Trail::recording();
    let temporary = decide(
        &request.signed(),
        &printer(),
        &samples::policy(),
        grant_id(),
        NOW,
        &mut trail,
    )
    .unwrap();
    assert_eq!(
        (temporary.callback, temporary.scope),
        (None, scope("photos.read"))
    );
    assert_eq!(temporary.resources, [resource(PHOTOS)].into());
    assert!(trail.into_checks().iter().all(|check| check.refused.is_none()));
}
