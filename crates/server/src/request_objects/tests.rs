//! How often is fetched, for whom. The sites are real.

use super::*;
use crate::outbound::OutboundSettings;
use axum::Router;
use axum::response::IntoResponse as _;
use axum::routing::get;
use http::StatusCode;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

const NOW: Timestamp = Timestamp(1_800_000_000);

fn objects() -> RequestObjects {
    let settings = OutboundSettings {
        allow_private: vec!["127.0.0.0/8".parse().unwrap()],
        ..OutboundSettings::default()
    };
    RequestObjects::new(&Outbound::new(settings).unwrap())
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

/// A site of a client, with a document at one address.
struct Site {
    url: String,
    served: Arc<Served>,
}

#[derive(Default)]
struct Served {
    document: Mutex<String>,
    is_down: AtomicBool,
    requests: AtomicUsize,
    /// While somebody holds them, nobody is answered.
    places: Option<Semaphore>,
}

impl Site {
    async fn start() -> Self {
        Self::serving(Served::default()).await
    }

    /// Answers as many as are let through.
    async fn slow() -> Self {
        Self::serving(Served {
            places: Some(Semaphore::new(0)),
            ..Served::default()
        })
        .await
    }

    async fn serving(served: Served) -> Self {
        let served = Arc::new(served);
        served.says("the request");
        let one = Arc::clone(&served);
        let answer = move || {
            let served = Arc::clone(&one);
            async move {
                served.requests.fetch_add(1, Ordering::SeqCst);
                if let Some(places) = &served.places {
                    places.acquire().await.unwrap().forget();
                }
                if served.is_down.load(Ordering::SeqCst) {
                    return StatusCode::SERVICE_UNAVAILABLE.into_response();
                }
                served.document.lock().unwrap().clone().into_response()
            }
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().route("/", get(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, served }
    }

    fn at(&self, fragment: &str) -> String {
        format!("{}#{fragment}", self.url)
    }

    fn requests(&self) -> usize {
        self.served.requests.load(Ordering::SeqCst)
    }
}

impl Served {
    fn says(&self, text: &str) {
        text.clone_into(&mut self.document.lock().unwrap());
    }

    fn is_down(&self, is_down: bool) {
        self.is_down.store(is_down, Ordering::SeqCst);
    }

    fn lets_through(&self, permits: usize) {
        self.places.as_ref().unwrap().add_permits(permits);
    }
}

/// Somebody at this address who opens a link with this `request_uri`.
async fn opens(
    objects: &RequestObjects,
    address: u32,
    uri: &str,
    now: Timestamp,
) -> Result<String, NoDocument> {
    let [client, _] = clients();
    let asker = Asker {
        client: &client,
        address: from(address),
    };
    objects.get(asker, uri, now).await
}

/// Uses up what there is for the client, by fragments that mean nothing and so many addresses as it takes.
async fn strangers_use_up_all(objects: &RequestObjects, site: &Site, now: Timestamp) {
    for address in 1000..1010 {
        for number in 0..40 {
            let _ = opens(objects, address, &site.at(&format!("{address}-{number}")), now).await;
        }
    }
    assert_eq!(
        opens(objects, 2000, &site.at("nobody-knows-this"), now).await,
        Err(NoDocument::TooOften)
    );
}

/// Thirty people behind one address.
fn thirty_at_once(
    objects: &Arc<RequestObjects>,
    uri: &str,
    now: Timestamp,
) -> Vec<JoinHandle<Result<String, NoDocument>>> {
    let one = || {
        let (objects, uri) = (Arc::clone(objects), uri.to_owned());
        tokio::spawn(async move { opens(&objects, 1, &uri, now).await })
    };
    (0..30).map(|_| one()).collect()
}

async fn answered(tasks: Vec<JoinHandle<Result<String, NoDocument>>>) -> usize {
    let mut answered = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(text) => {
                assert_eq!(text, "the request");
                answered += 1;
            }
            Err(no) => assert_eq!(no, NoDocument::TooOften),
        }
    }
    answered
}

#[tokio::test]
async fn reflection_made_up_fragments_are_fetched_twenty_times_for_one_address() {
    let (objects, site) = (objects(), Site::start().await);
    for number in 1..=20 {
        let answer = opens(&objects, 1, &site.at(&number.to_string()), NOW).await;
        assert_eq!(answer.unwrap(), "the request");
    }
    let refused = opens(&objects, 1, &site.at("21"), NOW).await;
    assert_eq!(refused, Err(NoDocument::TooOften));
    assert_eq!(site.requests(), 20);
    assert!(opens(&objects, 2, &site.at("21"), NOW).await.is_ok());
    assert_eq!(
        opens(&objects, 1, &site.at("21"), NOW).await.unwrap(),
        "the request",
        "now it is at hand"
    );
    assert_eq!(site.requests(), 21);
    let next = NOW.plus_seconds(FETCH_WINDOW_SECONDS);
    assert!(opens(&objects, 1, &site.at("22"), next).await.is_ok());
}

#[tokio::test]
async fn a_fragment_is_fetched_once_however_often_it_is_asked_for() {
    let (objects, site) = (objects(), Site::start().await);
    for _ in 0..30 {
        let answer = opens(&objects, 1, &site.at("v1"), NOW).await;
        assert_eq!(answer.unwrap(), "the request");
    }
    assert_eq!(site.requests(), 1);
}

#[tokio::test]
async fn whoever_waits_for_the_fetch_of_another_is_not_counted() {
    let (objects, site) = (Arc::new(objects()), Site::slow().await);
    // Once it is unknown, and once it is old.
    for (now, requests) in [(NOW, 1), (NOW.plus_seconds(7200), 2)] {
        let tasks = thirty_at_once(&objects, &site.at("v1"), now);
        while site.requests() < requests {
            tokio::task::yield_now().await;
        }
        site.served.lets_through(1);
        assert_eq!(answered(tasks).await, 30);
        assert_eq!(site.requests(), requests);
    }
    let [app, _] = clients();
    let now = NOW.plus_seconds(7200);
    assert_eq!(made(&objects, &app, 1, now), 19, "one of twenty was made");
}

#[tokio::test]
async fn without_a_fragment_each_request_is_fetched_and_counted_also_at_once() {
    let (objects, site) = (Arc::new(objects()), Site::slow().await);
    site.served.lets_through(30);
    let tasks = thirty_at_once(&objects, &site.url, NOW);
    assert_eq!(answered(tasks).await, 20);
    assert_eq!(site.requests(), 20);
}

#[tokio::test]
async fn denial_of_service_made_up_fragments_do_not_stop_one_that_was_fetched_before() {
    let (objects, site) = (objects(), Site::start().await);
    let uri = site.at("v1");
    opens(&objects, 1, &uri, NOW).await.unwrap();
    site.served.says("another");
    strangers_use_up_all(&objects, &site, NOW).await;
    assert_eq!(opens(&objects, 1, &uri, NOW).await.unwrap(), "the request");
    let old = NOW.plus_seconds(7200);
    strangers_use_up_all(&objects, &site, old).await;
    let requests = site.requests();
    assert_eq!(opens(&objects, 1, &uri, old).await.unwrap(), "the request");
    assert_eq!(site.requests(), requests);
    let later = old.plus_seconds(FETCH_WINDOW_SECONDS);
    assert_eq!(opens(&objects, 1, &uri, later).await.unwrap(), "another");
}

#[tokio::test]
async fn denial_of_service_a_fragment_that_is_the_hash_of_the_content_needs_no_fetch_of_its_own() {
    let (objects, site) = (objects(), Site::start().await);
    let hash = |text: &str| b64::encode_url(&sha256(text.as_bytes()));
    strangers_use_up_all(&objects, &site, NOW).await;
    let requests = site.requests();
    let named = site.at(&hash("the request"));
    for now in [NOW, NOW.plus_seconds(7200)] {
        assert_eq!(opens(&objects, 1, &named, now).await.unwrap(), "the request");
    }
    assert_eq!(site.requests(), requests);

    // The client publishes another; whoever fetches it, with a fragment or without, does so for all.
    site.served.says("another");
    let now = NOW.plus_seconds(7200);
    opens(&objects, 2, &site.url, now).await.unwrap();
    strangers_use_up_all(&objects, &site, now).await;
    let named = site.at(&hash("another"));
    assert_eq!(opens(&objects, 1, &named, now).await.unwrap(), "another");
}

#[tokio::test]
async fn denial_of_service_who_goes_away_before_the_answer_has_fetched_it_for_all() {
    for fragment in ["", "#made-up"] {
        let (objects, site) = (Arc::new(objects()), Site::slow().await);
        let impatient = {
            let (objects, uri) = (Arc::clone(&objects), format!("{}{fragment}", site.url));
            tokio::spawn(async move { opens(&objects, 1, &uri, NOW).await })
        };
        while site.requests() == 0 {
            tokio::task::yield_now().await;
        }
        impatient.abort();
        assert!(impatient.await.is_err());
        site.served.lets_through(1);
        while objects.learned.latest.is_empty() {
            tokio::task::yield_now().await;
        }
        let named = site.at(&b64::encode_url(&sha256(b"the request")));
        assert_eq!(opens(&objects, 2, &named, NOW).await.unwrap(), "the request");
        assert_eq!(site.requests(), 1);
    }
}

#[tokio::test]
async fn a_site_that_fails_stops_no_fragment_that_was_fetched_before() {
    let (objects, site) = (objects(), Site::start().await);
    let uri = site.at("v1");
    opens(&objects, 1, &uri, NOW).await.unwrap();
    site.served.is_down(true);
    let fails = async |fragment: &str, now| {
        let answer = opens(&objects, 1, &site.at(fragment), now).await;
        assert!(matches!(answer, Err(NoDocument::Unreadable(_))), "{answer:?}");
    };
    for now in [NOW, NOW.plus_seconds(7200)] {
        let before = site.requests();
        fails("made-up", now).await;
        assert_eq!(opens(&objects, 1, &uri, now).await.unwrap(), "the request");
        fails("made-up-too", now).await;
        assert_eq!(site.requests(), before + 1);
    }
    // It is asked itself, and fails.
    let now = NOW.plus_seconds(14_400);
    let before = site.requests();
    assert_eq!(opens(&objects, 1, &uri, now).await.unwrap(), "the request");
    assert_eq!(opens(&objects, 1, &uri, now).await.unwrap(), "the request");
    assert_eq!(site.requests(), before + 1);
    site.served.is_down(false);
    site.served.says("another");
    let now = now.plus_seconds(FAILED_FETCH_SECONDS);
    assert_eq!(opens(&objects, 1, &uri, now).await.unwrap(), "another");
}

#[tokio::test]
async fn a_remembered_failure_is_not_prolonged_by_whoever_hears_of_it() {
    let (objects, site) = (objects(), Site::start().await);
    site.served.is_down(true);
    for second in 0..FAILED_FETCH_SECONDS {
        let answer = opens(&objects, 1, &site.at("v1"), NOW.plus_seconds(second)).await;
        assert!(matches!(answer, Err(NoDocument::Unreadable(_))), "{answer:?}");
    }
    assert_eq!(site.requests(), 1);
    site.served.is_down(false);
    let later = NOW.plus_seconds(FAILED_FETCH_SECONDS);
    assert_eq!(
        opens(&objects, 1, &site.at("v1"), later).await.unwrap(),
        "the request"
    );
}

#[tokio::test]
async fn fragments_that_were_not_fetched_take_no_room() {
    let (objects, site) = (objects(), Site::start().await);
    strangers_use_up_all(&objects, &site, NOW).await;
    let before = objects.kept.kept_bytes();
    for number in 0..100 {
        let answer = opens(&objects, 1, &site.at(&format!("more-{number}")), NOW).await;
        assert_eq!(answer, Err(NoDocument::TooOften));
    }
    assert_eq!(objects.kept.kept_bytes(), before);
}

#[test]
fn whoever_came_too_often_waits_for_the_rest_of_the_minute() {
    let (objects, [app, _]) = (objects(), clients());
    made(&objects, &app, 1, NOW);
    for (second, wait) in [
        (0, FETCH_WINDOW_SECONDS),
        (20, FETCH_WINDOW_SECONDS - 20),
        (59, 1),
        (3600, 1),
    ] {
        assert_eq!(objects.wait_seconds(NOW.plus_seconds(second)), wait);
    }
}
