//! Identifiers. UUIDs are version 7 (time-ordered, so that the store appends); none is a secret.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! uuid_id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}", self.0)
            }
        }
    )*};
}

uuid_id! {
    /// Names a grant.
    GrantId;
    /// Names a person; its text is the `sub` claim.
    UserId;
    /// Names a sign-in session.
    SessionId;
    /// Names a sign-in session to clients (the `sid` claim). It stays when the person signs in again in the same browser,
    /// and is no credential.
    Sid;
    /// Names a device authorization request.
    DeviceId;
}

/// A client identifier (RFC 6749 §2.2): public, unique, printable ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClientId(String);

/// The text cannot be a client identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidClientId {
    /// Empty, too long, or a character outside `%x21-7E`.
    #[error("a client id is 1 to 255 printable ASCII characters without spaces (RFC 6749 appendix A.1)")]
    Characters,
    /// It could be taken for a person's `sub` (RFC 9700 §4.15).
    #[error("a client id must not look like a UUID: it could be taken for a person's `sub` (RFC 9700 §4.15)")]
    LooksLikeSubject,
}

/// To be looked up by its text.
impl std::borrow::Borrow<str> for ClientId {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl ClientId {
    /// Takes the text in.
    pub fn parse(text: &str) -> Result<Self, InvalidClientId> {
        if text.is_empty() || text.len() > 255 || !text.bytes().all(|b| (0x21..=0x7e).contains(&b)) {
            return Err(InvalidClientId::Characters);
        }
        if Uuid::try_parse(text).is_ok() {
            return Err(InvalidClientId::LooksLikeSubject);
        }
        Ok(Self(text.to_owned()))
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ClientId {
    type Error = InvalidClientId;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<ClientId> for String {
    fn from(id: ClientId) -> Self {
        id.0
    }
}

impl std::fmt::Display for ClientId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_cannot_collide_with_a_subject() {
        assert_eq!(
            ClientId::parse("0192f0c1-2345-7890-abcd-ef0123456789"),
            Err(InvalidClientId::LooksLikeSubject)
        );
        assert_eq!(ClientId::parse("a b"), Err(InvalidClientId::Characters));
        assert_eq!(ClientId::parse(""), Err(InvalidClientId::Characters));
        assert_eq!(ClientId::parse("mysweetapp").unwrap().as_str(), "mysweetapp");
    }
}
