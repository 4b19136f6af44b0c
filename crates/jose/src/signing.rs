//! Private keys: made, loaded, stored and used to sign (RFC 7515 §5.1). Parsed once; a signature parses nothing.
//! Storing the PKCS#8 bytes sealed is the caller's.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::error::{KeyRejected, Unspecified};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RsaEncoding, RsaKeyPair,
};
use serde::Serialize;
use zeroize::Zeroizing;

use crate::jwk::Members;
use crate::{Algorithm, JoseError, Jwk, VerifyingKey, b64, jwt};

/// A key that signs. It is named by its RFC 7638 thumbprint.
pub struct SigningKey {
    alg: Algorithm,
    pair: Pair,
    jwk: Jwk,
    public: VerifyingKey,
    pkcs8: Zeroizing<Vec<u8>>,
}

enum Pair {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key; RSA keys have 2048 bits.
    ///
    /// # Errors
    /// [`JoseError::Crypto`] when the library fails.
    pub fn generate(alg: Algorithm) -> Result<Self, JoseError> {
        let pair = Pair::generate(alg).map_err(|_| JoseError::Crypto)?;
        Self::from_pair(alg, pair)
    }

    /// Loads a key from unencrypted PKCS#8.
    ///
    /// # Errors
    /// [`JoseError::BadKey`]: not a key for `alg`, inconsistent, or RSA outside 2048 to 8192 bits.
    pub fn from_pkcs8(alg: Algorithm, pkcs8: &[u8]) -> Result<Self, JoseError> {
        let pair = Pair::from_pkcs8(alg, pkcs8).map_err(|_| JoseError::BadKey)?;
        Self::from_pair(alg, pair)
    }

    fn from_pair(alg: Algorithm, pair: Pair) -> Result<Self, JoseError> {
        let members = pair.public_members(alg).ok_or(JoseError::BadKey)?;
        let jwk = Jwk::for_signatures(members, alg.as_str());
        // This also holds the key to every rule that others' public keys must meet, the RSA length among them.
        let public = VerifyingKey::from_jwk(&jwk)?;
        let pkcs8 = pair.to_pkcs8().map_err(|_| JoseError::Crypto)?;
        Ok(Self {
            alg,
            pair,
            jwk,
            public,
            pkcs8,
        })
    }

    /// The private key as unencrypted PKCS#8, to be sealed before it is stored.
    #[must_use]
    pub fn to_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        self.pkcs8.clone()
    }

    /// The only algorithm this key signs with.
    #[must_use]
    pub fn alg(&self) -> Algorithm {
        self.alg
    }

    /// The key's thumbprint.
    #[must_use]
    pub fn kid(&self) -> &str {
        self.public.kid()
    }

    /// The public half, to be published.
    #[must_use]
    pub fn public_jwk(&self) -> Jwk {
        self.jwk.clone()
    }

    /// The public half, ready to check signatures.
    #[must_use]
    pub fn verifying_key(&self) -> VerifyingKey {
        self.public.clone()
    }

    /// Signs `message`. ECDSA signatures are r and s side by side (RFC 7518 §3.4).
    ///
    /// # Errors
    /// [`JoseError::Crypto`] when the library fails.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        self.pair.sign(self.alg, message).map_err(|_| JoseError::Crypto)
    }

    /// A signed JWT in compact form, with `alg`, `typ` and `kid` in its header.
    ///
    /// # Errors
    /// [`JoseError::Claims`] when `claims` do not become a JSON object, [`JoseError::TooLarge`] when nobody here would
    /// read the result, [`JoseError::Crypto`] when the library fails.
    pub fn sign_jwt<C: Serialize>(&self, typ: &str, claims: &C) -> Result<String, JoseError> {
        let header = ProtectedHeader {
            alg: self.alg,
            typ,
            kid: self.kid(),
        };
        jwt::compact(&header, claims, |message| self.sign(message))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("kid", &self.kid())
            .field("alg", &self.alg)
            .finish_non_exhaustive()
    }
}

#[derive(Serialize)]
struct ProtectedHeader<'a> {
    alg: Algorithm,
    typ: &'a str,
    kid: &'a str,
}

impl Pair {
    fn generate(alg: Algorithm) -> Result<Self, Unspecified> {
        match alg {
            Algorithm::RS256 | Algorithm::PS256 => RsaKeyPair::generate(KeySize::Rsa2048).map(Self::Rsa),
            Algorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Self::Ec),
            Algorithm::ES384 => EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).map(Self::Ec),
            Algorithm::Ed25519 => Ed25519KeyPair::generate().map(Self::Ed25519),
        }
    }

    fn from_pkcs8(alg: Algorithm, pkcs8: &[u8]) -> Result<Self, KeyRejected> {
        match alg {
            Algorithm::RS256 | Algorithm::PS256 => RsaKeyPair::from_pkcs8(pkcs8).map(Self::Rsa),
            Algorithm::ES256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Self::Ec)
            }
            Algorithm::ES384 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, pkcs8).map(Self::Ec)
            }
            Algorithm::Ed25519 => Ed25519KeyPair::from_pkcs8(pkcs8).map(Self::Ed25519),
        }
    }

    fn to_pkcs8(&self) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
        Ok(Zeroizing::new(match self {
            Self::Rsa(pair) => pair.as_der()?.as_ref().to_vec(),
            Self::Ec(pair) => pair.to_pkcs8v1()?.as_ref().to_vec(),
            Self::Ed25519(pair) => pair.to_pkcs8()?.as_ref().to_vec(),
        }))
    }

    fn public_members(&self, alg: Algorithm) -> Option<Members> {
        match self {
            Self::Rsa(pair) => Some(Members::from_rsa(pair.public_key())),
            Self::Ec(pair) => {
                let crv = if alg == Algorithm::ES384 { "P-384" } else { "P-256" };
                Members::from_point(crv, pair.public_key().as_ref())
            }
            Self::Ed25519(pair) => {
                let x = b64::encode_url(pair.public_key().as_ref());
                Some(Members::Okp {
                    crv: "Ed25519".to_owned(),
                    x,
                })
            }
        }
    }

    /// `alg` tells the padding of an RSA key; for the others the key itself does.
    fn sign(&self, alg: Algorithm, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let rng = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let padding: &'static dyn RsaEncoding = if alg == Algorithm::PS256 {
                    &signature::RSA_PSS_SHA256
                } else {
                    &signature::RSA_PKCS1_SHA256
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(padding, &rng, message, &mut signature)?;
                Ok(signature)
            }
            Self::Ec(pair) => Ok(pair.sign(&rng, message)?.as_ref().to_vec()),
            Self::Ed25519(pair) => Ok(pair.try_sign(message)?.as_ref().to_vec()),
        }
    }
}
