//! Digests, the half hashes of OpenID Connect, and comparison in constant time.

use aws_lc_rs::{constant_time, digest};

use crate::{Algorithm, b64};

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    for (to, from) in out
        .iter_mut()
        .zip(digest::digest(&digest::SHA256, bytes).as_ref())
    {
        *to = *from;
    }
    out
}

/// `at_hash` and `c_hash` (OpenID Connect Core §3.1.3.6, §3.3.2.11): the left half of the hash that belongs to the ID
/// token's `alg`, in base64url. Ed25519 goes with SHA-512, its own inner hash.
#[must_use]
pub fn left_half_b64(alg: Algorithm, value: &str) -> String {
    let hash = match alg {
        Algorithm::RS256 | Algorithm::PS256 | Algorithm::ES256 => &digest::SHA256,
        Algorithm::ES384 => &digest::SHA384,
        Algorithm::Ed25519 => &digest::SHA512,
    };
    let full = digest::digest(hash, value.as_bytes());
    let half = full.as_ref().len() / 2;
    b64::encode_url(full.as_ref().get(..half).unwrap_or_default())
}

/// Whether both are equal, in a time that depends on their lengths only.
#[must_use]
pub fn constant_time_eq(a: &[u8], b: &[u8]) -> bool {
    constant_time::verify_slices_are_equal(a, b).is_ok()
}
