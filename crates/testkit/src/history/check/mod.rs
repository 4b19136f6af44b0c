//! What must hold of a history. Each attempt is an interval: it happened, if at all, between the moment it was asked and the
//! moment it was answered; without an answer it may have happened or not. A check accuses only when no order of events
//! within the intervals explains what the clients saw.

mod answers;
mod generations;
mod losses;
mod revocations;
mod sessions;
mod story;
#[cfg(test)]
mod tests;
mod violation;

pub use violation::{Kind, Violation};

use super::reading::{Attempt, History};
use super::record::{Outcome, Verb};
use std::collections::BTreeMap;
use std::fmt::{Display, Formatter};
use story::Story;

const SECOND: i64 = 1_000_000;

/// What the server under test promised.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// For how long the refresh token that was just replaced gets the same successor again.
    pub retry_window_seconds: i64,
    /// How long a code lives.
    pub code_lives_seconds: i64,
    /// The server counts whole seconds, and two clocks may differ by so much.
    pub slack_seconds: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            retry_window_seconds: 30,
            code_lives_seconds: 60,
            slack_seconds: 2,
        }
    }
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Report {
    /// What must not have been.
    pub violations: Vec<Violation>,
    /// How many attempts there were of each verb and outcome.
    pub counts: BTreeMap<(Verb, &'static str), u64>,
    /// How many grants clients were acknowledged.
    pub grants: u64,
    /// How many times a refresh was.
    pub refreshes: u64,
    /// How many times after the last thing that was done to the servers.
    pub refreshes_afterwards: u64,
}

/// Checks a history.
#[must_use]
pub fn check(history: &History, limits: &Limits) -> Report {
    let mut found = Vec::new();
    let mut grants: BTreeMap<&str, Vec<&Attempt>> = BTreeMap::new();
    for attempt in &history.attempts {
        answers::check(attempt, &mut found);
        if !attempt.grant.is_empty() {
            grants.entry(&attempt.grant).or_default().push(attempt);
        }
    }
    answers::check_tokens(&history.attempts, &mut found);
    sessions::check(&history.attempts, &mut found);
    let stories: Vec<Story<'_>> = grants
        .into_values()
        .map(|attempts| Story { attempts, limits })
        .collect();
    for story in &stories {
        generations::check(story, &mut found);
        revocations::check(story, &mut found);
        losses::check(story, &mut found);
    }
    let refreshed = |attempt: &&Attempt| attempt.verb == Verb::Refresh && attempt.is_done();
    let last = history.marks.iter().map(|mark| mark.at).max();
    let afterwards = |attempt: &&Attempt| last.is_none_or(|last| attempt.asked_at > last);
    let refreshes = history.attempts.iter().filter(refreshed);
    Report {
        violations: found,
        counts: counts(&history.attempts),
        grants: number(stories.iter().filter(|story| story.was_acknowledged()).count()),
        refreshes: number(refreshes.clone().count()),
        refreshes_afterwards: number(refreshes.filter(afterwards).count()),
    }
}

impl Report {
    /// How many violations there are of each kind; not each of them is shown.
    fn kinds(&self) -> BTreeMap<Kind, u64> {
        let mut kinds = BTreeMap::new();
        for violation in &self.violations {
            *kinds.entry(violation.kind).or_insert(0) += 1;
        }
        kinds
    }
}

/// The most accusations that are shown.
const SHOWN: usize = 50;

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        for ((verb, outcome), count) in &self.counts {
            writeln!(f, "{count:>9}  {verb:?}: {outcome}")?;
        }
        let requests: u64 = self.counts.values().sum();
        writeln!(
            f,
            "{requests} requests, {} acknowledged grants, {} acknowledged refreshes, {} of them after the last fault",
            self.grants, self.refreshes, self.refreshes_afterwards
        )?;
        for (kind, count) in self.kinds() {
            writeln!(f, "{count:>9}  {}", kind.says())?;
        }
        for violation in self.violations.iter().take(SHOWN) {
            writeln!(f, "VIOLATION: {violation}")?;
        }
        writeln!(f, "{} violations", self.violations.len())
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

fn counts(attempts: &[Attempt]) -> BTreeMap<(Verb, &'static str), u64> {
    let mut counts = BTreeMap::new();
    for attempt in attempts {
        *counts.entry((attempt.verb, word(&attempt.outcome))).or_insert(0) += 1;
    }
    counts
}

const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(_) => "done",
        Outcome::Active => "active",
        Outcome::Inactive => "inactive",
        Outcome::Refused { .. } => "refused",
        Outcome::Busy => "503 with Retry-After",
        Outcome::Unreached => "connection refused",
        Outcome::Broken => "connection broken",
        Outcome::Silent => "no answer in time",
        Outcome::Unclean { .. } => "unclean",
    }
}
