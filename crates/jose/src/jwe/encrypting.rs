//! Public keys of a recipient: chosen, checked and encrypted to (RFC 7516 §5.1).

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::agreement::PrivateKey;
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{
    OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, PublicEncryptingKey, PublicKeyComponents,
};
use serde::Serialize;
use zeroize::Zeroizing;

use super::agreement::{Point, agree};
use super::compact::compact;
use super::wrap::{self, random_key};
use super::{ContentEncryption, KeyManagement};
use crate::jwk::Members;
use crate::verifying::check_rsa;
use crate::{JoseError, Jwk, JwkSet, b64};

/// A recipient's public key. Cloning is cheap.
#[derive(Clone)]
pub struct EncryptingKey(Arc<Inner>);

struct Inner {
    alg: KeyManagement,
    kid: Option<String>,
    public: Public,
}

enum Public {
    Rsa(OaepPublicEncryptingKey),
    Agreement(Point),
}

impl EncryptingKey {
    /// Reads and checks a key that is to be used with `alg`, which the JWK's own `alg` must not contradict.
    ///
    /// # Errors
    /// [`JoseError::BadKey`]: not a key for `alg`, another use than encryption, RSA outside 2048 to 8192 bits, a curve
    /// that is not one of [`super::Curve`], a point that is not on it.
    pub fn from_jwk(jwk: &Jwk, alg: KeyManagement) -> Result<Self, JoseError> {
        if !meant_for_encryption(jwk) || jwk.alg.as_ref().is_some_and(|own| own != alg.as_str()) {
            return Err(JoseError::BadKey);
        }
        let public = match (alg, jwk.members()) {
            (KeyManagement::RsaOaep256, Members::Rsa { n, e }) => Public::Rsa(rsa_key(n, e)?),
            (KeyManagement::RsaOaep256, _) => return Err(JoseError::BadKey),
            (_, members) => Public::Agreement(sound_point(members)?),
        };
        let kid = jwk.kid.clone();
        Ok(Self(Arc::new(Inner { alg, kid, public })))
    }

    /// The key of a published set to encrypt to with `alg`: of those that fit, first one that states its `alg`, then
    /// one that states its `use`, then any (RFC 7517 §4.2 leaves both open). With `kid`, only keys of that name.
    ///
    /// # Errors
    /// [`JoseError::UnknownKey`] when no key of the set will do.
    pub fn select(set: &JwkSet, alg: KeyManagement, kid: Option<&str>) -> Result<Self, JoseError> {
        let mut fitting: Vec<_> = set
            .keys
            .iter()
            .filter(|jwk| kid.is_none() || jwk.kid.as_deref() == kid)
            .collect();
        // Stable: among equals, the owner's order holds.
        fitting.sort_by_key(|jwk| (jwk.alg.is_none(), jwk.key_use.is_none()));
        fitting
            .into_iter()
            .find_map(|jwk| Self::from_jwk(jwk, alg).ok())
            .ok_or(JoseError::UnknownKey)
    }

    /// The only key management this key is used with.
    #[must_use]
    pub fn alg(&self) -> KeyManagement {
        self.0.alg
    }

    /// The name that its owner gave it, and that the header of what is encrypted repeats.
    #[must_use]
    pub fn kid(&self) -> Option<&str> {
        self.0.kid.as_deref()
    }

    /// Encrypts `plaintext`; `cty` says what it is, where that is not plain from the context.
    ///
    /// # Errors
    /// [`JoseError::TooLarge`] when nobody here would read the result, [`JoseError::Crypto`] when the library fails.
    pub fn encrypt(
        &self,
        enc: ContentEncryption,
        cty: Option<&str>,
        plaintext: &[u8],
    ) -> Result<String, JoseError> {
        let content = self.content_key(enc).map_err(|_| JoseError::Crypto)?;
        let header = ProtectedHeader {
            alg: self.0.alg,
            enc,
            kid: self.kid(),
            cty,
            epk: content.ephemeral,
        };
        compact(&header, enc, (&content.key, &content.encrypted), plaintext)
    }

    /// Encrypts a JWT that is signed already (RFC 7519 §11.2 says in which order).
    ///
    /// # Errors
    /// Those of [`EncryptingKey::encrypt`].
    pub fn encrypt_jwt(&self, enc: ContentEncryption, signed: &str) -> Result<String, JoseError> {
        self.encrypt(enc, Some(super::NESTED), signed.as_bytes())
    }

    fn content_key(&self, enc: ContentEncryption) -> Result<ContentKey, Unspecified> {
        match &self.0.public {
            Public::Rsa(public) => {
                let key = random_key(enc)?;
                let mut encrypted = vec![0; public.ciphertext_size()];
                let length = public
                    .encrypt(&OAEP_SHA256_MGF1SHA256, &key, &mut encrypted, None)?
                    .len();
                encrypted.truncate(length);
                Ok(ContentKey {
                    key,
                    encrypted,
                    ephemeral: None,
                })
            }
            Public::Agreement(public) => {
                let ephemeral = PrivateKey::generate(public.curve.algorithm())?;
                let purpose = wrap::purpose(self.0.alg, enc, [b"", b""]);
                let shared = agree(&ephemeral, public, &purpose)?;
                let members = Point::of(public.curve, &ephemeral)?.to_members();
                let (key, encrypted) = wrap::wrap(self.0.alg, enc, shared)?;
                Ok(ContentKey {
                    key,
                    encrypted,
                    ephemeral: Some(Jwk::bare(members.ok_or(Unspecified)?)),
                })
            }
        }
    }
}

impl fmt::Debug for EncryptingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EncryptingKey")
            .field("kid", &self.kid())
            .field("alg", &self.alg())
            .finish()
    }
}

/// A new content key, and what the recipient needs to come to it.
struct ContentKey {
    key: Zeroizing<Vec<u8>>,
    encrypted: Vec<u8>,
    ephemeral: Option<Jwk>,
}

#[derive(Serialize)]
struct ProtectedHeader<'a> {
    alg: KeyManagement,
    enc: ContentEncryption,
    #[serde(skip_serializing_if = "Option::is_none")]
    kid: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cty: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    epk: Option<Jwk>,
}

/// A public key of an agreement has no operation of its own: Web Crypto writes an empty list.
fn meant_for_encryption(jwk: &Jwk) -> bool {
    let fitting: &[&str] = match jwk.members() {
        Members::Rsa { .. } => &["encrypt", "wrapKey"],
        Members::Ec { .. } | Members::Okp { .. } => &["deriveKey", "deriveBits"],
    };
    let by_use = jwk.key_use.as_deref().is_none_or(|key_use| key_use == "enc");
    let by_ops = jwk.key_ops.as_ref().is_none_or(|ops| {
        let agreement = !matches!(jwk.members(), Members::Rsa { .. });
        (agreement && ops.is_empty()) || ops.iter().any(|op| fitting.contains(&op.as_str()))
    });
    by_use && by_ops
}

fn rsa_key(n: &str, e: &str) -> Result<OaepPublicEncryptingKey, JoseError> {
    let decode = |member| b64::decode_url(member).map_err(|_| JoseError::BadKey);
    let (n, e) = (decode(n)?, decode(e)?);
    check_rsa(&n, &e)?;
    let key: PublicEncryptingKey = PublicKeyComponents { n, e }
        .try_into()
        .map_err(|_| JoseError::BadKey)?;
    OaepPublicEncryptingKey::new(key).map_err(|_| JoseError::BadKey)
}

/// An agreement tells whether a point is good: better once here than at each encryption.
fn sound_point(members: &Members) -> Result<Point, JoseError> {
    let point = Point::from_members(members)?;
    let trial = PrivateKey::generate(point.curve.algorithm()).map_err(|_| JoseError::Crypto)?;
    let purpose = wrap::purpose(KeyManagement::EcdhEs, ContentEncryption::A128Gcm, [b"", b""]);
    match agree(&trial, &point, &purpose) {
        Ok(_) => Ok(point),
        Err(Unspecified) => Err(JoseError::BadKey),
    }
}
