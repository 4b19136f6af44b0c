//! Tokens straight from the authorization endpoint (RFC 6749 §4.2, RFC 9700 §2.1.2): who may not have them first.

use super::tests::{checked, redirected, text};
use super::*;
use crate::samples::{self, CALENDAR, ISSUER, NOW, PHOTOS, REDIRECT, resource, scope};
use valetkey_model::client::GrantType;
use valetkey_model::grant::{GrantState, GrantedBy};
use valetkey_model::{GrantId, SessionId};
use valetkey_protocol::rule::Rule;

/// A request for a token that nothing is wrong with.
fn good() -> Request {
    Request {
        response_type: text("token"),
        client_id: text("mysweetapp"),
        redirect_uri: text(REDIRECT),
        scope: text("photos.read"),
        state: text("s-1"),
        ..Request::default()
    }
}

fn with(change: impl FnOnce(&mut Request)) -> Request {
    let mut request = good();
    change(&mut request);
    request
}

/// An app for which somebody has allowed it.
fn allowed() -> Client {
    let mut client = samples::web_client();
    client.grant_types.insert(GrantType::Implicit);
    client
}

fn granted(valid: &ValidRequest) -> valetkey_model::Grant {
    let id = GrantId(uuid::Uuid::from_u128(1));
    grant(valid, &samples::session(), &samples::policy(), id, NOW)
}

#[test]
fn implicit_is_off_until_it_is_allowed_for_the_client() {
    let public = Request {
        client_id: text("mysweetspa"),
        redirect_uri: text("https://spa.example/"),
        ..good()
    };
    for (request, client) in [
        (good(), samples::web_client()),
        (public, samples::browser_client()),
    ] {
        let error = redirected(&request, &client);
        assert_eq!(error.refusal.rule, Rule::AuthorizeGrantTypeNotAllowed);
        assert_eq!(error.refusal.rule.info().error.as_str(), "unauthorized_client");
        assert_eq!(error.refusal.expected, "implicit");
        assert_eq!(error.mode, ResponseMode::Fragment);
    }
}

#[test]
fn a_client_that_may_only_use_implicit_gets_no_code() {
    let mut client = allowed();
    client.grant_types.remove(&GrantType::AuthorizationCode);
    let error = redirected(&with(|r| r.response_type = text("code")), &client);
    assert_eq!(error.refusal.rule, Rule::AuthorizeGrantTypeNotAllowed);
    assert_eq!(error.mode, ResponseMode::Query);
}

#[test]
fn a_token_never_goes_into_a_query() {
    for mode in ["query", "query.jwt", "web_message", ""] {
        let error = redirected(&with(|r| r.response_mode = text(mode)), &allowed());
        assert_eq!(error.refusal.rule, Rule::AuthorizeResponseModeUnsupported);
        assert_eq!(error.mode, ResponseMode::Fragment);
    }
    let named = with(|r| r.response_mode = text("fragment"));
    assert_eq!(
        checked(&named, &allowed()).unwrap(),
        checked(&good(), &allowed()).unwrap()
    );
}

#[test]
fn whoever_asks_for_any_token_finds_the_error_in_the_fragment() {
    for (response_type, mode) in [
        ("token", ResponseMode::Fragment),
        ("id_token", ResponseMode::Fragment),
        ("code id_token", ResponseMode::Fragment),
        ("code", ResponseMode::Query),
        ("tokens", ResponseMode::Query),
        ("none", ResponseMode::Query),
    ] {
        let request = with(|r| {
            r.response_type = text(response_type);
            r.scope = text("admin");
        });
        assert_eq!(redirected(&request, &allowed()).mode, mode, "{response_type}");
    }
    assert_eq!(
        redirected(&with(|r| r.response_type = None), &allowed()).mode,
        ResponseMode::Query
    );
}

#[test]
fn parameter_injection_a_repeated_or_smuggled_parameter_changes_nothing() {
    let twice = with(|r| r.repeated = text("response_type"));
    assert_eq!(
        checked(&twice, &allowed()),
        Err(Denied::ShowPage(Refusal::new(
            Rule::AuthorizeParameterRepeated,
            "response_type once",
            "response_type more than once"
        )))
    );
    // What belongs to a code means nothing here.
    let with_challenge = with(|r| {
        r.code_challenge = text("nonsense");
        r.code_challenge_method = text("plain");
    });
    assert_eq!(checked(&with_challenge, &allowed()).unwrap().code_challenge, None);
}

#[test]
fn an_access_token_is_for_one_api() {
    let two = with(|r| r.scope = text("photos.read calendar.read"));
    assert_eq!(
        redirected(&two, &allowed()).refusal.rule,
        Rule::TokenResourceAmbiguous
    );
    let code = with(|r| {
        r.scope = text("photos.read calendar.read");
        r.response_type = text("code");
    });
    assert_eq!(
        redirected(&code, &allowed()).refusal.rule,
        Rule::PkceChallengeMissing,
        "a code may be for several"
    );
    let other = with(|r| r.resource = vec![CALENDAR.into()]);
    assert_eq!(
        redirected(&other, &allowed()).refusal.rule,
        Rule::AuthorizeScopeNotAllowed
    );
}

#[test]
fn a_silent_request_is_refused_in_the_fragment_too() {
    let valid = checked(&with(|r| r.prompt = text("none")), &allowed()).unwrap();
    let error = declined(&valid);
    assert!(error.silent);
    assert_eq!(error.mode, ResponseMode::Fragment);
    assert_eq!(error.state.as_deref(), Some("s-1"));
}

#[test]
fn the_grant_of_a_token_is_over_with_the_token() {
    let asks = with(|r| r.scope = text("openid photos.read offline_access"));
    let valid = checked(&asks, &allowed()).unwrap();
    assert_eq!(valid.respond, Respond::TOKEN);
    assert_eq!(valid.scope, scope("openid photos.read"), "nothing lasts here");
    let made = granted(&valid);
    assert_eq!((made.by, made.offline), (GrantedBy::Implicit, false));
    assert_eq!(made.session, Some(samples::session().id));
    let ttl = samples::policy().access_token_ttl_seconds;
    assert_eq!(made.expires_at, NOW.plus_seconds(ttl));
    let GrantState::Active(active) = made.state else {
        panic!("{:?}", made.state);
    };
    assert_eq!(active.generation, 0, "no refresh token is of it");
    assert!(made.is_active(NOW) && !made.is_active(made.expires_at));
}

#[test]
fn a_token_carries_what_was_allowed_and_nothing_goes_with_it() {
    let policy = samples::policy();
    let asks = with(|r| r.scope = text("openid photos.read"));
    let valid = checked(&asks, &allowed()).unwrap();
    let made = granted(&valid);
    let issue = front_channel_issue(&valid, &made, &allowed(), &policy, NOW);
    assert_eq!(issue.audience, Some(resource(PHOTOS)));
    assert_eq!(issue.scope, scope("openid photos.read"));
    assert!(!issue.refresh_token && !issue.id_token);
    assert_eq!(issue.ttl_seconds, policy.access_token_ttl_seconds);

    let mut narrowed = allowed();
    narrowed.scope = scope("openid");
    let issue = front_channel_issue(&valid, &made, &narrowed, &policy, NOW.plus_seconds(60));
    assert_eq!(issue.scope, scope("openid"));
    assert_eq!(issue.ttl_seconds, policy.access_token_ttl_seconds - 60);
}

#[test]
fn a_token_for_userinfo_alone_names_the_issuer() {
    let valid = checked(&with(|r| r.scope = text("openid profile")), &allowed()).unwrap();
    let issue = front_channel_issue(&valid, &granted(&valid), &allowed(), &samples::policy(), NOW);
    assert_eq!(issue.audience, None);
    let claims = crate::issue::access_token(
        &issue,
        crate::issue::Subject::Person {
            grant: &granted(&valid),
            sub: "alice",
        },
        &samples::policy(),
        [1; 16],
        NOW,
    );
    assert_eq!(claims.aud, ISSUER);
}

#[test]
fn only_who_the_page_was_made_for_can_allow_and_anybody_can_cancel() {
    let session = samples::session();
    let other = SessionId(uuid::Uuid::from_u128(9));
    for (answer, shown_to, signed_in, means) in [
        ("allow", None, Some(&session), Answered::Nothing),
        ("allow", Some(other), Some(&session), Answered::Nothing),
        ("allow", Some(session.id), None, Answered::Nothing),
        ("Allow", Some(session.id), Some(&session), Answered::Nothing),
        ("", Some(session.id), Some(&session), Answered::Nothing),
        ("cancel", None, None, Answered::Declined),
        ("cancel", Some(other), Some(&session), Answered::Declined),
        ("allow", Some(session.id), Some(&session), Answered::Allowed),
    ] {
        assert_eq!(answered(answer, shown_to, signed_in), means, "{answer}");
    }
}

#[test]
fn open_redirect_an_error_waits_for_the_sign_in_unless_it_was_silent() {
    let spoken = redirected(&with(|r| r.scope = text("admin")), &allowed());
    assert!(!may_redirect_now(&spoken, false));
    assert!(may_redirect_now(&spoken, true));
    let silent = with(|r| {
        r.scope = text("admin");
        r.prompt = text("none");
    });
    assert!(may_redirect_now(&redirected(&silent, &allowed()), false));
}
