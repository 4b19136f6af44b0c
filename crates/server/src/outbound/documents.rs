//! Documents that were fetched, kept for a while: clients' keys above all (OpenID Connect Core §10.1.1).
//!
//! A stranger can make the server look here by naming a key or a client, so nothing of it is unbounded: what is kept, how
//! often a site is asked for one document, and how many ask for it at once. Whether a document may be believed is the
//! caller's.

use super::{Fetched, Outbound, OutboundError};
use quick_cache::sync::{Cache, DefaultLifecycle};
use quick_cache::{DefaultHashBuilder, OptionsBuilder, Weighter};
use std::convert::Infallible;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::OwnedMutexGuard;
use valetkey_jose::{JwkSet, KeySet};
use valetkey_protocol::time::Timestamp;

/// How long a document is kept when its site says nothing.
const FRESH_SECONDS: i64 = 600;
/// A document is kept at least as long, whatever its site says.
const FRESH_SECONDS_LEAST: i64 = 60;
/// And at most as long.
const FRESH_SECONDS_MOST: i64 = 3600;
/// After a failure the site is left alone for as long.
const FAILED_SECONDS: i64 = 30;
/// A document that is still fresh is fetched again at most once in this time.
const REFETCH_SECONDS: i64 = 30;
/// What all documents together may weigh.
const KEPT_BYTES: u64 = 64 * 1024 * 1024;
/// How many documents are expected.
const KEPT_DOCUMENTS: usize = 1024;
/// Parts of the cache; each holds its share of the weight, so one must hold the longest document.
const SHARDS: usize = 4;
/// What a slot weighs beside its document.
const SLOT_BYTES: usize = 512;

/// The keys of a client, or of any site that publishes a JWK set.
#[derive(Debug, Clone)]
pub struct ClientKeys {
    /// As published; keys to encrypt to are found here.
    pub set: JwkSet,
    /// Those that check signatures, ready for use.
    pub verifying: KeySet,
}

/// A document, and when it came.
#[derive(Debug)]
pub struct Document {
    /// All of it.
    pub body: Vec<u8>,
    /// What the site says it is.
    pub content_type: Option<String>,
    /// When it was asked for.
    pub fetched_at: Timestamp,
    fresh_until: Timestamp,
    keys: OnceLock<Result<Arc<ClientKeys>, OutboundError>>,
}

impl Document {
    fn new(fetched: Fetched, now: Timestamp) -> Self {
        let said = fetched
            .max_age_seconds
            .map(|seconds| i64::try_from(seconds).unwrap_or(i64::MAX));
        let seconds = said
            .unwrap_or(FRESH_SECONDS)
            .clamp(FRESH_SECONDS_LEAST, FRESH_SECONDS_MOST);
        Self {
            body: fetched.body,
            content_type: fetched.content_type,
            fetched_at: now,
            fresh_until: now.plus_seconds(seconds),
            keys: OnceLock::new(),
        }
    }

    /// The document as text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.body).ok()
    }

    /// The document as a JWK set, parsed at the first call.
    pub fn keys(&self) -> Result<Arc<ClientKeys>, OutboundError> {
        self.keys
            .get_or_init(|| {
                let text = self.text().ok_or(OutboundError::NotKeySet)?;
                let set = JwkSet::from_json(text).map_err(|_| OutboundError::NotKeySet)?;
                let verifying = KeySet::from_jwks(&set);
                Ok(Arc::new(ClientKeys { set, verifying }))
            })
            .clone()
    }
}

/// A document, or why there is none.
pub type Answer = Result<Arc<Document>, OutboundError>;

/// Listens to no answer.
const fn nobody(_: &Answer) {}

/// What is known of one URL.
#[derive(Debug, Default)]
struct Known {
    document: Option<Arc<Document>>,
    failure: Option<(Timestamp, OutboundError)>,
    refetched_at: Option<Timestamp>,
}

impl Known {
    /// What to say without asking the site; `None` when it has to be asked.
    fn answer(&self, now: Timestamp) -> Option<Result<Arc<Document>, OutboundError>> {
        if let Some(document) = self.document.as_ref().filter(|kept| now < kept.fresh_until) {
            return Some(Ok(Arc::clone(document)));
        }
        let (_, error) = self
            .failure
            .as_ref()
            .filter(|(at, _)| is_within(now, *at, FAILED_SECONDS))?;
        Some(Err(error.clone()))
    }

    /// Whether the site may be asked although a document is at hand.
    fn may_refetch(&self, now: Timestamp) -> bool {
        let has_failed = self
            .failure
            .as_ref()
            .is_some_and(|(at, _)| is_within(now, *at, FAILED_SECONDS));
        let was_asked = self
            .refetched_at
            .is_some_and(|at| is_within(now, at, REFETCH_SECONDS));
        !has_failed && !was_asked
    }
}

fn is_within(now: Timestamp, since: Timestamp, seconds: i64) -> bool {
    now.seconds_since(since) < seconds
}

/// One URL: what is known of it, and whose turn it is to ask.
#[derive(Debug, Default)]
struct Slot {
    known: Mutex<Known>,
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Slot {
    fn with<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        look(&mut self.known.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }
}

/// A slot with the weight that it had when it was put in.
#[derive(Debug, Clone)]
struct Entry {
    slot: Arc<Slot>,
    bytes: u64,
}

#[derive(Debug, Clone)]
struct ByBytes;

impl Weighter<String, Entry> for ByBytes {
    fn weight(&self, _: &String, entry: &Entry) -> u64 {
        entry.bytes
    }
}

/// The documents by URL. A fragment is part of the URL here, since a changed one says that the document changed
/// (OpenID Connect Core §6.2). Cloning is cheap and shares what is kept.
#[derive(Debug, Clone)]
pub struct Documents {
    outbound: Outbound,
    kept: Arc<Cache<String, Entry, ByBytes>>,
}

impl Documents {
    /// Keeps nothing yet.
    #[must_use]
    pub fn new(outbound: Outbound) -> Self {
        let options = OptionsBuilder::new()
            .shards(SHARDS)
            .estimated_items_capacity(KEPT_DOCUMENTS)
            .weight_capacity(KEPT_BYTES)
            .build();
        let (hasher, lifecycle) = (DefaultHashBuilder::default(), DefaultLifecycle::default());
        let kept = match options {
            Ok(options) => Cache::with_options(options, ByBytes, hasher, lifecycle),
            Err(_) => Cache::with(KEPT_DOCUMENTS, KEPT_BYTES, ByBytes, hasher, lifecycle),
        };
        Self {
            outbound,
            kept: Arc::new(kept),
        }
    }

    /// The document, fetched unless a fresh one is at hand. Who asks while it is being fetched waits for the same answer.
    pub async fn get(&self, url: &str, now: Timestamp) -> Result<Arc<Document>, OutboundError> {
        self.get_where(url, now, || Ok(nobody)).await
    }

    /// The same, but the site is asked only where `may_fetch` says so, which is asked when it is the caller's turn: never for
    /// what is at hand, nor for who gets what another fetched. What it gives is told what came of the fetch, also when the
    /// caller has gone away.
    pub async fn get_where<E: From<OutboundError>, L: FnOnce(&Answer) + Send + 'static>(
        &self,
        url: &str,
        now: Timestamp,
        may_fetch: impl FnOnce() -> Result<L, E>,
    ) -> Result<Arc<Document>, E> {
        let slot = self.slot(url);
        if let Some(answer) = slot.with(|known| known.answer(now)) {
            return Ok(answer?);
        }
        let turn = slot.turn().await;
        if let Some(answer) = slot.with(|known| known.answer(now)) {
            return Ok(answer?);
        }
        match may_fetch() {
            Ok(listener) => Ok(self.fetch(url, (slot, turn), now, listener).await?),
            Err(no) => {
                self.forget_unknown(url, &slot);
                Err(no)
            }
        }
    }

    /// What was fetched last, however long ago. For documents whose URL says which content is meant.
    #[must_use]
    pub fn of_any_age(&self, url: &str) -> Option<Arc<Document>> {
        self.kept.get(url)?.slot.with(|known| known.document.clone())
    }

    /// The document, fetched again because the one at hand lacks something, as a key that was named. A site is asked
    /// for that once in 30 seconds; otherwise, or when it fails, the answer is what [`Documents::get`] says.
    pub async fn refetch(&self, url: &str, now: Timestamp) -> Result<Arc<Document>, OutboundError> {
        let slot = self.slot(url);
        let turn = slot.turn().await;
        let at_hand = slot.with(|known| {
            if known.may_refetch(now) {
                known.refetched_at = Some(now);
                return None;
            }
            known.answer(now)
        });
        match at_hand {
            Some(answer) => answer,
            None => self.fetch(url, (slot, turn), now, nobody).await,
        }
    }

    /// The document as keys; parsed once, not at every call. What is no JWK set is fetched again before its time.
    pub async fn key_set(&self, url: &str, now: Timestamp) -> Result<Arc<ClientKeys>, OutboundError> {
        match self.get(url, now).await?.keys() {
            Ok(keys) => Ok(keys),
            Err(_) => self.refetch_key_set(url, now).await,
        }
    }

    /// The same for a key that [`Documents::key_set`] does not hold: see [`Documents::refetch`].
    pub async fn refetch_key_set(&self, url: &str, now: Timestamp) -> Result<Arc<ClientKeys>, OutboundError> {
        self.refetch(url, now).await?.keys()
    }

    /// What is kept weighs about as much.
    #[must_use]
    pub fn kept_bytes(&self) -> u64 {
        self.kept.weight()
    }

    fn slot(&self, url: &str) -> Arc<Slot> {
        let fresh = || Ok::<_, Infallible>(entry(url, Arc::default(), 0));
        match self.kept.get_or_insert_with(url, fresh) {
            Ok(entry) => entry.slot,
            Err(never) => match never {},
        }
    }

    /// A URL that was not even fetched takes no room from others. Whoever else waits with the slot keeps it.
    fn forget_unknown(&self, url: &str, slot: &Arc<Slot>) {
        let is_unknown = |entry: &Entry| {
            let is_alone = Arc::strong_count(slot) == 2;
            is_alone && Arc::ptr_eq(&entry.slot, slot) && slot.with(|known| known.document.is_none())
        };
        self.kept.remove_if(url, is_unknown);
    }

    /// Asks the site, in a task of its own: a caller that goes away must not cost the others the answer, or use up the one
    /// refetch that is allowed.
    async fn fetch(
        &self,
        url: &str,
        (slot, turn): (Arc<Slot>, OwnedMutexGuard<()>),
        now: Timestamp,
        listener: impl FnOnce(&Answer) + Send + 'static,
    ) -> Answer {
        let (this, key) = (self.clone(), url.to_owned());
        let task = tokio::spawn(async move {
            let outcome = this.outbound.get(&key, "*/*").await;
            let answer = slot.with(|known| known.learn(outcome, now));
            listener(&answer);
            let bytes = answer.as_ref().map_or(0, |document| document.body.len());
            let entry = entry(&key, slot, bytes);
            this.kept.insert(key, entry);
            drop(turn);
            answer
        });
        match task.await {
            Ok(answer) => answer,
            // The runtime is shutting down.
            Err(_) => Err(OutboundError::Timeout),
        }
    }
}

impl Known {
    /// Remembers what came of a fetch, and says what to answer now.
    fn learn(
        &mut self,
        outcome: Result<Fetched, OutboundError>,
        now: Timestamp,
    ) -> Result<Arc<Document>, OutboundError> {
        match outcome {
            Ok(fetched) => {
                let document = Arc::new(Document::new(fetched, now));
                self.document = Some(Arc::clone(&document));
                self.failure = None;
                Ok(document)
            }
            Err(error) => {
                tracing::info!(%error, "a document could not be fetched");
                self.failure = Some((now, error.clone()));
                self.answer(now).unwrap_or(Err(error))
            }
        }
    }
}

/// Parsed keys weigh about as much as their text.
fn entry(url: &str, slot: Arc<Slot>, document_bytes: usize) -> Entry {
    let bytes = SLOT_BYTES + url.len() + 2 * document_bytes;
    Entry {
        slot,
        bytes: u64::try_from(bytes).unwrap_or(u64::MAX),
    }
}
