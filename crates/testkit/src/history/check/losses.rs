//! What was acknowledged is there: every refusal of a code or token that was given has its reason in the history.

use super::super::reading::Attempt;
use super::super::record::{Outcome, Verb};
use super::SECOND;
use super::story::Story;
use super::violation::{Kind, Violation};
use valetkey_protocol::rule::Rule;

/// The server does not know what it gave; no revocation explains that.
const CODE_UNKNOWN: &str = Rule::CodeUnknown.id();
const REFRESH_TOKEN_UNKNOWN: &str = Rule::RefreshTokenUnknown.id();

pub(super) fn check(story: &Story<'_>, found: &mut Vec<Violation>) {
    for attempt in &story.attempts {
        let is_explained = match (attempt.verb, &attempt.outcome) {
            (Verb::Redeem, Outcome::Refused { error, rule }) if error == "invalid_grant" => {
                code_may_be_refused(story, attempt, rule)
            }
            (Verb::Refresh, Outcome::Refused { error, rule }) if error == "invalid_grant" => {
                rule != REFRESH_TOKEN_UNKNOWN && story.may_be_over(attempt.told_at)
            }
            (Verb::IntrospectRefresh, Outcome::Inactive) => {
                story.may_be_over(attempt.told_at) || may_be_replaced(story, attempt)
            }
            (Verb::IntrospectAccess, Outcome::Inactive) => {
                story.may_be_over(attempt.told_at) || access_may_be_over(story, attempt)
            }
            _ => true,
        };
        if !is_explained {
            let what = format!("{:?} was answered by {:?}", attempt.verb, attempt.outcome);
            found.push(Violation::new(Kind::GrantLost, what, &[attempt]));
        }
    }
}

fn code_may_be_refused(story: &Story<'_>, refused: &Attempt, rule: &str) -> bool {
    let is_too_late = story.code_asked_at().is_some_and(|asked| {
        refused.told_at > asked + story.limits.code_lives_seconds * SECOND - story.slack()
    });
    let was_shown_before = story
        .of(Verb::Redeem)
        .any(|other| other.name != refused.name && other.asked_at < refused.told_at);
    is_too_late || rule != CODE_UNKNOWN && (was_shown_before || story.may_be_over(refused.told_at))
}

/// Whether somebody may have used the refresh token before the answer.
fn may_be_replaced(story: &Story<'_>, shown: &Attempt) -> bool {
    story
        .of(Verb::Refresh)
        .any(|other| other.generation >= shown.generation && other.asked_at < shown.told_at)
}

fn access_may_be_over(story: &Story<'_>, shown: &Attempt) -> bool {
    let was_revoked = story
        .of(Verb::RevokeAccess)
        .any(|other| other.token == shown.token && other.asked_at < shown.told_at);
    let has_expired = story.issued().any(|(giver, given)| {
        given.access == shown.token
            && shown.told_at > giver.asked_at + given.lives_seconds * SECOND - story.slack()
    });
    was_revoked || has_expired
}
