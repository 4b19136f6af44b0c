//! The compact form (RFC 7516 §7.1): five parts, read strictly before any key is touched, and put together.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::content::{self, Sealed};
use super::wrap::random_key;
use super::{ContentEncryption, DecryptingKey, KeyManagement};
use crate::{JoseError, Jwk, b64, json};

/// Longest JWE that is read or written: a signed token of the longest kind fits.
pub const MAX_JWE_BYTES: usize = 32 * 1024;

/// The protected header, as far as it matters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// How the content key travels.
    pub alg: KeyManagement,
    /// How the content is encrypted.
    pub enc: ContentEncryption,
    /// Which of the recipient's keys.
    pub kid: Option<String>,
    /// What kind of token.
    pub typ: Option<String>,
    /// What the content is; `JWT` when there is a token inside.
    pub cty: Option<String>,
}

/// The members of the header that lead to an agreed key (RFC 7518 §4.6.1).
#[derive(Debug)]
pub(super) struct Way {
    pub(super) epk: Option<Jwk>,
    pub(super) apu: Vec<u8>,
    pub(super) apv: Vec<u8>,
}

/// A JWE that is well-formed, and no more than that.
#[derive(Debug)]
pub struct Unopened<'a> {
    header: Header,
    way: Way,
    protected: &'a str,
    encrypted_key: Vec<u8>,
    sealed: Sealed,
}

impl<'a> Unopened<'a> {
    /// Splits and decodes a token, to learn which key it wants.
    ///
    /// # Errors
    /// [`JoseError::TooLarge`], [`JoseError::Malformed`], [`JoseError::Crit`], [`JoseError::Zip`], or
    /// [`JoseError::AlgorithmNotAllowed`] for an `alg` or `enc` that this crate does not know.
    pub fn parse(token: &'a str) -> Result<Self, JoseError> {
        if token.len() > MAX_JWE_BYTES {
            return Err(JoseError::TooLarge);
        }
        let mut parts = token.split('.');
        let five: [Option<&str>; 5] = std::array::from_fn(|_| parts.next());
        let ([Some(protected), Some(key), Some(iv), Some(ciphertext), Some(tag)], None) =
            (five, parts.next())
        else {
            return Err(JoseError::Malformed);
        };
        let (header, way) = parse_header(protected)?;
        Ok(Self {
            header,
            way,
            protected,
            encrypted_key: b64::decode_url(key)?,
            sealed: Sealed {
                iv: b64::decode_url(iv)?,
                ciphertext: b64::decode_url(ciphertext)?,
                tag: b64::decode_url(tag)?,
            },
        })
    }

    /// What the header claims.
    #[must_use]
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Decrypts with this key, whatever `kid` says.
    ///
    /// # Errors
    /// [`JoseError::AlgorithmNotAllowed`] when the key is not for the header's `alg`; else [`JoseError::Decrypt`],
    /// whatever is wrong.
    pub fn open(&self, key: &DecryptingKey) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        let Header { alg, enc, .. } = self.header;
        if key.alg() != alg {
            return Err(JoseError::algorithm(alg.as_str()));
        }
        // RFC 7516 §11.5: without a content key go on with a random one, so that the time does not tell which step
        // failed.
        let random = random_key(enc).map_err(|_| JoseError::Crypto)?;
        let content_key = key
            .content_key(&self.header, &self.way, &self.encrypted_key)
            .ok()
            .filter(|key| key.len() == enc.key_bytes())
            .unwrap_or(random);
        content::open(enc, &content_key, self.protected.as_bytes(), &self.sealed)
            .map_err(|_| JoseError::Decrypt)
    }
}

/// Puts a token together from the content key, plain and encrypted, and what it is to protect.
pub(super) fn compact(
    header: &impl Serialize,
    enc: ContentEncryption,
    (key, encrypted_key): (&[u8], &[u8]),
    plaintext: &[u8],
) -> Result<String, JoseError> {
    let header = serde_json::to_vec(header).map_err(|_| JoseError::Malformed)?;
    let protected = b64::encode_url(&header);
    let sealed = content::seal(enc, key, protected.as_bytes(), plaintext).map_err(|_| JoseError::Crypto)?;
    let mut token = protected;
    for part in [encrypted_key, &sealed.iv, &sealed.ciphertext, &sealed.tag] {
        token.push('.');
        token.push_str(&b64::encode_url(part));
    }
    if token.len() > MAX_JWE_BYTES {
        Err(JoseError::TooLarge)
    } else {
        Ok(token)
    }
}

fn parse_header(encoded: &str) -> Result<(Header, Way), JoseError> {
    let wire: WireHeader = json::object(&b64::decode_url(encoded)?, JoseError::Malformed)?;
    if wire.crit {
        return Err(JoseError::Crit);
    }
    if wire.zip {
        return Err(JoseError::Zip);
    }
    let header = Header {
        alg: wire.alg.parse()?,
        enc: wire.enc.parse()?,
        kid: wire.kid,
        typ: wire.typ,
        cty: wire.cty,
    };
    let party = |member: Option<String>| b64::decode_url(&member.unwrap_or_default());
    let way = Way {
        epk: wire.epk,
        apu: party(wire.apu)?,
        apv: party(wire.apv)?,
    };
    Ok((header, way))
}

#[derive(Deserialize)]
struct WireHeader {
    alg: String,
    enc: String,
    #[serde(default, deserialize_with = "json::given")]
    kid: Option<String>,
    #[serde(default, deserialize_with = "json::given")]
    typ: Option<String>,
    #[serde(default, deserialize_with = "json::given")]
    cty: Option<String>,
    #[serde(default, deserialize_with = "json::given")]
    epk: Option<Jwk>,
    #[serde(default, deserialize_with = "json::given")]
    apu: Option<String>,
    #[serde(default, deserialize_with = "json::given")]
    apv: Option<String>,
    #[serde(default, deserialize_with = "json::present")]
    zip: bool,
    #[serde(default, deserialize_with = "json::present")]
    crit: bool,
}
