//! Remembered consent.

use crate::Answer;
use valetkey_model::{ClientId, Consent, UserId};
use valetkey_protocol::time::Timestamp;

/// Remembers what people allowed. Consent is written by [`crate::GrantStore::insert_grant`].
pub trait ConsentStore {
    /// What the person allowed the client.
    fn find_consent<'a>(&'a self, user: UserId, client: &'a ClientId) -> Answer<'a, Option<Consent>>;
    /// Everything the person allowed, newest first.
    fn list_consents(&self, user: UserId) -> Answer<'_, Vec<Consent>>;
    /// Takes it all back in one step: forgets the consent and revokes (`ByResourceOwner`) every grant
    /// of the pair. Answers how many grants were revoked.
    fn withdraw_consent<'a>(&'a self, user: UserId, client: &'a ClientId, at: Timestamp) -> Answer<'a, u64>;
}
