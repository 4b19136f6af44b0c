//! One master key, one derived key for each purpose: HKDF-SHA256 (RFC 5869).

use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::Zeroizing;

use crate::certain::certain;

/// Part of the meaning of every derived key: a change makes all sealed values and tags unreadable.
const SALT: &[u8] = b"valetkey derive v1";

/// The key for the purpose that `label` names. Different labels give independent keys.
#[must_use]
pub fn derive_key(master: &[u8; 32], label: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let prk = Salt::new(HKDF_SHA256, SALT).extract(master);
    // HKDF_SHA256 as key type asks for 32 bytes.
    certain(
        prk.expand(&[label.as_bytes()], HKDF_SHA256)
            .and_then(|okm| okm.fill(key.as_mut())),
    );
    key
}
