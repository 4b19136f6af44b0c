//! What a client holds: the tokens of an answer (RFC 6749 §5.1), the claims of an ID token (OpenID Connect Core §2),
//! and the person's claims from userinfo (§5.3.2).

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::{AccessToken, RefreshToken, Secret};
use valetkey_protocol::time::Timestamp;

/// The tokens of one sign-in. Debug output shows no token. Serialized it holds them in clear: keep it where only your
/// server reads, never in a page or a log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tokens {
    /// Shown to the API as `Authorization: Bearer`.
    #[serde(serialize_with = "in_clear")]
    pub access_token: AccessToken,
    /// When the access token ends; `None` when the server did not say.
    pub expires_at: Option<Timestamp>,
    /// What the access token may do.
    pub scope: Scope,
    /// Gets the next access token.
    #[serde(serialize_with = "maybe_in_clear")]
    pub refresh_token: Option<RefreshToken>,
    /// The ID token as received.
    pub id_token: Option<String>,
    /// Its claims, checked.
    pub id_claims: Option<IdClaims>,
}

impl Tokens {
    /// Whether the access token has ended, or will within `margin_seconds`. An end that is not known never comes.
    #[must_use]
    pub fn expires_within(&self, margin_seconds: i64, now: Timestamp) -> bool {
        self.expires_at
            .is_some_and(|end| end.seconds_since(now) <= margin_seconds)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens")
            .field("expires_at", &self.expires_at)
            .field("scope", &self.scope)
            .field("refresh_token", &self.refresh_token)
            .field("id_token", &self.id_token.as_ref().map(|_| "[redacted]"))
            .finish_non_exhaustive()
    }
}

/// The claims of an ID token (OpenID Connect Core §2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are OpenID Connect Core §2's own claims")]
pub struct IdClaims {
    pub iss: String,
    pub sub: String,
    #[serde(deserialize_with = "one_or_many")]
    pub aud: Vec<String>,
    pub exp: Timestamp,
    pub iat: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub azp: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_hash: Option<String>,
    /// Every other claim.
    #[serde(flatten)]
    pub more: Map<String, Value>,
}

impl IdClaims {
    /// `acr`: how surely the person signed in, in the server's own scale.
    #[must_use]
    pub fn acr(&self) -> Option<&str> {
        self.more.get("acr").and_then(Value::as_str)
    }

    /// `amr`: by what the person signed in (RFC 8176); empty when the server does not say.
    #[must_use]
    pub fn amr(&self) -> Vec<&str> {
        let listed = self.more.get("amr").and_then(Value::as_array);
        let words = listed.into_iter().flatten();
        words.filter_map(Value::as_str).collect()
    }

    /// `sid`: the session at the server, by which it tells of its end (Back-Channel Logout 1.0 §2.1).
    #[must_use]
    pub fn sid(&self) -> Option<&str> {
        self.more.get("sid").and_then(Value::as_str)
    }
}

/// The answer of the userinfo endpoint, about the person whom the ID token names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserInfo {
    /// Who: the same as in the ID token.
    pub sub: String,
    /// Every claim as received, `sub` included.
    pub claims: Map<String, Value>,
}

impl UserInfo {
    /// The standard claims (OpenID Connect Core §5.1); `None` when the server sends one in another shape.
    #[must_use]
    pub fn standard(&self) -> Option<StandardClaims> {
        serde_json::from_value(Value::Object(self.claims.clone())).ok()
    }
}

fn in_clear<Kind, S: Serializer>(secret: &Secret<Kind>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(secret.expose())
}

fn maybe_in_clear<Kind, S: Serializer>(
    secret: &Option<Secret<Kind>>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

/// `aud` is one text or a list (RFC 7519 §4.1.3).
pub(crate) fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}
