//! The cryptography of OAuth 1.0a signatures (RFC 5849 §3.4.2, §3.4.3), over whatever base string the caller made. SHA-1
//! is here because the protocol is: HMAC-SHA1 is made and checked, RSA-SHA1 only checked. The keys are types of their
//! own: none of them can sign or check a JWT.

use std::fmt;

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::PublicKey;
use aws_lc_rs::signature::{self, ParsedPublicKey, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::JoseError;
use crate::hash::constant_time_eq;
use crate::verifying::check_rsa;

/// The hash of a signature method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Digest {
    /// `HMAC-SHA1`, `RSA-SHA1`.
    Sha1,
    /// `HMAC-SHA256`, `RSA-SHA256`.
    Sha256,
}

/// The HMAC (RFC 2104) of `message`.
#[must_use]
pub fn hmac(digest: Digest, key: &[u8], message: &[u8]) -> Vec<u8> {
    let algorithm = match digest {
        Digest::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
        Digest::Sha256 => hmac::HMAC_SHA256,
    };
    let tag = hmac::sign(&hmac::Key::new(algorithm, key), message);
    tag.as_ref().to_vec()
}

/// Whether `tag` is the whole HMAC of `message`, in constant time.
#[must_use]
pub fn hmac_verify(digest: Digest, key: &[u8], message: &[u8], tag: &[u8]) -> bool {
    constant_time_eq(&hmac(digest, key, message), tag)
}

/// A client's public key.
#[derive(Clone)]
pub struct RsaPublicKey(Vec<u8>);

impl RsaPublicKey {
    /// Reads a PEM text: `PUBLIC KEY` (RFC 7468 §13) or PKCS#1's `RSA PUBLIC KEY`.
    ///
    /// # Errors
    /// [`JoseError::Malformed`] for another text, else as [`RsaPublicKey::from_der`].
    pub fn from_pem(pem: &str) -> Result<Self, JoseError> {
        let (label, der) = read_pem(pem)?;
        match label {
            "PUBLIC KEY" | "RSA PUBLIC KEY" => Self::from_der(&der),
            _ => Err(JoseError::Malformed),
        }
    }

    /// Reads a DER SubjectPublicKeyInfo or a PKCS#1 RSAPublicKey.
    ///
    /// # Errors
    /// [`JoseError::BadKey`]: no RSA key, outside 2048 to 8192 bits, or with a strange exponent.
    pub fn from_der(der: &[u8]) -> Result<Self, JoseError> {
        let key = PublicKey::from_der(der).map_err(|_| JoseError::BadKey)?;
        check_rsa(
            key.modulus().big_endian_without_leading_zero(),
            key.exponent().big_endian_without_leading_zero(),
        )?;
        let spki = key.as_der().map_err(|_| JoseError::BadKey)?;
        // The library reads over what follows a key; one key has one spelling of each kind here.
        if der != spki.as_ref() && der != key.as_ref() {
            return Err(JoseError::BadKey);
        }
        Ok(Self(spki.as_ref().to_vec()))
    }

    /// The key as SubjectPublicKeyInfo, to be stored.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// Whether `signature` (RSASSA-PKCS1-v1_5) is this key's for `message`.
    #[must_use]
    pub fn verify(&self, digest: Digest, message: &[u8], signature: &[u8]) -> bool {
        let parameters = match digest {
            Digest::Sha1 => &signature::RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
            Digest::Sha256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        };
        ParsedPublicKey::new(parameters, &self.0).is_ok_and(|key| key.verify_sig(message, signature).is_ok())
    }
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaPublicKey(..)")
    }
}

/// A client's private key. It signs with SHA-256 alone.
pub struct RsaPrivateKey(RsaKeyPair);

impl RsaPrivateKey {
    /// Reads an unencrypted PKCS#8 PEM text (`PRIVATE KEY`).
    ///
    /// # Errors
    /// [`JoseError::Malformed`] for another text, [`JoseError::BadKey`] for another key.
    pub fn from_pem(pem: &str) -> Result<Self, JoseError> {
        let (label, der) = read_pem(pem)?;
        if label != "PRIVATE KEY" {
            return Err(JoseError::Malformed);
        }
        let pair = RsaKeyPair::from_pkcs8(&der).map_err(|_| JoseError::BadKey)?;
        let key = Self(pair);
        key.public_key().map(|_| key)
    }

    /// The public half, to be registered.
    ///
    /// # Errors
    /// [`JoseError::BadKey`].
    pub fn public_key(&self) -> Result<RsaPublicKey, JoseError> {
        use aws_lc_rs::signature::KeyPair as _;
        RsaPublicKey::from_der(self.0.public_key().as_ref())
    }

    /// An `RSA-SHA256` signature.
    ///
    /// # Errors
    /// [`JoseError::Crypto`] when the library fails.
    pub fn sign_sha256(&self, message: &[u8]) -> Result<Vec<u8>, JoseError> {
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &signature::RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| JoseError::Crypto)?;
        Ok(signature)
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RsaPrivateKey(..)")
    }
}

/// The label and content of the one block of a PEM text (RFC 7468 §2).
fn read_pem(pem: &str) -> Result<(&str, zeroize::Zeroizing<Vec<u8>>), JoseError> {
    let text = pem
        .trim()
        .strip_prefix("-----BEGIN ")
        .ok_or(JoseError::Malformed)?;
    let (label, text) = text.split_once("-----").ok_or(JoseError::Malformed)?;
    let end = format!("-----END {label}-----");
    let body = text.strip_suffix(&end).ok_or(JoseError::Malformed)?;
    let body = zeroize::Zeroizing::new(body.split_ascii_whitespace().collect::<String>());
    let der = STANDARD
        .decode(body.as_bytes())
        .map_err(|_| JoseError::Malformed)?;
    Ok((label, zeroize::Zeroizing::new(der)))
}
