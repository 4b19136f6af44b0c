//! What a person can show beside a password: one-time codes (RFC 6238), recovery codes, passkeys (WebAuthn).

use crate::ids::UserId;
use crate::secret::SealedSecret;
use serde::{Deserialize, Serialize};
use valetkey_protocol::time::Timestamp;

/// An app that makes one-time codes. A person has at most one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totp {
    /// Whose it is.
    pub user: UserId,
    /// The shared secret.
    pub secret: SealedSecret,
    /// Since when.
    pub created_at: Timestamp,
    /// The time step of the last code that was used; a code counts once (RFC 6238 §5.2).
    pub last_step: i64,
}

/// A keyed hash of a recovery code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecoveryCodeHash(pub [u8; 32]);

/// A passkey (WebAuthn Level 3 §4, "discoverable credential").
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passkey {
    /// The credential id.
    pub id: Vec<u8>,
    /// Whose it is.
    pub user: UserId,
    /// What the person calls it.
    pub name: String,
    /// The public key, as COSE (RFC 9052 §7) wrote it.
    pub public_key: Vec<u8>,
    /// How often it was used, as the authenticator counts; 0 when it does not count.
    pub sign_count: u32,
    /// Whether it is kept in a backup, as the authenticator says.
    pub backed_up: bool,
    /// How the authenticator can be reached, as it says.
    pub transports: Vec<String>,
    /// Since when.
    pub created_at: Timestamp,
    /// When it was last used.
    pub last_used_at: Option<Timestamp>,
}
