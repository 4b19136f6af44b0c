//! Real connections on the loopback interface: axum behind rustls, with a certificate for `localhost` of an authority that
//! nobody trusts who is not told to.

mod documents;
mod site;

use super::*;
use axum::Router;
use axum::routing::{get, post};
use site::{Site, ca, ends_after, local, silent_after};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

fn outbound(settings: OutboundSettings) -> Outbound {
    Outbound::new(settings).unwrap()
}

fn hello() -> Router {
    Router::new().route("/", get(|| async { "hello" }))
}

async fn refusal(outbound: &Outbound, url: &str) -> OutboundError {
    outbound.get(url, "*/*").await.unwrap_err()
}

#[tokio::test]
async fn private_addresses_in_every_spelling_are_refused() {
    let outbound = outbound(OutboundSettings::default());
    for host in [
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "0.0.0.0",
        "0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.0.1",
        "100.64.0.1",
        "169.254.169.254",
        "192.0.2.1",
        "224.0.0.1",
        "255.255.255.255",
        "[::]",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::ffff:8.8.8.8]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "[2001:db8::1]",
        "[fe80::1]",
        "[fd00::1]",
        "[ff02::1]",
        "localhost",
        "LOCALHOST",
        "%6c%6fcalhost",
    ] {
        let refused = refusal(&outbound, &format!("https://{host}:1/")).await;
        assert!(
            matches!(refused, OutboundError::AddressRefused(_)),
            "{host}: {refused:?}"
        );
    }
}

/// The client crate hands over addresses that no URL parser has put in order.
#[tokio::test]
async fn private_addresses_that_only_the_resolver_understands_are_refused() {
    let site = Site::start_plain(hello()).await;
    let outbound = outbound(OutboundSettings {
        allow_private: vec!["10.0.0.0/8".parse().unwrap()],
        ..OutboundSettings::default()
    });
    let port = site.address.port();
    for host in [
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "0",
        "localhost",
        "[::ffff:7f00:1]",
    ] {
        let named = format!("http://{host}:{port}");
        let request = Request::get(&named).body(Vec::new()).unwrap();
        let refused = HttpClient::send(&outbound, request).await.unwrap_err();
        assert_eq!(refused, HttpError::NotSecure(named));
        // With TLS some of them are not even names.
        let request = Request::get(format!("https://{host}:{port}"))
            .body(Vec::new())
            .unwrap();
        let refused = HttpClient::send(&outbound, request).await.unwrap_err();
        assert!(
            matches!(refused, HttpError::Unreachable(_)),
            "{host}: {refused:?}"
        );
    }
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_name_that_resolves_to_loopback_is_never_connected_to() {
    let site = Site::start(hello()).await;
    let careful = outbound(OutboundSettings {
        extra_ca: vec![ca()],
        ..OutboundSettings::default()
    });
    let refused = refusal(&careful, &site.url("/")).await;
    assert!(matches!(refused, OutboundError::AddressRefused(_)), "{refused:?}");
    let elsewhere = outbound(OutboundSettings {
        allow_private: vec!["10.0.0.0/8".parse().unwrap(), "127.0.0.2".parse().unwrap()],
        ..local()
    });
    let refused = refusal(&elsewhere, &site.url("/")).await;
    assert!(matches!(refused, OutboundError::AddressRefused(_)), "{refused:?}");
    assert_eq!(site.connections(), 0);
}

#[tokio::test]
async fn a_site_whose_authority_is_unknown_is_not_talked_to() {
    let site = Site::start(hello()).await;
    let settings = OutboundSettings {
        extra_ca: Vec::new(),
        ..local()
    };
    let refused = refusal(&outbound(settings), &site.url("/")).await;
    let OutboundError::Unreachable(_, reason) = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.contains("UnknownIssuer"), "{reason}");
    assert_eq!(site.requests(), 0);
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused() {
    let site = Site::start(hello()).await;
    let refused = refusal(&outbound(local()), &format!("https://{}/", site.address)).await;
    let OutboundError::Unreachable(_, reason) = refused else {
        panic!("{refused:?}");
    };
    assert!(reason.contains("not valid for name"), "{reason}");
    assert_eq!(site.requests(), 0);
}

#[tokio::test]
async fn an_extra_authority_is_trusted_beside_the_others() {
    let site = Site::start(hello()).await;
    let fetched = outbound(local()).get(&site.url("/"), "*/*").await.unwrap();
    assert_eq!(
        (fetched.status, fetched.body.as_slice()),
        (200, b"hello".as_slice())
    );
    assert_eq!(fetched.content_type.as_deref(), Some("text/plain; charset=utf-8"));
    assert_eq!(fetched.max_age_seconds, None);
    let both = roots(vec![ca()]).unwrap();
    assert_eq!(both.len(), webpki_roots::TLS_SERVER_ROOTS.len() + 1);
}

#[tokio::test]
async fn an_authority_that_is_no_certificate_is_refused_at_the_start() {
    let settings = OutboundSettings {
        extra_ca: vec![CertificateDer::from(b"not a certificate".as_slice())],
        ..OutboundSettings::default()
    };
    assert!(Outbound::new(settings).is_err());
}

#[tokio::test]
async fn plain_http_goes_to_an_allowed_loopback_address_and_nowhere_else() {
    let site = Site::start_plain(hello()).await;
    let url = format!("http://{}/", site.address);
    let not_https = |refused| matches!(refused, OutboundError::NotHttps(_));
    assert!(not_https(
        refusal(&outbound(OutboundSettings::default()), &url).await
    ));
    let everywhere = outbound(OutboundSettings {
        allow_private: vec!["0.0.0.0/0".parse().unwrap(), "::/0".parse().unwrap()],
        ..OutboundSettings::default()
    });
    for public in ["http://1.1.1.1/", "http://10.0.0.1/", "http://[2606:4700::1111]/"] {
        assert!(not_https(refusal(&everywhere, public).await), "{public}");
    }
    for other in [
        "ftp://127.0.0.1/",
        "file:///etc/passwd",
        "data:,x",
        "gopher://127.0.0.1/",
    ] {
        let refused = refusal(&everywhere, other).await;
        assert!(
            matches!(refused, OutboundError::NotHttps(_) | OutboundError::NotUrl),
            "{other}: {refused:?}"
        );
    }
    assert_eq!(site.connections(), 0);
    assert_eq!(outbound(local()).get(&url, "*/*").await.unwrap().body, b"hello");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let followed = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&followed);
    let router = Router::new()
        .route(
            "/",
            get(|| async { (http::StatusCode::FOUND, [("location", "/inside")]) }),
        )
        .route(
            "/inside",
            get(move || async move {
                count.fetch_add(1, Ordering::SeqCst);
            }),
        );
    let site = Site::start(router).await;
    let outbound = outbound(local());
    assert_eq!(
        refusal(&outbound, &site.url("/")).await,
        OutboundError::Status(302)
    );
    let status = outbound.post_form(&site.url("/inside"), String::new()).await;
    assert_eq!(status, Ok(405));
    let request = Request::get(site.url("/")).body(Vec::new()).unwrap();
    let answer = HttpClient::send(&outbound, request).await.unwrap();
    assert_eq!(answer.status(), 302);
    assert_eq!(followed.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn an_answer_is_read_up_to_its_longest_and_not_beyond() {
    let router = Router::new()
        .route("/fits", get(|| async { vec![b'a'; 1000] }))
        .route("/long", get(|| async { vec![b'a'; 1001] }))
        .route("/endless", get(|| async { axum::body::Body::new(Endless) }));
    let site = Site::start(router).await;
    let outbound = outbound(OutboundSettings {
        answer_bytes: 1000,
        ..local()
    });
    assert_eq!(
        outbound.get(&site.url("/fits"), "*/*").await.unwrap().body.len(),
        1000
    );
    assert_eq!(
        refusal(&outbound, &site.url("/long")).await,
        OutboundError::TooLarge
    );
    assert_eq!(
        refusal(&outbound, &site.url("/endless")).await,
        OutboundError::TooLarge
    );
    let request = Request::get(site.url("/long")).body(Vec::new()).unwrap();
    assert_eq!(
        HttpClient::send(&outbound, request).await.unwrap_err(),
        HttpError::TooLarge
    );
}

#[tokio::test]
async fn whatever_part_of_an_answer_is_late_ends_at_the_deadline() {
    let outbound = outbound(OutboundSettings {
        deadline_seconds: 1,
        ..local()
    });
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n";
    let half = format!("{head}half");
    let late = ["", "HTTP/1.1 200 OK\r\n", head, &half].map(|said| {
        let (outbound, said) = (outbound.clone(), said.to_owned());
        tokio::spawn(async move { (refusal(&outbound, &silent_after(&said).await).await, said) })
    });
    for refused in late {
        let (refused, said) = refused.await.unwrap();
        assert_eq!(refused, OutboundError::Timeout, "{said:?}");
    }
    // A TLS handshake that nobody answers.
    let url = silent_after("").await.replace("http://", "https://");
    assert_eq!(refusal(&outbound, &url).await, OutboundError::Timeout);
    assert_eq!(
        outbound.post_form(&url, String::new()).await,
        Err(OutboundError::Timeout)
    );
}

#[tokio::test]
async fn an_answer_that_ends_early_or_begins_without_end_is_no_document() {
    let outbound = outbound(local());
    let long_head = format!(
        "HTTP/1.1 200 OK\r\nx: {}\r\ncontent-length: 0\r\n\r\n",
        "a".repeat(4 * HEAD_BYTES)
    );
    for said in [
        "",
        "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf",
        &long_head,
    ] {
        let refused = refusal(&outbound, &ends_after(said).await).await;
        assert!(matches!(refused, OutboundError::Unreachable(..)), "{refused:?}");
    }
}

#[tokio::test]
async fn a_status_that_is_no_success_is_no_document() {
    let site = Site::start(Router::new()).await;
    assert_eq!(
        refusal(&outbound(local()), &site.url("/")).await,
        OutboundError::Status(404)
    );
}

#[tokio::test]
async fn a_url_with_a_user_name_or_without_a_host_is_refused() {
    let outbound = outbound(local());
    for url in [
        "https://user@localhost/",
        "https://:pw@localhost/",
        "/relative",
        "https://",
        "",
    ] {
        assert_eq!(refusal(&outbound, url).await, OutboundError::NotUrl, "{url}");
    }
    let request = Request::get("https://user@localhost/").body(Vec::new()).unwrap();
    assert!(matches!(
        HttpClient::send(&outbound, request).await,
        Err(HttpError::Request(_))
    ));
}

#[tokio::test]
async fn no_error_shows_a_path_or_a_query() {
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    drop(closed);
    let default = outbound(OutboundSettings::default());
    let local = outbound(local());
    for (outbound, url) in [
        (&default, format!("https://{address}/p4th?token=s3cret#fr4g")),
        (&default, format!("http://{address}/p4th?token=s3cret")),
        (&local, format!("https://{address}/p4th?token=s3cret")),
        (
            &local,
            String::from("https://u:s3cret@localhost/p4th?token=s3cret"),
        ),
    ] {
        let refused = refusal(outbound, &url).await;
        let shown = format!("{refused} {refused:?}");
        assert!(!shown.contains("s3cret") && !shown.contains("p4th"), "{shown}");
    }
}

#[tokio::test]
async fn a_form_arrives_as_a_form_and_its_status_comes_back() {
    let seen = Arc::new(Mutex::new(String::new()));
    let write = Arc::clone(&seen);
    let router = Router::new().route(
        "/logout",
        post(move |headers: HeaderMap, body: String| async move {
            let kind = text(&headers, &CONTENT_TYPE).unwrap_or_default();
            *write.lock().unwrap() = format!("{kind} {body}");
            (http::StatusCode::BAD_REQUEST, vec![b'x'; 5000])
        }),
    );
    let site = Site::start(router).await;
    let outbound = outbound(OutboundSettings {
        answer_bytes: 10,
        ..local()
    });
    let status = outbound
        .post_form(&site.url("/logout"), String::from("logout_token=a.b.c"))
        .await;
    assert_eq!(status, Ok(400));
    assert_eq!(
        *seen.lock().unwrap(),
        "application/x-www-form-urlencoded logout_token=a.b.c"
    );
}

#[tokio::test]
async fn the_site_is_told_who_asks_and_what_for_but_not_the_fragment() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let write = Arc::clone(&seen);
    let router = Router::new().route(
        "/",
        get(move |uri: Uri, headers: HeaderMap| async move {
            *write.lock().unwrap() = vec![
                uri.path_and_query().map(ToString::to_string).unwrap_or_default(),
                text(&headers, &USER_AGENT).unwrap_or_default(),
                text(&headers, &ACCEPT).unwrap_or_default(),
            ];
        }),
    );
    let site = Site::start(router).await;
    let outbound = outbound(local());
    outbound
        .get(&site.url("/?a=1#frag"), "application/json")
        .await
        .unwrap();
    assert_eq!(*seen.lock().unwrap(), ["/?a=1", "valetkey", "application/json"]);
}

#[test]
fn how_long_a_document_may_be_kept_is_read_from_cache_control() {
    for (lines, seconds) in [
        (&[][..], None),
        (&["public"][..], None),
        (&["max-age=90"], Some(90)),
        (&["public, Max-Age=90, must-revalidate"], Some(90)),
        (&["max-age=\"90\""], Some(90)),
        (&["public", "max-age=90"], Some(90)),
        (&["max-age=90, max-age=20"], Some(90)),
        (&["s-maxage=5"], None),
        (&["max-age=-1"], None),
        (&["max-age"], None),
        (&["max-age=90, no-store"], Some(0)),
        (&["no-cache"], Some(0)),
    ] {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(CACHE_CONTROL, HeaderValue::from_static(line));
        }
        assert_eq!(max_age_seconds(&headers), seconds, "{lines:?}");
    }
}

/// A body without an end.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<hyper::body::Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(Some(Ok(hyper::body::Frame::data(Bytes::from_static(
            &[b'a'; 400],
        )))))
    }
}
