//! What a good access token gives: who calls, through which app, and what they may do.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// The access that a request has. Take it from the request's extensions: `Extension<Access>` in axum.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// The person whose data it is; the client itself when it came with its own credentials.
    pub subject: String,
    /// The app.
    pub client_id: String,
    /// What the token may do; may be more than the request needs.
    pub scope: Scope,
    /// The grant that the token came from, where the server tells: one sign-in of one person in one app.
    pub grant_id: Option<String>,
    /// The token's own name (`jti`), where it has one.
    pub token_id: Option<String>,
    /// When the token ends; for a token whose end the server does not tell, the moment it was asked.
    pub expires_at: Timestamp,
    /// Every claim of the token, or member of the introspection answer.
    pub claims: Arc<Map<String, Value>>,
}

/// `aud` is one text or a list (RFC 7519 §4.1.3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Audience(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Audience {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum OneOrMany {
            One(String),
            Many(Vec<String>),
        }
        Ok(match OneOrMany::deserialize(deserializer)? {
            OneOrMany::One(one) => Self(vec![one]),
            OneOrMany::Many(many) => Self(many),
        })
    }
}
