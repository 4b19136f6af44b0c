//! The signing keys (RFC 7517): made on the first start, sealed under the master key in the store, held
//! parsed in a ring, published at `/jwks`, rotated with an overlap.
//!
//! Every node reads the same keys; [`KeyRing::reload`] is called when the store's change stamp moves.

use crate::clock::Clock;
use arc_swap::ArcSwap;
use std::collections::BTreeMap;
use std::sync::Arc;
use valetkey_jose::seal::SealKey;
use valetkey_jose::{Algorithm, JwkSet, KeySet, SigningKey, derive};
use valetkey_model::StoredKey;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Store, StoreError};

/// The algorithms that every installation has a key for: the first signs access tokens, the second is
/// what OpenID Connect Core §15.1 expects for ID tokens.
pub const ALGORITHMS: [Algorithm; 2] = [Algorithm::ES256, Algorithm::RS256];

const SEAL_LABEL: &str = "signing keys";

/// The keys cannot be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A stored key does not open: another master key sealed it, or somebody changed it.
    #[error("the signing key {kid} does not open with this master key")]
    WrongMasterKey {
        /// Which key.
        kid: String,
    },
    /// The crypto library failed to make a key.
    #[error("a signing key cannot be made")]
    Generate,
    /// No key of this algorithm signs.
    #[error("there is no signing key for {0}")]
    Missing(Algorithm),
}

/// The keys in use, exchanged as a whole.
pub struct KeyRing {
    seal: SealKey,
    ring: ArcSwap<Ring>,
}

/// One state of the ring.
pub struct Ring {
    signing: BTreeMap<Algorithm, Arc<SigningKey>>,
    verifying: KeySet,
    jwks: String,
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}

impl KeyRing {
    /// Opens the stored keys; makes the missing ones first, at most one of each algorithm however many
    /// nodes start at once.
    pub async fn open(store: &dyn Store, master: &[u8; 32], clock: &dyn Clock) -> Result<Self, KeyError> {
        let seal = SealKey::new(&derive::derive_key(master, SEAL_LABEL));
        let there = open_all(store, &seal).await?;
        for alg in ALGORITHMS {
            let is_there = there
                .iter()
                .any(|key| key.alg == alg.as_str() && key.retired_at.is_none());
            if !is_there {
                store
                    .insert_first_key(make(alg, &seal, clock.now()).await?)
                    .await?;
            }
        }
        let ring = load(store, &seal, clock.now()).await?;
        Ok(Self {
            seal,
            ring: ArcSwap::from_pointee(ring),
        })
    }

    /// Reads the keys again.
    pub async fn reload(&self, store: &dyn Store, now: Timestamp) -> Result<(), KeyError> {
        self.ring.store(Arc::new(load(store, &self.seal, now).await?));
        Ok(())
    }

    /// The keys as they are now.
    #[must_use]
    pub fn current(&self) -> Arc<Ring> {
        self.ring.load_full()
    }
}

impl Ring {
    /// The key that signs with this algorithm.
    pub fn signing(&self, alg: Algorithm) -> Result<&SigningKey, KeyError> {
        self.signing
            .get(&alg)
            .map(Arc::as_ref)
            .ok_or(KeyError::Missing(alg))
    }

    /// The keys that our own tokens are checked with.
    #[must_use]
    pub fn verifying(&self) -> &KeySet {
        &self.verifying
    }

    /// The public JWK set, as JSON.
    #[must_use]
    pub fn jwks(&self) -> &str {
        &self.jwks
    }
}

/// Makes a new signing key and retires the one before, which goes on verifying for `overlap_seconds`:
/// longer than the tokens that it signed live.
pub async fn rotate(
    store: &dyn Store,
    master: &[u8; 32],
    alg: Algorithm,
    now: Timestamp,
    overlap_seconds: i64,
) -> Result<String, KeyError> {
    let seal = SealKey::new(&derive::derive_key(master, SEAL_LABEL));
    open_all(store, &seal).await?;
    let key = make(alg, &seal, now).await?;
    let kid = key.kid.clone();
    store
        .rotate_key(key, None, now, now.plus_seconds(overlap_seconds))
        .await?;
    Ok(kid)
}

/// The stored keys, once each of them has opened: whoever holds another master key must not add one that no
/// server could open.
async fn open_all(store: &dyn Store, seal: &SealKey) -> Result<Vec<StoredKey>, KeyError> {
    let stored = store.list_keys().await?;
    for key in &stored {
        open(key, seal)?;
    }
    Ok(stored)
}

/// A new key, sealed. An RSA key takes a while, so it is made off the runtime's threads.
async fn make(alg: Algorithm, seal: &SealKey, now: Timestamp) -> Result<StoredKey, KeyError> {
    let key = tokio::task::spawn_blocking(move || SigningKey::generate(alg))
        .await
        .map_err(|_| KeyError::Generate)?
        .map_err(|_| KeyError::Generate)?;
    Ok(StoredKey {
        kid: key.kid().to_owned(),
        alg: alg.as_str().to_owned(),
        sealed: seal.seal(key.kid().as_bytes(), &key.to_pkcs8()),
        created_at: now,
        retired_at: None,
        expires_at: None,
    })
}

async fn load(store: &dyn Store, seal: &SealKey, now: Timestamp) -> Result<Ring, KeyError> {
    let mut signing = BTreeMap::new();
    let mut verifying = Vec::new();
    let mut published = Vec::new();
    let stored = store.list_keys().await?;
    for stored in stored
        .into_iter()
        .filter(|key| key.expires_at.is_none_or(|end| now < end))
    {
        let key = open(&stored, seal)?;
        verifying.push(key.verifying_key());
        published.push(key.public_jwk());
        if stored.retired_at.is_none() {
            // Newest first: the first one of an algorithm signs.
            signing.entry(key.alg()).or_insert_with(|| Arc::new(key));
        }
    }
    Ok(Ring {
        signing,
        verifying: verifying.into_iter().collect(),
        jwks: serde_json::to_string(&JwkSet { keys: published }).unwrap_or_default(),
    })
}

fn open(stored: &StoredKey, seal: &SealKey) -> Result<SigningKey, KeyError> {
    let wrong = || KeyError::WrongMasterKey {
        kid: stored.kid.clone(),
    };
    let alg: Algorithm = stored.alg.parse().map_err(|_| wrong())?;
    let pkcs8 = seal
        .open(stored.kid.as_bytes(), &stored.sealed)
        .map_err(|_| wrong())?;
    SigningKey::from_pkcs8(alg, &pkcs8).map_err(|_| wrong())
}
