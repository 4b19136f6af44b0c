//! That clients which registered themselves are in use, written down beside the answers: no request waits for it. One task
//! writes at a time; what could not be written is tried again with a use some seconds later, and a store that hangs keeps
//! that one task alone.
//!
//! Whether there is anything to write is `rules::register`'s to say.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::task::JoinHandle;
use valetkey_model::ClientId;
use valetkey_protocol::time::Timestamp;
use valetkey_store::Store;

use crate::clock::Clock;

/// How many clients may wait. Who finds no room is written down at a later use.
const MOST_WAITING: usize = 1024;
/// How long nothing is written after a failure.
const PAUSE_SECONDS: i64 = 10;

/// See the module.
#[derive(Clone, Default)]
pub(crate) struct InUse(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    waiting: BTreeMap<ClientId, Use>,
    writer: Option<JoinHandle<()>>,
    failed_at: Option<Timestamp>,
    /// Who comes after the others, because it failed last.
    failed: Option<ClientId>,
}

/// One use, and since when another one would do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Use {
    pub(crate) at: Timestamp,
    pub(crate) unless_since: Timestamp,
}

impl InUse {
    /// Has a use written down, now or with the next ones.
    pub(crate) fn write_down(
        &self,
        client: &ClientId,
        this: Use,
        store: &Arc<dyn Store>,
        clock: &Arc<dyn Clock>,
    ) {
        let mut state = self.state();
        if state.waiting.len() < MOST_WAITING || state.waiting.contains_key(client) {
            state.waiting.insert(client.clone(), this);
        }
        if state.may_write(this.at) {
            let (this, store, clock) = (self.clone(), Arc::clone(store), Arc::clone(clock));
            state.writer = Some(tokio::spawn(this.write(store, clock)));
        }
    }

    async fn write(self, store: Arc<dyn Store>, clock: Arc<dyn Clock>) {
        while let Some((client, this)) = self.next() {
            let written = store.client_was_used(&client, this.at, this.unless_since).await;
            if let Err(error) = written {
                tracing::warn!(client = client.as_str(), %error, "that a client is in use could not be written down");
                return self.failed(client, this, clock.now());
            }
        }
    }

    fn next(&self) -> Option<(ClientId, Use)> {
        let mut state = self.state();
        let next = state.pop();
        if next.is_none() {
            state.writer = None;
        }
        next
    }

    fn failed(&self, client: ClientId, this: Use, at: Timestamp) {
        let mut state = self.state();
        state.waiting.entry(client.clone()).or_insert(this);
        state.failed = Some(client);
        state.failed_at = Some(at);
        state.writer = None;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// One that always fails keeps nobody behind it from being written.
    fn pop(&mut self) -> Option<(ClientId, Use)> {
        let others = self.waiting.keys().find(|id| Some(*id) != self.failed.as_ref());
        match others.cloned() {
            Some(id) => self.waiting.remove_entry(&id),
            None => self.waiting.pop_first(),
        }
    }

    /// A writer that panicked is none.
    fn may_write(&self, now: Timestamp) -> bool {
        let is_writing = self.writer.as_ref().is_some_and(|writer| !writer.is_finished());
        let failed_just_now = self
            .failed_at
            .is_some_and(|at| (0..PAUSE_SECONDS).contains(&now.seconds_since(at)));
        !is_writing && !failed_just_now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_whose_use_cannot_be_written_comes_after_the_others() {
        let in_use = InUse::default();
        let (first, second) = (ClientId::parse("a").unwrap(), ClientId::parse("b").unwrap());
        let this = Use {
            at: Timestamp(10),
            unless_since: Timestamp(0),
        };
        in_use.failed(first.clone(), this, Timestamp(10));
        in_use.state().waiting.insert(second.clone(), this);
        assert_eq!(in_use.next().unwrap().0, second);
        assert_eq!(in_use.next().unwrap().0, first);
        assert!(in_use.next().is_none());
    }
}
