//! Passwords: Argon2id (RFC 9106) on a bounded pool. Each job borrows one memory block that is used again;
//! when too many wait, the answer is "busy" at once, never a pile of memory.
//!
//! Does not know people: [`Passwords::verify`] does the same work when there is no hash to compare with.

mod hashers;

use crate::random::{self, Random};
use argon2::password_hash::phc::{Ident, Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use hashers::Hashers;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use valetkey_model::user::PasswordHash;
use valetkey_protocol::secret::Password;

/// Memory of one hash: 19 MiB, two passes, one lane (OWASP's and RFC 9106's second choice of that order).
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const OUTPUT_BYTES: usize = 32;
const SALT_BYTES: usize = 16;
/// A stored hash may ask for at most this much, so that no row of the database can exhaust the machine.
const MOST_MEMORY_KIB: u32 = 256 * 1024;

/// A password job did not happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many wait already.
    #[error("too many passwords wait to be checked")]
    Busy,
    /// The hash cannot be computed or read.
    #[error("the password hash cannot be computed")]
    Broken,
}

/// The threads that hash passwords cannot be started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the threads that hash passwords cannot be started: {0}")]
pub struct NoThreads(String);

/// The pool.
#[derive(Clone)]
pub struct Passwords {
    inner: Arc<Inner>,
}

struct Inner {
    workers: Arc<Semaphore>,
    hashers: Hashers,
    waiting: AtomicUsize,
    most_waiting: usize,
    blocks: Mutex<Vec<Vec<Block>>>,
    dummy_salt: [u8; SALT_BYTES],
}

impl std::fmt::Debug for Passwords {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passwords").finish_non_exhaustive()
    }
}

/// A place among the jobs that wait. It is free again once its job begins, or when it is dropped (also when the
/// client hangs up).
pub struct Place(Arc<Inner>);

impl std::fmt::Debug for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Place").finish_non_exhaustive()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Passwords {
    /// A pool with that many workers, at which at most `most_waiting` jobs may wait. Their threads are started now; the memory of
    /// a hash is taken when the first one is computed.
    pub fn new(workers: usize, most_waiting: usize, random: &dyn Random) -> Result<Self, NoThreads> {
        let hashers = Hashers::start(workers).map_err(|error| NoThreads(error.to_string()))?;
        Ok(Self {
            inner: Arc::new(Inner {
                workers: Arc::new(Semaphore::new(workers.max(1))),
                hashers,
                waiting: AtomicUsize::new(0),
                most_waiting,
                blocks: Mutex::new(Vec::new()),
                dummy_salt: random::bytes(random),
            }),
        })
    }

    /// How many jobs wait now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inner.waiting.load(Ordering::Acquire)
    }

    /// Takes a place, when there is one.
    pub fn place(&self) -> Result<Place, PasswordError> {
        let before = self.inner.waiting.fetch_add(1, Ordering::AcqRel);
        let place = Place(Arc::clone(&self.inner));
        if before >= self.inner.most_waiting {
            return Err(PasswordError::Busy);
        }
        Ok(place)
    }

    /// Gives the memory of idle workers back.
    pub fn shrink(&self) {
        if let Ok(mut blocks) = self.inner.blocks.lock() {
            *blocks = Vec::new();
        }
    }

    /// Hashes a new password.
    pub async fn hash(
        &self,
        password: &Password,
        random: &dyn Random,
    ) -> Result<PasswordHash, PasswordError> {
        let salt: [u8; SALT_BYTES] = random::bytes(random);
        let password = password.clone();
        self.run(self.place()?, move |blocks| {
            let params = default_params()?;
            let output = compute(
                &params,
                Version::V0x13,
                password.expose().as_bytes(),
                &salt,
                blocks,
            )?;
            encode(params, &salt, &output)
        })
        .await
    }

    /// Whether the password belongs to the hash. Without a hash the same work is done, for nothing.
    pub async fn verify(
        &self,
        place: Place,
        password: &Password,
        hash: Option<&PasswordHash>,
    ) -> Result<bool, PasswordError> {
        let password = password.clone();
        let hash = hash.cloned();
        let dummy_salt = self.inner.dummy_salt;
        self.run(place, move |blocks| match hash {
            Some(hash) => compare(&hash.0, password.expose().as_bytes(), blocks),
            None => compute(
                &default_params()?,
                Version::V0x13,
                password.expose().as_bytes(),
                &dummy_salt,
                blocks,
            )
            .map(|_| false),
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        place: Place,
        job: impl FnOnce(&mut Vec<Block>) -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let permit = Arc::clone(&self.inner.workers)
            .acquire_owned()
            .await
            .map_err(|_| PasswordError::Busy)?;
        drop(place);
        let pool = Arc::clone(&self.inner);
        let hashing = self.inner.hashers.run(move || {
            let mut blocks = pool
                .blocks
                .lock()
                .ok()
                .and_then(|mut free| free.pop())
                .unwrap_or_default();
            let result = job(&mut blocks);
            if let Ok(mut free) = pool.blocks.lock() {
                free.push(blocks);
            }
            drop(permit);
            result
        });
        hashing.await.ok_or(PasswordError::Broken)?
    }
}

fn default_params() -> Result<Params, PasswordError> {
    Params::new(MEMORY_KIB, PASSES, LANES, Some(OUTPUT_BYTES)).map_err(|_| PasswordError::Broken)
}

fn compute(
    params: &Params,
    version: Version,
    password: &[u8],
    salt: &[u8],
    blocks: &mut Vec<Block>,
) -> Result<Vec<u8>, PasswordError> {
    if params.m_cost() > MOST_MEMORY_KIB {
        return Err(PasswordError::Broken);
    }
    let needed = params.block_count();
    if blocks.len() < needed {
        blocks.resize(needed, Block::new());
    }
    let memory = blocks.get_mut(..needed).ok_or(PasswordError::Broken)?;
    let mut output = vec![0; params.output_len().unwrap_or(OUTPUT_BYTES)];
    Argon2::new(Algorithm::Argon2id, version, params.clone())
        .hash_password_into_with_memory(password, salt, &mut output, memory)
        .map_err(|_| PasswordError::Broken)?;
    Ok(output)
}

fn compare(stored: &str, password: &[u8], blocks: &mut Vec<Block>) -> Result<bool, PasswordError> {
    let phc = Phc::new(stored).map_err(|_| PasswordError::Broken)?;
    let (Some(salt), Some(expected)) = (&phc.salt, &phc.hash) else {
        return Err(PasswordError::Broken);
    };
    if phc.algorithm.as_str() != Algorithm::Argon2id.as_str() {
        return Err(PasswordError::Broken);
    }
    let params = Params::try_from(&phc).map_err(|_| PasswordError::Broken)?;
    let version = match phc.version {
        None => Version::V0x13,
        Some(number) => Version::try_from(number).map_err(|_| PasswordError::Broken)?,
    };
    let output = compute(&params, version, password, salt.as_ref(), blocks)?;
    Ok(valetkey_jose::hash::constant_time_eq(
        &output,
        expected.as_bytes(),
    ))
}

fn encode(params: Params, salt: &[u8], output: &[u8]) -> Result<PasswordHash, PasswordError> {
    let broken = |_| PasswordError::Broken;
    let phc = Phc {
        algorithm: Ident::new(Algorithm::Argon2id.as_str()).map_err(|_| PasswordError::Broken)?,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params).map_err(|_| PasswordError::Broken)?,
        salt: Some(Salt::new(salt).map_err(broken)?),
        hash: Some(Output::new(output).map_err(broken)?),
    };
    Ok(PasswordHash(phc.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    fn pool() -> Passwords {
        Passwords::new(2, 8, &SystemRandom).unwrap()
    }

    #[tokio::test]
    async fn only_the_right_password_fits_its_hash() {
        let pool = pool();
        let hash = pool
            .hash(&Password::new("wonderland"), &SystemRandom)
            .await
            .unwrap();
        assert!(
            hash.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.0
        );
        for wrong in ["", "Wonderland", "wonderland ", "builder"] {
            assert!(
                !pool
                    .verify(pool.place().unwrap(), &Password::new(wrong), Some(&hash))
                    .await
                    .unwrap()
            );
        }
        assert!(
            pool.verify(pool.place().unwrap(), &Password::new("wonderland"), Some(&hash))
                .await
                .unwrap()
        );
    }

    #[tokio::test]
    async fn nobody_signs_in_where_there_is_no_hash() {
        let pool = pool();
        let place = pool.place().unwrap();
        assert!(!pool.verify(place, &Password::new(""), None).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_that_asks_for_all_memory_is_not_computed() {
        let greedy = PasswordHash("$argon2id$v=19$m=4000000,t=1,p=1$c29tZXNhbHQ$aGFzaGhhc2hoYXNo".into());
        let pool = pool();
        let place = pool.place().unwrap();
        let answer = pool.verify(place, &Password::new("x"), Some(&greedy)).await;
        assert_eq!(answer, Err(PasswordError::Broken));
    }

    #[tokio::test]
    async fn a_full_queue_answers_busy_at_once() {
        let pool = Passwords::new(1, 1, &SystemRandom).unwrap();
        let place = pool.place().unwrap();
        assert_eq!(pool.place().unwrap_err(), PasswordError::Busy);
        let answer = pool.hash(&Password::new("x"), &SystemRandom).await;
        assert_eq!(answer, Err(PasswordError::Busy));
        assert_eq!(pool.waiting(), 1);
        drop(place);
        assert_eq!(pool.waiting(), 0);
        pool.place().unwrap();
    }

    #[tokio::test]
    async fn memory_is_taken_for_the_first_hash_and_used_again() {
        let pool = pool();
        assert!(pool.inner.blocks.lock().unwrap().is_empty());
        for _ in 0..3 {
            let place = pool.place().unwrap();
            pool.verify(place, &Password::new("x"), None).await.unwrap();
        }
        assert_eq!(pool.inner.blocks.lock().unwrap().len(), 1);
        pool.shrink();
        assert!(pool.inner.blocks.lock().unwrap().is_empty());
    }
}
