//! Tags that only this server can make: HMAC-SHA256 (RFC 2104) over a list of parts, each led by its length, so that
//! no two lists give the same input.

use std::fmt;

use aws_lc_rs::hmac;

use crate::hash::constant_time_eq;

/// A key that makes and checks tags.
pub struct MacKey(hmac::Key);

impl MacKey {
    /// From 32 secret bytes, as [`crate::derive::derive_key`] gives them.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// The tag of `parts`. To compare it with what a stranger sent, use [`MacKey::verify`].
    #[must_use]
    pub fn tag(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
            context.update(&length.to_be_bytes());
            context.update(part);
        }
        let mut out = [0; 32];
        for (to, from) in out.iter_mut().zip(context.sign().as_ref()) {
            *to = *from;
        }
        out
    }

    /// Whether `tag` is the whole tag of `parts`, in constant time.
    #[must_use]
    pub fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> bool {
        constant_time_eq(&self.tag(parts), tag)
    }
}

impl fmt::Debug for MacKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MacKey(..)")
    }
}
