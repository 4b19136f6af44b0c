//! Something that the authorization server publishes, kept for a while: fetched by one request at a time, not too often,
//! and kept in use for a bounded time when the server is down.

use std::future::Future;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tokio::sync::{Mutex, MutexGuard};
use valetkey_protocol::time::Timestamp;

/// How long it counts as fresh.
const FRESH_SECONDS: i64 = 600;
/// How long it is used while the server cannot be asked.
const KEPT_SECONDS: i64 = 3600;
/// How long nobody tries again after a failure.
const PAUSE_SECONDS: i64 = 5;
/// How far two requests' clocks may lie apart.
const JITTER_SECONDS: i64 = 60;
/// Fetches that may follow one another at once.
const BURST: i64 = 5;
/// Seconds until one more fetch is allowed.
const REFILL_SECONDS: i64 = 10;

/// The authorization server cannot be asked, and nothing kept will do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Unavailable(pub(crate) String);

/// A value with the moment it was fetched.
struct Dated<T> {
    value: Arc<T>,
    at: Timestamp,
}

/// What a lookup gave.
pub(crate) struct Found<T> {
    pub(crate) value: Arc<T>,
    /// Whether this lookup fetched it.
    pub(crate) fetched: bool,
}

/// The newest value, and who may fetch the next.
pub(crate) struct Remembered<T> {
    newest: ArcSwapOption<Dated<T>>,
    gate: Mutex<Gate>,
}

impl<T> Remembered<T> {
    pub(crate) fn new() -> Self {
        Self {
            newest: ArcSwapOption::empty(),
            gate: Mutex::new(Gate::new()),
        }
    }

    /// The value, fetched when there is none, when it is old, or when it is not `wanted`. A value that is not wanted may
    /// still come back: then the server has no better one.
    pub(crate) async fn get<F>(
        &self,
        now: Timestamp,
        wanted: impl Fn(&T) -> bool,
        fetch: impl FnOnce() -> F,
    ) -> Result<Found<T>, Unavailable>
    where
        F: Future<Output = Result<T, String>>,
    {
        let seen = self.newest.load_full();
        let good = seen.as_ref().filter(|dated| wanted(&dated.value));
        if let Some(dated) = good.filter(|dated| dated.is_younger_than(FRESH_SECONDS, now)) {
            return Ok(dated.found());
        }
        let kept = good.filter(|dated| dated.is_younger_than(KEPT_SECONDS, now));
        let mut gate = match (self.gate.try_lock(), kept) {
            (Ok(gate), _) => gate,
            (Err(_), Some(dated)) => return Ok(dated.found()), // somebody is fetching a newer one
            (Err(_), None) => self.gate.lock().await,
        };
        if let Some(newer) = self.newer_than(seen.as_ref()) {
            return Ok(newer.found());
        }
        match self.fetch(now, fetch, &mut gate).await {
            Ok(Some(value)) => Ok(Found { value, fetched: true }),
            Err(reason) => kept.map(|dated| dated.found()).ok_or(Unavailable(reason)),
            Ok(None) => {
                let recent = seen
                    .as_ref()
                    .filter(|dated| dated.is_younger_than(KEPT_SECONDS, now));
                let reason = || Unavailable("asked too often".to_owned());
                recent.map(|dated| dated.found()).ok_or_else(reason)
            }
        }
    }

    /// `None` when it may not be tried now and the last try went well.
    async fn fetch<F>(
        &self,
        now: Timestamp,
        fetch: impl FnOnce() -> F,
        gate: &mut MutexGuard<'_, Gate>,
    ) -> Result<Option<Arc<T>>, String>
    where
        F: Future<Output = Result<T, String>>,
    {
        if let Some((at, reason)) = &gate.failed
            && now.seconds_since(*at) < PAUSE_SECONDS
        {
            return Err(reason.clone());
        }
        if !gate.may_pass(now) {
            return match &gate.failed {
                Some((_, reason)) => Err(reason.clone()),
                None => Ok(None),
            };
        }
        match fetch().await {
            Ok(value) => {
                gate.failed = None;
                let value = Arc::new(value);
                let dated = Dated {
                    value: Arc::clone(&value),
                    at: now,
                };
                self.newest.store(Some(Arc::new(dated)));
                Ok(Some(value))
            }
            Err(reason) => {
                tracing::warn!(%reason, "the authorization server cannot be asked");
                gate.failed = Some((now, reason.clone()));
                Err(reason)
            }
        }
    }

    /// What another request fetched while this one waited.
    fn newer_than(&self, seen: Option<&Arc<Dated<T>>>) -> Option<Arc<Dated<T>>> {
        let newest = self.newest.load_full()?;
        let is_newer = seen.is_none_or(|seen| !Arc::ptr_eq(seen, &newest));
        is_newer.then_some(newest)
    }
}

impl<T> Dated<T> {
    fn is_younger_than(&self, seconds: i64, now: Timestamp) -> bool {
        (-JITTER_SECONDS..seconds).contains(&now.seconds_since(self.at))
    }

    fn found(&self) -> Found<T> {
        Found {
            value: Arc::clone(&self.value),
            fetched: false,
        }
    }
}

/// A token bucket, and the last failure.
struct Gate {
    tokens: i64,
    filled_at: Option<Timestamp>,
    failed: Option<(Timestamp, String)>,
}

impl Gate {
    const fn new() -> Self {
        Self {
            tokens: BURST,
            filled_at: None,
            failed: None,
        }
    }

    fn may_pass(&mut self, now: Timestamp) -> bool {
        let since = *self.filled_at.get_or_insert(now);
        let due = now.seconds_since(since).max(0) / REFILL_SECONDS;
        if due > 0 {
            self.tokens = self.tokens.saturating_add(due).min(BURST);
            self.filled_at = Some(since.plus_seconds(due.saturating_mul(REFILL_SECONDS)));
        }
        let passes = self.tokens > 0;
        self.tokens -= i64::from(passes);
        passes
    }
}
