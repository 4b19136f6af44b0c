//! A clock that stands still until a test moves it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use valetkey_protocol::time::Timestamp;
use valetkey_server::clock::Clock;

/// Where every test begins: 15 January 2027.
const START_MILLIS: u64 = 1_800_000_000_000;

/// The clock; its clones show the same time.
#[derive(Debug, Clone)]
pub struct FakeClock(Arc<AtomicU64>);

impl Default for FakeClock {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(START_MILLIS)))
    }
}

impl FakeClock {
    /// One that shows when it was made, by the machine: for requests to a server that is another process.
    ///
    /// # Panics
    /// When the machine's clock stands before 1970.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "another process has the machine's clock"
    )]
    pub fn of_the_machine() -> Self {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.expect("it is later than 1970").as_millis();
        Self(Arc::new(AtomicU64::new(
            u64::try_from(millis).expect("it is not that late"),
        )))
    }

    /// Lets time pass.
    pub fn advance(&self, seconds: i64) {
        let millis = u64::try_from(seconds).expect("time goes forward") * 1000;
        self.0.fetch_add(millis, Ordering::SeqCst);
    }

    /// The time in seconds.
    #[must_use]
    pub fn timestamp(&self) -> Timestamp {
        self.now()
    }
}

impl Clock for FakeClock {
    fn now_millis(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}
