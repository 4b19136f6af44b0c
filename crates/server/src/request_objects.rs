//! Request objects by reference (OpenID Connect Core §6.2, RFC 9101 §10.4.1): fetched for whoever sends a browser here with
//! the id of a client, so rarely for each client and for each network address, not again where it just failed, and no more
//! of them than can be one. How rarely says `rules::authorize`.
//!
//! A fragment says which content is meant. So what was fetched for it is answered again, also when it is old and may not be
//! fetched now; and a fragment that is the hash of what was fetched last at its address needs no fetch.
//!
//! What a request object says is not judged here.

use crate::address;
use crate::outbound::documents::{Answer, Documents};
use crate::outbound::{Outbound, OutboundError};
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use valetkey_jose::b64;
use valetkey_jose::hash::sha256;
use valetkey_model::ClientId;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::authorize::{
    FAILED_FETCH_SECONDS, FETCH_WINDOW_SECONDS, Fetches, MOST_DOCUMENT_BYTES, NoDocument,
};

/// How many failed addresses are remembered.
const FAILED_KEPT: usize = 4096;
/// Of how many addresses the latest content is kept.
const LATEST_KEPT: usize = 256;
const ACCEPT: &str = "application/oauth-authz-req+jwt, */*";

/// Fetches them.
pub(crate) struct RequestObjects {
    outbound: Outbound,
    kept: Documents,
    learned: Arc<Learned>,
    counts: Mutex<Counts>,
}

/// What came of fetches for whomever, by addresses without their fragments, which are not sent.
struct Learned {
    failed: Cache<String, Timestamp>,
    latest: Cache<String, Arc<Latest>>,
}

struct Latest {
    /// As a fragment names it: SHA-256 in base64url (Core §6.2).
    hash: String,
    body: Vec<u8>,
}

/// How often was fetched for whom since then. What is refused is not counted, so there are never more addresses here than
/// fetches.
struct Counts {
    since: Timestamp,
    of_clients: HashMap<ClientId, OfClient>,
}

#[derive(Default)]
struct OfClient {
    all: u32,
    of_addresses: HashMap<String, u32>,
}

/// Who makes this server fetch: the client that the request names, and the address that it came from.
#[derive(Clone, Copy)]
pub(crate) struct Asker<'a> {
    pub(crate) client: &'a ClientId,
    pub(crate) address: IpAddr,
}

impl RequestObjects {
    pub(crate) fn new(outbound: &Outbound) -> Self {
        let outbound = outbound.at_most(MOST_DOCUMENT_BYTES);
        Self {
            kept: Documents::new(outbound.clone()),
            outbound,
            learned: Arc::new(Learned {
                failed: Cache::new(FAILED_KEPT),
                latest: Cache::new(LATEST_KEPT),
            }),
            counts: Mutex::new(Counts {
                since: Timestamp(i64::MIN),
                of_clients: HashMap::new(),
            }),
        }
    }

    /// What the request means: with a fragment what that names, and else what is there now, which may be another at each
    /// request, with another `state` and `nonce`.
    pub(crate) async fn get(
        &self,
        asker: Asker<'_>,
        uri: &str,
        now: Timestamp,
    ) -> Result<String, NoDocument> {
        let body = match uri.split_once('#') {
            Some((address, fragment)) => match self.learned.latest.get(address) {
                Some(latest) if latest.hash == fragment => latest.body.clone(),
                _ => self.kept(asker, (uri, address), now).await?,
            },
            None => self.fetched(asker, uri, now).await?,
        };
        String::from_utf8(body).map_err(|_| unreadable("bytes that are no text"))
    }

    /// In a task of its own: what was counted is for everybody, also when the caller goes away.
    async fn fetched(&self, asker: Asker<'_>, address: &str, now: Timestamp) -> Result<Vec<u8>, NoDocument> {
        self.may_fetch(asker, address, now)?;
        let (outbound, learned) = (self.outbound.clone(), Arc::clone(&self.learned));
        let address = address.to_owned();
        let task = tokio::spawn(async move {
            let answer = outbound.get(&address, ACCEPT).await.map(|fetched| fetched.body);
            learned.hear(&address, answer.as_deref(), now);
            answer
        });
        // A task ends early only while the runtime is shutting down.
        Ok(task.await.unwrap_or(Err(OutboundError::Timeout))?)
    }

    /// Where nothing may be fetched, or nothing comes of it, what is old will do: whoever has seen it could send it by value.
    async fn kept(
        &self,
        asker: Asker<'_>,
        (uri, address): (&str, &str),
        now: Timestamp,
    ) -> Result<Vec<u8>, NoDocument> {
        let may_fetch = || {
            self.may_fetch(asker, address, now)?;
            let (learned, address) = (Arc::clone(&self.learned), address.to_owned());
            Ok(move |answer: &Answer| {
                let answer = answer.as_ref().map(|document| document.body.as_slice());
                learned.hear(&address, answer, now);
            })
        };
        let answer = self.kept.get_where(uri, now, may_fetch).await;
        let document = answer.or_else(|no: NoDocument| self.kept.of_any_age(uri).ok_or(no))?;
        Ok(document.body.clone())
    }

    fn may_fetch(&self, asker: Asker<'_>, address: &str, now: Timestamp) -> Result<(), NoDocument> {
        let failed_at = self.learned.failed.get(address);
        if failed_at.is_some_and(|at| (0..FAILED_FETCH_SECONDS).contains(&now.seconds_since(at))) {
            return Err(unreadable("the address did not answer a moment ago"));
        }
        if self.counts_one_more(asker, now) {
            Ok(())
        } else {
            Err(NoDocument::TooOften)
        }
    }

    /// How long whoever came too often waits.
    pub(crate) fn wait_seconds(&self, now: Timestamp) -> i64 {
        let since = self.counts.lock().unwrap_or_else(PoisonError::into_inner).since;
        let ends_at = since.0.saturating_add(FETCH_WINDOW_SECONDS);
        ends_at.saturating_sub(now.0).clamp(1, FETCH_WINDOW_SECONDS)
    }

    /// Counts one more fetch, where one more is made.
    fn counts_one_more(&self, asker: Asker<'_>, now: Timestamp) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if !(0..FETCH_WINDOW_SECONDS).contains(&now.0.saturating_sub(counts.since.0)) {
            counts.since = now;
            counts.of_clients.clear();
        }
        let of_client = counts.of_clients.entry(asker.client.clone()).or_default();
        let address = address::counted(asker.address);
        let before = Fetches {
            of_client: of_client.all,
            of_address: of_client.of_addresses.get(&address).copied().unwrap_or_default(),
        };
        if !before.may_be_more() {
            return false;
        }
        of_client.all += 1;
        of_client.of_addresses.insert(address, before.of_address + 1);
        true
    }
}

impl Learned {
    fn hear(&self, address: &str, answer: Result<&[u8], &OutboundError>, now: Timestamp) {
        let address = address.to_owned();
        match answer {
            Ok(body) => {
                let latest = Latest {
                    hash: b64::encode_url(&sha256(body)),
                    body: body.to_owned(),
                };
                self.latest.insert(address, Arc::new(latest));
            }
            Err(_) => self.failed.insert(address, now),
        }
    }
}

fn unreadable(why: &str) -> NoDocument {
    NoDocument::Unreadable(why.to_owned())
}

impl From<OutboundError> for NoDocument {
    fn from(error: OutboundError) -> Self {
        Self::Unreadable(error.to_string())
    }
}

#[cfg(test)]
mod tests;
