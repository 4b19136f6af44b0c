//! What runs beside the requests: following changes of clients and keys, exchanging keys that have signed for long, and
//! forgetting what is over.

mod follow;

pub(crate) use follow::{Followed, follow};

use crate::context::App;
use crate::endpoints::register;
use crate::keys;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

const FORGET_EVERY: Duration = Duration::from_secs(60);
/// Rows forgotten in one step: little enough that requests never wait for it.
const FORGET_ROWS: u32 = 500;
/// Steps in one go. What is left has to wait for the rotation of keys, and for nothing else: there is a nonce for every
/// signed request (RFC 5849 §3.3), so no number of steps a minute is enough for every server.
const FORGET_STEPS: u32 = 20;
/// Grants that are over are kept for a while, so that a replay is still recognised as one. Longer than any
/// access token lives.
const KEEP_REVOKED_SECONDS: i64 = 24 * 3600;

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

/// After a panic nobody follows: what is kept is not served on then.
pub(crate) struct Following(pub(crate) App);

impl Drop for Following {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.followed.given_up();
        }
    }
}

/// Runs until it is dropped. Forgetting may take long, and following never waits for it.
pub(crate) async fn run(app: App) {
    tokio::join!(keep_following(&app), keep_forgetting(&app));
}

/// A store that is told of changes has them followed at once; the tick bounds how long they stay unseen where nobody tells,
/// or what was told got lost.
async fn keep_following(app: &App) {
    let mut tick = every(Duration::from_secs(app.settings.follow_every_seconds.max(1)));
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = app.store.told_of_change() => {}
        }
        follow(app).await;
    }
}

/// One go after the other.
async fn keep_forgetting(app: &App) {
    let mut tick = every(FORGET_EVERY);
    loop {
        tick.tick().await;
        app.passwords.shrink();
        rotate_keys(app).await;
        if forget(app).await {
            tick.reset_immediately();
        }
    }
}

fn every(period: Duration) -> Interval {
    let mut tick = interval(period);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick
}
