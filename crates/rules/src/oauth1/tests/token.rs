//! Token credentials, each check violated first (RFC 5849 §2.3).

use super::super::token::{Facts as TokenFacts, Outcome, decide, lost_race, read as read_token};
use super::*;
use valetkey_model::grant::RevokedWhy;

fn with_verifier(verifier: Option<String>) -> Protocol {
    Protocol {
        token: Some(handles().seal_temporary(&temporary())),
        verifier,
        ..Protocol::default()
    }
}

fn right() -> Protocol {
    with_verifier(Some(handles().verifier_for(&temporary())))
}

fn decided(protocol: &Protocol, client: &Client, grant: Option<&Grant>, now: Timestamp) -> Outcome {
    let facts = TokenFacts {
        temporary: &temporary(),
        client,
        grant,
        handles: &handles(),
    };
    decide(protocol, &facts, now, &mut Trail::off())
}

fn refused(protocol: &Protocol, client: &Client, grant: Option<&Grant>, now: Timestamp) -> Rule {
    match decided(protocol, client, grant, now) {
        Outcome::Refuse(refusal) => refusal.rule,
        outcome => panic!("{outcome:?}"),
    }
}

#[test]
fn token_credentials_cannot_be_redeemed_again() {
    let shown = |token: Option<String>| Protocol { token, ..right() };
    for (token, rule) in [
        (None, Rule::OAuth1ParameterMissing),
        (
            Some(handles().oauth1_token_for(grant_id())),
            Rule::OAuth1TokenUnknown,
        ),
        (Some("vkt_AAAA".into()), Rule::OAuth1TokenUnknown),
        (
            Some(HandleKeys::new(&[8; 32]).seal_temporary(&temporary())),
            Rule::OAuth1TokenUnknown,
        ),
    ] {
        let refusal = read_token(&shown(token), &handles(), &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, rule);
    }
    let read = read_token(&right(), &handles(), &mut Trail::off());
    assert_eq!(read.unwrap(), temporary());
}

#[test]
fn temporary_credentials_of_another_consumer_are_refused_and_stay() {
    assert_eq!(
        refused(&right(), &stranger(), Some(&allowed_grant()), NOW),
        Rule::OAuth1TokenOtherConsumer
    );
    assert_eq!(
        refused(&right(), &stranger(), Some(&oauth1_grant()), NOW),
        Rule::OAuth1TokenOtherConsumer,
        "a stranger cannot take the grant back either"
    );
}

#[test]
fn a_client_that_was_retired_meanwhile_gets_no_token_credentials() {
    for client in [retired(printer()), samples::web_client()] {
        assert_eq!(
            refused(&right(), &client, Some(&allowed_grant()), NOW),
            Rule::OAuth1NotAllowed
        );
    }
}

#[test]
fn session_fixation_a_request_without_the_verifier_is_refused() {
    assert_eq!(
        refused(&with_verifier(None), &printer(), Some(&allowed_grant()), NOW),
        Rule::OAuth1ParameterMissing
    );
}

#[test]
fn session_fixation_the_verifier_of_other_temporary_credentials_is_refused() {
    let others = Temporary {
        id: GrantId(Uuid::from_u128(0xbad)),
        ..temporary()
    };
    let of_stranger = Temporary {
        client: stranger().id,
        ..temporary()
    };
    let right = handles().verifier_for(&temporary());
    for wrong in [
        handles().verifier_for(&others),
        handles().verifier_for(&of_stranger),
        right.to_lowercase(),
        right.get(1..).unwrap().to_owned(),
        format!("{right}A"),
        "x".into(),
    ] {
        let protocol = with_verifier(Some(wrong));
        assert_eq!(
            refused(&protocol, &printer(), Some(&allowed_grant()), NOW),
            Rule::OAuth1VerifierInvalid
        );
    }
}

#[test]
fn nothing_is_given_before_the_person_has_allowed_it() {
    assert_eq!(
        refused(&right(), &printer(), None, NOW),
        Rule::OAuth1NotAuthorized
    );
    assert_eq!(
        refused(&right(), &printer(), None, temporary().expires_at),
        Rule::OAuth1TokenExpired
    );
}

#[test]
fn temporary_credentials_expire_though_the_person_has_allowed_them() {
    let end = temporary().expires_at;
    assert_eq!(
        refused(&right(), &printer(), Some(&allowed_grant()), end),
        Rule::OAuth1TokenExpired
    );
    let short = Grant {
        expires_at: NOW.plus_seconds(5),
        ..allowed_grant()
    };
    assert_eq!(
        refused(&right(), &printer(), Some(&short), NOW.plus_seconds(5)),
        Rule::OAuth1TokenExpired
    );
}

#[test]
fn a_second_redemption_with_the_verifier_takes_the_grant_back() {
    let outcome = decided(&right(), &printer(), Some(&oauth1_grant()), NOW);
    let Outcome::RevokeGrant { why, refusal } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(
        (why, refusal.rule),
        (RevokedWhy::CodeReplayed, Rule::OAuth1TokenUsed)
    );
    // Also long after the temporary credentials would have expired.
    let later = decided(
        &right(),
        &printer(),
        Some(&oauth1_grant()),
        NOW.plus_seconds(9_999_999),
    );
    assert!(matches!(later, Outcome::RevokeGrant { .. }));
}

#[test]
fn a_second_redemption_without_the_right_verifier_takes_nothing_back() {
    let wrong = with_verifier(Some("x".into()));
    assert_eq!(
        refused(&wrong, &printer(), Some(&oauth1_grant()), NOW),
        Rule::OAuth1TokenUsed
    );
}

#[test]
fn a_grant_that_is_over_or_of_another_kind_gives_nothing() {
    for (why, rule) in [
        (RevokedWhy::ByResourceOwner, Rule::OAuth1TokenRevoked),
        (RevokedWhy::CodeReplayed, Rule::OAuth1TokenUsed),
    ] {
        let over = oauth1_grant().revoked(why, NOW);
        assert_eq!(refused(&right(), &printer(), Some(&over), NOW), rule);
        assert!(matches!(lost_race(&over), Outcome::Refuse(refusal) if refusal.rule == rule));
    }
    for grant in [
        Grant {
            by: GrantedBy::AuthorizationCode,
            ..allowed_grant()
        },
        Grant {
            id: GrantId(Uuid::from_u128(0xbad)),
            ..allowed_grant()
        },
        Grant {
            client: stranger().id,
            ..allowed_grant()
        },
    ] {
        assert_eq!(
            refused(&right(), &printer(), Some(&grant), NOW),
            Rule::OAuth1TokenUnknown
        );
    }
}

#[test]
fn of_two_redemptions_at_the_same_time_the_loser_takes_the_grant_back() {
    for grant in [oauth1_grant(), allowed_grant()] {
        assert!(matches!(
            lost_race(&grant),
            Outcome::RevokeGrant { refusal, .. } if refusal.rule == Rule::OAuth1TokenUsed
        ));
    }
}

#[test]
fn allowed_credentials_with_their_verifier_give_token_credentials_that_last() {
    let mut trail = Trail::recording();
    let facts = TokenFacts {
        temporary: &temporary(),
        client: &printer(),
        grant: Some(&allowed_grant()),
        handles: &handles(),
    };
    let outcome = decide(&right(), &facts, NOW, &mut trail);
    assert_eq!(
        outcome,
        Outcome::Redeem {
            active: Active {
                generation: 1,
                rotated_at: NOW,
                idle_expires_at: crate::NEVER,
            }
        }
    );
    assert!(trail.into_checks().iter().all(|check| check.refused.is_none()));
}

#[test]
fn a_verifier_that_a_person_types_is_read_without_case_blanks_and_hyphens() {
    let spoken = Temporary {
        callback: None,
        ..temporary()
    };
    let verifier = handles().verifier_for(&spoken);
    let typed = format!(" {} ", verifier.to_lowercase().replace('-', " "));
    let facts = TokenFacts {
        temporary: &spoken,
        client: &printer(),
        grant: Some(&allowed_grant()),
        handles: &handles(),
    };
    let outcome = decide(&with_verifier(Some(typed)), &facts, NOW, &mut Trail::off());
    assert!(matches!(outcome, Outcome::Redeem { .. }), "{outcome:?}");
}
