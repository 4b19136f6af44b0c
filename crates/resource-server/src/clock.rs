//! The one place where this crate reads the system's clock; tests and careful callers pass their own.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use valetkey_protocol::time::Timestamp;

use crate::config::Clock;

/// The system's clock.
pub(crate) fn system() -> Clock {
    Arc::new(now)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the edge: this is the clock that the rest of the crate gets as an argument"
)]
fn now() -> Timestamp {
    // A clock before 1970 makes every token one from the future: nothing is accepted then.
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
