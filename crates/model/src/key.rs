//! Signing keys as they are stored: sealed under the master key.

use serde::{Deserialize, Serialize};
use valetkey_protocol::time::Timestamp;

/// One signing key. `sealed` opens only with the master key, which is never in the store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredKey {
    /// RFC 7638 thumbprint.
    pub kid: String,
    /// The JWS algorithm, as `ES256`.
    pub alg: String,
    /// The private key, PKCS#8, sealed with AES-256-GCM; the kid is the associated data.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stopped signing; it still verifies until `expires_at`.
    pub retired_at: Option<Timestamp>,
    /// When it leaves the JWK set; set when it retires.
    pub expires_at: Option<Timestamp>,
}

impl std::fmt::Debug for StoredKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoredKey")
            .field("kid", &self.kid)
            .field("alg", &self.alg)
            .finish_non_exhaustive()
    }
}
