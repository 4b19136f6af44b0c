//! Stories of the rules about accounts of people.

use super::satisfied::Satisfaction;
use super::stage::Stage;
use super::violated::Story;
use valetkey_protocol::rule::Rule;

/// The violation of a rule of this area.
pub(super) fn violation(rule: Rule) -> Story {
    panic!("{rule:?} has no story")
}

/// How the satisfaction of a rule of this area shows.
pub(super) fn satisfaction(_: Rule) -> Satisfaction {
    Satisfaction::Recorded
}

/// Requests that keep the rules of this area.
pub(super) async fn good_ways(_: &Stage) {}
