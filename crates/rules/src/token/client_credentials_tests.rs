//! Client credentials, each check violated first (RFC 6749 §4.4).

use super::*;
use crate::samples::{self, CALENDAR, PHOTOS, resource, scope};

fn asks(scope: Option<&str>, resources: &[&str]) -> Request {
    Request {
        scope: scope.map(str::to_owned),
        resource: resources.iter().map(|&text| text.to_owned()).collect(),
        ..Request::default()
    }
}

fn decided(request: &Request, client: &Client) -> Result<Issue, Rule> {
    decide(request, client, &samples::policy(), &mut Trail::off()).map_err(|refusal| refusal.rule)
}

/// A service that may use two APIs.
fn broad() -> Client {
    Client {
        scope: scope("photos.read calendar.read openid offline_access email"),
        ..samples::service_client()
    }
}

#[test]
fn a_public_or_unregistered_client_cannot_act_for_itself() {
    let mut public = samples::native_client();
    public.grant_types.insert(GrantType::ClientCredentials);
    for client in [public, samples::web_client()] {
        assert_eq!(
            decided(&asks(None, &[]), &client),
            Err(Rule::TokenGrantTypeNotAllowed)
        );
    }
}

#[test]
fn scopes_that_need_a_person_are_refused() {
    for personal in ["openid", "offline_access", "email", "photos.read openid"] {
        assert_eq!(
            decided(&asks(Some(personal), &[]), &broad()),
            Err(Rule::TokenScopeNotAllowed),
            "{personal}"
        );
    }
}

#[test]
fn scopes_that_are_malformed_unknown_or_not_registered_are_refused() {
    let client = samples::service_client();
    assert_eq!(
        decided(&asks(Some("a\"b"), &[]), &client),
        Err(Rule::TokenScopeMalformed)
    );
    for not_allowed in ["photos.write", "nonsense", "photos.read photos.write"] {
        assert_eq!(
            decided(&asks(Some(not_allowed), &[]), &client),
            Err(Rule::TokenScopeNotAllowed)
        );
    }
    let mut nothing = samples::service_client();
    nothing.scope = scope("openid");
    assert_eq!(
        decided(&asks(None, &[]), &nothing),
        Err(Rule::TokenScopeNotAllowed)
    );
}

#[test]
fn a_token_is_for_one_api_that_the_client_may_use() {
    assert_eq!(
        decided(&asks(None, &[]), &broad()),
        Err(Rule::TokenResourceAmbiguous)
    );
    assert_eq!(
        decided(&asks(None, &["nonsense"]), &broad()),
        Err(Rule::TokenResourceMalformed)
    );
    assert_eq!(
        decided(&asks(None, &[CALENDAR]), &samples::service_client()),
        Err(Rule::TokenResourceNotGranted)
    );
    assert_eq!(
        decided(&asks(Some("photos.read"), &[CALENDAR]), &broad()),
        Err(Rule::TokenScopeNotAllowed)
    );
}

#[test]
fn a_service_gets_all_it_is_registered_for_when_it_asks_for_nothing() {
    let mut trail = Trail::recording();
    let issue = decide(
        &asks(None, &[]),
        &samples::service_client(),
        &samples::policy(),
        &mut trail,
    )
    .unwrap();
    assert_eq!(issue.scope, scope("photos.read"));
    assert_eq!(issue.audience, Some(resource(PHOTOS)));
    assert!(!issue.refresh_token && !issue.id_token);
    assert_eq!(issue.ttl_seconds, samples::policy().access_token_ttl_seconds);
    let checks = trail.into_checks();
    assert!(checks.iter().all(|check| check.refused.is_none()));
    assert!(
        checks
            .iter()
            .any(|check| check.rule == Rule::TokenScopeNotAllowed)
    );
}

#[test]
fn the_named_api_or_the_named_scope_picks_the_token() {
    let at_calendar = decided(&asks(None, &[CALENDAR]), &broad()).unwrap();
    assert_eq!(at_calendar.scope, scope("calendar.read"));
    let by_scope = decided(&asks(Some("photos.read"), &[]), &broad()).unwrap();
    assert_eq!(by_scope.audience, Some(resource(PHOTOS)));
}
