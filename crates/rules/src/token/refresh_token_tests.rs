//! Refreshing, each check violated first, and the state machine by property (RFC 6749 §6, RFC 9700 §4.14.2).

use super::*;
use crate::samples::{self, CALENDAR, NOW, PHOTOS, resource, scope};
use proptest::prelude::*;
use std::collections::BTreeMap;
use valetkey_model::Client;
use valetkey_protocol::secret::RefreshToken;

const WINDOW: i64 = 30;

fn at_generation(generation: u32) -> Grant {
    samples::code_grant().redeemed(Active {
        generation,
        rotated_at: NOW,
        idle_expires_at: NOW.plus_seconds(samples::policy().refresh_idle_ttl_seconds),
    })
}

fn shown(generation: u32, grant: &Grant, seconds_later: i64) -> Outcome {
    asked(&Request::default(), generation, grant, seconds_later)
}

fn asked(request: &Request, generation: u32, grant: &Grant, seconds_later: i64) -> Outcome {
    let client = samples::web_client();
    let facts = Facts {
        client: &client,
        grant: Some(grant),
    };
    decide(
        request,
        generation,
        &facts,
        &samples::policy(),
        NOW.plus_seconds(seconds_later),
        &mut Trail::off(),
    )
}

fn scoped(text: &str) -> Request {
    Request {
        scope: Some(text.into()),
        ..Request::default()
    }
}

fn refused(outcome: Outcome) -> Rule {
    match outcome {
        Outcome::Refuse(refusal) => refusal.rule,
        other => panic!("not refused: {other:?}"),
    }
}

fn rotated(outcome: Outcome) -> (u32, Active, Issue) {
    match outcome {
        Outcome::Rotate { from, next, issue } => (from, next, issue),
        other => panic!("not rotated: {other:?}"),
    }
}

fn is_reuse(outcome: &Outcome) -> bool {
    matches!(
        outcome,
        Outcome::RevokeGrant { why: RevokedWhy::RefreshTokenReused, refusal }
            if refusal.rule == Rule::RefreshTokenReused
    )
}

#[test]
fn a_request_without_a_refresh_token_or_with_an_invented_one_is_refused() {
    let keys = HandleKeys::new(&[7; 32]);
    let asks = |token: Option<&str>| Request {
        refresh_token: token.map(RefreshToken::new),
        ..Request::default()
    };
    let rule = |token| read(&asks(token), &keys, &mut Trail::off()).unwrap_err().rule;
    assert_eq!(rule(None), Rule::RefreshTokenMissing);
    for invented in ["x", "vkr_AAAA", keys.code_for(at_generation(1).id).expose()] {
        assert_eq!(rule(Some(invented)), Rule::RefreshTokenUnknown);
    }
    let token = keys.refresh_for(at_generation(1).id, 1);
    assert_eq!(
        read(&asks(Some(token.expose())), &keys, &mut Trail::off()),
        Ok((at_generation(1).id, 1))
    );
}

#[test]
fn a_refresh_token_whose_grant_is_gone_or_was_never_redeemed_is_unknown() {
    let client = samples::web_client();
    let facts = Facts {
        client: &client,
        grant: None,
    };
    let outcome = decide(
        &Request::default(),
        1,
        &facts,
        &samples::policy(),
        NOW,
        &mut Trail::off(),
    );
    assert_eq!(refused(outcome), Rule::RefreshTokenUnknown);
    assert_eq!(
        refused(shown(1, &samples::code_grant(), 0)),
        Rule::RefreshTokenUnknown
    );
}

#[test]
fn another_clients_refresh_token_is_refused_and_nothing_is_revoked_by_it() {
    let thief = samples::native_client();
    let grant = at_generation(5);
    for generation in [1, 4, 5] {
        let facts = Facts {
            client: &thief,
            grant: Some(&grant),
        };
        let outcome = decide(
            &Request::default(),
            generation,
            &facts,
            &samples::policy(),
            NOW.plus_seconds(600),
            &mut Trail::off(),
        );
        assert_eq!(refused(outcome), Rule::RefreshTokenOtherClient);
    }
}

#[test]
fn a_refresh_token_of_a_revoked_grant_is_refused() {
    let grant = at_generation(1).revoked(RevokedWhy::ByResourceOwner, NOW);
    assert_eq!(refused(shown(1, &grant, 1)), Rule::GrantRevoked);
}

#[test]
fn a_refresh_token_that_was_not_used_for_long_has_expired() {
    let idle = samples::policy().refresh_idle_ttl_seconds;
    let grant = at_generation(1);
    assert_eq!(refused(shown(1, &grant, idle)), Rule::RefreshTokenExpired);
    rotated(shown(1, &grant, idle - 1));
}

#[test]
fn rotation_does_not_extend_a_grant_past_its_end() {
    let mut grant = at_generation(1);
    grant.expires_at = NOW.plus_seconds(100);
    assert_eq!(refused(shown(1, &grant, 100)), Rule::RefreshTokenExpired);
    let (_, next, issue) = rotated(shown(1, &grant, 99));
    assert_eq!(next.idle_expires_at, grant.expires_at);
    assert_eq!(issue.ttl_seconds, 1);
}

#[test]
fn refresh_reuse_after_the_window_revokes_the_grant() {
    let grant = at_generation(2);
    assert!(is_reuse(&shown(1, &grant, WINDOW + 1)));
    assert!(is_reuse(&shown(1, &grant, 86_400)));
}

#[test]
fn refresh_reuse_of_an_older_generation_revokes_the_grant_even_within_the_window() {
    let grant = at_generation(3);
    assert!(is_reuse(&shown(1, &grant, 0)));
    assert!(is_reuse(&shown(0, &grant, 0)));
}

#[test]
fn reuse_is_noticed_before_the_rest_of_the_request_is_read() {
    let grant = at_generation(3);
    assert!(is_reuse(&asked(&scoped("a\"b"), 1, &grant, 0)));
}

#[test]
fn a_lost_answer_is_repeated_within_the_window_with_the_same_successor() {
    let grant = at_generation(2);
    for later in [0, 1, WINDOW] {
        let Outcome::Repeat { generation, issue } = shown(1, &grant, later) else {
            panic!("not repeated");
        };
        assert_eq!(generation, 2);
        assert!(issue.refresh_token);
    }
}

#[test]
fn a_generation_from_the_future_is_refused_without_revoking() {
    assert_eq!(refused(shown(3, &at_generation(2), 0)), Rule::RefreshTokenUnknown);
}

#[test]
fn the_last_generation_cannot_be_rotated_into_itself() {
    assert_eq!(
        refused(shown(u32::MAX, &at_generation(u32::MAX), 0)),
        Rule::RefreshTokenExpired
    );
}

#[test]
fn the_current_refresh_token_makes_the_next_one() {
    let (from, next, issue) = rotated(shown(7, &at_generation(7), 1000));
    assert_eq!((from, next.generation), (7, 8));
    assert_eq!(next.rotated_at, NOW.plus_seconds(1000));
    assert_eq!(issue, samples::issue());
}

#[test]
fn a_refresh_cannot_widen_the_scope() {
    let grant = at_generation(1);
    assert_eq!(
        refused(asked(&scoped("photos.read photos.write"), 1, &grant, 0)),
        Rule::TokenScopeWidened
    );
    for malformed in [" ", "a\\b", "ä"] {
        assert_eq!(
            refused(asked(&scoped(malformed), 1, &grant, 0)),
            Rule::TokenScopeMalformed
        );
    }
}

#[test]
fn a_narrowed_scope_narrows_this_access_token_alone() {
    let grant = at_generation(1);
    let (_, _, issue) = rotated(asked(&scoped("photos.read"), 1, &grant, 0));
    assert_eq!(issue.scope, scope("photos.read"));
    assert!(!issue.id_token);
    let (_, _, issue) = rotated(asked(&scoped("openid"), 1, &grant, 0));
    assert_eq!((issue.audience, issue.scope), (None, scope("openid")));
    let (_, _, issue) = rotated(shown(1, &grant, 0));
    assert_eq!(issue.scope, grant.scope);
}

#[test]
fn a_scope_that_the_client_has_lost_is_not_refreshed() {
    let mut client = samples::web_client();
    client.scope = scope("openid photos.read");
    let grant = at_generation(1);
    let facts = Facts {
        client: &client,
        grant: Some(&grant),
    };
    let run = |request: &Request| decide(request, 1, &facts, &samples::policy(), NOW, &mut Trail::off());
    assert_eq!(
        rotated(run(&Request::default())).2.scope,
        scope("openid photos.read")
    );
    assert_eq!(refused(run(&scoped("profile"))), Rule::TokenScopeWidened);
}

#[test]
fn each_granted_api_gets_its_own_token() {
    let mut grant = at_generation(1);
    grant.resources.insert(resource(CALENDAR));
    grant.scope = grant.scope.union(&scope("calendar.read"));
    let at = |text: &str| Request {
        resource: vec![text.into()],
        ..Request::default()
    };
    assert_eq!(refused(shown(1, &grant, 0)), Rule::TokenResourceAmbiguous);
    let other = at("https://other.example");
    assert_eq!(
        refused(asked(&other, 1, &grant, 0)),
        Rule::TokenResourceNotGranted
    );
    let (_, _, issue) = rotated(asked(&at(PHOTOS), 1, &grant, 0));
    assert!(!issue.scope.contains("calendar.read"));
    let (_, _, issue) = rotated(asked(&scoped("calendar.read"), 1, &grant, 0));
    assert_eq!(issue.audience, Some(resource(CALENDAR)), "the scope says which");
}

#[test]
fn a_refresh_has_passed_every_check() {
    let request = Request {
        resource: vec![PHOTOS.into()],
        ..scoped("photos.read")
    };
    let client: Client = samples::web_client();
    let grant = at_generation(1);
    let facts = Facts {
        client: &client,
        grant: Some(&grant),
    };
    let mut trail = Trail::recording();
    rotated(decide(&request, 1, &facts, &samples::policy(), NOW, &mut trail));
    let rules: Vec<Rule> = trail.into_checks().into_iter().map(|check| check.rule).collect();
    assert_eq!(
        rules,
        [
            Rule::RefreshTokenOtherClient,
            Rule::RefreshTokenUnknown,
            Rule::GrantRevoked,
            Rule::RefreshTokenExpired,
            Rule::RefreshTokenReused,
            Rule::TokenScopeMalformed,
            Rule::TokenScopeWidened,
            Rule::TokenResourceMalformed,
            Rule::TokenResourceAmbiguous,
            Rule::TokenResourceNotGranted,
        ]
    );
}

/// Carries an outcome out as the store does; answers the generation of the refresh token handed out.
fn carry_out(grant: &mut Grant, outcome: &Outcome, now: Timestamp) -> Option<u32> {
    match outcome {
        Outcome::Rotate { from, next, .. } => {
            let GrantState::Active(active) = &grant.state else {
                panic!("rotated a grant that is over");
            };
            assert_eq!(active.generation, *from, "a compare-and-set would have lost");
            grant.state = GrantState::Active(*next);
            Some(next.generation)
        }
        Outcome::Repeat { generation, .. } => Some(*generation),
        Outcome::RevokeGrant { why, .. } => {
            grant.state = GrantState::Revoked { why: *why, at: now };
            None
        }
        Outcome::Refuse(_) => None,
    }
}

proptest! {
    /// Whoever shows which generation when, in any order: one generation has one successor, the current
    /// generation only grows, nothing is issued after the grant's end, and an old token beyond the one just
    /// replaced ends everything.
    #[test]
    fn no_sequence_of_refreshes_yields_two_successors_of_one_token(
        steps in prop::collection::vec((0_u32..12, 0_i64..80), 1..60),
    ) {
        let mut grant = at_generation(1);
        grant.expires_at = NOW.plus_seconds(1500);
        let mut later = 0;
        let mut successors: BTreeMap<u32, u32> = BTreeMap::new();
        let mut current = 1;
        for (generation, wait) in steps {
            // Only tokens that were handed out can be shown.
            let generation = generation.min(current);
            later += wait;
            let now = NOW.plus_seconds(later);
            let was_over = !grant.is_active(now);
            let outcome = shown(generation, &grant, later);
            if is_reuse(&outcome) {
                prop_assert!(generation < current);
            } else if generation + 1 < current && !was_over {
                prop_assert!(false, "an old token was not noticed: {:?}", outcome);
            }
            if let Some(successor) = carry_out(&mut grant, &outcome, now) {
                prop_assert!(!was_over, "issued after the end");
                prop_assert_eq!(*successors.entry(generation).or_insert(successor), successor);
                prop_assert_eq!(successor, generation + 1);
                prop_assert!(successor >= current);
                current = successor;
            }
        }
    }

    /// Whatever is asked for, an access token carries no scope that was not granted.
    #[test]
    fn no_refresh_gives_more_than_was_granted(
        asked_words in prop::sample::subsequence(
            vec!["openid", "profile", "email", "photos.read", "photos.write", "calendar.read", "admin"], 1..7),
        named in prop::sample::subsequence(vec![PHOTOS, CALENDAR, samples::ISSUER], 0..3),
    ) {
        let mut grant = at_generation(1);
        grant.resources.insert(resource(CALENDAR));
        grant.scope = scope("openid photos.read calendar.read");
        let request = Request {
            resource: named.iter().map(|&text| text.to_owned()).collect(),
            ..scoped(&asked_words.join(" "))
        };
        if let Outcome::Rotate { issue, .. } = asked(&request, 1, &grant, 0) {
            prop_assert!(issue.scope.is_subset(&grant.scope));
            prop_assert!(issue.scope.is_subset(&scope(&asked_words.join(" "))));
            let apis = ["photos.read", "calendar.read"].iter().filter(|word| issue.scope.contains(word)).count();
            prop_assert!(apis <= 1, "scopes of two APIs in one token");
        }
    }
}
