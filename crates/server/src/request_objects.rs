//! Request objects by reference (OpenID Connect Core §6.2, RFC 9101 §10.4.1): fetched for whoever sends a browser here with
//! the id of a client, so rarely for each client and for each network address, not again where it just failed, and no more
//! of them than can be one. How rarely says `rules::authorize`.
//!
//! What a request object says is not judged here.

use crate::address;
use crate::outbound::documents::Documents;
use crate::outbound::{Outbound, OutboundError};
use quick_cache::sync::Cache;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use valetkey_model::ClientId;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::authorize::{
    FAILED_FETCH_SECONDS, FETCH_WINDOW_SECONDS, Fetches, MOST_DOCUMENT_BYTES, NoDocument,
};

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
            failed: Cache::new(FAILED_KEPT),
            counts: Mutex::new(Counts {
                since: Timestamp(i64::MIN),
                of_clients: HashMap::new(),
            }),
        }
    }

    /// What is there now. A fragment says which content is meant (Core §6.2), so what was fetched for it may be kept.
    /// Without one the content may be another at each request, with another `state` and `nonce`.
    pub(crate) async fn get(
        &self,
        asker: Asker<'_>,
        uri: &str,
        now: Timestamp,
    ) -> Result<String, NoDocument> {
        let (address, is_kept) = match uri.split_once('#') {
            Some((address, _)) => (address, true),
            None => (uri, false),
        };
        let failed_at = self.failed.get(address);
        if failed_at.is_some_and(|at| (0..FAILED_FETCH_SECONDS).contains(&now.seconds_since(at))) {
            return Err(unreadable("the address did not answer a moment ago"));
        }
        let is_at_hand = is_kept && self.kept.is_at_hand(uri, now);
        if !is_at_hand && !self.counts_one_more(asker, now) {
            return Err(NoDocument::TooOften);
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
            NoDocument::Unreadable(error.to_string())
        })?;
        String::from_utf8(body).map_err(|_| unreadable("bytes that are no text"))
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

fn unreadable(why: &str) -> NoDocument {
    NoDocument::Unreadable(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outbound::OutboundSettings;

    const NOW: Timestamp = Timestamp(1_800_000_000);

    fn objects() -> RequestObjects {
        RequestObjects::new(&Outbound::new(OutboundSettings::default()).unwrap())
    }

    fn clients() -> [ClientId; 2] {
        ["app", "other"].map(|id| ClientId::parse(id).unwrap())
    }

    fn from(address: u32) -> IpAddr {
        IpAddr::V4(address.into())
    }

    /// How many of a hundred fetches are made.
    fn made(objects: &RequestObjects, client: &ClientId, address: u32, now: Timestamp) -> usize {
        let asker = Asker {
            client,
            address: from(address),
        };
        (0..100).filter(|_| objects.counts_one_more(asker, now)).count()
    }

    #[test]
    fn reflection_one_address_cannot_use_up_the_fetches_of_a_client() {
        let (objects, [app, other]) = (objects(), clients());
        let of_one = made(&objects, &app, 1, NOW);
        assert!(of_one > 0);
        assert_eq!(
            made(&objects, &app, 1, NOW.plus_seconds(FETCH_WINDOW_SECONDS - 1)),
            0
        );
        assert_eq!(
            made(&objects, &app, 2, NOW),
            of_one,
            "what was refused was not counted"
        );
        assert_eq!(
            made(&objects, &other, 1, NOW),
            of_one,
            "another client has its own"
        );
    }

    #[test]
    fn reflection_one_client_has_so_many_fetches_in_a_minute_from_however_many_addresses() {
        let (objects, [app, other]) = (objects(), clients());
        let made_by =
            |client, now| -> usize { (0..50).map(|address| made(&objects, client, address, now)).sum() };
        let of_client = made_by(&app, NOW);
        assert!((1..100).contains(&of_client), "{of_client}");
        assert_eq!(made_by(&app, NOW.plus_seconds(FETCH_WINDOW_SECONDS - 1)), 0);
        assert_eq!(made_by(&other, NOW), of_client);
        assert_eq!(made_by(&app, NOW.plus_seconds(FETCH_WINDOW_SECONDS)), of_client);
    }

    #[test]
    fn the_addresses_of_one_ipv6_customer_are_one() {
        let (objects, [app, _]) = (objects(), clients());
        let of_one = made(&objects, &app, 1, NOW);
        let customer = (0..100).filter(|host: &u128| {
            let address = IpAddr::V6((0x2001_0db8_u128 << 96 | *host).into());
            objects.counts_one_more(
                Asker {
                    client: &app,
                    address,
                },
                NOW,
            )
        });
        assert_eq!(customer.count(), of_one);
    }

    #[tokio::test]
    async fn an_address_that_failed_is_left_alone_for_a_while_whatever_its_fragment() {
        let (objects, [app, _]) = (objects(), clients());
        let asker = Asker {
            client: &app,
            address: from(1),
        };
        let uri = "https://127.0.0.1:1/request";
        let a_moment_ago = unreadable("the address did not answer a moment ago");
        let first = objects.get(asker, uri, NOW).await.unwrap_err();
        assert_ne!(first, a_moment_ago);
        for again in [
            uri,
            "https://127.0.0.1:1/request#a",
            "https://127.0.0.1:1/request#b",
        ] {
            let error = objects.get(asker, again, NOW.plus_seconds(1)).await.unwrap_err();
            assert_eq!(error, a_moment_ago);
        }
        let later = NOW.plus_seconds(FAILED_FETCH_SECONDS);
        let error = objects.get(asker, uri, later).await.unwrap_err();
        assert_ne!(error, a_moment_ago);
    }
}
