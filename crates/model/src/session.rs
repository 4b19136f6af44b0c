//! Sign-in sessions: one browser of one person.

use crate::ids::{SessionId, Sid, UserId};
use serde::{Deserialize, Serialize};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::time::Timestamp;

/// A browser in which a person has signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its name; the cookie carries it beside a MAC.
    pub id: SessionId,
    /// Its name to clients.
    pub sid: Sid,
    /// Who signed in.
    pub user: UserId,
    /// When the person last proved who they are (`auth_time`).
    pub auth_time: Timestamp,
    /// How (RFC 8176), as `["pwd"]`.
    pub amr: Vec<String>,
    /// How surely it was them.
    pub acr: Acr,
    /// From where, for the person to recognise it.
    pub from: SignedInFrom,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// From where somebody signed in, for themselves to see.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedInFrom {
    /// The network address.
    pub address: String,
    /// The browser's `User-Agent`, shortened.
    pub user_agent: String,
}

impl Session {
    /// Whether it is over at `now`.
    #[must_use]
    pub fn is_expired(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }
}
