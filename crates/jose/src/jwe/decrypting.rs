//! Private keys that decrypt: made, loaded, stored, and used to come to a content key (RFC 7516 §5.2). Storing the
//! PKCS#8 bytes sealed is the caller's.

use std::fmt;

use aws_lc_rs::agreement::PrivateKey;
use aws_lc_rs::encoding::{AsBigEndian as _, AsDer as _, Curve25519SeedBin, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rsa::{
    KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, PrivateDecryptingKey, PublicKey,
};
use zeroize::Zeroizing;

use super::agreement::{Curve, Point, agree};
use super::compact::{Header, Way};
use super::{EncryptingKey, KeyManagement, wrap};
use crate::jwk::Members;
use crate::{JoseError, Jwk};

/// PKCS#8 of an X25519 key (RFC 8410 §7) up to its 32 secret bytes; the library does not write it.
const X25519_PKCS8: [u8; 16] = [
    0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x6e, 0x04, 0x22, 0x04, 0x20,
];

/// A key that decrypts. It is named by its RFC 7638 thumbprint.
pub struct DecryptingKey {
    jwk: Jwk,
    kid: String,
    public: EncryptingKey,
    private: Private,
    pkcs8: Zeroizing<Vec<u8>>,
}

enum Private {
    Rsa(OaepPrivateDecryptingKey),
    Agreement(Curve, PrivateKey),
}

impl DecryptingKey {
    /// Makes a new key: RSA with 2048 bits, or one on P-256.
    ///
    /// # Errors
    /// [`JoseError::Crypto`] when the library fails.
    pub fn generate(alg: KeyManagement) -> Result<Self, JoseError> {
        if alg != KeyManagement::RsaOaep256 {
            return Self::generate_on(Curve::P256, alg);
        }
        let key = PrivateDecryptingKey::generate(KeySize::Rsa2048).map_err(|_| JoseError::Crypto)?;
        Self::from_loaded(alg, Loaded::rsa(key).map_err(|_| JoseError::Crypto)?)
    }

    /// Makes a new key on this curve.
    ///
    /// # Errors
    /// [`JoseError::BadKey`] when `alg` wants no curve, [`JoseError::Crypto`] when the library fails.
    pub fn generate_on(curve: Curve, alg: KeyManagement) -> Result<Self, JoseError> {
        let key = PrivateKey::generate(curve.algorithm()).map_err(|_| JoseError::Crypto)?;
        Self::from_loaded(alg, Loaded::agreement(curve, key).map_err(|_| JoseError::Crypto)?)
    }

    /// Loads a key from unencrypted PKCS#8.
    ///
    /// # Errors
    /// [`JoseError::BadKey`]: not a key for `alg`, inconsistent, on another curve than those of [`Curve`], or RSA
    /// outside 2048 to 8192 bits.
    pub fn from_pkcs8(alg: KeyManagement, pkcs8: &[u8]) -> Result<Self, JoseError> {
        let loaded = match alg {
            KeyManagement::RsaOaep256 => PrivateDecryptingKey::from_pkcs8(pkcs8)
                .ok()
                .and_then(|key| Loaded::rsa(key).ok()),
            KeyManagement::EcdhEs | KeyManagement::EcdhEsA128Kw | KeyManagement::EcdhEsA256Kw => Curve::ALL
                .into_iter()
                .find_map(|curve| Loaded::agreement(curve, read_agreement_key(curve, pkcs8)?).ok()),
        };
        Self::from_loaded(alg, loaded.ok_or(JoseError::BadKey)?)
    }

    fn from_loaded(alg: KeyManagement, loaded: Loaded) -> Result<Self, JoseError> {
        let jwk = Jwk::for_encryption(loaded.members, alg.as_str());
        // This also holds the key to every rule that others' public keys must meet, the RSA length among them.
        let public = EncryptingKey::from_jwk(&jwk, alg)?;
        Ok(Self {
            kid: jwk.thumbprint(),
            jwk,
            public,
            private: loaded.private,
            pkcs8: loaded.pkcs8,
        })
    }

    /// The private key as unencrypted PKCS#8, to be sealed before it is stored.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }

    /// The only key management this key is used with.
    #[must_use]
    pub fn alg(&self) -> KeyManagement {
        self.public.alg()
    }

    /// The key's thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// The public half, to be published.
    #[must_use]
    pub fn public_jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    /// The public half, ready to encrypt to.
    #[must_use]
    pub fn encrypting_key(&self) -> EncryptingKey {
        self.public.clone()
    }

    /// The content key that the parts of a token lead to. It may have any length.
    pub(super) fn content_key(
        &self,
        header: &Header,
        way: &Way,
        encrypted: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        match &self.private {
            Private::Rsa(private) => {
                let mut key = Zeroizing::new(vec![0; private.min_output_size()]);
                let length = private
                    .decrypt(&OAEP_SHA256_MGF1SHA256, encrypted, &mut key, None)?
                    .len();
                key.truncate(length);
                Ok(key)
            }
            Private::Agreement(curve, private) => {
                let ephemeral = way.epk.as_ref().ok_or(Unspecified)?;
                let point = Point::from_members(ephemeral.members()).map_err(|_| Unspecified)?;
                if point.curve != *curve {
                    return Err(Unspecified);
                }
                let purpose = wrap::purpose(header.alg, header.enc, [&way.apu, &way.apv]);
                wrap::unwrap(header.alg, agree(private, &point, &purpose)?, encrypted)
            }
        }
    }
}

impl fmt::Debug for DecryptingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptingKey")
            .field("kid", &self.kid())
            .field("alg", &self.alg())
            .finish_non_exhaustive()
    }
}

/// A private key with its public half, and as it will be stored.
struct Loaded {
    private: Private,
    members: Members,
    pkcs8: Zeroizing<Vec<u8>>,
}

impl Loaded {
    fn rsa(key: PrivateDecryptingKey) -> Result<Self, Unspecified> {
        let pkcs8: Pkcs8V1Der<'_> = key.as_der()?;
        let public: PublicKeyX509Der<'_> = key.public_key().as_der()?;
        let public = PublicKey::from_der(public.as_ref())?;
        Ok(Self {
            members: Members::from_rsa(&public),
            pkcs8: Zeroizing::new(pkcs8.as_ref().to_vec()),
            private: Private::Rsa(OaepPrivateDecryptingKey::new(key)?),
        })
    }

    fn agreement(curve: Curve, key: PrivateKey) -> Result<Self, Unspecified> {
        let members = Point::of(curve, &key)?.to_members().ok_or(Unspecified)?;
        let pkcs8 = if curve == Curve::X25519 {
            let secret: Curve25519SeedBin<'_> = key.as_be_bytes()?;
            [&X25519_PKCS8, secret.as_ref()].concat()
        } else {
            let der: Pkcs8V1Der<'_> = key.as_der()?;
            der.as_ref().to_vec()
        };
        Ok(Self {
            members,
            pkcs8: Zeroizing::new(pkcs8),
            private: Private::Agreement(curve, key),
        })
    }
}

fn read_agreement_key(curve: Curve, pkcs8: &[u8]) -> Option<PrivateKey> {
    if curve == Curve::X25519 {
        let secret = pkcs8.strip_prefix(&X25519_PKCS8)?;
        PrivateKey::from_private_key(curve.algorithm(), secret).ok()
    } else {
        PrivateKey::from_private_key_der(curve.algorithm(), pkcs8).ok()
    }
}
