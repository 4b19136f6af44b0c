//! Values that leave the server and come back unread and unchanged: AES-256-GCM (NIST SP 800-38D).
//!
//! A sealed value is the nonce (12 random bytes), the ciphertext, the tag (16 bytes). With random nonces one key is good
//! for 2^32 values, so each purpose derives its own. It does not stop anybody from sending an old value again.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use zeroize::Zeroizing;

use crate::certain::certain;
use crate::{JoseError, b64};

/// A key that seals and opens.
pub struct SealKey(RandomizedNonceKey);

impl SealKey {
    /// From 32 secret bytes, as [`crate::derive::derive_key`] gives them.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(certain(RandomizedNonceKey::new(&AES_256_GCM, key)))
    }

    /// Seals `plaintext`. `aad` is not hidden and not carried along: the same must be given to open.
    #[must_use]
    pub fn seal(&self, aad: &[u8], plaintext: &[u8]) -> Vec<u8> {
        let mut body = plaintext.to_vec();
        let nonce = certain(self.0.seal_in_place_append_tag(Aad::from(aad), &mut body));
        let mut sealed = Vec::with_capacity(NONCE_LEN + body.len());
        sealed.extend_from_slice(nonce.as_ref());
        sealed.append(&mut body);
        sealed
    }

    /// Opens what [`SealKey::seal`] gave for the same `aad`.
    ///
    /// # Errors
    /// [`JoseError::Decrypt`], whatever is wrong.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        let (nonce, body) = sealed
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(JoseError::Decrypt)?;
        let mut buffer = Zeroizing::new(body.to_vec());
        let length = self
            .0
            .open_in_place(Nonce::from(nonce), Aad::from(aad), &mut buffer)
            .map_err(|_| JoseError::Decrypt)?
            .len();
        buffer.truncate(length);
        Ok(buffer)
    }

    /// [`SealKey::seal`], in base64url.
    #[must_use]
    pub fn seal_to_text(&self, aad: &[u8], plaintext: &[u8]) -> String {
        b64::encode_url(&self.seal(aad, plaintext))
    }

    /// [`SealKey::open`], from base64url.
    ///
    /// # Errors
    /// [`JoseError::Decrypt`], whatever is wrong.
    pub fn open_from_text(&self, aad: &[u8], text: &str) -> Result<Zeroizing<Vec<u8>>, JoseError> {
        let sealed = b64::decode_url(text).map_err(|_| JoseError::Decrypt)?;
        self.open(aad, &sealed)
    }
}

impl fmt::Debug for SealKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealKey(..)")
    }
}
