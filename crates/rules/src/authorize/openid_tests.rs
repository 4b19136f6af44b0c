//! What OpenID Connect adds to a request (Core §3, §5.5, Multiple Response Types): refusals first.

use super::tests::{checked, good, redirected, text, with};
use super::*;
use crate::samples::{self, CHALLENGE, ISSUER, NOW, REDIRECT, scope};
use std::collections::BTreeMap;
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_model::client::GrantType;
use valetkey_model::grant::{GrantState, GrantedBy};
use valetkey_model::{Grant, GrantId, Session};
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::rule::Rule;

/// An app for which tokens through the browser are allowed.
fn allowed() -> Client {
    let mut client = samples::web_client();
    client.grant_types.insert(GrantType::Implicit);
    client
}

fn asks(response_type: &str) -> Request {
    with(|r| r.response_type = text(response_type))
}

fn rule(request: &Request, client: &Client) -> Rule {
    redirected(request, client).refusal.rule
}

fn granted(valid: &ValidRequest, session: &Session) -> Grant {
    let id = GrantId(uuid::Uuid::from_u128(1));
    grant(valid, session, &samples::policy(), id, NOW)
}

const FRONT: [&str; 6] = [
    "id_token",
    "id_token token",
    "code id_token",
    "code token",
    "code id_token token",
    "token",
];

#[test]
fn nobody_gets_a_token_through_the_browser_without_the_implicit_grant() {
    for response_type in FRONT {
        let error = redirected(&asks(response_type), &samples::web_client());
        assert_eq!(error.refusal.rule, Rule::AuthorizeGrantTypeNotAllowed);
        assert_eq!(error.mode, ResponseMode::Fragment, "{response_type}");
    }
    let mut no_code = allowed();
    no_code.grant_types.remove(&GrantType::AuthorizationCode);
    for response_type in ["code", "code id_token", "code token", "code id_token token"] {
        assert_eq!(
            rule(&asks(response_type), &no_code),
            Rule::AuthorizeGrantTypeNotAllowed
        );
    }
}

#[test]
fn a_client_that_named_its_response_types_uses_no_other() {
    let mut client = allowed();
    client.openid.response_types = ["code", "id_token token"]
        .into_iter()
        .filter_map(ResponseType::parse)
        .collect();
    for other in ["id_token", "code id_token", "token"] {
        let error = redirected(&asks(other), &client);
        assert_eq!(error.refusal.rule, Rule::AuthorizeResponseTypeNotRegistered);
        assert_eq!(error.refusal.rule.info().error.as_str(), "unauthorized_client");
    }
    for own in ["code", "id_token token", "token id_token"] {
        checked(&asks(own), &client).unwrap();
    }
}

#[test]
fn an_id_token_through_the_browser_needs_openid_and_a_nonce() {
    for response_type in FRONT.into_iter().filter(|text| text.contains("id_token")) {
        let without_openid = Request {
            scope: text("photos.read"),
            ..asks(response_type)
        };
        assert_eq!(
            rule(&without_openid, &allowed()),
            Rule::AuthorizeScopeOpenidMissing
        );
        let without_nonce = Request {
            nonce: None,
            ..asks(response_type)
        };
        let error = redirected(&without_nonce, &allowed());
        assert_eq!(error.refusal.rule, Rule::AuthorizeNonceMissing, "{response_type}");
        assert_eq!(error.mode, ResponseMode::Fragment);
    }
    for without_id_token in ["code", "code token", "token"] {
        let request = Request {
            nonce: None,
            ..asks(without_id_token)
        };
        checked(&request, &allowed()).unwrap();
    }
}

#[test]
fn a_code_needs_pkce_also_when_tokens_go_with_it() {
    for response_type in FRONT {
        let request = Request {
            code_challenge: None,
            ..asks(response_type)
        };
        let outcome = checked(&request, &allowed());
        match (response_type.contains("code"), outcome) {
            (false, Ok(valid)) => assert_eq!(valid.code_challenge, None),
            (true, Err(Denied::Redirect(error))) => {
                assert_eq!(error.refusal.rule, Rule::PkceChallengeMissing);
            }
            other => panic!("{response_type}: {other:?}"),
        }
    }
    let hybrid = checked(&asks("code id_token"), &allowed()).unwrap();
    assert_eq!(hybrid.code_challenge.unwrap().as_str(), CHALLENGE);
}

#[test]
fn token_leak_no_type_with_a_token_is_answered_in_a_query() {
    for response_type in FRONT {
        let request = Request {
            response_mode: text("query"),
            ..asks(response_type)
        };
        let error = redirected(&request, &allowed());
        assert_eq!(error.refusal.rule, Rule::AuthorizeResponseModeUnsupported);
        assert_eq!(error.mode, ResponseMode::Fragment, "{response_type}");
    }
}

#[test]
fn every_response_type_goes_with_every_other_mode_and_has_its_own_when_none_is_named() {
    let mode_of = |response_type: &str, mode: Option<&str>| {
        let request = Request {
            response_mode: mode.map(str::to_owned),
            ..asks(response_type)
        };
        let valid = checked(&request, &allowed()).unwrap();
        let error = redirected(
            &Request {
                scope: text("admin"),
                ..request
            },
            &allowed(),
        );
        assert_eq!(
            error.mode,
            valid.respond.mode(),
            "errors go where the answer would"
        );
        let Respond::Redirect { response_type, .. } = valid.respond else {
            panic!("{:?}", valid.respond);
        };
        (response_type, valid.respond.mode())
    };
    for response_type in ResponseType::ALL {
        let own = if response_type.is_front_channel() {
            ResponseMode::Fragment
        } else {
            ResponseMode::Query
        };
        let name = response_type.as_str();
        assert_eq!(mode_of(name, None), (response_type, own));
        assert_eq!(mode_of(name, Some("fragment")).1, ResponseMode::Fragment);
        assert_eq!(mode_of(name, Some("form_post")).1, ResponseMode::FormPost);
    }
}

#[test]
fn a_form_is_not_posted_to_an_app_on_the_device() {
    let mut client = samples::native_client();
    client.redirect_uris = vec![RedirectUri::parse("com.example.app:/callback").unwrap()];
    let request = with(|r| {
        r.client_id = text("mysweetcli");
        r.redirect_uri = text("com.example.app:/callback");
        r.response_mode = text("form_post");
    });
    let error = redirected(&request, &client);
    assert_eq!(error.refusal.rule, Rule::AuthorizeResponseModeUnsupported);
    assert_eq!(error.mode, ResponseMode::Query);
}

#[test]
fn the_parameter_registration_is_refused_and_unknown_and_ui_parameters_are_not() {
    let error = redirected(&with(|r| r.registration = text("{}")), &samples::web_client());
    assert_eq!(error.refusal.rule, Rule::AuthorizeRegistrationUnsupported);
    assert_eq!(
        error.refusal.rule.info().error.as_str(),
        "registration_not_supported"
    );
    let request = with(|r| {
        r.display = text("hologram");
        r.ui_locales = text("tlh \u{fffd}");
        r.claims_locales = text("x");
        r.login_hint = text("alice");
    });
    let valid = checked(&request, &samples::web_client()).unwrap();
    assert_eq!(valid.login_hint.as_deref(), Some("alice"));
}

#[test]
fn claims_that_are_malformed_are_refused_and_without_openid_they_mean_nothing() {
    for bad in [
        "x",
        "[]",
        r#"{"userinfo":[]}"#,
        r#"{"id_token":{"acr":1}}"#,
        r#"{"id_token""#,
    ] {
        let request = with(|r| r.claims = text(bad));
        assert_eq!(
            rule(&request, &samples::web_client()),
            Rule::AuthorizeClaimsMalformed,
            "{bad}"
        );
    }
    let asked = r#"{"userinfo":{"email":{"essential":true}}}"#;
    let of = |scope: &str| {
        let request = with(|r| {
            r.scope = text(scope);
            r.claims = text(asked);
        });
        checked(&request, &samples::web_client()).unwrap().claims
    };
    assert!(of("photos.read").is_empty());
    assert!(of("openid").userinfo.contains_key("email"));
}

#[test]
fn single_claims_are_told_of_beside_the_scope_that_does_not_open_them() {
    let of = |scope: &str, claims: &str| {
        let request = with(|r| {
            r.scope = text(scope);
            r.claims = text(claims);
        });
        asked_for(&checked(&request, &samples::web_client()).unwrap())
    };
    let both = r#"{"userinfo":{"email":null,"sub":null,"x":null},"id_token":{"name":null,"auth_time":null}}"#;
    assert_eq!(of("openid", both), scope("openid claim:email claim:name"));
    assert_eq!(of("openid profile", both), scope("openid profile claim:email"));
    assert_eq!(
        samples::policy().scope_says("claim:email"),
        "See your e-mail address"
    );
}

#[test]
fn no_client_can_ask_for_a_single_claim_as_if_it_were_a_scope() {
    let mut client = samples::web_client();
    client.scope = scope("openid claim:email");
    let request = with(|r| r.scope = text("openid claim:email"));
    assert_eq!(rule(&request, &client), Rule::AuthorizeScopeNotAllowed);
}

fn acr_of(request: &Request, client: &Client) -> (Vec<Acr>, bool) {
    let valid = checked(request, client).unwrap();
    (valid.acr_values, valid.acr_is_essential)
}

#[test]
fn the_wish_for_a_sure_sign_in_comes_from_acr_values_the_registration_or_the_claim() {
    let client = samples::web_client();
    let claim = |json: &str| format!(r#"{{"id_token":{{"acr":{json}}}}}"#);
    let (one, two) = (Acr::OneFactor, Acr::TwoFactors);
    for (acr_values, claims, expected) in [
        (None, None, (vec![], false)),
        (Some("urn:x 2 1"), None, (vec![two, one], false)),
        (Some("urn:x"), None, (vec![], false)),
        (None, Some("null"), (vec![], false)),
        (None, Some(r#"{"essential":true}"#), (vec![], false)),
        (None, Some(r#"{"values":["2"]}"#), (vec![two], false)),
        (
            Some("1"),
            Some(r#"{"essential":true,"value":"2"}"#),
            (vec![two], true),
        ),
        (
            None,
            Some(r#"{"essential":true,"values":["urn:x"]}"#),
            (vec![], true),
        ),
    ] {
        let request = with(|r| {
            r.acr_values = acr_values.map(str::to_owned);
            r.claims = claims.map(claim);
        });
        assert_eq!(acr_of(&request, &client), expected, "{acr_values:?} {claims:?}");
    }
    let mut registered = samples::web_client();
    registered.openid.default_acr_values = vec!["urn:x".into(), "2".into()];
    assert_eq!(acr_of(&good(), &registered), (vec![two], false));
    let own = with(|r| r.acr_values = text("1"));
    assert_eq!(acr_of(&own, &registered), (vec![one], false));
}

#[test]
fn the_grant_says_how_surely_it_was_in_the_words_of_the_request() {
    let of = |acr_values: Option<&str>, acr: Acr| {
        let request = with(|r| r.acr_values = acr_values.map(str::to_owned));
        let valid = checked(&request, &samples::web_client()).unwrap();
        let session = Session {
            acr,
            ..samples::session()
        };
        granted(&valid, &session).acr
    };
    let (one, two) = (Acr::OneFactor, Acr::TwoFactors);
    assert_eq!(of(Some("2"), one), one, "never more than there was");
    assert_eq!(of(Some("1"), two), one);
    assert_eq!(of(Some("1 2"), two), two);
    assert_eq!(of(None, two), two);
}

#[test]
fn default_max_age_is_for_requests_that_name_none() {
    let mut client = samples::web_client();
    client.openid.default_max_age_seconds = Some(60);
    let of = |request: &Request| checked(request, &client).unwrap().max_age;
    assert_eq!(of(&good()), Some(60));
    assert_eq!(of(&with(|r| r.max_age = text("7200"))), Some(7200));
    assert_eq!(checked(&good(), &samples::web_client()).unwrap().max_age, None);
}

#[test]
fn a_hint_and_a_value_of_sub_narrow_to_the_people_that_both_name() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let hint = |sub: &str| {
        let claims: BTreeMap<_, _> = [("iss", ISSUER), ("sub", sub)].into();
        key.sign_jwt("JWT", &claims).unwrap()
    };
    let of = |hinted: Option<&str>, claims: Option<&str>| {
        let request = with(|r| {
            r.id_token_hint = hinted.map(hint);
            r.claims = claims.map(str::to_owned);
        });
        let valid = checked(&request, &samples::web_client()).unwrap();
        valid.hinted.map(|subs| subs.into_iter().collect::<Vec<_>>())
    };
    let named = |place: &str, sub: &str| format!(r#"{{"{place}":{{"sub":{sub}}}}}"#);
    let some = |subs: &[&str]| Some(subs.iter().map(|sub| (*sub).to_owned()).collect());
    assert_eq!(of(None, None), None);
    assert_eq!(of(None, Some(&named("id_token", "null"))), None);
    assert_eq!(of(Some("alice"), None), some(&["alice"]));
    for place in ["id_token", "userinfo"] {
        assert_eq!(
            of(None, Some(&named(place, r#"{"value":"bob"}"#))),
            some(&["bob"])
        );
    }
    let either = named("userinfo", r#"{"values":["bob","carol",1]}"#);
    assert_eq!(of(None, Some(&either)), some(&["bob", "carol"]));
    assert_eq!(of(Some("bob"), Some(&either)), some(&["bob"]));
    assert_eq!(of(Some("alice"), Some(&either)), some(&[]), "nobody");

    let broken = with(|r| r.id_token_hint = text("a.b.c"));
    assert_eq!(
        rule(&broken, &samples::web_client()),
        Rule::AuthorizeLoginRequired
    );
}

#[test]
fn the_grant_of_an_id_token_alone_is_over_at_once_and_that_of_a_code_is_not() {
    let session = samples::session();
    let of = |response_type: &str| {
        let valid = checked(&asks(response_type), &allowed()).unwrap();
        granted(&valid, &session)
    };
    let id_token = of("id_token");
    assert_eq!(id_token.by, GrantedBy::Implicit);
    assert_eq!(id_token.expires_at, NOW);
    assert!(!id_token.is_active(NOW));
    let policy = samples::policy();
    let both = of("id_token token");
    assert_eq!(both.expires_at, NOW.plus_seconds(policy.access_token_ttl_seconds));
    for hybrid in ["code id_token", "code token", "code id_token token"] {
        let grant = of(hybrid);
        assert_eq!(grant.by, GrantedBy::AuthorizationCode);
        assert!(matches!(grant.state, GrantState::CodeIssued(_)), "{hybrid}");
        assert_eq!(grant.expires_at, NOW.plus_seconds(policy.grant_ttl_seconds));
        assert_eq!(grant.sid, Some(session.sid));
    }
}

#[test]
fn offline_access_means_something_only_with_a_code() {
    let of = |response_type: &str| {
        let request = Request {
            scope: text("openid offline_access"),
            ..asks(response_type)
        };
        checked(&request, &allowed()).unwrap().scope
    };
    assert_eq!(of("id_token token"), scope("openid"));
    assert_eq!(of("code id_token"), scope("openid offline_access"));
}

#[test]
fn the_access_token_of_a_hybrid_answer_ends_with_its_grant() {
    let mut client = allowed();
    client.scope = scope("openid photos.read");
    let request = Request {
        scope: text("openid photos.read"),
        ..asks("code token")
    };
    let valid = checked(&request, &client).unwrap();
    let short = Grant {
        expires_at: NOW.plus_seconds(10),
        ..granted(&valid, &samples::session())
    };
    let issue = front_channel_issue(&valid, &short, &client, &samples::policy(), NOW);
    assert_eq!(issue.ttl_seconds, 10);
    assert!(!issue.refresh_token && !issue.id_token);
}

#[test]
fn an_answer_waits_for_no_client_that_may_not_have_it_any_more() {
    let valid = checked(&asks("code id_token"), &allowed()).unwrap();
    let rule = |client: &Client| {
        answer_may_go(client, &valid, NOW, &mut Trail::off()).map_err(|refusal| refusal.rule)
    };
    assert_eq!(rule(&allowed()), Ok(()));
    assert_eq!(
        rule(&samples::web_client()),
        Err(Rule::AuthorizeGrantTypeNotAllowed)
    );
    let mut no_code = allowed();
    no_code.grant_types.remove(&GrantType::AuthorizationCode);
    assert_eq!(rule(&no_code), Err(Rule::AuthorizeGrantTypeNotAllowed));
    assert_eq!(valid.redirect_uri, REDIRECT);
}
