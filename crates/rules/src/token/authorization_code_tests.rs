//! Redeeming a code, each check violated first (RFC 6749 §4.1.3, RFC 7636 §4.6).

use super::*;
use crate::samples::{self, CALENDAR, ISSUER, NOW, PHOTOS, REDIRECT, VERIFIER, resource, scope};
use valetkey_model::Client;
use valetkey_model::client::GrantType;
use valetkey_protocol::secret::{AuthorizationCode, CodeVerifier};

fn good() -> Request {
    Request {
        redirect_uri: Some(REDIRECT.into()),
        code_verifier: Some(CodeVerifier::new(VERIFIER)),
        ..Request::default()
    }
}

fn at(
    request: &Request,
    client: &Client,
    grant: Option<&Grant>,
    now: Timestamp,
    trail: &mut Trail,
) -> Outcome {
    decide(request, &Facts { client, grant }, &samples::policy(), now, trail)
}

fn decided(request: &Request, grant: Option<&Grant>) -> Outcome {
    at(request, &samples::web_client(), grant, NOW, &mut Trail::off())
}

fn refused(outcome: Outcome) -> Rule {
    match outcome {
        Outcome::Refuse(refusal) => {
            assert_eq!(
                refusal.rule.info().error.as_str(),
                match refusal.rule {
                    Rule::TokenResourceNotGranted | Rule::TokenResourceAmbiguous => "invalid_target",
                    _ => "invalid_grant",
                }
            );
            refusal.rule
        }
        other => panic!("not refused: {other:?}"),
    }
}

fn redeemed(outcome: Outcome) -> (Active, Issue) {
    match outcome {
        Outcome::Redeem { active, issue } => (active, issue),
        other => panic!("not redeemed: {other:?}"),
    }
}

#[test]
fn a_request_without_a_code_or_with_an_invented_one_is_refused() {
    let keys = HandleKeys::new(&[7; 32]);
    let asks = |code: Option<&str>| Request {
        code: code.map(AuthorizationCode::new),
        ..good()
    };
    let rule = |code| read(&asks(code), &keys, &mut Trail::off()).unwrap_err().rule;
    assert_eq!(rule(None), Rule::CodeMissing);
    for invented in ["x", "vkc_", "vkc_AAAA", "vkr_AAAA"] {
        assert_eq!(rule(Some(invented)), Rule::CodeUnknown);
    }
    let code = keys.code_for(samples::code_grant().id);
    let mut trail = Trail::recording();
    assert_eq!(
        read(&asks(Some(code.expose())), &keys, &mut trail),
        Ok(samples::code_grant().id)
    );
    assert_eq!(trail.into_checks()[0].rule, Rule::CodeMissing);
}

#[test]
fn a_code_whose_grant_is_gone_is_unknown() {
    assert_eq!(refused(decided(&good(), None)), Rule::CodeUnknown);
}

#[test]
fn code_injection_another_client_cannot_redeem_a_code_nor_burn_it() {
    let thief = samples::native_client();
    for grant in [samples::code_grant(), samples::active_grant()] {
        let outcome = at(&good(), &thief, Some(&grant), NOW, &mut Trail::off());
        let Outcome::Refuse(refusal) = outcome else {
            panic!("another client changed something");
        };
        assert_eq!(refusal.rule, Rule::CodeOtherClient);
        assert!(
            !format!("{refusal:?}").contains("mysweetapp"),
            "whose it is stays untold"
        );
    }
}

#[test]
fn code_replay_the_second_use_revokes_the_grant() {
    let outcome = decided(&good(), Some(&samples::active_grant()));
    let Outcome::RevokeGrant { why, refusal } = outcome else {
        panic!("the replay was not answered with revocation");
    };
    assert_eq!(
        (why, refusal.rule),
        (RevokedWhy::CodeReplayed, Rule::CodeReplayed)
    );
    // Also when the thief has nothing but the code.
    assert!(matches!(
        decided(&Request::default(), Some(&samples::active_grant())),
        Outcome::RevokeGrant { .. }
    ));
}

#[test]
fn a_replay_stands_in_the_trail_as_refused() {
    let mut trail = Trail::recording();
    let grant = samples::active_grant();
    let _ = at(&good(), &samples::web_client(), Some(&grant), NOW, &mut trail);
    let last = trail.into_checks().pop().unwrap();
    assert_eq!(last.rule, Rule::CodeReplayed);
    assert!(last.refused.is_some());
}

#[test]
fn a_code_of_a_revoked_grant_is_refused_and_says_why_it_ended() {
    let revoked = |why| samples::active_grant().revoked(why, NOW);
    assert_eq!(
        refused(decided(&good(), Some(&revoked(RevokedWhy::CodeReplayed)))),
        Rule::CodeReplayed
    );
    assert_eq!(
        refused(decided(&good(), Some(&revoked(RevokedWhy::SignedOut)))),
        Rule::GrantRevoked
    );
}

#[test]
fn a_code_works_until_the_second_it_expires() {
    let client = samples::web_client();
    let grant = samples::code_grant();
    let after = |seconds| {
        at(
            &good(),
            &client,
            Some(&grant),
            NOW.plus_seconds(seconds),
            &mut Trail::off(),
        )
    };
    assert_eq!(refused(after(60)), Rule::CodeExpired);
    assert_eq!(refused(after(6000)), Rule::CodeExpired);
    redeemed(after(59));
}

#[test]
fn the_redirect_uri_must_be_repeated_unchanged() {
    for other in [
        None,
        Some("https://app.example/callback/"),
        Some("https://evil.example/"),
    ] {
        let request = Request {
            redirect_uri: other.map(str::to_owned),
            ..good()
        };
        assert_eq!(
            refused(decided(&request, Some(&samples::code_grant()))),
            Rule::CodeRedirectUriMismatch
        );
    }
}

#[test]
fn a_redirect_uri_that_was_left_out_may_be_left_out_again_but_not_changed() {
    let mut grant = samples::code_grant();
    if let GrantState::CodeIssued(issued) = &mut grant.state {
        issued.redirect_uri_was_given = false;
    }
    let asks = |uri: Option<&str>| Request {
        redirect_uri: uri.map(str::to_owned),
        ..good()
    };
    assert_eq!(
        refused(decided(&asks(Some("https://app.example/other")), Some(&grant))),
        Rule::CodeRedirectUriMismatch
    );
    redeemed(decided(&asks(None), Some(&grant)));
    redeemed(decided(&asks(Some(REDIRECT)), Some(&grant)));
}

#[test]
fn a_code_without_its_verifier_is_worth_nothing() {
    let verifier = |text: Option<&str>| Request {
        code_verifier: text.map(CodeVerifier::new),
        ..good()
    };
    let grant = samples::code_grant();
    for (text, rule) in [
        (None, Rule::CodeVerifierMissing),
        (Some("short"), Rule::CodeVerifierMalformed),
        (
            Some("wrongwrongwrongwrongwrongwrongwrongwrongwrong"),
            Rule::CodePkceMismatch,
        ),
    ] {
        assert_eq!(refused(decided(&verifier(text), Some(&grant))), rule);
    }
}

#[test]
fn pkce_downgrade_a_verifier_for_a_code_without_challenge_is_refused() {
    let mut grant = samples::code_grant();
    if let GrantState::CodeIssued(issued) = &mut grant.state {
        issued.code_challenge = None;
    }
    assert_eq!(
        refused(decided(&good(), Some(&grant))),
        Rule::CodeVerifierUnexpected
    );
    let without = Request {
        code_verifier: None,
        ..good()
    };
    redeemed(decided(&without, Some(&grant)));
}

#[test]
fn a_resource_that_was_not_granted_is_refused() {
    let asks = |resource: &str| Request {
        resource: vec![resource.into()],
        ..good()
    };
    let grant = samples::code_grant();
    assert_eq!(
        refused(decided(&asks(CALENDAR), Some(&grant))),
        Rule::TokenResourceNotGranted
    );
    let mut two = grant;
    two.resources.insert(resource(CALENDAR));
    assert_eq!(
        refused(decided(&good(), Some(&two))),
        Rule::TokenResourceAmbiguous
    );
}

#[test]
fn a_redeemed_code_gives_what_was_granted_for_its_api_and_no_more() {
    let (active, issue) = redeemed(decided(&good(), Some(&samples::code_grant())));
    assert_eq!(active.generation, 1);
    assert_eq!(active.rotated_at, NOW);
    assert_eq!(issue, samples::issue());

    let mut two = samples::code_grant();
    two.resources.insert(resource(CALENDAR));
    two.scope = two.scope.union(&scope("calendar.read"));
    let at_calendar = Request {
        resource: vec![CALENDAR.into()],
        ..good()
    };
    let (_, issue) = redeemed(decided(&at_calendar, Some(&two)));
    assert_eq!(issue.scope, scope("openid profile calendar.read"));
    assert_eq!(issue.format, crate::TokenFormat::Opaque);
    let at_userinfo = Request {
        resource: vec![ISSUER.into()],
        ..good()
    };
    let (_, issue) = redeemed(decided(&at_userinfo, Some(&two)));
    assert_eq!((issue.audience, issue.scope), (None, scope("openid profile")));
}

#[test]
fn an_id_token_and_a_refresh_token_go_only_to_whom_they_belong() {
    let mut grant = samples::code_grant();
    grant.scope = scope("photos.read");
    let mut client = samples::web_client();
    client.grant_types.remove(&GrantType::RefreshToken);
    let (_, issue) = redeemed(at(&good(), &client, Some(&grant), NOW, &mut Trail::off()));
    assert!(!issue.id_token && !issue.refresh_token);
}

#[test]
fn no_token_outlives_its_grant() {
    let mut grant = samples::code_grant();
    grant.expires_at = NOW.plus_seconds(20);
    let (active, issue) = redeemed(decided(&good(), Some(&grant)));
    assert_eq!(issue.ttl_seconds, 20);
    assert_eq!(active.idle_expires_at, grant.expires_at);
}

#[test]
fn losing_the_race_for_a_code_is_a_second_use() {
    let Outcome::RevokeGrant { why, refusal } = lost_race(&samples::active_grant()) else {
        panic!("a lost race was not a replay");
    };
    assert_eq!(
        (why, refusal.rule),
        (RevokedWhy::CodeReplayed, Rule::CodeReplayed)
    );
    let over = samples::active_grant().revoked(RevokedWhy::CodeReplayed, NOW);
    assert_eq!(refused(lost_race(&over)), Rule::CodeReplayed);
    let taken_back = samples::active_grant().revoked(RevokedWhy::ByResourceOwner, NOW);
    assert_eq!(refused(lost_race(&taken_back)), Rule::GrantRevoked);
}

#[test]
fn a_redeemed_code_has_passed_every_check() {
    let request = Request {
        resource: vec![PHOTOS.into()],
        ..good()
    };
    let mut trail = Trail::recording();
    let grant = samples::code_grant();
    redeemed(at(
        &request,
        &samples::web_client(),
        Some(&grant),
        NOW,
        &mut trail,
    ));
    let rules: Vec<Rule> = trail.into_checks().into_iter().map(|check| check.rule).collect();
    assert_eq!(
        rules,
        [
            Rule::CodeUnknown,
            Rule::CodeOtherClient,
            Rule::CodeReplayed,
            Rule::CodeExpired,
            Rule::CodeRedirectUriMismatch,
            Rule::CodeVerifierMissing,
            Rule::CodeVerifierMalformed,
            Rule::CodePkceMismatch,
            Rule::TokenResourceMalformed,
            Rule::TokenResourceAmbiguous,
            Rule::TokenResourceNotGranted,
        ]
    );
}

#[test]
fn a_scope_that_was_taken_from_the_client_since_is_not_given() {
    let grant = samples::code_grant();
    let mut client = samples::web_client();
    client.scope = client.scope.without(&scope("photos.read"));
    let (_, issue) = redeemed(at(&good(), &client, Some(&grant), NOW, &mut Trail::off()));
    assert!(grant.scope.contains("photos.read") && !issue.scope.contains("photos.read"));
    assert!(issue.scope.contains("openid"));
}
