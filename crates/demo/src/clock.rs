//! The time, as the demo's two programs ask for it. Whoever starts them passes a clock; tests pass their own.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};
use valetkey_protocol::time::Timestamp;

/// Says what time it is.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The machine's clock.
#[must_use]
pub fn system() -> Clock {
    Arc::new(|| {
        #[expect(clippy::disallowed_methods, reason = "this is the demo's clock")]
        let now = SystemTime::now();
        let seconds = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Timestamp(i64::try_from(seconds).unwrap_or(i64::MAX))
    })
}
