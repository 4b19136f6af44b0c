//! The server's clock: the one edge where time comes in. Rules get `now` as an argument.

use valetkey_protocol::time::Timestamp;

/// Tells the time. Tests bring their own.
pub trait Clock: Send + Sync {
    /// Milliseconds since the Unix epoch.
    fn now_millis(&self) -> u64;

    /// Whole seconds since the Unix epoch.
    fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(self.now_millis() / 1000).unwrap_or(i64::MAX))
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the edge that the ban points to"
    )]
    fn now_millis(&self) -> u64 {
        std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }
}
