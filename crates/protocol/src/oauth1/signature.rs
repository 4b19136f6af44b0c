//! The signature methods by their names on the wire (RFC 5849 §3.4) and the key of the shared-secret ones. The
//! cryptography is `valetkey_jose::oauth1`'s.

use serde::{Deserialize, Serialize};

use super::encoding::encode;
use super::kind;
use crate::secret::Secret;

/// How a request is signed. The SHA-256 methods are not in RFC 5849, but in use under these names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum SignatureMethod {
    /// The signing key itself: over TLS only (§3.4.4).
    #[serde(rename = "PLAINTEXT")]
    Plaintext,
    /// §3.4.2.
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
    /// As §3.4.2, with SHA-256.
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
    /// §3.4.3.
    #[serde(rename = "RSA-SHA1")]
    RsaSha1,
    /// As §3.4.3, with SHA-256.
    #[serde(rename = "RSA-SHA256")]
    RsaSha256,
}

impl SignatureMethod {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Plaintext,
        Self::HmacSha1,
        Self::HmacSha256,
        Self::RsaSha1,
        Self::RsaSha256,
    ];

    /// The name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "PLAINTEXT",
            Self::HmacSha1 => "HMAC-SHA1",
            Self::HmacSha256 => "HMAC-SHA256",
            Self::RsaSha1 => "RSA-SHA1",
            Self::RsaSha256 => "RSA-SHA256",
        }
    }

    /// Reads the name, to the letter.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == name)
    }
}

impl std::fmt::Display for SignatureMethod {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The key of an HMAC signature, and the whole of a PLAINTEXT one.
pub type SigningKey = Secret<kind::Signing>;

/// Both secrets, encoded and joined (§3.4.2, §3.4.4). Without a token its secret is empty; the `&` stays.
///
/// ```
/// use valetkey_protocol::oauth1::signing_key;
///
/// assert_eq!(signing_key("a&b", "").expose(), "a%26b&");
/// ```
#[must_use]
pub fn signing_key(consumer_secret: &str, token_secret: &str) -> SigningKey {
    SigningKey::new(format!("{}&{}", encode(consumer_secret), encode(token_secret)))
}
