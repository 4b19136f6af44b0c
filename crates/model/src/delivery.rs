//! What must reach somebody else although the network may fail and the server may restart: logout tokens (OpenID Connect
//! Back-Channel Logout §2.5) and e-mails. It waits in a queue until it has arrived, or it is too late.

use crate::ids::{ClientId, Sid};
use serde::{Deserialize, Serialize};
use valetkey_protocol::time::Timestamp;

/// One thing that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Its name; the same name waits once.
    pub id: String,
    /// What it is.
    pub errand: Errand,
    /// How often it was tried.
    pub attempts: u32,
    /// Since when it waits.
    pub created_at: Timestamp,
    /// When it is tried next.
    pub next_at: Timestamp,
    /// When it is given up.
    pub expires_at: Timestamp,
}

/// What waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Errand {
    /// A client is to hear that a session has ended. The logout token is made when it is sent.
    BackChannelLogout {
        /// Whom to tell.
        client: ClientId,
        /// Who signed out, by the `sub` that the client knows.
        sub: String,
        /// Which session.
        sid: Sid,
    },
    /// An e-mail, sealed: it may hold a link that opens an account.
    Mail {
        /// The letter.
        sealed: Vec<u8>,
    },
}

impl Delivery {
    /// The name of a logout that a client is to hear of.
    #[must_use]
    pub fn logout_id(sid: Sid, client: &ClientId) -> String {
        format!("logout {sid} {client}")
    }
}

/// A client that got an ID token in a session and wants to hear of its end.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Participant {
    /// Which session.
    pub sid: Sid,
    /// Which client.
    pub client: ClientId,
    /// The person's `sub` at that client.
    pub sub: String,
}
