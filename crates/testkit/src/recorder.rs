//! Remembers what a client or an API told of its checks.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use valetkey_protocol::observe::{Event, Observer};
use valetkey_protocol::rule::{Check, Rule};

/// An observer that keeps every event.
#[derive(Debug, Default)]
pub struct Recorder(Mutex<Vec<Event>>);

impl Recorder {
    fn events(&self) -> MutexGuard<'_, Vec<Event>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every check so far.
    #[must_use]
    pub fn checks(&self) -> Vec<Check> {
        self.events()
            .iter()
            .flat_map(|event| event.checks.clone())
            .collect()
    }

    /// The rules that were satisfied at least once.
    #[must_use]
    pub fn passed(&self) -> BTreeSet<Rule> {
        let checks = self.checks();
        checks
            .iter()
            .filter(|check| check.refused.is_none())
            .map(|check| check.rule)
            .collect()
    }

    /// The rules that refused at least once.
    #[must_use]
    pub fn refused(&self) -> BTreeSet<Rule> {
        let checks = self.checks();
        checks
            .iter()
            .filter(|check| check.refused.is_some())
            .map(|check| check.rule)
            .collect()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        self.events().clear();
    }
}

impl Observer for Recorder {
    fn observe(&self, event: Event) {
        self.events().push(event);
    }
}
