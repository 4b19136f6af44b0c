//! The keys of the issuer's tokens (RFC 7517 §5): fetched when a token names one that is not known, by one caller at a time,
//! and only so often: whoever makes tokens up must not make this client a nuisance to the issuer.

use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;
use valetkey_jose::{Algorithm, JoseError, KeySet, jwt};
use valetkey_protocol::time::Timestamp;

use crate::{Client, Error, discovery};

/// Within so many seconds ...
const WINDOW_SECONDS: i64 = 60;
/// ... the keys are fetched at most so many times.
const MOST_FETCHES: u32 = 5;

#[derive(Default)]
pub(crate) struct Keys {
    seen_last: Mutex<Arc<KeySet>>,
    /// Held while the keys are fetched.
    fetches: tokio::sync::Mutex<Fetches>,
}

#[derive(Default)]
struct Fetches {
    window_began: Option<Timestamp>,
    count: u32,
}

impl Fetches {
    /// Whether one more is allowed; counts it.
    fn take(&mut self, now: Timestamp) -> bool {
        let in_window = |began| (0..WINDOW_SECONDS).contains(&now.seconds_since(began));
        if !self.window_began.is_some_and(in_window) {
            *self = Self {
                window_began: Some(now),
                count: 0,
            };
        }
        let allowed = self.count < MOST_FETCHES;
        self.count = self.count.saturating_add(1);
        allowed
    }
}

impl Keys {
    /// Empty before the first fetch.
    fn known(&self) -> Arc<KeySet> {
        Arc::clone(&self.seen_last.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Client {
    /// Checks a signature of the issuer. An unknown key means that the issuer has changed its keys: they are fetched once.
    pub(crate) async fn verify<C: DeserializeOwned>(
        &self,
        token: &str,
        now: Timestamp,
    ) -> Result<Result<jwt::Verified<C>, JoseError>, Error> {
        let algs = self.id_token_algorithms();
        let known = self.keys().known();
        let outcome = verify(token, &known, &algs);
        if !matches!(outcome, Err(JoseError::UnknownKey)) {
            return Ok(outcome);
        }
        Ok(match self.other_keys(&known, now).await? {
            Some(keys) => verify(token, &keys, &algs),
            None => outcome,
        })
    }

    /// Keys that are not those; `None` when they were fetched too often.
    async fn other_keys(&self, than: &Arc<KeySet>, now: Timestamp) -> Result<Option<Arc<KeySet>>, Error> {
        let mut fetches = self.keys().fetches.lock().await;
        let known = self.keys().known();
        if !Arc::ptr_eq(&known, than) {
            return Ok(Some(known));
        }
        if !fetches.take(now) {
            return Ok(None);
        }
        let jwks_uri = &self.metadata().jwks_uri;
        let fetched = Arc::new(discovery::keys(self.http(), jwks_uri).await?);
        let mut seen_last = self
            .keys()
            .seen_last
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        *seen_last = Arc::clone(&fetched);
        Ok(Some(fetched))
    }
}

fn verify<C: DeserializeOwned>(
    token: &str,
    keys: &KeySet,
    algs: &[Algorithm],
) -> Result<jwt::Verified<C>, JoseError> {
    jwt::verify(token, keys, &jwt::Expect { algs, typ: None })
}
