//! What one core can do in passwords: Argon2id with the server's parameters, one after the other, in memory that is used
//! again. Nothing that checks passwords with these parameters on one core is faster.

use crate::process::own_cpu_seconds;
use argon2::{Algorithm, Argon2, Block, Params, Version};
use std::time::{Duration, Instant};

/// As in `crates/server/src/password.rs`; each run compares them with what the server stores.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// How a stored hash begins that was made with them.
pub fn parameters() -> String {
    format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$")
}

/// Hashes for so long: how many a second, and the processor time of one in microseconds.
pub fn limit(time: Duration) -> Result<(f64, f64), argon2::Error> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32))?;
    let mut blocks = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut output = [0u8; 32];
    let mut hash = |number: u64| {
        let salt = [u8::try_from(number % 251).unwrap_or_default(); 16];
        argon2.hash_password_into_with_memory(
            b"correct horse battery staple",
            &salt,
            &mut output,
            &mut blocks,
        )
    };
    hash(0)?;
    let (started, cpu, mut count) = (Instant::now(), own_cpu_seconds(), 0u64);
    while started.elapsed() < time {
        count += 1;
        hash(count)?;
    }
    let cpu_micros = (own_cpu_seconds() - cpu) / count.max(1) as f64 * 1e6;
    Ok((count as f64 / started.elapsed().as_secs_f64(), cpu_micros))
}
