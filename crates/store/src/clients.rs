//! Clients.

use crate::Answer;
use valetkey_model::{Client, ClientId};
use valetkey_protocol::time::Timestamp;

/// Remembers clients.
pub trait ClientStore {
    /// Adds a client; [`crate::StoreError::Exists`] when the id is taken.
    fn insert_client(&self, client: Client) -> Answer<'_, ()>;
    /// Replaces a client; `false` when there is none with that id.
    fn update_client(&self, client: Client) -> Answer<'_, bool>;
    /// The client.
    fn find_client<'a>(&'a self, id: &'a ClientId) -> Answer<'a, Option<Client>>;
    /// Every client, by id.
    fn list_clients(&self) -> Answer<'_, Vec<Client>>;
    /// Removes a client with its grants, consents, device requests and what waits to be delivered to it; `false` when there
    /// was none.
    fn remove_client<'a>(&'a self, id: &'a ClientId) -> Answer<'a, bool>;
    /// Writes down that a client that registered itself was used at `at`, by what leaves no grant; `false` when there is no
    /// such client, or a use at `unless_since` or later stands there: then nothing is written.
    fn client_was_used<'a>(
        &'a self,
        id: &'a ClientId,
        at: Timestamp,
        unless_since: Timestamp,
    ) -> Answer<'a, bool>;
    /// Removes at most `limit` clients that registered themselves before `before`, were not used since, and have neither a
    /// grant nor a consent; oldest first; answers how many.
    fn forget_unused_clients(&self, before: Timestamp, limit: u32) -> Answer<'_, u64>;
    /// How many clients registered themselves.
    fn count_registered_clients(&self) -> Answer<'_, u64>;
}
