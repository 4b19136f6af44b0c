//! Randomness that is the same in every run: SHA-256 over a seed and a counter.

use std::sync::atomic::{AtomicU64, Ordering};
use valetkey_jose::hash::sha256;
use valetkey_server::random::Random;

/// Gives the same bytes for the same seed.
#[derive(Debug)]
pub struct SeededRandom {
    seed: u64,
    drawn: AtomicU64,
}

impl SeededRandom {
    /// Begins at a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            seed,
            drawn: AtomicU64::new(0),
        }
    }
}

impl Random for SeededRandom {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(32) {
            let mut from = self.seed.to_be_bytes().to_vec();
            from.extend_from_slice(&self.drawn.fetch_add(1, Ordering::SeqCst).to_be_bytes());
            for (byte, value) in chunk.iter_mut().zip(sha256(&from)) {
                *byte = value;
            }
        }
    }
}
