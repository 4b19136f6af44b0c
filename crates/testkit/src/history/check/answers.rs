//! Every answer is a success, a refusal that can be explained, or a clean "later".

use super::super::reading::Attempt;
use super::super::record::{Outcome, Verb};
use super::violation::{Kind, Violation};
use std::collections::HashMap;

pub(super) fn check(attempt: &Attempt, found: &mut Vec<Violation>) {
    match &attempt.outcome {
        Outcome::Unclean { status, body } => found.push(Violation::new(
            Kind::UncleanAnswer,
            format!("{:?} was answered by {status} {body:?}", attempt.verb),
            &[attempt],
        )),
        Outcome::Silent => found.push(Violation::new(
            Kind::NoAnswer,
            format!("{:?}", attempt.verb),
            &[attempt],
        )),
        Outcome::Refused { error, rule } if !may_be_explained(attempt.verb, error) => {
            found.push(Violation::new(
                Kind::UnexplainedRefusal,
                format!("{:?} was refused: {error} {rule}", attempt.verb),
                &[attempt],
            ));
        }
        _ => {}
    }
}

/// Whether another check looks for an explanation.
fn may_be_explained(verb: Verb, error: &str) -> bool {
    match verb {
        Verb::Redeem | Verb::Refresh => error == "invalid_grant",
        Verb::Authorize => matches!(
            error,
            "login_required" | "consent_required" | "interaction_required"
        ),
        Verb::SignIn
        | Verb::IntrospectRefresh
        | Verb::IntrospectAccess
        | Verb::Revoke
        | Verb::RevokeAccess => false,
    }
}

/// No two grants share a code or a token, and no access token is given twice.
pub(super) fn check_tokens(attempts: &[Attempt], found: &mut Vec<Violation>) {
    let mut givers: HashMap<&str, &Attempt> = HashMap::new();
    for attempt in attempts {
        let Outcome::Done(given) = &attempt.outcome else {
            continue;
        };
        for token in [&given.token, &given.access] {
            if token.is_empty() {
                continue;
            }
            let first = givers.entry(token).or_insert(attempt);
            let is_same_access = token == &given.access && first.name != attempt.name;
            if first.grant != attempt.grant || is_same_access {
                let what = format!("{token} was given to {} too", first.grant);
                found.push(Violation::new(Kind::TokenOfTwoGrants, what, &[attempt, first]));
            }
        }
    }
}
