//! Sessions and consents that were acknowledged stay: no client here signs out or takes a consent back.

use super::super::reading::Attempt;
use super::super::record::{Outcome, Verb};
use super::violation::{Kind, Violation};
use std::collections::HashMap;

pub(super) fn check(attempts: &[Attempt], found: &mut Vec<Violation>) {
    let mut signed_in: HashMap<&str, &Attempt> = HashMap::new();
    for attempt in attempts {
        if attempt.verb == Verb::SignIn && attempt.is_done() {
            let first = signed_in.entry(&attempt.client).or_insert(attempt);
            if attempt.told_at < first.told_at {
                *first = attempt;
            }
        }
    }
    for attempt in attempts {
        let Outcome::Refused { error, .. } = &attempt.outcome else {
            continue;
        };
        let kind = match (attempt.verb, error.as_str()) {
            (Verb::Authorize, "login_required") => Kind::SessionLost,
            (Verb::Authorize, "consent_required" | "interaction_required") => Kind::ConsentLost,
            _ => continue,
        };
        let before = signed_in
            .get(attempt.client.as_str())
            .filter(|before| before.told_at < attempt.asked_at);
        found.push(match before {
            Some(before) => Violation::new(kind, error.as_str(), &[attempt, before]),
            None => Violation::new(Kind::UnexplainedRefusal, error.as_str(), &[attempt]),
        });
    }
}
