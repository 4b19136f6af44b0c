//! The server's randomness: the one edge where it comes in. (Keys, signatures and seals draw theirs inside
//! the crypto library.)

use crate::clock::Clock;
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;
use valetkey_jose::b64;

/// Gives random bytes. Tests bring a seeded one.
pub trait Random: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(
        clippy::expect_used,
        reason = "without randomness every identifier would be guessable: to stop is the only safe answer"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        aws_lc_rs::rand::fill(buffer).expect("the operating system gives randomness");
    }
}

/// `N` random bytes.
#[must_use]
pub fn bytes<const N: usize>(random: &dyn Random) -> [u8; N] {
    let mut out = [0; N];
    random.fill(&mut out);
    out
}

/// `N` random bytes in base64url.
#[must_use]
pub fn text<const N: usize>(random: &dyn Random) -> String {
    b64::encode_url(&bytes::<N>(random))
}

/// Random names of what is no secret, drawn from the system many at a time: one alone takes as long as many.
pub(crate) struct Names(Mutex<Vec<[u8; NAME_BYTES]>>);

const NAME_BYTES: usize = 16;
const NAMES_AT_ONCE: usize = 64;

impl Names {
    pub(crate) const fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// One that was not given before.
    pub(crate) fn next(&self, random: &dyn Random) -> [u8; NAME_BYTES] {
        let mut drawn = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if drawn.is_empty() {
            let mut fresh = [[0; NAME_BYTES]; NAMES_AT_ONCE];
            random.fill(fresh.as_flattened_mut());
            drawn.extend(fresh);
        }
        drawn.pop().unwrap_or_else(|| bytes(random))
    }
}

/// A UUID of version 7: time-ordered, so that the store appends. Never a secret.
#[must_use]
pub fn uuid(clock: &dyn Clock, random: &dyn Random) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(clock.now_millis(), &bytes(random)).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_is_given_twice() {
        let names = Names::new();
        let given: BTreeSet<_> = (0..3 * NAMES_AT_ONCE)
            .map(|_| names.next(&SystemRandom))
            .collect();
        assert_eq!(given.len(), 3 * NAMES_AT_ONCE);
    }

    #[test]
    fn an_identifier_is_time_ordered_and_no_two_are_alike() {
        let (a, b) = (
            uuid(&SystemClock, &SystemRandom),
            uuid(&SystemClock, &SystemRandom),
        );
        assert_ne!(a, b);
        assert_eq!(a.get_version_num(), 7);
        assert_ne!(text::<32>(&SystemRandom), text::<32>(&SystemRandom));
    }
}
