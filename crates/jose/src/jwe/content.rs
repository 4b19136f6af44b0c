//! The content of a JWE under its content key: AES-GCM (RFC 7518 §5.3) and AES-CBC with HMAC (§5.2). A content key
//! encrypts once.

use aws_lc_rs::aead::{self, AES_128_GCM, AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::cipher::{
    self, AES_128, AES_256, DecryptionContext, PaddedBlockDecryptingKey, PaddedBlockEncryptingKey,
    UnboundCipherKey,
};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::iv::{FixedLength, IV_LEN_128_BIT};
use zeroize::Zeroizing;

use super::ContentEncryption;
use crate::hash::constant_time_eq;

/// Length of a GCM tag. A shorter one is no tag.
const GCM_TAG_BYTES: usize = 16;

/// The last three parts of a JWE.
#[derive(Debug)]
pub(super) struct Sealed {
    pub(super) iv: Vec<u8>,
    pub(super) ciphertext: Vec<u8>,
    pub(super) tag: Vec<u8>,
}

enum Mode {
    Gcm(&'static aead::Algorithm),
    Cbc(&'static cipher::Algorithm, hmac::Algorithm),
}

impl ContentEncryption {
    fn mode(self) -> Mode {
        match self {
            Self::A128Gcm => Mode::Gcm(&AES_128_GCM),
            Self::A256Gcm => Mode::Gcm(&AES_256_GCM),
            Self::A128CbcHs256 => Mode::Cbc(&AES_128, hmac::HMAC_SHA256),
            Self::A256CbcHs512 => Mode::Cbc(&AES_256, hmac::HMAC_SHA512),
        }
    }
}

/// Encrypts with a random initialization vector.
pub(super) fn seal(
    enc: ContentEncryption,
    key: &[u8],
    aad: &[u8],
    plaintext: &[u8],
) -> Result<Sealed, Unspecified> {
    match enc.mode() {
        Mode::Gcm(algorithm) => {
            let mut ciphertext = plaintext.to_vec();
            let key = RandomizedNonceKey::new(algorithm, key)?;
            let nonce = key.seal_in_place_append_tag(Aad::from(aad), &mut ciphertext)?;
            let tag = ciphertext.split_off(plaintext.len());
            Ok(Sealed {
                iv: nonce.as_ref().to_vec(),
                ciphertext,
                tag,
            })
        }
        Mode::Cbc(cipher, hash) => {
            let key = CbcKey::new(cipher, hash, key)?;
            let mut ciphertext = plaintext.to_vec();
            let context = PaddedBlockEncryptingKey::cbc_pkcs7(key.encryption()?)?.encrypt(&mut ciphertext)?;
            let iv: &[u8] = (&context).try_into()?;
            Ok(Sealed {
                tag: key.tag(aad, iv, &ciphertext),
                iv: iv.to_vec(),
                ciphertext,
            })
        }
    }
}

/// Decrypts, or says nothing about why not.
pub(super) fn open(
    enc: ContentEncryption,
    key: &[u8],
    aad: &[u8],
    sealed: &Sealed,
) -> Result<Zeroizing<Vec<u8>>, Unspecified> {
    match enc.mode() {
        Mode::Gcm(algorithm) => {
            let nonce: &[u8; NONCE_LEN] = sealed.iv.as_slice().try_into()?;
            if sealed.tag.len() != GCM_TAG_BYTES {
                return Err(Unspecified);
            }
            let mut buffer = Zeroizing::new([sealed.ciphertext.as_slice(), &sealed.tag].concat());
            let key = RandomizedNonceKey::new(algorithm, key)?;
            let length = key
                .open_in_place(Nonce::from(nonce), Aad::from(aad), &mut buffer)?
                .len();
            buffer.truncate(length);
            Ok(buffer)
        }
        Mode::Cbc(cipher, hash) => {
            let key = CbcKey::new(cipher, hash, key)?;
            let iv: &[u8; IV_LEN_128_BIT] = sealed.iv.as_slice().try_into()?;
            // The tag first: the padding of a forged text is never looked at.
            if !constant_time_eq(&key.tag(aad, iv, &sealed.ciphertext), &sealed.tag) {
                return Err(Unspecified);
            }
            let mut buffer = Zeroizing::new(sealed.ciphertext.clone());
            let context = DecryptionContext::Iv128(FixedLength::from(iv));
            let length = PaddedBlockDecryptingKey::cbc_pkcs7(key.encryption()?)?
                .decrypt(&mut buffer, context)?
                .len();
            buffer.truncate(length);
            Ok(buffer)
        }
    }
}

/// The two halves of the content key of a CBC mode.
struct CbcKey<'k> {
    mac: hmac::Key,
    cipher: &'static cipher::Algorithm,
    encryption: &'k [u8],
}

impl<'k> CbcKey<'k> {
    fn new(
        cipher: &'static cipher::Algorithm,
        hash: hmac::Algorithm,
        key: &'k [u8],
    ) -> Result<Self, Unspecified> {
        let (mac, encryption) = key.split_at_checked(key.len() / 2).ok_or(Unspecified)?;
        Ok(Self {
            mac: hmac::Key::new(hash, mac),
            cipher,
            encryption,
        })
    }

    fn encryption(&self) -> Result<UnboundCipherKey, Unspecified> {
        UnboundCipherKey::new(self.cipher, self.encryption)
    }

    /// RFC 7518 §5.2.2.1: the first half of the HMAC of all that was sent, and of the length of what is not encrypted.
    fn tag(&self, aad: &[u8], iv: &[u8], ciphertext: &[u8]) -> Vec<u8> {
        let aad_bits = (aad.len() as u64).saturating_mul(8);
        let mut hmac = hmac::Context::with_key(&self.mac);
        hmac.update(aad);
        hmac.update(iv);
        hmac.update(ciphertext);
        hmac.update(&aad_bits.to_be_bytes());
        let full = hmac.sign();
        let half = full.as_ref().len() / 2;
        full.as_ref().iter().take(half).copied().collect()
    }
}
