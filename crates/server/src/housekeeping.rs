//! What runs beside the requests: following changes of clients and keys, exchanging keys that have signed for long, and
//! forgetting what is over.

use crate::call::Watched;
use crate::context::App;
use crate::endpoints::register;
use crate::keys;
use crate::settings::Inspect;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};
use valetkey_store::StoreError;

const FOLLOW_EVERY: Duration = Duration::from_secs(1);
const FORGET_EVERY: Duration = Duration::from_secs(60);
/// Rows forgotten in one step: little enough that requests never wait for it.
const FORGET_ROWS: u32 = 500;
/// Steps in one go. What is left has to wait for [`follow`], which must never wait long, and for nothing else: there is a
/// nonce for every signed request (RFC 5849 §3.3), so no number of steps a minute is enough for every server.
const FORGET_STEPS: u32 = 20;
/// Grants that are over are kept for a while, so that a replay is still recognised as one. Longer than any
/// access token lives.
const KEEP_REVOKED_SECONDS: i64 = 24 * 3600;

/// The last change that was followed, and what it left.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    stamp: AtomicU64,
    pub(crate) watched: Watched,
}

/// Drops cached clients and reads the keys again, when the store says that something changed.
pub(crate) async fn follow(app: &App) {
    let stamp = match app.store.change_stamp().await {
        Ok(stamp) => stamp,
        Err(error) => return tracing::warn!(%error, "the change stamp cannot be read"),
    };
    if app.followed.stamp.load(Ordering::Acquire) == stamp {
        if app.keys.current().is_over(app.now()) {
            read_keys(app).await;
        }
        return;
    }
    app.clients.forget();
    if let Err(error) = follow_watched(app).await {
        return tracing::warn!(%error, "the clients cannot be read");
    }
    // Only now: a failed reading is tried again.
    if read_keys(app).await {
        app.followed.stamp.store(stamp, Ordering::Release);
    }
}

async fn read_keys(app: &App) -> bool {
    match app.keys.reload(app.store.as_ref(), app.now()).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, "the signing keys cannot be read");
            false
        }
    }
}

/// Only an inspector that watches single clients has to know them all.
async fn follow_watched(app: &App) -> Result<(), StoreError> {
    if app.settings.inspector.is_some() && app.settings.inspect == Inspect::Allowed {
        app.followed.watched.follow(&app.store.list_clients().await?);
    }
    Ok(())
}

/// Forgets what is over, in small steps; answers whether there is more.
pub(crate) async fn forget(app: &App) -> bool {
    let keep = KEEP_REVOKED_SECONDS.max(app.policy().longest_access_token_ttl_seconds());
    for _ in 0..FORGET_STEPS {
        match app.store.forget_expired(app.now(), keep, FORGET_ROWS).await {
            Ok(rows) if rows >= u64::from(FORGET_ROWS) => tokio::task::yield_now().await,
            Ok(_) => {
                forget_keys(app).await;
                register::unused::forget(app, FORGET_ROWS).await;
                return false;
            }
            Err(error) => {
                tracing::warn!(%error, "expired rows cannot be forgotten");
                return false;
            }
        }
    }
    true
}

/// Exchanges the signing keys that have signed for long enough. Every node looks; one of them does it.
pub(crate) async fn rotate_keys(app: &App) {
    let rotation = app.settings.key_rotation;
    let Some(after) = rotation.after_seconds else {
        return;
    };
    let overlap = keys::overlap_seconds(app.policy(), rotation.margin_seconds);
    let (store, now) = (app.store.as_ref(), app.now());
    if let Err(error) = app.keys.rotate_old(store, now, after, overlap).await {
        tracing::error!(%error, "the signing keys cannot be rotated");
    }
}

async fn forget_keys(app: &App) {
    if let Err(error) = app.store.forget_keys(app.now()).await {
        tracing::warn!(%error, "expired keys cannot be forgotten");
    }
}

/// Runs until it is dropped. A store that is told of changes has them followed at once; the tick bounds how long they stay
/// unseen where nobody tells, or what was told got lost.
pub(crate) async fn run(app: App) {
    let mut follow_now = interval(FOLLOW_EVERY);
    let mut forget_now = interval(FORGET_EVERY);
    follow_now.set_missed_tick_behavior(MissedTickBehavior::Delay);
    forget_now.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = follow_now.tick() => follow(&app).await,
            () = app.store.told_of_change() => follow(&app).await,
            _ = forget_now.tick() => {
                app.passwords.shrink();
                rotate_keys(&app).await;
                if forget(&app).await {
                    forget_now.reset_immediately();
                }
            }
        }
    }
}
