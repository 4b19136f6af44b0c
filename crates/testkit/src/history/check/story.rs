//! All that clients asked about one grant, and what may have ended it.

use super::super::reading::Attempt;
use super::super::record::{Given, Outcome, Verb};
use super::{Limits, SECOND};
use valetkey_protocol::rule::Rule;

/// The rules whose refusals are known to mean that the grant is over.
const OVER: [&str; 3] = [
    Rule::CodeReplayed.id(),
    Rule::RefreshTokenReused.id(),
    Rule::GrantRevoked.id(),
];

pub(super) struct Story<'a> {
    /// In the order in which they were asked.
    pub(super) attempts: Vec<&'a Attempt>,
    pub(super) limits: &'a Limits,
}

impl<'a> Story<'a> {
    pub(super) fn of(&self, verb: Verb) -> impl Iterator<Item = &'a Attempt> {
        self.attempts
            .iter()
            .copied()
            .filter(move |attempt| attempt.verb == verb && attempt.may_have_happened())
    }

    pub(super) fn done(&self, verb: Verb) -> impl Iterator<Item = (&'a Attempt, &'a Given)> {
        self.of(verb).filter_map(|attempt| match &attempt.outcome {
            Outcome::Done(given) => Some((attempt, given)),
            _ => None,
        })
    }

    /// The attempts that gave tokens.
    pub(super) fn issued(&self) -> impl Iterator<Item = (&'a Attempt, &'a Given)> {
        self.done(Verb::Redeem).chain(self.done(Verb::Refresh))
    }

    pub(super) fn was_acknowledged(&self) -> bool {
        self.done(Verb::SignIn)
            .chain(self.done(Verb::Authorize))
            .next()
            .is_some()
    }

    /// When the code may have been made, at the earliest.
    pub(super) fn code_asked_at(&self) -> Option<i64> {
        self.of(Verb::SignIn)
            .chain(self.of(Verb::Authorize))
            .map(|attempt| attempt.asked_at)
            .min()
    }

    pub(super) const fn slack(&self) -> i64 {
        self.limits.slack_seconds * SECOND
    }

    pub(super) const fn window(&self) -> i64 {
        self.limits.retry_window_seconds * SECOND
    }

    /// The answer after which the grant is over for certain.
    pub(super) fn over(&self) -> Option<&'a Attempt> {
        let told_so = |attempt: &&&Attempt| match &attempt.outcome {
            Outcome::Done(_) => attempt.verb == Verb::Revoke,
            Outcome::Refused { rule, .. } => OVER.contains(&rule.as_str()),
            _ => false,
        };
        self.attempts
            .iter()
            .filter(told_so)
            .min_by_key(|attempt| attempt.told_at)
            .copied()
    }

    /// Whether something that was asked before `until` may have ended the grant.
    pub(super) fn may_be_over(&self, until: i64) -> bool {
        self.of(Verb::Revoke).any(|attempt| attempt.asked_at < until)
            || self.may_be_redeemed_again(until)
            || self.may_be_refreshed_with_an_old_token(until)
    }

    /// Whether the code may have been shown again after it was redeemed.
    fn may_be_redeemed_again(&self, until: i64) -> bool {
        let Some((first, _)) = self.done(Verb::Redeem).next() else {
            return self
                .of(Verb::Redeem)
                .filter(|attempt| attempt.asked_at < until)
                .count()
                > 1;
        };
        self.of(Verb::Redeem)
            .any(|other| other.name != first.name && other.asked_at < until && other.ends_at > first.asked_at)
    }

    /// Whether a refresh token may have been shown that was too old for a retry: a later one was used before, or
    /// it was replaced too long ago.
    fn may_be_refreshed_with_an_old_token(&self, until: i64) -> bool {
        let before = || self.of(Verb::Refresh).filter(|attempt| attempt.asked_at < until);
        before().any(|shown| {
            let end = shown.ends_at.min(until);
            before().any(|other| {
                other.name != shown.name
                    && other.asked_at < end
                    && (other.generation > shown.generation
                        || other.generation == shown.generation
                            && end - other.asked_at > self.window() - self.slack())
            })
        })
    }
}
