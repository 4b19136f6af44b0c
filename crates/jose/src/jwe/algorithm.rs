//! How the content key travels (RFC 7518 §4.1) and how the content is encrypted (§5.1), by their JOSE names. `RSA1_5`,
//! `RSA-OAEP` with SHA-1, `dir` and everything from a shared secret have no name here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::JoseError;

/// `alg`: how the recipient comes to the content key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyManagement {
    /// RSAES-OAEP with SHA-256 and MGF1 with SHA-256.
    RsaOaep256,
    /// An agreement with an ephemeral key gives the content key itself.
    EcdhEs,
    /// An agreement with an ephemeral key gives the key that wraps the content key, by AES-128.
    EcdhEsA128Kw,
    /// The same by AES-256.
    EcdhEsA256Kw,
}

impl KeyManagement {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::RsaOaep256,
        Self::EcdhEs,
        Self::EcdhEsA128Kw,
        Self::EcdhEsA256Kw,
    ];

    /// The name as it stands in `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RsaOaep256 => "RSA-OAEP-256",
            Self::EcdhEs => "ECDH-ES",
            Self::EcdhEsA128Kw => "ECDH-ES+A128KW",
            Self::EcdhEsA256Kw => "ECDH-ES+A256KW",
        }
    }
}

/// `enc`: how the content is encrypted. The default is the one of clients that name none (OpenID Connect Registration
/// §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum ContentEncryption {
    /// AES-128 in CBC mode with HMAC-SHA-256.
    #[default]
    A128CbcHs256,
    /// AES-256 in CBC mode with HMAC-SHA-512.
    A256CbcHs512,
    /// AES-128 in GCM.
    A128Gcm,
    /// AES-256 in GCM.
    A256Gcm,
}

impl ContentEncryption {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::A128CbcHs256,
        Self::A256CbcHs512,
        Self::A128Gcm,
        Self::A256Gcm,
    ];

    /// The name as it stands in `enc`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::A128CbcHs256 => "A128CBC-HS256",
            Self::A256CbcHs512 => "A256CBC-HS512",
            Self::A128Gcm => "A128GCM",
            Self::A256Gcm => "A256GCM",
        }
    }

    /// Length of the content key; the CBC modes take one half for the HMAC.
    pub(super) const fn key_bytes(self) -> usize {
        match self {
            Self::A128Gcm => 16,
            Self::A128CbcHs256 | Self::A256Gcm => 32,
            Self::A256CbcHs512 => 64,
        }
    }
}

/// Both are spelled one way, with case (RFC 7516 §4.1.1, §4.1.2).
macro_rules! spelled_by_name {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = JoseError;

            fn from_str(name: &str) -> Result<Self, JoseError> {
                let found = Self::ALL.into_iter().find(|known| known.as_str() == name);
                found.ok_or_else(|| JoseError::algorithm(name))
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                name.parse().map_err(de::Error::custom)
            }
        }
    };
}

spelled_by_name!(KeyManagement);
spelled_by_name!(ContentEncryption);
