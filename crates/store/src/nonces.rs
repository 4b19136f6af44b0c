//! What may be shown once: OAuth 1.0a nonces (RFC 5849 §3.3) and the `jti` of client assertions (RFC 7523 §3).

use crate::Answer;
use valetkey_protocol::time::Timestamp;

/// Remembers what was shown, on every node and across restarts, until it could not be shown any more anyway.
pub trait NonceStore {
    /// Remembers the key until `expires_at`; `false` when it is remembered already. Of any number of callers with one key
    /// exactly one gets `true`. A key that has expired but was not forgotten yet still counts as remembered.
    fn insert_nonce_once<'a>(&'a self, key: &'a str, expires_at: Timestamp) -> Answer<'a, bool>;
}
