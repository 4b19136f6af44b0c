//! What waits to be delivered: logout tokens and e-mails.

use crate::Answer;
use valetkey_model::{ClientId, Delivery, Errand};
use valetkey_protocol::time::Timestamp;

/// Which deliveries are taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// Letters.
    Letters,
    /// Logout tokens, at most `each` for one client, and none for the clients of `except`: slow receivers keep nobody waiting.
    Logouts {
        /// At most so many for one client.
        each: usize,
        /// Those that have enough to do.
        except: Vec<ClientId>,
    },
}

impl Due {
    /// Chooses among what is due, the longest due first.
    #[must_use]
    pub fn turns(&self, limit: u32) -> Turns<'_> {
        Turns {
            which: self,
            room: usize::try_from(limit).unwrap_or(usize::MAX),
            taken: Vec::new(),
        }
    }
}

/// Whose turn it is: what a backend takes of the deliveries of one kind that are due.
#[derive(Debug)]
pub struct Turns<'d> {
    which: &'d Due,
    room: usize,
    taken: Vec<Delivery>,
}

impl Turns<'_> {
    /// Takes the next one, unless its client has had its turn; answers whether there may be room for another.
    pub fn offer(&mut self, delivery: Delivery) -> bool {
        if self.taken.len() < self.room && self.is_in_turn(&delivery.errand) {
            self.taken.push(delivery);
        }
        self.taken.len() < self.room
    }

    fn is_in_turn(&self, errand: &Errand) -> bool {
        let (Due::Logouts { each, except }, Errand::BackChannelLogout { client, .. }) = (self.which, errand)
        else {
            return true;
        };
        let is_same = |taken: &&Delivery| matches!(&taken.errand, Errand::BackChannelLogout { client: other, .. } if other == client);
        !except.contains(client) && self.taken.iter().filter(is_same).count() < *each
    }

    /// What was taken, in its order.
    #[must_use]
    pub fn taken(self) -> Vec<Delivery> {
        self.taken
    }
}

/// Remembers deliveries. Logouts are added by the verbs of [`crate::SessionStore`] that end sessions.
pub trait OutboxStore {
    /// Adds a delivery; nothing happens when one of that name waits already. [`crate::StoreError::Orphan`] when the client
    /// that is to hear of a logout is gone; what waits for a client goes with it.
    fn enqueue(&self, delivery: Delivery) -> Answer<'_, ()>;
    /// Takes at most `limit` of those that `which` names, are due and not given up, the longest due first: each counts one attempt
    /// more and is due again at `again_at`, so that another node does not take it meanwhile, and nothing is lost when this
    /// one stops. Answers them as they stand afterwards.
    fn take_deliveries(
        &self,
        which: Due,
        now: Timestamp,
        again_at: Timestamp,
        limit: u32,
    ) -> Answer<'_, Vec<Delivery>>;
    /// Removes a delivery: it has arrived, or never will. `false` when there was none.
    fn remove_delivery<'a>(&'a self, id: &'a str) -> Answer<'a, bool>;
    /// Sets when it is tried next; `false` when there was none.
    fn postpone_delivery<'a>(&'a self, id: &'a str, next_at: Timestamp) -> Answer<'a, bool>;
    /// How many wait at `now` (`/metrics`).
    fn count_deliveries(&self, now: Timestamp) -> Answer<'_, u64>;
}
