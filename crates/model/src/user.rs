//! People: resource owners (RFC 6749 §1.1).

use crate::ids::UserId;
use serde::{Deserialize, Serialize};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::time::Timestamp;

/// A person who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The `sub` claim.
    pub id: UserId,
    /// What the person types to sign in; unique without regard to case.
    pub username: String,
    /// The Argon2id hash (PHC text); `None` when the person has no password.
    pub password_hash: Option<PasswordHash>,
    /// What is known about the person.
    pub claims: StandardClaims,
    /// When the account was made.
    pub created_at: Timestamp,
}

/// A password hash in PHC text form. It does not print itself.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasswordHash(pub String);

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The form of a username that is compared: trimmed, lower case.
#[must_use]
pub fn username_key(username: &str) -> String {
    username.trim().to_lowercase()
}
