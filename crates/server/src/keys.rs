//! The signing keys (RFC 7517): two are made on the first start, others when a client first wants their algorithm; sealed
//! under the master key in the store, held parsed in a ring, published at `/jwks`, rotated with an overlap.
//!
//! Every node reads the same keys; [`KeyRing::reload`] is called when the store's change stamp moves.

use crate::clock::Clock;
use crate::published::Published;
use arc_swap::ArcSwap;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use tokio::sync::Mutex;
use valetkey_jose::seal::SealKey;
use valetkey_jose::{Algorithm, JwkSet, KeySet, SigningKey, derive};
use valetkey_model::{Client, StoredKey};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::issue::signature_algorithm;
use valetkey_rules::policy::Policy;
use valetkey_store::{Store, StoreError};

/// The algorithms that every installation has a key for from the start: the first signs access tokens, the second is
/// what OpenID Connect Core §15.1 expects for ID tokens.
pub const ALGORITHMS: [Algorithm; 2] = [Algorithm::ES256, Algorithm::RS256];

/// The algorithms of what is signed for this client: its ID and logout tokens, and userinfo where it is signed.
pub fn of_client(client: &Client) -> impl Iterator<Item = Algorithm> {
    let userinfo = client.openid.userinfo_signed_response_alg;
    std::iter::once(client.id_token_signed_response_alg)
        .chain(userinfo)
        .map(signature_algorithm)
}

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
    /// Whose turn it is to make a key.
    making: Mutex<()>,
    /// Whose turn it is to read the keys: who reads later has the newer ones.
    reading: Mutex<()>,
}

/// One state of the ring.
pub struct Ring {
    signing: BTreeMap<Algorithm, Signer>,
    /// Who signs next, and is published already.
    announced: BTreeSet<Algorithm>,
    /// When another key begins to sign.
    changes_at: Option<Timestamp>,
    verifying: KeySet,
    jwks: Published,
}

/// A key that signs.
struct Signer {
    key: Arc<SigningKey>,
    since: Timestamp,
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
        let there = store.list_keys().await?;
        let is_missing = |alg: &Algorithm| {
            let signs = |key: &StoredKey| key.alg == alg.as_str() && key.retired_at.is_none();
            !there.iter().any(signs)
        };
        let missing: Vec<Algorithm> = ALGORITHMS.into_iter().filter(is_missing).collect();
        if !missing.is_empty() {
            // Only then: the ring opens them once more.
            open_all(store, &seal).await?;
        }
        for alg in missing {
            store
                .insert_first_key(make(alg, &seal, clock.now()).await?)
                .await?;
        }
        let ring = load(store, &seal, clock.now()).await?;
        Ok(Self {
            seal,
            ring: ArcSwap::from_pointee(ring),
            making: Mutex::default(),
            reading: Mutex::default(),
        })
    }

    /// The key that signs with this algorithm. One that is missing is made, at most once however many ask, here and on
    /// other nodes.
    pub async fn signing(
        &self,
        store: &dyn Store,
        alg: Algorithm,
        now: Timestamp,
    ) -> Result<Arc<SigningKey>, KeyError> {
        if let Ok(key) = self.current().signing(alg) {
            return Ok(key);
        }
        let _turn = self.making.lock().await;
        if let Ok(key) = self.current().signing(alg) {
            return Ok(key);
        }
        let is_first = store.insert_first_key(make(alg, &self.seal, now).await?).await?;
        tracing::info!(%alg, is_first, "there is a signing key for an algorithm that was not used before");
        self.reload(store, now).await?;
        self.current().signing(alg)
    }

    /// Makes a successor for each key that has signed for `after_seconds` or longer. It is published at once and signs
    /// [`ANNOUNCED_SECONDS`] later, on every node. Of any number of nodes that notice at once, one makes it; answers how
    /// many this call made.
    pub async fn rotate_old(
        &self,
        store: &dyn Store,
        now: Timestamp,
        after_seconds: i64,
        overlap_seconds: i64,
    ) -> Result<usize, KeyError> {
        let ring = self.current();
        let is_due = |signer: &&Signer| {
            now.seconds_since(signer.since) >= after_seconds && !ring.announced.contains(&signer.key.alg())
        };
        let signs_from = now.plus_seconds(ANNOUNCED_SECONDS);
        let until = signs_from.plus_seconds(overlap_seconds);
        let mut rotated = 0;
        for Signer { key: old, .. } in ring.signing.values().filter(is_due) {
            let new = make(old.alg(), &self.seal, signs_from).await?;
            let (alg, kid) = (new.alg.clone(), new.kid.clone());
            if store.rotate_key(new, Some(old.kid()), signs_from, until).await? {
                tracing::info!(alg, kid, replaces = old.kid(), %signs_from, "a signing key will be rotated");
                rotated += 1;
            }
        }
        if rotated > 0 {
            self.reload(store, now).await?;
        }
        Ok(rotated)
    }

    /// Reads the keys again.
    pub async fn reload(&self, store: &dyn Store, now: Timestamp) -> Result<(), KeyError> {
        let _turn = self.reading.lock().await;
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
    /// Gives a key its part; they come newest first, and the newest that has begun signs. A successor that has not begun
    /// waits for its predecessor to end; without one it signs at once, whatever another node's clock says.
    fn place(&mut self, key: SigningKey, stored: &StoredKey, now: Timestamp) {
        if stored.retired_at.is_some_and(|end| end <= now) {
            return;
        }
        let (alg, since) = (key.alg(), stored.created_at);
        let signer = Signer {
            key: Arc::new(key),
            since,
        };
        match self.signing.get(&alg) {
            Some(newer) if newer.since > now => {
                self.changes_at = Some(self.changes_at.map_or(newer.since, |at| at.min(newer.since)));
                self.announced.insert(alg);
                self.signing.insert(alg, signer);
            }
            Some(_) => {}
            None => {
                self.signing.insert(alg, signer);
            }
        }
    }

    /// The key that signs with this algorithm, when there is one; [`KeyRing::signing`] makes it.
    pub fn signing(&self, alg: Algorithm) -> Result<Arc<SigningKey>, KeyError> {
        let signer = self.signing.get(&alg).ok_or(KeyError::Missing(alg))?;
        Ok(Arc::clone(&signer.key))
    }

    /// The keys that our own tokens are checked with.
    #[must_use]
    pub fn verifying(&self) -> &KeySet {
        &self.verifying
    }

    /// Whether another key has begun to sign since the ring was read.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.changes_at.is_some_and(|at| at <= now)
    }

    /// The public JWK set.
    pub(crate) fn jwks(&self) -> &Published {
        &self.jwks
    }
}

/// How long a key that signs no more goes on verifying: until the last token that it signed has expired, ID tokens as
/// hints for the length of a session (OpenID Connect RP-Initiated Logout §2), and `margin_seconds` more.
#[must_use]
pub fn overlap_seconds(policy: &Policy, margin_seconds: i64) -> i64 {
    policy
        .longest_access_token_ttl_seconds()
        .max(policy.id_token_ttl_seconds)
        .max(policy.session_ttl_seconds)
        .saturating_add(margin_seconds)
}

/// For so long a successor is published before it signs: longer than anybody may keep the key set
/// (`published.rs` says how long).
pub const ANNOUNCED_SECONDS: i64 = 600;

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

/// Opens every stored key, and makes none; answers how many there are.
pub async fn check(store: &dyn Store, master: &[u8; 32]) -> Result<usize, KeyError> {
    let seal = SealKey::new(&derive::derive_key(master, SEAL_LABEL));
    Ok(open_all(store, &seal).await?.len())
}

/// The stored keys, once each of them has opened: whoever holds another master key must not add one that no
/// server could open.
async fn open_all(store: &dyn Store, seal: &SealKey) -> Result<Vec<StoredKey>, KeyError> {
    let stored = store.list_keys().await?;
    for key in stored.iter().filter(|key| is_known(key)) {
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
    let mut ring = Ring {
        signing: BTreeMap::new(),
        announced: BTreeSet::new(),
        changes_at: None,
        verifying: KeySet::default(),
        jwks: Published::json(&JwkSet::default()),
    };
    let mut verifying = Vec::new();
    let mut published = Vec::new();
    let stored = store.list_keys().await?;
    for stored in stored
        .into_iter()
        .filter(|key| is_known(key) && key.expires_at.is_none_or(|end| now < end))
    {
        let key = open(&stored, seal)?;
        verifying.push(key.verifying_key());
        published.push(key.public_jwk());
        ring.place(key, &stored, now);
    }
    ring.verifying = verifying.into_iter().collect();
    ring.jwks = Published::json(&JwkSet { keys: published });
    Ok(ring)
}

/// A node of a newer version may have made one of another algorithm.
fn is_known(stored: &StoredKey) -> bool {
    let is_known = stored.alg.parse::<Algorithm>().is_ok();
    if !is_known {
        tracing::warn!(
            kid = stored.kid,
            alg = stored.alg,
            "a key of an algorithm that this version does not know"
        );
    }
    is_known
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
