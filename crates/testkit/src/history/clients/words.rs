//! What kind of load it is, and the choices of the clients.

use crate::cast::{Person, Registered};
use crate::site::Site;
use std::time::Duration;

/// The load.
#[derive(Debug, Clone)]
pub struct Load {
    /// Where the servers are.
    pub sites: Vec<Site>,
    /// The app that the clients are.
    pub app: Registered,
    /// Who signs in.
    pub person: Person,
    /// How many clients.
    pub clients: usize,
    /// How long a client waits between its requests.
    pub pause: Duration,
    /// How long it waits for an answer.
    pub patience: Duration,
    /// How many flows each lives, at most.
    pub flows: usize,
    /// What the choices begin at.
    pub seed: u64,
}

/// SplitMix64: the same choices for the same seed.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// A number below the end.
    pub const fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % end
    }

    /// Whether the dice say so, so many times in a hundred.
    pub const fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}
