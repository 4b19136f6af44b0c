//! Private keys: made, loaded, stored and used to sign (RFC 7515 §5.1). Parsed once; a signature parses nothing.
//! Storing the PKCS#8 bytes sealed is the caller's.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair,
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
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ec(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl SigningKey {
    /// Makes a new key; RSA keys have 2048 bits.
    ///
    /// # Errors
    /// [`JoseError::Crypto`] when the library fails.
    pub fn generate(alg: Algorithm) -> Result<Self, JoseError> {
        let pkcs8 = match alg {
            Algorithm::RS256 | Algorithm::PS256 => {
                let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| JoseError::Crypto)?;
                let der = pair.as_der().map_err(|_| JoseError::Crypto)?;
                Zeroizing::new(der.as_ref().to_vec())
            }
            Algorithm::ES256 => generate_ec(&signature::ECDSA_P256_SHA256_FIXED_SIGNING)?,
            Algorithm::ES384 => generate_ec(&signature::ECDSA_P384_SHA384_FIXED_SIGNING)?,
            Algorithm::Ed25519 => {
                let pair = Ed25519KeyPair::generate().map_err(|_| JoseError::Crypto)?;
                let der = pair.to_pkcs8().map_err(|_| JoseError::Crypto)?;
                Zeroizing::new(der.as_ref().to_vec())
            }
        };
        Self::from_pkcs8(alg, &pkcs8)
    }

    /// Loads a key from unencrypted PKCS#8.
    ///
    /// # Errors
    /// [`JoseError::BadKey`]: not a key for `alg`, inconsistent, or RSA outside 2048 to 8192 bits.
    pub fn from_pkcs8(alg: Algorithm, pkcs8: &[u8]) -> Result<Self, JoseError> {
        let (pair, members) = match alg {
            Algorithm::RS256 => load_rsa(pkcs8, &signature::RSA_PKCS1_SHA256)?,
            Algorithm::PS256 => load_rsa(pkcs8, &signature::RSA_PSS_SHA256)?,
            Algorithm::ES256 => load_ec(pkcs8, &signature::ECDSA_P256_SHA256_FIXED_SIGNING, "P-256")?,
            Algorithm::ES384 => load_ec(pkcs8, &signature::ECDSA_P384_SHA384_FIXED_SIGNING, "P-384")?,
            Algorithm::Ed25519 => load_ed25519(pkcs8)?,
        };
        let jwk = Jwk::for_signatures(members, alg.as_str());
        // This also holds the key to every rule that others' public keys must meet, the RSA length among them.
        let public = VerifyingKey::from_jwk(&jwk)?;
        Ok(Self {
            alg,
            pair,
            jwk,
            public,
            pkcs8: Zeroizing::new(pkcs8.to_vec()),
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
        let rng = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &rng, message, &mut signature)
                    .map_err(|_| JoseError::Crypto)?;
                Ok(signature)
            }
            Pair::Ec(pair) => {
                let signature = pair.sign(&rng, message).map_err(|_| JoseError::Crypto)?;
                Ok(signature.as_ref().to_vec())
            }
            Pair::Ed25519(pair) => {
                let signature = pair.try_sign(message).map_err(|_| JoseError::Crypto)?;
                Ok(signature.as_ref().to_vec())
            }
        }
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
        let header = serde_json::to_vec(&header).map_err(|_| JoseError::Malformed)?;
        let payload = serde_json::to_vec(claims).map_err(|_| JoseError::Claims)?;
        if payload.first() != Some(&b'{') {
            return Err(JoseError::Claims);
        }
        let mut token = b64::encode_url(&header);
        token.push('.');
        token.push_str(&b64::encode_url(&payload));
        let signature = b64::encode_url(&self.sign(token.as_bytes())?);
        token.push('.');
        token.push_str(&signature);
        if token.len() > jwt::MAX_TOKEN_BYTES {
            Err(JoseError::TooLarge)
        } else {
            Ok(token)
        }
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

fn generate_ec(scheme: &'static EcdsaSigningAlgorithm) -> Result<Zeroizing<Vec<u8>>, JoseError> {
    let pair = EcdsaKeyPair::generate(scheme).map_err(|_| JoseError::Crypto)?;
    let der = pair.to_pkcs8v1().map_err(|_| JoseError::Crypto)?;
    Ok(Zeroizing::new(der.as_ref().to_vec()))
}

fn load_rsa(pkcs8: &[u8], encoding: &'static dyn RsaEncoding) -> Result<(Pair, Members), JoseError> {
    let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| JoseError::BadKey)?;
    let public = pair.public_key();
    let n = b64::encode_url(public.modulus().big_endian_without_leading_zero());
    let e = b64::encode_url(public.exponent().big_endian_without_leading_zero());
    Ok((Pair::Rsa(Box::new(pair), encoding), Members::Rsa { n, e }))
}

fn load_ec(
    pkcs8: &[u8],
    scheme: &'static EcdsaSigningAlgorithm,
    curve: &str,
) -> Result<(Pair, Members), JoseError> {
    let pair = EcdsaKeyPair::from_pkcs8(scheme, pkcs8).map_err(|_| JoseError::BadKey)?;
    // SEC 1 §2.3.3: the byte 4, then x and y in equal length.
    let Some((4, point)) = pair.public_key().as_ref().split_first() else {
        return Err(JoseError::BadKey);
    };
    let (x, y) = point.split_at_checked(point.len() / 2).ok_or(JoseError::BadKey)?;
    let members = Members::Ec {
        crv: curve.to_owned(),
        x: b64::encode_url(x),
        y: b64::encode_url(y),
    };
    Ok((Pair::Ec(pair), members))
}

fn load_ed25519(pkcs8: &[u8]) -> Result<(Pair, Members), JoseError> {
    let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| JoseError::BadKey)?;
    let x = b64::encode_url(pair.public_key().as_ref());
    Ok((
        Pair::Ed25519(pair),
        Members::Okp {
            crv: "Ed25519".to_owned(),
            x,
        },
    ))
}
