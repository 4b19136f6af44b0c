//! Secrets that must be readable to check an HMAC: sealed under the master key, which is never in the store.

use serde::{Deserialize, Serialize};

/// A secret, sealed with AES-256-GCM. What it belongs to is the associated data, so a row moved to another client does
/// not open.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SealedSecret(pub Vec<u8>);

impl std::fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[sealed]")
    }
}
