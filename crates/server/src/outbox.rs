//! What waits to be delivered (OpenID Connect Back-Channel Logout §2.5, and letters): taken from the store, tried, and tried
//! again with growing pauses until it has arrived, is refused, or is too late.
//!
//! It stands in the store before anybody is answered, so neither a restart nor a receiver that is away loses it. While it is
//! being tried it is due again a little later: another node leaves it alone, and takes it when this one stops. So it may
//! arrive twice, and never not at all. Letters have places of their own, and one client has a few: a slow receiver keeps
//! nobody else waiting. How a logout token is made says [`logout`], what becomes of a letter [`letter`].

mod letter;
mod logout;

pub(crate) use letter::{post, waiting};

use crate::context::{App, Context};
use std::collections::HashMap;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};
use valetkey_jose::derive::derive_key;
use valetkey_jose::seal::SealKey;
use valetkey_model::{ClientId, Delivery, Errand};
use valetkey_store::{Due, StoreError};

/// How often it is looked for what is due although nobody said that there is something.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// How many letters are tried at once.
const LETTERS_AT_ONCE: usize = 8;
/// How many logout tokens are tried at once.
const LOGOUTS_AT_ONCE: usize = 16;
/// How many of them to one client.
const LOGOUTS_OF_A_CLIENT: usize = 4;
/// For so long beside the deadline of outbound requests a delivery that is being tried is left alone by others.
const LEASE_SECONDS: i64 = 60;
/// The pause after the first try; each next one is three times as long.
const FIRST_PAUSE_SECONDS: i64 = 5;
/// The longest pause.
const LONGEST_PAUSE_SECONDS: i64 = 3600;

/// What the loop needs to know beside the store.
#[derive(Debug)]
pub(crate) struct Outbox {
    /// Seals letters.
    letters: SealKey,
    nudged: Notify,
}

impl Outbox {
    pub(crate) fn new(master: &[u8; 32]) -> Self {
        Self {
            letters: SealKey::new(&derive_key(master, "letters that wait")),
            nudged: Notify::new(),
        }
    }
}

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// It has arrived.
    Delivered,
    /// The receiver will never take it.
    Refused,
    /// Nobody wants it any more.
    Dropped,
    /// It may arrive later.
    Later,
}

/// Says that there is something to deliver.
pub(crate) fn nudge(app: &Context) {
    app.outbox.nudged.notify_one();
}

/// Delivers until it is dropped.
pub(crate) async fn run(app: App) {
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut under_way = UnderWay::default();
    loop {
        tokio::select! {
            _ = look.tick() => {}
            () = app.outbox.nudged.notified() => {}
            // A place is free.
            () = under_way.one_is_done(), if !under_way.is_empty() => {}
        }
        under_way.begin(&app).await;
    }
}

/// Delivers what is due now, and answers when each was tried.
pub(crate) async fn deliver_due(app: &App) {
    let mut under_way = UnderWay::default();
    loop {
        under_way.begin(app).await;
        if under_way.is_empty() {
            return;
        }
        under_way.one_is_done().await;
    }
}

/// What is being tried.
#[derive(Default)]
struct UnderWay {
    letters: JoinSet<()>,
    logouts: JoinSet<()>,
    /// To whom each of the logouts goes.
    clients: HashMap<Id, ClientId>,
}

impl UnderWay {
    fn is_empty(&self) -> bool {
        self.letters.is_empty() && self.logouts.is_empty()
    }

    /// Begins as many as there are places for.
    async fn begin(&mut self, app: &App) {
        let free = LETTERS_AT_ONCE.saturating_sub(self.letters.len());
        for letter in take(app, Due::Letters, free).await {
            self.letters.spawn(deliver(App::clone(app), letter));
        }
        let free = LOGOUTS_AT_ONCE.saturating_sub(self.logouts.len());
        let which = Due::Logouts {
            each: LOGOUTS_OF_A_CLIENT,
            except: self.clients.values().cloned().collect(),
        };
        for logout in take(app, which, free).await {
            let Errand::BackChannelLogout { client, .. } = &logout.errand else {
                continue;
            };
            let client = client.clone();
            let task = self.logouts.spawn(deliver(App::clone(app), logout));
            self.clients.insert(task.id(), client);
        }
    }

    async fn one_is_done(&mut self) {
        tokio::select! {
            Some(_) = self.letters.join_next() => {}
            Some(done) = self.logouts.join_next_with_id() => {
                let id = done.map_or_else(|error: JoinError| error.id(), |(id, ())| id);
                self.clients.remove(&id);
            }
            else => {}
        }
    }
}

async fn take(app: &Context, which: Due, free: usize) -> Vec<Delivery> {
    let Ok(limit @ 1..) = u32::try_from(free) else {
        return Vec::new();
    };
    let now = app.now();
    let deadline = i64::try_from(app.settings.outbound.deadline_seconds).unwrap_or(i64::MAX);
    // The receiver, and its keys before that.
    let again_at = now.plus_seconds(deadline.saturating_mul(2).saturating_add(LEASE_SECONDS));
    let taken = app.store.take_deliveries(which, now, again_at, limit).await;
    taken.unwrap_or_else(|error| {
        tracing::warn!(%error, "what waits to be delivered cannot be read");
        Vec::new()
    })
}

async fn deliver(app: App, delivery: Delivery) {
    let outcome = match &delivery.errand {
        Errand::BackChannelLogout { client, sub, sid } => logout::deliver(&app, client, sub, *sid).await,
        Errand::Mail { sealed } => letter::deliver(&app, &delivery.id, sealed).await,
    };
    let kind = kind(&delivery.errand);
    let done = match outcome {
        Outcome::Delivered => finish(&app, &delivery, "delivered").await,
        Outcome::Refused => finish(&app, &delivery, "refused").await,
        Outcome::Dropped => finish(&app, &delivery, "dropped").await,
        Outcome::Later => postpone(&app, &delivery).await,
    };
    if let Err(error) = done {
        tracing::warn!(%error, kind, "a delivery cannot be written down; it will be tried again");
    }
}

const fn kind(errand: &Errand) -> &'static str {
    match errand {
        Errand::BackChannelLogout { .. } => "logout",
        Errand::Mail { .. } => "mail",
    }
}

async fn finish(app: &Context, delivery: &Delivery, outcome: &'static str) -> Result<(), StoreError> {
    app.metrics.delivery(kind(&delivery.errand), outcome);
    app.store.remove_delivery(&delivery.id).await?;
    Ok(())
}

async fn postpone(app: &Context, delivery: &Delivery) -> Result<(), StoreError> {
    let next_at = app.now().plus_seconds(pause_seconds(delivery.attempts));
    if next_at >= delivery.expires_at {
        let (kind, attempts) = (kind(&delivery.errand), delivery.attempts);
        tracing::warn!(kind, attempts, "given up: it did not arrive in time");
        return finish(app, delivery, "given_up").await;
    }
    app.metrics.delivery(kind(&delivery.errand), "postponed");
    app.store.postpone_delivery(&delivery.id, next_at).await?;
    Ok(())
}

/// The pause after that many tries.
fn pause_seconds(attempts: u32) -> i64 {
    3_i64
        .saturating_pow(attempts.saturating_sub(1))
        .saturating_mul(FIRST_PAUSE_SECONDS)
        .min(LONGEST_PAUSE_SECONDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_an_hour() {
        let pauses: Vec<i64> = (1..=8).map(pause_seconds).collect();
        assert_eq!(pauses, [5, 15, 45, 135, 405, 1215, 3600, 3600]);
        assert_eq!(pause_seconds(0), 5);
        assert_eq!(pause_seconds(u32::MAX), 3600);
    }
}
