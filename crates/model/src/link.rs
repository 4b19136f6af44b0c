//! A person's account at another provider, by which they may sign in here.

use crate::ids::UserId;
use serde::{Deserialize, Serialize};
use valetkey_protocol::time::Timestamp;

/// One account at one provider belongs to at most one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The provider, by the name that the configuration gives it.
    pub provider: String,
    /// The person's `sub` there (or what stands for it).
    pub subject: String,
    /// Whose it is.
    pub user: UserId,
    /// How the account is called there, for the person to recognise it.
    pub label: String,
    /// Since when.
    pub created_at: Timestamp,
}
