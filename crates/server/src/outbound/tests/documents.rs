//! What is kept, for how long, and how often a site is asked. The time is an argument; the sites are real.

use super::super::documents::{Answer, Document, Documents};
use super::super::{Outbound, OutboundError};
use super::site::{Site, local};
use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::get;
use serde_json::json;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::{Receiver, channel};
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_protocol::time::Timestamp;

const START: Timestamp = Timestamp(1_800_000_000);

fn after(seconds: i64) -> Timestamp {
    START.plus_seconds(seconds)
}

fn documents() -> Documents {
    Documents::new(Outbound::new(local()).unwrap())
}

/// Says how often it was asked; with `is_down`, that it is down.
async fn counting(cache_control: &'static str, is_down: &Arc<AtomicBool>) -> Site {
    let asked = AtomicUsize::new(0);
    let is_down = Arc::clone(is_down);
    let answer = move || {
        let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
        let answer = if is_down.load(Ordering::SeqCst) {
            http::StatusCode::SERVICE_UNAVAILABLE.into_response()
        } else {
            ([("cache-control", cache_control)], number.to_string()).into_response()
        };
        std::future::ready(answer)
    };
    let answer = Arc::new(answer);
    Site::start(Router::new().route("/", get(move || answer()))).await
}

fn said(answer: Result<Arc<Document>, OutboundError>) -> String {
    answer.unwrap().text().unwrap().to_owned()
}

#[tokio::test]
async fn a_document_is_kept_as_long_as_its_site_says_within_bounds() {
    for (cache_control, seconds) in [
        ("public", 600),
        ("max-age=120", 120),
        ("max-age=1", 60),
        ("no-store", 60),
        ("max-age=99999999", 3600),
        ("max-age=99999999999999999999", 600),
        ("max-age=18446744073709551615", 3600),
    ] {
        let site = counting(cache_control, &Arc::default()).await;
        let (documents, url) = (documents(), site.url("/"));
        assert_eq!(said(documents.get(&url, START).await), "1");
        assert_eq!(
            said(documents.get(&url, after(seconds - 1)).await),
            "1",
            "{cache_control}"
        );
        assert_eq!(
            said(documents.get(&url, after(seconds)).await),
            "2",
            "{cache_control}"
        );
    }
}

#[tokio::test]
async fn a_site_that_failed_is_left_alone_for_thirty_seconds() {
    let is_down = Arc::new(AtomicBool::new(true));
    let site = counting("public", &is_down).await;
    let (documents, url) = (documents(), site.url("/"));
    for now in [START, after(1), after(29)] {
        assert_eq!(
            documents.get(&url, now).await.unwrap_err(),
            OutboundError::Status(503)
        );
        assert_eq!(
            documents.refetch(&url, now).await.unwrap_err(),
            OutboundError::Status(503)
        );
    }
    assert_eq!(site.requests(), 1);
    is_down.store(false, Ordering::SeqCst);
    assert_eq!(said(documents.get(&url, after(30)).await), "2");
}

#[tokio::test]
async fn a_document_is_fetched_again_on_demand_once_in_thirty_seconds() {
    let site = counting("public", &Arc::default()).await;
    let (documents, url) = (documents(), site.url("/"));
    assert_eq!(said(documents.get(&url, START).await), "1");
    assert_eq!(said(documents.refetch(&url, after(1)).await), "2");
    assert_eq!(said(documents.refetch(&url, after(2)).await), "2");
    assert_eq!(said(documents.refetch(&url, after(30)).await), "2");
    assert_eq!(said(documents.refetch(&url, after(31)).await), "3");
    assert_eq!(said(documents.get(&url, after(32)).await), "3");
    assert_eq!(site.requests(), 3);
}

#[tokio::test]
async fn a_refetch_that_fails_leaves_the_fresh_document_in_place() {
    let is_down = Arc::new(AtomicBool::new(false));
    let site = counting("max-age=120", &is_down).await;
    let (documents, url) = (documents(), site.url("/"));
    assert_eq!(said(documents.get(&url, START).await), "1");
    is_down.store(true, Ordering::SeqCst);
    assert_eq!(said(documents.refetch(&url, after(1)).await), "1");
    assert_eq!(said(documents.refetch(&url, after(2)).await), "1");
    assert_eq!(said(documents.get(&url, after(119)).await), "1");
    assert_eq!(site.requests(), 2);
    assert_eq!(
        documents.get(&url, after(120)).await.unwrap_err(),
        OutboundError::Status(503)
    );
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_fetches() {
    let gate = Arc::new(Semaphore::new(0));
    let wait = Arc::clone(&gate);
    let router = Router::new().route(
        "/",
        get(move || async move {
            wait.acquire().await.unwrap().forget();
            "one"
        }),
    );
    let site = Site::start(router).await;
    let (documents, url) = (documents(), site.url("/"));
    let gets: Vec<_> = (0..50)
        .map(|_| {
            let (documents, url) = (documents.clone(), url.clone());
            tokio::spawn(async move { documents.get(&url, START).await })
        })
        .collect();
    gate.add_permits(1);
    for answer in gets {
        assert_eq!(said(answer.await.unwrap()), "one");
    }
    assert_eq!(site.requests(), 1);
    let refetches: Vec<_> = (0..50)
        .map(|_| {
            let (documents, url) = (documents.clone(), url.clone());
            tokio::spawn(async move { documents.refetch(&url, START).await })
        })
        .collect();
    gate.add_permits(1);
    for answer in refetches {
        assert_eq!(said(answer.await.unwrap()), "one");
    }
    assert_eq!(site.requests(), 2);
}

/// A site that says it as often as it has permits, where it is told who came in.
async fn gated(permits: usize, says: &'static str) -> (Site, Arc<Semaphore>, Receiver<()>) {
    let gate = Arc::new(Semaphore::new(permits));
    let (entered, is_inside) = channel(8);
    let wait = Arc::clone(&gate);
    let router = Router::new().route(
        "/",
        get(move || async move {
            entered.send(()).await.unwrap();
            wait.acquire().await.unwrap().forget();
            says
        }),
    );
    (Site::start(router).await, gate, is_inside)
}

#[tokio::test]
async fn who_may_not_fetch_gets_what_is_at_hand_or_what_another_fetches() {
    let (site, gate, mut is_inside) = gated(0, "one").await;
    let (documents, url) = (documents(), site.url("/"));
    let not_now = OutboundError::AddressRefused(String::from("not now"));
    let no = || Err::<fn(&Answer), _>(not_now.clone());
    let at = |now| documents.get_where(&url, now, no);
    assert_eq!(at(START).await.unwrap_err(), not_now);
    assert_eq!(documents.kept_bytes(), 0, "nothing is known of it");
    let fetching = {
        let (documents, url) = (documents.clone(), url.clone());
        tokio::spawn(async move { documents.get(&url, START).await })
    };
    is_inside.recv().await.unwrap();
    let (waited, ()) = tokio::join!(at(START), async {
        tokio::task::yield_now().await;
        gate.add_permits(1);
    });
    assert_eq!(said(waited), "one");
    assert_eq!(said(fetching.await.unwrap()), "one");
    assert_eq!(said(at(after(599)).await), "one");
    assert_eq!(at(after(600)).await.unwrap_err(), not_now);
    let old = documents.of_any_age(&url).unwrap();
    assert_eq!(old.text().unwrap(), "one");
    assert_eq!(site.requests(), 1);
}

#[tokio::test]
async fn somebody_who_goes_away_does_not_use_up_the_refetch_of_the_others() {
    let gate = Arc::new(Semaphore::new(0));
    let (entered, mut is_inside) = tokio::sync::mpsc::channel(8);
    let wait = Arc::clone(&gate);
    let asked = Arc::new(AtomicUsize::new(0));
    let router = Router::new().route(
        "/",
        get(move || async move {
            let number = asked.fetch_add(1, Ordering::SeqCst) + 1;
            entered.send(()).await.unwrap();
            wait.acquire().await.unwrap().forget();
            number.to_string()
        }),
    );
    let site = Site::start(router).await;
    let (documents, url) = (documents(), site.url("/"));
    gate.add_permits(1);
    assert_eq!(said(documents.get(&url, START).await), "1");
    is_inside.recv().await.unwrap();
    let impatient = {
        let (documents, url) = (documents.clone(), url.clone());
        tokio::spawn(async move { documents.refetch(&url, START).await })
    };
    is_inside.recv().await.unwrap();
    impatient.abort();
    assert!(impatient.await.is_err());
    gate.add_permits(1);
    assert_eq!(said(documents.refetch(&url, START).await), "2");
    assert_eq!(site.requests(), 2);
}

#[tokio::test]
async fn a_fresh_document_is_answered_while_somebody_fetches_it_again() {
    let (site, gate, mut is_inside) = gated(1, "kept").await;
    let (documents, url) = (documents(), site.url("/"));
    documents.get(&url, START).await.unwrap();
    is_inside.recv().await.unwrap();
    let refetching = {
        let (documents, url) = (documents.clone(), url.clone());
        tokio::spawn(async move { documents.refetch(&url, START).await })
    };
    is_inside.recv().await.unwrap();
    // The site still holds the other answer back.
    assert_eq!(said(documents.get(&url, START).await), "kept");
    gate.add_permits(1);
    assert_eq!(said(refetching.await.unwrap()), "kept");
}

#[tokio::test]
async fn a_changed_fragment_is_another_document() {
    let site = counting("public", &Arc::default()).await;
    let documents = documents();
    assert_eq!(said(documents.get(&site.url("/#a"), START).await), "1");
    assert_eq!(said(documents.get(&site.url("/#b"), START).await), "2");
    assert_eq!(said(documents.get(&site.url("/#a"), START).await), "1");
}

#[tokio::test]
async fn addresses_without_number_do_not_fill_the_memory() {
    let router = Router::new().route("/{name}", get(|| async { vec![b'a'; 1024 * 1024] }));
    let site = Site::start_plain(router).await;
    let documents = documents();
    for number in 0..40 {
        documents
            .get(&format!("http://{}/{number}", site.address), START)
            .await
            .unwrap();
    }
    assert!(
        documents.kept_bytes() <= 64 * 1024 * 1024,
        "{}",
        documents.kept_bytes()
    );
    assert!(
        documents.kept_bytes() > 2 * 1024 * 1024,
        "the longest document fits"
    );
}

/// A site that publishes what stands in the mutex.
async fn publishing(document: &Arc<Mutex<String>>) -> Site {
    let document = Arc::clone(document);
    let answer = move || std::future::ready(document.lock().unwrap().clone());
    let answer = Arc::new(answer);
    Site::start(Router::new().route("/", get(move || answer()))).await
}

fn jwks(keys: &[&SigningKey]) -> String {
    json!({ "keys": keys.iter().map(|key| key.public_jwk()).collect::<Vec<_>>() }).to_string()
}

#[tokio::test]
async fn keys_are_parsed_once_and_a_new_key_is_found_by_a_refetch() {
    let old = SigningKey::generate(Algorithm::ES256).unwrap();
    let new = SigningKey::generate(Algorithm::ES256).unwrap();
    let document = Arc::new(Mutex::new(jwks(&[&old])));
    let site = publishing(&document).await;
    let (documents, url) = (documents(), site.url("/"));
    let keys = documents.key_set(&url, START).await.unwrap();
    assert!(keys.verifying.get(old.kid()).is_some());
    assert_eq!(keys.set.keys.len(), 1);
    let again = documents.key_set(&url, after(1)).await.unwrap();
    assert!(Arc::ptr_eq(&keys, &again), "parsed once");

    *document.lock().unwrap() = jwks(&[&old, &new]);
    let stale = documents.key_set(&url, after(2)).await.unwrap();
    assert!(stale.verifying.get(new.kid()).is_none());
    let fresh = documents.refetch_key_set(&url, after(2)).await.unwrap();
    assert!(fresh.verifying.get(new.kid()).is_some());
    let kept = documents.key_set(&url, after(3)).await.unwrap();
    assert!(Arc::ptr_eq(&fresh, &kept));
    assert_eq!(site.requests(), 2);
}

#[tokio::test]
async fn a_document_that_is_no_key_set_is_refused_and_looked_at_again_later() {
    let document = Arc::new(Mutex::new(String::from("<html>maintenance</html>")));
    let site = publishing(&document).await;
    let (documents, url) = (documents(), site.url("/"));
    for now in [START, after(1), after(29)] {
        assert_eq!(
            documents.key_set(&url, now).await.unwrap_err(),
            OutboundError::NotKeySet
        );
    }
    assert_eq!(site.requests(), 2);
    *document.lock().unwrap() = jwks(&[]);
    assert!(
        documents
            .key_set(&url, after(30))
            .await
            .unwrap()
            .verifying
            .is_empty()
    );
}
