//! What waits to be delivered: logout tokens and e-mails.

use crate::Answer;
use valetkey_model::Delivery;
use valetkey_protocol::time::Timestamp;

/// Remembers deliveries. Logouts are added by the verbs of [`crate::SessionStore`] that end sessions.
pub trait OutboxStore {
    /// Adds a delivery; nothing happens when one of that name waits already. [`crate::StoreError::Orphan`] when the client
    /// that is to hear of a logout is gone; what waits for a client goes with it.
    fn enqueue(&self, delivery: Delivery) -> Answer<'_, ()>;
    /// Takes at most `limit` of those that are due and not given up, the longest due first: each counts one attempt
    /// more and is due again at `again_at`, so that another node does not take it meanwhile, and nothing is lost when this
    /// one stops. Answers them as they stand afterwards.
    fn take_deliveries(&self, now: Timestamp, again_at: Timestamp, limit: u32) -> Answer<'_, Vec<Delivery>>;
    /// Removes a delivery: it has arrived, or never will. `false` when there was none.
    fn remove_delivery<'a>(&'a self, id: &'a str) -> Answer<'a, bool>;
    /// Sets when it is tried next; `false` when there was none.
    fn postpone_delivery<'a>(&'a self, id: &'a str, next_at: Timestamp) -> Answer<'a, bool>;
    /// How many wait at `now` (`/metrics`).
    fn count_deliveries(&self, now: Timestamp) -> Answer<'_, u64>;
}
