//! What is over stays over.

use super::super::reading::Attempt;
use super::super::record::{Outcome, Verb};
use super::story::Story;
use super::violation::{Kind, Violation};

pub(super) fn check(story: &Story<'_>, found: &mut Vec<Violation>) {
    if let Some(over) = story.over() {
        for accepted in accepted_after(story, over.told_at) {
            let what = format!("{:?} by {:?}", over.verb, accepted.verb);
            found.push(Violation::new(
                Kind::AcceptedAfterRevocation,
                what,
                &[accepted, over],
            ));
        }
    }
    for (revoked, _) in story.done(Verb::RevokeAccess) {
        let accepted = said_active(story, &revoked.token).find(|shown| shown.asked_at > revoked.told_at);
        if let Some(accepted) = accepted {
            found.push(Violation::new(
                Kind::AcceptedAfterRevocation,
                "the access token",
                &[accepted, revoked],
            ));
        }
    }
    for gone in story.of(Verb::IntrospectAccess) {
        if gone.outcome != Outcome::Inactive {
            continue;
        }
        if let Some(back) = said_active(story, &gone.token).find(|shown| shown.asked_at > gone.told_at) {
            found.push(Violation::new(Kind::CameBack, "introspection", &[back, gone]));
        }
    }
}

fn accepted_after<'a>(story: &Story<'a>, over_at: i64) -> impl Iterator<Item = &'a Attempt> {
    story.attempts.iter().copied().filter(move |attempt| {
        attempt.asked_at > over_at
            && match attempt.verb {
                Verb::Redeem | Verb::Refresh => attempt.is_done(),
                Verb::IntrospectRefresh | Verb::IntrospectAccess => attempt.outcome == Outcome::Active,
                Verb::SignIn | Verb::Authorize | Verb::Revoke | Verb::RevokeAccess => false,
            }
    })
}

fn said_active<'a>(story: &Story<'a>, token: &str) -> impl Iterator<Item = &'a Attempt> {
    story
        .of(Verb::IntrospectAccess)
        .filter(move |shown| shown.outcome == Outcome::Active && shown.token == token)
}
