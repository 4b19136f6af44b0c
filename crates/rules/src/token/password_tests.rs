//! The password grant, each check violated first (RFC 6749 §4.3, RFC 9700 §2.4).

use super::*;
use crate::samples::{self, CALENDAR, NOW, PHOTOS, resource, scope};

/// An app from before there were redirects, for which somebody has allowed it.
fn legacy() -> Client {
    let mut client = samples::web_client();
    client.grant_types.insert(GrantType::Password);
    client
}

fn good() -> Request {
    Request {
        username: Some("alice".into()),
        password: Some(Password::new("correct horse")),
        scope: Some("openid photos.read".into()),
        ..Request::default()
    }
}

fn with(change: impl FnOnce(&mut Request)) -> Request {
    let mut request = good();
    change(&mut request);
    request
}

fn refused(request: &Request, client: &Client) -> Rule {
    let refusal = read(request, client, &samples::policy(), &mut Trail::off()).unwrap_err();
    assert!(!format!("{refusal:?}").contains("correct horse"));
    refusal.rule
}

#[test]
fn the_password_grant_is_off_until_it_is_allowed_for_the_client() {
    for client in [
        samples::web_client(),
        samples::native_client(),
        samples::browser_client(),
        samples::service_client(),
    ] {
        assert_eq!(refused(&good(), &client), Rule::TokenGrantTypeNotAllowed);
    }
    assert_eq!(
        Rule::TokenGrantTypeNotAllowed.info().error.as_str(),
        "unauthorized_client"
    );
}

#[test]
fn a_request_without_a_username_or_a_password_is_refused() {
    for request in [
        with(|r| r.username = None),
        with(|r| r.username = Some(String::new())),
        with(|r| r.password = None),
        with(|r| r.password = Some(Password::new(""))),
    ] {
        assert_eq!(refused(&request, &legacy()), Rule::PasswordMissing);
    }
}

#[test]
fn what_the_client_may_not_ask_for_is_refused_before_the_password_is_looked_at() {
    for (request, rule) in [
        (with(|r| r.scope = Some("a\"b".into())), Rule::TokenScopeMalformed),
        (
            with(|r| r.scope = Some("phone".into())),
            Rule::TokenScopeNotAllowed,
        ),
        (
            with(|r| r.scope = Some("admin".into())),
            Rule::TokenScopeNotAllowed,
        ),
        (
            with(|r| r.resource = vec!["photos".into()]),
            Rule::TokenResourceMalformed,
        ),
        (
            with(|r| r.resource = vec!["https://gone.example".into()]),
            Rule::TokenResourceNotGranted,
        ),
        (
            with(|r| r.resource = vec![CALENDAR.into()]),
            Rule::TokenScopeNotAllowed,
        ),
        (
            with(|r| r.scope = Some("photos.read calendar.read".into())),
            Rule::TokenResourceAmbiguous,
        ),
        (
            with(|r| {
                r.scope = Some("photos.read calendar.read".into());
                r.resource = vec![PHOTOS.into(), CALENDAR.into()];
            }),
            Rule::TokenResourceAmbiguous,
        ),
        (with(|r| r.scope = None), Rule::TokenResourceAmbiguous),
    ] {
        assert_eq!(refused(&request, &legacy()), rule, "{request:?}");
    }
}

#[test]
fn a_good_request_says_whose_password_for_what_and_where() {
    let (request, client, mut trail) = (good(), legacy(), Trail::recording());
    let asked = read(&request, &client, &samples::policy(), &mut trail).unwrap();
    assert_eq!(
        (asked.username, asked.password.expose()),
        ("alice", "correct horse")
    );
    assert_eq!(asked.scope, scope("openid photos.read"));
    assert_eq!(asked.resources, [resource(PHOTOS)].into());
    assert!(!format!("{asked:?}").contains("correct horse"));
    let checks = trail.into_checks();
    assert!(checks.iter().all(|check| check.refused.is_none()));
    for rule in [
        Rule::TokenGrantTypeNotAllowed,
        Rule::PasswordMissing,
        Rule::TokenScopeNotAllowed,
        Rule::TokenResourceNotGranted,
        Rule::TokenResourceAmbiguous,
    ] {
        assert!(checks.iter().any(|check| check.rule == rule), "{rule}");
    }
}

#[test]
fn the_grant_says_that_it_came_by_a_password_and_hangs_on_no_session() {
    let (request, client, policy) = (good(), legacy(), samples::policy());
    let asked = read(&request, &client, &policy, &mut Trail::off()).unwrap();
    let id = GrantId(uuid::Uuid::from_u128(1));
    let made = grant(&asked, &client, samples::user(), &policy, id, NOW);
    assert_eq!((made.by, made.session), (GrantedBy::Password, None));
    assert_eq!(
        (made.auth_time, made.amr.as_slice()),
        (NOW, ["pwd".to_owned()].as_slice())
    );
    assert!(made.is_active(NOW) && !made.offline);
    let GrantState::Active(active) = made.state else {
        panic!("not active");
    };
    assert_eq!(active.generation, 1);
    assert_eq!(
        active.idle_expires_at,
        NOW.plus_seconds(policy.refresh_idle_ttl_seconds)
    );

    let given = issue(&asked, &client, &made, &policy, NOW);
    assert_eq!(given.scope, scope("openid photos.read"));
    assert_eq!(given.audience, Some(resource(PHOTOS)));
    assert!(given.refresh_token);
    let mut forgetful = client;
    forgetful.grant_types.remove(&GrantType::RefreshToken);
    assert!(!issue(&asked, &forgetful, &made, &policy, NOW).refresh_token);
}

#[test]
fn a_password_is_not_enough_for_a_person_with_a_second_factor() {
    let refusal = password_is_enough(true, &mut Trail::off()).unwrap_err();
    assert_eq!(refusal.rule, Rule::PasswordSecondFactor);
    let mut trail = Trail::recording();
    password_is_enough(false, &mut trail).unwrap();
    assert_eq!(trail.into_checks().len(), 1);
}
