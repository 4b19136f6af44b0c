//! Public keys as JSON (RFC 7517, RFC 7518 §6, RFC 8037 §2) and their names (RFC 7638). Private members are not read,
//! so they cannot be written out again. Whether a key is sound is [`crate::VerifyingKey`]'s or, for a key to encrypt to,
//! [`crate::jwe::EncryptingKey`]'s to say.

use std::fmt;

use aws_lc_rs::rsa::PublicKey;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{JoseError, b64, hash, json};

/// Most keys that one set may hold.
pub const MAX_KEYS: usize = 100;

/// Longest set that [`JwkSet::from_json`] reads: 100 keys of 8192 bits fit.
const MAX_SET_BYTES: usize = 256 * 1024;

/// One public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jwk {
    /// Name of the key among its owner's keys.
    pub kid: Option<String>,
    /// The algorithm that the key is meant for.
    pub alg: Option<String>,
    /// `use`: `sig` or `enc`.
    pub key_use: Option<String>,
    /// What the key may do, e.g. `verify`.
    pub key_ops: Option<Vec<String>>,
    members: Members,
}

/// What makes the key, by `kty`. All texts are base64url or plain curve names, checked when read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Members {
    Rsa { n: String, e: String },
    Ec { crv: String, x: String, y: String },
    Okp { crv: String, x: String },
}

impl Members {
    pub(crate) fn from_rsa(public: &PublicKey) -> Self {
        Self::Rsa {
            n: b64::encode_url(public.modulus().big_endian_without_leading_zero()),
            e: b64::encode_url(public.exponent().big_endian_without_leading_zero()),
        }
    }

    /// From an uncompressed point (SEC 1 §2.3.3): the byte 4, then x and y in equal length.
    pub(crate) fn from_point(crv: &str, point: &[u8]) -> Option<Self> {
        let coordinates = point.strip_prefix(&[4])?;
        let (x, y) = coordinates.split_at_checked(coordinates.len() / 2)?;
        Some(Self::Ec {
            crv: crv.to_owned(),
            x: b64::encode_url(x),
            y: b64::encode_url(y),
        })
    }
}

impl Jwk {
    /// A key for signatures, named by its thumbprint.
    pub(crate) fn for_signatures(members: Members, alg: &str) -> Self {
        Self::named("sig", members, alg)
    }

    /// A key to encrypt to, named by its thumbprint.
    pub(crate) fn for_encryption(members: Members, alg: &str) -> Self {
        Self::named("enc", members, alg)
    }

    fn named(key_use: &str, members: Members, alg: &str) -> Self {
        let mut jwk = Self {
            alg: Some(alg.to_owned()),
            key_use: Some(key_use.to_owned()),
            ..Self::bare(members)
        };
        jwk.kid = Some(jwk.thumbprint());
        jwk
    }

    /// Nothing but the key, as in `epk` (RFC 7518 §4.6.1.1).
    pub(crate) fn bare(members: Members) -> Self {
        Self {
            kid: None,
            alg: None,
            key_use: None,
            key_ops: None,
            members,
        }
    }

    pub(crate) fn members(&self) -> &Members {
        &self.members
    }

    /// `RSA`, `EC` or `OKP`.
    #[must_use]
    pub fn kty(&self) -> &'static str {
        match self.members {
            Members::Rsa { .. } => "RSA",
            Members::Ec { .. } => "EC",
            Members::Okp { .. } => "OKP",
        }
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638 §3; for OKP, RFC 8037 §2).
    #[must_use]
    pub fn thumbprint(&self) -> String {
        // Required members only, in lexicographic order, without spaces. No value needs escaping: see `Members`.
        let canonical = match &self.members {
            Members::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
            Members::Ec { crv, x, y } => {
                format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#)
            }
            Members::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
        };
        b64::encode_url(&hash::sha256(canonical.as_bytes()))
    }
}

/// The JSON form. It has no field for any private member.
#[derive(Serialize, Deserialize)]
struct Wire {
    kty: String,
    #[serde(rename = "use", default, skip_serializing_if = "Option::is_none")]
    key_use: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key_ops: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alg: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    kid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    crv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    x: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    y: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    n: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    e: Option<String>,
}

impl TryFrom<Wire> for Jwk {
    type Error = JoseError;

    fn try_from(wire: Wire) -> Result<Self, JoseError> {
        let members = match wire.kty.as_str() {
            "RSA" => Members::Rsa {
                n: number(wire.n)?,
                e: number(wire.e)?,
            },
            "EC" => Members::Ec {
                crv: curve(wire.crv)?,
                x: number(wire.x)?,
                y: number(wire.y)?,
            },
            "OKP" => Members::Okp {
                crv: curve(wire.crv)?,
                x: number(wire.x)?,
            },
            _ => return Err(JoseError::BadKey),
        };
        Ok(Self {
            kid: wire.kid,
            alg: wire.alg,
            key_use: wire.key_use,
            key_ops: wire.key_ops,
            members,
        })
    }
}

fn number(member: Option<String>) -> Result<String, JoseError> {
    let text = member.filter(|text| !text.is_empty()).ok_or(JoseError::BadKey)?;
    b64::decode_url(&text)?;
    Ok(text)
}

fn curve(member: Option<String>) -> Result<String, JoseError> {
    member
        .filter(|name| {
            name.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
        .ok_or(JoseError::BadKey)
}

impl From<&Jwk> for Wire {
    fn from(jwk: &Jwk) -> Self {
        let (mut n, mut e, mut crv, mut x, mut y) = (None, None, None, None, None);
        match jwk.members.clone() {
            Members::Rsa {
                n: modulus,
                e: exponent,
            } => (n, e) = (Some(modulus), Some(exponent)),
            Members::Ec {
                crv: name,
                x: first,
                y: second,
            } => {
                (crv, x, y) = (Some(name), Some(first), Some(second));
            }
            Members::Okp { crv: name, x: point } => (crv, x) = (Some(name), Some(point)),
        }
        Self {
            kty: jwk.kty().to_owned(),
            key_use: jwk.key_use.clone(),
            key_ops: jwk.key_ops.clone(),
            alg: jwk.alg.clone(),
            kid: jwk.kid.clone(),
            crv,
            x,
            y,
            n,
            e,
        }
    }
}

impl Serialize for Jwk {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Wire::from(self).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Jwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(JwkVisitor)
    }
}

/// Takes objects only; a derived reader would take an array by position too.
struct JwkVisitor;

impl<'de> Visitor<'de> for JwkVisitor {
    type Value = Jwk;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JWK")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Jwk, A::Error> {
        Wire::deserialize(MapAccessDeserializer::new(map))?
            .try_into()
            .map_err(A::Error::custom)
    }
}

/// A set of public keys. Reading skips what is not understood (RFC 7517 §5).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwkSet {
    /// The keys, in their order. When read: at most [`MAX_KEYS`], counting those skipped.
    #[serde(deserialize_with = "understood_keys")]
    pub keys: Vec<Jwk>,
}

impl JwkSet {
    /// Reads a set as it was fetched: bounded in length, an object, no member twice.
    ///
    /// # Errors
    /// [`JoseError::TooLarge`] or [`JoseError::Malformed`].
    pub fn from_json(text: &str) -> Result<Self, JoseError> {
        if text.len() > MAX_SET_BYTES {
            return Err(JoseError::TooLarge);
        }
        json::object(text.as_bytes(), JoseError::Malformed)
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Entry {
    Understood(Box<Jwk>),
    Other(IgnoredAny),
}

fn understood_keys<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Jwk>, D::Error> {
    deserializer.deserialize_seq(KeysVisitor)
}

struct KeysVisitor;

impl<'de> Visitor<'de> for KeysVisitor {
    type Value = Vec<Jwk>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of JWKs")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<Jwk>, A::Error> {
        let mut keys = Vec::new();
        let mut count = 0;
        while let Some(entry) = seq.next_element()? {
            count += 1;
            if count > MAX_KEYS {
                return Err(A::Error::custom("too many keys"));
            }
            match entry {
                Entry::Understood(jwk) => keys.push(*jwk),
                Entry::Other(IgnoredAny) => {}
            }
        }
        Ok(keys)
    }
}
