//! The Photos API behind one layer that takes both generations: bearer tokens and signed requests.

use http::Method;
use std::sync::Arc;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

const PHOTOS: &str = "https://photos.example/photos";
const ADD: &str = "https://photos.example/add";

#[tokio::test]
async fn a_request_that_was_changed_on_its_way_opens_nothing() {
    let server = TestServer::start().await;
    let photos = server.photos_by_both(&Arc::default());
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read photos.write").await;
    let good = || printer.asks(Method::POST, ADD, &token).form(&[("title", "tea")]);
    for signed in [
        good()
            .signed()
            .after(|request| *request.body_mut() = b"title=rum".to_vec()),
        good()
            .signed()
            .after(|request| request.body_mut().extend(b"&title=rum")),
        good()
            .signed()
            .after(|request| *request.uri_mut() = "https://photos.example/add?admin=1".parse().unwrap()),
        good()
            .signed()
            .after(|request| *request.method_mut() = Method::GET),
        good().signed().after(|request| request.body_mut().clear()),
    ] {
        let answer = photos.takes(signed.request).await;
        assert_ne!(answer.status, 200, "{}", answer.text());
    }
    let answer = photos.takes(good().signed().request).await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "added"));
}

#[tokio::test]
async fn the_refusals_are_those_of_rfc_5849() {
    let server = TestServer::start().await;
    let photos = server.photos_by_both(&Arc::default());
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    let signed = printer.asks(Method::GET, PHOTOS, &token).signed();
    assert_eq!(photos.takes(signed.request.clone()).await.status, 200);
    photos
        .takes(signed.request)
        .await
        .is_refused_by(Rule::OAuth1NonceUsed);
    let mut forged = printer.asks(Method::GET, PHOTOS, &token);
    forged.token_secret = "guess".into();
    let answer = photos.takes(forged.signed().request).await;
    answer.is_refused_by(Rule::OAuth1SignatureInvalid);
    assert!(answer.header("www-authenticate").contains("OAuth realm="));
    let read_only = printer.asks(Method::POST, ADD, &token).signed();
    photos
        .takes(read_only.request)
        .await
        .is_refused_by(Rule::OAuth1ScopeMissing);
    // Whoever shows nothing learns of both ways.
    let answer = photos.shows_to(None).await;
    let offered: Vec<_> = answer.headers.get_all("www-authenticate").iter().collect();
    assert_eq!((answer.status.as_u16(), offered.len()), (401, 2));
}

#[tokio::test]
async fn a_signature_and_a_bearer_token_in_one_request_open_nothing() {
    let server = TestServer::start().await;
    let photos = server.photos_by_both(&Arc::default());
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    let app = server.app(cast::MYSWEETAPP);
    let code = alice.allows(&app.asks_for("photos.read")).await;
    let bearer = app.redeems(&code).await.tokens().access;
    let signed = printer
        .asks(Method::GET, PHOTOS, &token)
        .query(&[("access_token", &bearer)])
        .signed();
    assert_ne!(photos.takes(signed.request).await.status, 200);
    let signed = printer
        .asks(Method::GET, PHOTOS, &token)
        .signed()
        .after(|request| {
            let value = format!("Bearer {bearer}").parse().unwrap();
            request.headers_mut().append("authorization", value);
        });
    assert_ne!(photos.takes(signed.request).await.status, 200);
}

#[tokio::test]
async fn both_generations_see_the_same_photos() {
    let server = TestServer::start().await;
    let photos = server.photos_by_both(&Arc::default());
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    let app = server.app(cast::MYSWEETAPP);
    let code = alice.allows(&app.asks_for("photos.read")).await;
    let bearer = app.redeems(&code).await.tokens().access;
    let signed = printer.asks(Method::GET, PHOTOS, &token).signed();
    let by_signature = photos.takes(signed.request).await;
    let by_bearer = photos.shows(&bearer).await;
    assert_eq!(
        (by_signature.status, by_bearer.status),
        (http::StatusCode::OK, http::StatusCode::OK)
    );
    assert_eq!(by_signature.json(), by_bearer.json());
    assert_eq!(by_signature.json()["of"], cast::ALICE.sub());
    // And both end at once.
    let page = alice.get("/account", &[]).await;
    for app in ["printer", "mysweetapp"] {
        let csrf = page
            .form()
            .hidden
            .iter()
            .find(|(name, _)| name == "csrf")
            .unwrap()
            .1
            .clone();
        let pairs = [("client_id", app), ("csrf", csrf.as_str())];
        alice.post("/account/apps/revoke", &pairs).await;
    }
    let signed = printer.asks(Method::GET, PHOTOS, &token).signed();
    photos
        .takes(signed.request)
        .await
        .is_refused_by(Rule::OAuth1TokenRevoked);
    assert_eq!(photos.shows(&bearer).await.status, 401);
}
