//! Request objects by reference (OpenID Connect Core §6.2, RFC 9101 §10.4.1): fetched for whoever sends a browser here with
//! the id of a client, so rarely for each client, not again where it just failed, and no more of them than can be one.
//!
//! What a request object says is not judged here.

use crate::outbound::documents::Documents;
use crate::outbound::{Outbound, OutboundError};
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use valetkey_model::ClientId;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::authorize::MOST_DOCUMENT_BYTES;

/// Over which time the fetches for a client are counted.
const WINDOW_SECONDS: i64 = 60;
/// How many there are for one client in that time. What is at hand is not counted; what a made-up fragment asks for is.
const FETCHES_PER_CLIENT: u32 = 60;
/// For so long an address that failed is not asked again.
const FAILED_SECONDS: i64 = 30;
/// How many failed addresses are remembered.
const FAILED_KEPT: usize = 4096;
const ACCEPT: &str = "application/oauth-authz-req+jwt, */*";

/// Fetches them.
pub(crate) struct RequestObjects {
    outbound: Outbound,
    kept: Documents,
    /// Addresses without their fragments, which are not sent.
    failed: Cache<String, Timestamp>,
    counts: Mutex<Counts>,
}

/// How often was fetched for whom since then.
struct Counts {
    since: Timestamp,
    fetches: HashMap<ClientId, u32>,
}

impl RequestObjects {
    pub(crate) fn new(outbound: &Outbound) -> Self {
        let outbound = outbound.at_most(MOST_DOCUMENT_BYTES);
        Self {
            kept: Documents::new(outbound.clone()),
            outbound,
            failed: Cache::new(FAILED_KEPT),
            counts: Mutex::new(Counts {
                since: Timestamp(i64::MIN),
                fetches: HashMap::new(),
            }),
        }
    }

    /// What is there now. A fragment says which content is meant (Core §6.2), so what was fetched for it may be kept.
    /// Without one the content may be another at each request, with another `state` and `nonce`.
    pub(crate) async fn get(&self, client: &ClientId, uri: &str, now: Timestamp) -> Result<String, String> {
        let (address, is_kept) = match uri.split_once('#') {
            Some((address, _)) => (address, true),
            None => (uri, false),
        };
        let failed_at = self.failed.get(address);
        if failed_at.is_some_and(|at| (0..FAILED_SECONDS).contains(&now.seconds_since(at))) {
            return Err(String::from("the address did not answer a moment ago"));
        }
        let is_at_hand = is_kept && self.kept.is_at_hand(uri, now);
        if !is_at_hand && !self.is_another_allowed(client, now) {
            return Err(String::from("it was fetched too often for this client"));
        }
        let body = if is_kept {
            let kept = self.kept.get(uri, now).await;
            kept.map(|document| document.body.clone())
        } else {
            let fetched = self.outbound.get(uri, ACCEPT).await;
            fetched.map(|fetched| fetched.body)
        };
        let body = body.map_err(|error: OutboundError| {
            self.failed.insert(address.to_owned(), now);
            error.to_string()
        })?;
        String::from_utf8(body).map_err(|_| String::from("bytes that are no text"))
    }

    fn is_another_allowed(&self, client: &ClientId, now: Timestamp) -> bool {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if !(0..WINDOW_SECONDS).contains(&now.0.saturating_sub(counts.since.0)) {
            counts.since = now;
            counts.fetches.clear();
        }
        let fetches = counts.fetches.entry(client.clone()).or_default();
        *fetches = fetches.saturating_add(1);
        *fetches <= FETCHES_PER_CLIENT
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::OutboundSettings;

    fn objects() -> RequestObjects {
        RequestObjects::new(&Outbound::new(OutboundSettings::default()).unwrap())
    }

    #[test]
    fn reflection_one_client_has_so_many_fetches_in_a_minute_and_others_have_theirs() {
        let objects = objects();
        let [app, other] = ["app", "other"].map(|id| ClientId::parse(id).unwrap());
        let now = Timestamp(1_800_000_000);
        for _ in 0..FETCHES_PER_CLIENT {
            assert!(objects.is_another_allowed(&app, now));
        }
        assert!(!objects.is_another_allowed(&app, now.plus_seconds(WINDOW_SECONDS - 1)));
        assert!(objects.is_another_allowed(&other, now));
        assert!(objects.is_another_allowed(&app, now.plus_seconds(WINDOW_SECONDS)));
    }

    #[tokio::test]
    async fn an_address_that_failed_is_left_alone_for_a_while_whatever_its_fragment() {
        let (objects, app) = (objects(), ClientId::parse("app").unwrap());
        let now = Timestamp(1_800_000_000);
        let uri = "https://127.0.0.1:1/request";
        let first = objects.get(&app, uri, now).await.unwrap_err();
        assert!(!first.contains("a moment ago"), "{first}");
        for again in [
            uri,
            "https://127.0.0.1:1/request#a",
            "https://127.0.0.1:1/request#b",
        ] {
            let error = objects.get(&app, again, now.plus_seconds(1)).await.unwrap_err();
            assert!(error.contains("a moment ago"), "{error}");
        }
        let later = now.plus_seconds(FAILED_SECONDS);
        let error = objects.get(&app, uri, later).await.unwrap_err();
        assert!(!error.contains("a moment ago"), "{error}");
    }
}
