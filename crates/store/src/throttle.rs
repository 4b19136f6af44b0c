//! Failed attempts, counted in windows, so that guessing is slowed on every node and across restarts.

use crate::Answer;
use valetkey_protocol::time::Timestamp;

/// Failures of one key in the current window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attempts {
    /// How many failed.
    pub failures: u32,
    /// When the window ends and the count starts again.
    pub window_ends_at: Timestamp,
}

/// Counts failed attempts. A key is a hash; never a username, password or address in clear.
pub trait ThrottleStore {
    /// The failures of the key in the window that is open at `now`.
    fn attempts<'a>(&'a self, key: &'a str, now: Timestamp) -> Answer<'a, Option<Attempts>>;
    /// Counts one more failure; opens a window of `window_seconds` when none is open.
    fn record_failure<'a>(
        &'a self,
        key: &'a str,
        now: Timestamp,
        window_seconds: i64,
    ) -> Answer<'a, Attempts>;
    /// Forgets the failures of the key (after a success).
    fn clear_attempts<'a>(&'a self, key: &'a str) -> Answer<'a, ()>;
}
