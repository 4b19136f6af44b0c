//! What a good access token gives: who calls, through which app, and what they may do.

use std::sync::Arc;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// How a request showed what it may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Via {
    /// With a bearer token (RFC 6750).
    Bearer,
    /// With a signature (OAuth 1.0a, RFC 5849).
    OAuth1,
}

/// Who acts for the person: the `act` claim (RFC 8693 §4.1). The outermost is who calls; only that one matters for what the
/// request may do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Actor {
    /// Its `sub`.
    #[serde(rename = "sub")]
    pub subject: Option<String>,
    /// Its app, where the server tells.
    pub client_id: Option<String>,
    /// Whom this one acts for in turn: earlier ones, for the record.
    #[serde(rename = "act")]
    pub earlier: Option<Box<Actor>>,
}

/// The access that a request has. Take it from the request's extensions: `Extension<Access>` in axum.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Access {
    /// The person whose data it is; the client itself when it came with its own credentials.
    pub subject: String,
    /// The app.
    pub client_id: String,
    /// Whether a bearer token or a signature gave it.
    pub via: Via,
    /// Who acts for the person, where somebody does.
    pub actor: Option<Actor>,
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
