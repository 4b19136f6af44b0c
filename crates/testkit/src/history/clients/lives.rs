//! The flows of one client, one after the other, and the questions at the end.

use super::super::log::Log;
use super::super::record::{Outcome, Verb};
use super::asker::{Asker, Shown};
use super::holding::Held;
use super::words::{Load, Random};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::sleep;

/// How long a client waits after something that was no answer.
const AFTER_FAILURE: Duration = Duration::from_millis(100);
/// How often it asks again: longer than a server takes to come back.
const TRIES: usize = 40;
/// How often it asks again for what may be asked only within the time for a retry.
const RETRIES: usize = 20;

/// A client and all that it was ever given.
#[derive(Debug)]
pub struct Client {
    asker: Asker,
    random: Random,
    held: Vec<Held>,
    pause: Duration,
    flows: usize,
    grants: usize,
    /// Requests that were doubled, and whose answers nobody waits for.
    behind: JoinSet<()>,
}

impl Client {
    pub(super) fn new(load: &Load, log: &Log, number: usize) -> Self {
        let own = u64::try_from(number).unwrap_or_default() + 1;
        Self {
            asker: Asker::new(load, log, number),
            random: Random(load.seed.wrapping_mul(1_000_003).wrapping_add(own)),
            held: Vec::new(),
            pause: load.pause,
            flows: load.flows,
            grants: 0,
            behind: JoinSet::new(),
        }
    }

    fn new_name(&mut self) -> String {
        self.grants += 1;
        format!("{}-{}", self.asker.name(), self.grants)
    }

    /// Lives until it is told to stop, or has lived all its flows.
    pub(super) async fn live(mut self, stop: Arc<AtomicBool>) -> Self {
        if !self.signs_in(&stop).await {
            return self;
        }
        for _ in 0..self.flows {
            if stop.load(Ordering::SeqCst) {
                break;
            }
            self.flow().await;
            if self.random.percent(40) {
                self.revisit().await;
            }
            while self.behind.try_join_next().is_some() {}
        }
        while self.behind.join_next().await.is_some() {}
        self
    }

    async fn signs_in(&mut self, stop: &AtomicBool) -> bool {
        while !stop.load(Ordering::SeqCst) {
            let name = self.new_name();
            let (_, code) = self.asker.authorize(&name, false).await;
            if let Some(code) = code {
                self.held.push(Held {
                    name,
                    code: Some(code),
                    ..Held::default()
                });
                return true;
            }
            sleep(AFTER_FAILURE).await;
        }
        false
    }

    async fn flow(&mut self) {
        sleep(self.pause).await;
        let name = self.new_name();
        let (_, code) = self.asker.authorize(&name, true).await;
        let Some(code) = code else {
            return sleep(AFTER_FAILURE).await;
        };
        let mut held = Held {
            name,
            code: Some(code),
            ..Held::default()
        };
        if !self.random.percent(8) {
            self.redeem(&mut held).await;
            self.use_tokens(&mut held).await;
        }
        self.held.push(held);
    }

    /// Goes back to a grant from earlier, perhaps from before a crash.
    async fn revisit(&mut self) {
        let count = u64::try_from(self.held.len()).unwrap_or_default();
        let chosen = self.random.below(count.max(1));
        let Ok(chosen) = usize::try_from(chosen) else {
            return;
        };
        if chosen < self.held.len() {
            let mut held = self.held.swap_remove(chosen);
            self.ask_about(&held).await;
            self.use_tokens(&mut held).await;
            self.held.push(held);
        }
    }

    async fn redeem(&mut self, held: &mut Held) {
        let Some(code) = held.code.clone() else { return };
        let (asker, name) = (self.asker.clone(), held.name.clone());
        if self.random.percent(12) {
            // Somebody else has the code too, and is as fast.
            let (first, second) = tokio::join!(asker.redeem(&name, &code), asker.redeem(&name, &code));
            held.code = None;
            held.is_over = true;
            if let Some(tokens) = first.1.or(second.1) {
                held.moves_on(tokens.refresh, tokens.access);
            }
            return;
        }
        for _ in 0..RETRIES {
            let (outcome, tokens) = asker.redeem(&name, &code).await;
            if let Some(tokens) = tokens {
                return held.moves_on(tokens.refresh, tokens.access);
            }
            let is_in_doubt = matches!(outcome, Outcome::Broken | Outcome::Silent | Outcome::Busy);
            if matches!(outcome, Outcome::Refused { .. } | Outcome::Unclean { .. })
                || is_in_doubt && self.random.percent(30)
            {
                break;
            }
            sleep(AFTER_FAILURE).await;
        }
        held.code = None;
        held.is_over = true;
    }

    async fn use_tokens(&mut self, held: &mut Held) {
        for _ in 0..self.random.below(4) {
            if held.refresh.is_empty() || held.is_over {
                break;
            }
            sleep(self.pause).await;
            self.refresh(held).await;
            if self.random.percent(25) {
                self.ask_about(held).await;
            }
        }
        if held.refresh.is_empty() || held.is_over {
            return;
        }
        match self.random.below(100) {
            0..15 => self.revoke(held).await,
            15..25 => self.revoke_access(held).await,
            25..31 => self.replay(held).await,
            _ => {}
        }
    }

    async fn refresh(&mut self, held: &mut Held) {
        if self.random.percent(25) {
            // The same request goes out twice, and the app goes on with the answer to one of them.
            let (asker, copy) = (self.asker.clone(), held.clone());
            self.behind.spawn(async move {
                asker.refresh(current(&copy)).await;
            });
        }
        for _ in 0..RETRIES {
            let (outcome, tokens) = self.asker.refresh(current(held)).await;
            if let Some(tokens) = tokens {
                return held.moves_on(tokens.refresh, tokens.access);
            }
            if matches!(outcome, Outcome::Refused { .. } | Outcome::Unclean { .. }) {
                break;
            }
            sleep(AFTER_FAILURE).await;
        }
        held.is_over = true;
    }

    /// A thief shows an old refresh token.
    async fn replay(&self, held: &mut Held) {
        let Some((generation, token)) = held.earlier.first().cloned() else {
            return;
        };
        if generation + 1 >= held.generation {
            return;
        }
        let shown = Shown {
            grant: &held.name,
            generation,
            token: &token,
        };
        self.asker.refresh(shown).await;
        held.is_over = true;
        self.ask_about(held).await;
    }

    async fn revoke(&self, held: &mut Held) {
        held.is_over = true;
        self.until_answered(Verb::Revoke, current(held)).await;
        self.ask_about(held).await;
        self.asker.refresh(current(held)).await;
    }

    async fn revoke_access(&self, held: &Held) {
        self.until_answered(Verb::RevokeAccess, access(held)).await;
        self.asker.ask(Verb::IntrospectAccess, access(held)).await;
    }

    async fn ask_about(&self, held: &Held) {
        if !held.refresh.is_empty() {
            self.asker.ask(Verb::IntrospectAccess, access(held)).await;
            self.asker.ask(Verb::IntrospectRefresh, current(held)).await;
        }
    }

    async fn until_answered(&self, verb: Verb, shown: Shown<'_>) {
        for _ in 0..TRIES {
            let outcome = self.asker.ask(verb, shown).await;
            if !matches!(
                outcome,
                Outcome::Busy | Outcome::Unreached | Outcome::Broken | Outcome::Silent
            ) {
                return;
            }
            sleep(AFTER_FAILURE).await;
        }
    }

    /// The last questions: every code is redeemed, every refresh token used, every access token looked at.
    pub(super) async fn asks_about_everything(self) {
        for held in &self.held {
            if let Some(code) = &held.code {
                self.asker.redeem(&held.name, code).await;
            }
            if held.refresh.is_empty() {
                continue;
            }
            self.until_answered(Verb::IntrospectAccess, access(held)).await;
            self.until_answered(Verb::IntrospectRefresh, current(held)).await;
            self.asker.refresh(current(held)).await;
        }
    }
}

fn current(held: &Held) -> Shown<'_> {
    Shown {
        grant: &held.name,
        generation: held.generation,
        token: &held.refresh,
    }
}

fn access(held: &Held) -> Shown<'_> {
    Shown {
        grant: &held.name,
        generation: held.generation,
        token: &held.access,
    }
}
