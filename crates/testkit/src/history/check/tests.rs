//! Histories written by hand: each violation is found, and each history that can be explained passes.

use super::super::reading::{self, History};
use super::super::record::{Asked, Given, Mark, Outcome, Record, Told, Verb};
use super::{Kind, Limits, check};

/// A history by hand. Times are seconds.
#[derive(Default)]
struct Hand {
    lines: Vec<Record>,
    attempts: u64,
}

fn done(token: &str) -> Outcome {
    Outcome::Done(Given {
        token: token.to_owned(),
        access: format!("access of {token}"),
        lives_seconds: 300,
    })
}

fn refused(rule: &str) -> Outcome {
    Outcome::Refused {
        error: "invalid_grant".to_owned(),
        rule: rule.to_owned(),
    }
}

fn oauth_error(error: &str) -> Outcome {
    Outcome::Refused {
        error: error.to_owned(),
        rule: String::new(),
    }
}

impl Hand {
    fn asks(&mut self, at: f64, verb: Verb, generation: u32, token: &str) -> u64 {
        self.attempts += 1;
        self.lines.push(Record::Asked(Asked {
            at: micros(at),
            attempt: self.attempts,
            client: "c".to_owned(),
            verb,
            grant: "g".to_owned(),
            generation,
            token: token.to_owned(),
        }));
        self.attempts
    }

    fn told(&mut self, at: f64, attempt: u64, outcome: Outcome) {
        self.lines.push(Record::Told(Told {
            at: micros(at),
            attempt,
            outcome,
        }));
    }

    /// Asked at `at` and told a tenth of a second later.
    fn does(&mut self, at: f64, verb: Verb, generation: u32, token: &str, outcome: Outcome) {
        let attempt = self.asks(at, verb, generation, token);
        self.told(at + 0.1, attempt, outcome);
    }

    fn refreshes(&mut self, at: f64, generation: u32, outcome: Outcome) {
        self.does(at, Verb::Refresh, generation, &format!("r{generation}"), outcome);
    }

    fn killed(&mut self, at: f64) {
        self.lines.push(Record::Mark(Mark {
            at: micros(at),
            what: "kill -9".to_owned(),
            ends_everything: true,
        }));
    }

    /// Signed in, and a code for `g` that was redeemed.
    fn with_grant() -> Self {
        let mut hand = Self::with_code();
        hand.does(2.0, Verb::Redeem, 0, "code", done("r1"));
        hand
    }

    fn with_code() -> Self {
        let mut hand = Self::default();
        hand.does(1.0, Verb::SignIn, 0, "", done("code"));
        hand
    }

    fn read(&self) -> History {
        let lines = self
            .lines
            .iter()
            .map(|line| serde_json::to_string(line).unwrap() + "\n");
        let text: String = lines.collect();
        reading::read(&[("hand".to_owned(), text)], 10_000_000).unwrap()
    }

    fn kinds(&self) -> Vec<Kind> {
        let report = check(&self.read(), &Limits::default());
        let mut kinds: Vec<Kind> = report.violations.iter().map(|found| found.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }
}

fn micros(seconds: f64) -> i64 {
    (seconds * 1e6) as i64
}

#[test]
fn a_whole_life_is_clean() {
    let mut hand = Hand::with_grant();
    hand.refreshes(3.0, 1, done("r2"));
    hand.does(4.0, Verb::IntrospectRefresh, 2, "r2", Outcome::Active);
    hand.does(4.0, Verb::IntrospectAccess, 2, "access of r2", Outcome::Active);
    hand.does(5.0, Verb::IntrospectRefresh, 1, "r1", Outcome::Inactive);
    hand.does(6.0, Verb::Revoke, 2, "r2", Outcome::Done(Given::default()));
    hand.does(7.0, Verb::IntrospectAccess, 2, "access of r2", Outcome::Inactive);
    hand.refreshes(8.0, 2, refused("VK-GRANT-REVOKED"));
    assert_eq!(hand.kinds(), []);
}

#[test]
fn what_was_acknowledged_is_counted_and_nothing_else_is() {
    let counted = |hand: &Hand| {
        let report = check(&hand.read(), &Limits::default());
        (report.grants, report.refreshes, report.refreshes_afterwards)
    };
    let mut hand = Hand::default();
    hand.does(1.0, Verb::SignIn, 0, "", Outcome::Busy);
    hand.does(2.0, Verb::Authorize, 0, "", Outcome::Broken);
    assert_eq!(counted(&hand), (0, 0, 0));

    let mut hand = Hand::with_grant();
    hand.refreshes(3.0, 1, done("r2"));
    hand.killed(4.0);
    hand.refreshes(5.0, 2, Outcome::Busy);
    hand.refreshes(6.0, 2, Outcome::Unreached);
    assert_eq!(counted(&hand), (1, 1, 0));
    hand.refreshes(7.0, 2, done("r3"));
    assert_eq!(counted(&hand), (1, 2, 1));
}

#[test]
fn a_code_that_is_redeemed_twice_is_found() {
    let mut hand = Hand::with_grant();
    hand.does(3.0, Verb::Redeem, 0, "code", done("r1 again"));
    assert_eq!(hand.kinds(), [Kind::CodeRedeemedTwice]);
}

#[test]
fn a_code_that_is_refused_the_second_time_is_clean_and_ends_the_grant() {
    let mut hand = Hand::with_grant();
    hand.does(3.0, Verb::Redeem, 0, "code", refused("VK-CODE-REPLAYED"));
    hand.refreshes(4.0, 1, refused("VK-GRANT-REVOKED"));
    assert_eq!(hand.kinds(), []);
    hand.does(5.0, Verb::IntrospectAccess, 1, "access of r1", Outcome::Active);
    assert_eq!(hand.kinds(), [Kind::AcceptedAfterRevocation]);
}

#[test]
fn a_code_is_refused_only_when_it_may_have_been_shown_before() {
    let mut hand = Hand::with_code();
    let first = hand.asks(2.0, Verb::Redeem, 0, "code");
    hand.told(2.1, first, Outcome::Unreached);
    hand.does(3.0, Verb::Redeem, 0, "code", refused("VK-CODE-REPLAYED"));
    assert_eq!(hand.kinds(), [Kind::GrantLost], "the first never arrived");

    let mut hand = Hand::with_code();
    hand.does(2.0, Verb::Redeem, 0, "code", Outcome::Broken);
    hand.does(3.0, Verb::Redeem, 0, "code", refused("VK-CODE-REPLAYED"));
    assert_eq!(hand.kinds(), [], "the first may have won");
}

#[test]
fn a_code_that_is_unknown_is_lost_unless_its_time_is_over() {
    let mut hand = Hand::with_code();
    hand.does(2.0, Verb::Redeem, 0, "code", Outcome::Broken);
    hand.does(3.0, Verb::Redeem, 0, "code", refused("VK-CODE-UNKNOWN"));
    assert_eq!(hand.kinds(), [Kind::GrantLost], "no second use explains that");
    let mut hand = Hand::with_code();
    hand.does(70.0, Verb::Redeem, 0, "code", refused("VK-CODE-UNKNOWN"));
    assert_eq!(hand.kinds(), []);
}

#[test]
fn a_retry_gets_the_same_successor_and_no_other() {
    let mut hand = Hand::with_grant();
    hand.refreshes(3.0, 1, Outcome::Broken);
    hand.refreshes(4.0, 1, done("r2"));
    assert_eq!(hand.kinds(), []);
    let mut again = done("r2");
    if let Outcome::Done(given) = &mut again {
        given.access = "another access token".to_owned();
    }
    hand.refreshes(5.0, 1, again);
    assert_eq!(hand.kinds(), []);
    hand.refreshes(6.0, 1, done("r2 of somebody else"));
    assert_eq!(hand.kinds(), [Kind::TwoSuccessors]);
}

#[test]
fn a_retry_after_the_time_for_it_is_found_when_it_is_accepted() {
    let mut hand = Hand::with_grant();
    hand.refreshes(3.0, 1, done("r2"));
    let mut late = done("r2");
    if let Outcome::Done(given) = &mut late {
        given.access = "late".to_owned();
    }
    hand.refreshes(40.0, 1, late);
    assert_eq!(hand.kinds(), [Kind::AcceptedAfterWindow]);
}

#[test]
fn an_old_refresh_token_that_is_accepted_is_found() {
    let mut hand = Hand::with_grant();
    hand.refreshes(3.0, 1, done("r2"));
    hand.refreshes(4.0, 2, done("r3"));
    let mut again = done("r2");
    if let Outcome::Done(given) = &mut again {
        given.access = "again".to_owned();
    }
    hand.refreshes(5.0, 1, again);
    assert_eq!(hand.kinds(), [Kind::OldGenerationAccepted]);
}

#[test]
fn a_replaced_refresh_token_that_is_said_to_count_is_found() {
    let mut hand = Hand::with_grant();
    hand.refreshes(3.0, 1, done("r2"));
    hand.does(4.0, Verb::IntrospectRefresh, 1, "r1", Outcome::Active);
    assert_eq!(hand.kinds(), [Kind::ReplacedSaidActive]);
}

#[test]
fn a_revocation_that_is_undone_is_found_and_one_in_doubt_explains_both() {
    let mut hand = Hand::with_grant();
    hand.does(3.0, Verb::Revoke, 1, "r1", Outcome::Done(Given::default()));
    hand.refreshes(4.0, 1, done("r2"));
    assert_eq!(hand.kinds(), [Kind::AcceptedAfterRevocation]);

    for outcome in [done("r2"), refused("VK-GRANT-REVOKED")] {
        let mut hand = Hand::with_grant();
        hand.does(3.0, Verb::Revoke, 1, "r1", Outcome::Broken);
        hand.refreshes(4.0, 1, outcome);
        assert_eq!(hand.kinds(), []);
    }
}

#[test]
fn an_access_token_that_was_revoked_or_did_not_count_does_not_come_back() {
    let mut hand = Hand::with_grant();
    hand.does(
        3.0,
        Verb::RevokeAccess,
        1,
        "access of r1",
        Outcome::Done(Given::default()),
    );
    hand.does(4.0, Verb::IntrospectAccess, 1, "access of r1", Outcome::Active);
    assert_eq!(hand.kinds(), [Kind::AcceptedAfterRevocation]);

    let mut hand = Hand::with_grant();
    hand.does(3.0, Verb::RevokeAccess, 1, "access of r1", Outcome::Busy);
    hand.does(4.0, Verb::IntrospectAccess, 1, "access of r1", Outcome::Inactive);
    assert_eq!(hand.kinds(), []);
    hand.does(5.0, Verb::IntrospectAccess, 1, "access of r1", Outcome::Active);
    assert_eq!(hand.kinds(), [Kind::CameBack]);
}

#[test]
fn a_refresh_token_that_nobody_ended_is_lost_when_it_is_refused() {
    for outcome in [
        refused("VK-GRANT-REVOKED"),
        refused("VK-REFRESH-TOKEN-UNKNOWN"),
        refused(""),
    ] {
        let mut hand = Hand::with_grant();
        hand.refreshes(3.0, 1, outcome);
        assert_eq!(hand.kinds(), [Kind::GrantLost]);
    }
    let mut hand = Hand::with_grant();
    hand.does(3.0, Verb::IntrospectRefresh, 1, "r1", Outcome::Inactive);
    assert_eq!(hand.kinds(), [Kind::GrantLost]);
    let mut hand = Hand::with_grant();
    hand.does(3.0, Verb::IntrospectAccess, 1, "access of r1", Outcome::Inactive);
    assert_eq!(hand.kinds(), [Kind::GrantLost]);
}

#[test]
fn an_access_token_may_expire() {
    let mut hand = Hand::with_grant();
    hand.does(
        301.0,
        Verb::IntrospectAccess,
        1,
        "access of r1",
        Outcome::Inactive,
    );
    assert_eq!(hand.kinds(), []);
}

#[test]
fn a_generation_that_was_acknowledged_and_is_unknown_is_lost_whatever_else_happened() {
    let mut hand = Hand::with_grant();
    hand.refreshes(3.0, 1, done("r2"));
    hand.does(4.0, Verb::Revoke, 2, "r2", Outcome::Broken);
    hand.refreshes(5.0, 2, refused("VK-REFRESH-TOKEN-UNKNOWN"));
    assert_eq!(hand.kinds(), [Kind::GrantLost]);
}

#[test]
fn what_a_killed_server_did_not_answer_cannot_happen_after_the_kill() {
    let mut hand = Hand::with_grant();
    hand.refreshes(3.0, 1, Outcome::Broken);
    hand.killed(3.5);
    hand.refreshes(4.0, 1, done("r2"));
    hand.refreshes(5.0, 2, done("r3"));
    hand.refreshes(6.0, 3, refused("VK-GRANT-REVOKED"));
    assert_eq!(hand.kinds(), [Kind::GrantLost]);

    // Without the kill the first may have arrived late, as a replay.
    hand.lines.retain(|line| !matches!(line, Record::Mark(_)));
    assert_eq!(hand.kinds(), []);
}

#[test]
fn an_answer_that_is_neither_success_nor_refusal_nor_a_clean_later_is_found() {
    let unclean = Outcome::Unclean {
        status: 500,
        body: String::new(),
    };
    for (outcome, kind) in [
        (unclean, Kind::UncleanAnswer),
        (Outcome::Silent, Kind::NoAnswer),
        (oauth_error("invalid_client"), Kind::UnexplainedRefusal),
    ] {
        let mut hand = Hand::with_grant();
        hand.refreshes(3.0, 1, outcome);
        assert_eq!(hand.kinds(), [kind]);
    }
    for outcome in [Outcome::Busy, Outcome::Unreached, Outcome::Broken] {
        let mut hand = Hand::with_grant();
        hand.refreshes(3.0, 1, outcome);
        assert_eq!(hand.kinds(), []);
    }
}

#[test]
fn a_session_and_a_consent_that_are_gone_are_found() {
    for (error, kind) in [
        ("login_required", Kind::SessionLost),
        ("consent_required", Kind::ConsentLost),
        ("interaction_required", Kind::ConsentLost),
        ("server_error", Kind::UnexplainedRefusal),
    ] {
        let mut hand = Hand::with_grant();
        hand.does(3.0, Verb::Authorize, 0, "", oauth_error(error));
        assert_eq!(hand.kinds(), [kind]);
    }
}

#[test]
fn a_token_that_two_grants_are_given_is_found() {
    let mut hand = Hand::with_grant();
    hand.does(3.0, Verb::Authorize, 0, "", done("other code"));
    hand.does(4.0, Verb::Redeem, 0, "other code", done("r1"));
    for line in hand.lines.iter_mut().rev().take(4) {
        if let Record::Asked(asked) = line {
            asked.grant = "h".to_owned();
        }
    }
    assert_eq!(hand.kinds(), [Kind::TokenOfTwoGrants]);
}

#[test]
fn a_last_line_that_was_cut_off_is_left_out_and_any_other_is_told() {
    let whole = r#"{"mark":{"at":1,"what":"kill -9"}}"#;
    let read = |text: String| reading::read(&[("f".to_owned(), text)], 0);
    assert_eq!(
        read(format!("{whole}\n{{\"asked\":{{\"a")).unwrap().marks.len(),
        1
    );
    let broken = read(format!("{whole}\n{{\"asked\":\n{whole}\n")).unwrap_err();
    assert_eq!((broken.file.as_str(), broken.line), ("f", 2));
}

#[test]
fn an_attempt_whose_client_died_is_in_doubt() {
    let mut hand = Hand::with_grant();
    hand.asks(3.0, Verb::Revoke, 1, "r1");
    hand.refreshes(4.0, 1, refused("VK-GRANT-REVOKED"));
    assert_eq!(hand.kinds(), []);
}
