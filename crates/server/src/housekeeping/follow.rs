//! Following what other nodes and commands changed: clients and keys are kept until the store's change stamp moves, and
//! while it cannot be asked or its keys cannot be read, for [`STALE_AFTER_SECONDS`] at most. Grants are not kept, so a
//! revocation needs none of this.

use crate::call::Watched;
use crate::context::App;
use crate::keys::KeyError;
use crate::settings::Inspect;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::sleep;
use valetkey_protocol::time::Timestamp;
use valetkey_store::StoreError;

/// How long clients and keys are served after they were last known to be the newest.
const STALE_AFTER_SECONDS: i64 = 30;
/// How often it is looked whether they became stale, while a store is waited for.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The last change that was followed, and what it left.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    stamp: AtomicU64,
    pub(crate) watched: Watched,
    /// When the clients and keys were last known to be the newest; `None` until somebody asked.
    known_at: Mutex<Option<Timestamp>>,
    is_stale: AtomicBool,
    /// Whether the store was there when it last answered, and what it said is at fault: asking again does not help.
    is_fault: AtomicBool,
}

impl Followed {
    /// Whoever serves a client or a key that is cached asks first. Requests never compare times: whether it is too late is
    /// found by following alone, so a clock that is set ahead makes nothing stale that can be followed.
    pub(crate) fn is_close(&self) -> Result<(), StoreError> {
        if self.is_stale.load(Ordering::Acquire) {
            let why = Box::from("changes of clients and keys could not be followed for too long");
            return Err(if self.is_fault.load(Ordering::Acquire) {
                StoreError::Backend(why)
            } else {
                StoreError::Unavailable(why)
            });
        }
        Ok(())
    }

    /// Nobody follows any more, so nothing is known to be the newest.
    pub(crate) fn given_up(&self) {
        self.is_fault.store(true, Ordering::Release);
        self.is_stale.store(true, Ordering::Release);
    }

    fn succeeded(&self, asked_at: Timestamp) {
        let mut known_at = self.known_at.lock().unwrap_or_else(PoisonError::into_inner);
        *known_at = Some(asked_at);
        self.is_fault.store(false, Ordering::Release);
        if self.is_stale.swap(false, Ordering::AcqRel) {
            tracing::info!("changes of clients and keys are followed again");
        }
    }

    fn did_not(&self, now: Timestamp) {
        let mut known_at = self.known_at.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was set back must not make it longer.
        let since = known_at.map_or(now, |at| at.min(now));
        *known_at = Some(since);
        let is_stale = now.seconds_since(since) >= STALE_AFTER_SECONDS;
        if is_stale && !self.is_stale.swap(true, Ordering::AcqRel) {
            tracing::error!(
                seconds = STALE_AFTER_SECONDS,
                "changes of clients and keys cannot be followed: neither is served until they can"
            );
        }
    }
}

/// Drops cached clients and reads the keys again, when the store says that something changed.
pub(crate) async fn follow(app: &App) {
    let asked_at = app.now();
    let mut catching_up = pin!(catch_up(app));
    let caught_up = loop {
        tokio::select! {
            caught_up = &mut catching_up => break caught_up,
            () = sleep(LOOK_EVERY) => app.followed.did_not(app.now()),
        }
    };
    let is_fault = match caught_up {
        Ok(()) => return app.followed.succeeded(asked_at),
        Err(KeyError::Store(error)) => {
            tracing::warn!(%error, "changes of clients and keys cannot be read");
            !matches!(error, StoreError::Busy | StoreError::Unavailable(_))
        }
        Err(error) => {
            tracing::error!(%error, "the signing keys cannot be read");
            true
        }
    };
    app.followed.is_fault.store(is_fault, Ordering::Release);
    app.followed.did_not(app.now());
}

async fn catch_up(app: &App) -> Result<(), KeyError> {
    let stamp = app.store.change_stamp().await?;
    let is_known = app.followed.stamp.load(Ordering::Acquire) == stamp;
    if !is_known {
        app.clients.forget();
        follow_watched(app).await?;
    }
    if !is_known || app.keys.current().is_over(app.now()) {
        app.keys.reload(app.store.as_ref(), app.now()).await?;
    }
    // Only now: what failed is tried again.
    app.followed.stamp.store(stamp, Ordering::Release);
    Ok(())
}

/// Only an inspector that watches single clients has to know them all.
async fn follow_watched(app: &App) -> Result<(), StoreError> {
    if app.settings.inspector.is_some() && app.settings.inspect == Inspect::Allowed {
        app.followed.watched.follow(&app.store.list_clients().await?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn at(seconds: i64) -> Timestamp {
        NOW.plus_seconds(seconds)
    }

    #[test]
    fn what_was_never_followed_is_stale_half_a_minute_after_the_first_failure() {
        let followed = Followed::default();
        assert!(followed.is_close().is_ok());
        followed.did_not(NOW);
        followed.did_not(at(STALE_AFTER_SECONDS - 1));
        assert!(followed.is_close().is_ok());
        followed.did_not(at(STALE_AFTER_SECONDS));
        assert!(matches!(followed.is_close(), Err(StoreError::Unavailable(_))));
    }

    #[test]
    fn a_store_that_is_at_fault_is_nothing_to_ask_again_for_and_nobody_who_follows_neither() {
        let followed = Followed::default();
        followed.is_fault.store(true, Ordering::Release);
        followed.did_not(NOW);
        followed.did_not(at(STALE_AFTER_SECONDS));
        assert!(matches!(followed.is_close(), Err(StoreError::Backend(_))));
        followed.succeeded(at(STALE_AFTER_SECONDS));
        followed.did_not(at(2 * STALE_AFTER_SECONDS));
        assert!(matches!(followed.is_close(), Err(StoreError::Unavailable(_))));
        let given_up = Followed::default();
        given_up.given_up();
        assert!(matches!(given_up.is_close(), Err(StoreError::Backend(_))));
    }

    #[test]
    fn it_counts_from_when_the_last_answer_was_asked_for_and_ends_with_the_next_one() {
        let followed = Followed::default();
        followed.succeeded(NOW);
        followed.did_not(at(STALE_AFTER_SECONDS));
        assert!(followed.is_close().is_err());
        followed.did_not(at(STALE_AFTER_SECONDS + 1));
        assert!(followed.is_close().is_err());
        followed.succeeded(at(STALE_AFTER_SECONDS + 2));
        followed.did_not(at(STALE_AFTER_SECONDS + 3));
        assert!(followed.is_close().is_ok());
    }

    #[test]
    fn a_clock_that_is_set_ahead_makes_nothing_stale_that_is_followed() {
        let followed = Followed::default();
        followed.succeeded(NOW);
        followed.succeeded(at(1_000_000));
        assert!(followed.is_close().is_ok());
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_keep_what_is_stale() {
        let followed = Followed::default();
        followed.succeeded(NOW);
        let hour_before = -3_600;
        followed.did_not(at(hour_before));
        followed.did_not(at(hour_before + STALE_AFTER_SECONDS));
        assert!(followed.is_close().is_err());
    }
}
