//! Signing keys, sealed.

use crate::Answer;
use valetkey_model::StoredKey;
use valetkey_protocol::time::Timestamp;

/// Remembers signing keys.
pub trait KeyStore {
    /// Every key, newest first.
    fn list_keys(&self) -> Answer<'_, Vec<StoredKey>>;
    /// Adds the first key of an algorithm: does nothing and answers `false` when a key of it that has not retired exists.
    fn insert_first_key(&self, key: StoredKey) -> Answer<'_, bool>;
    /// In one step: retires the signing key of `key.alg` at `at`, to be forgotten at `old_expires_at`, and adds the new one.
    /// With `replaces`, only when that key is the one that signs; `false` when it is not (another node was first).
    fn rotate_key<'a>(
        &'a self,
        key: StoredKey,
        replaces: Option<&'a str>,
        at: Timestamp,
        old_expires_at: Timestamp,
    ) -> Answer<'a, bool>;
    /// Forgets keys whose `expires_at` has passed; answers how many.
    fn forget_keys(&self, now: Timestamp) -> Answer<'_, u64>;
}
