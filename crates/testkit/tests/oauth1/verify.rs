//! `/oauth1/verify`, where an API asks about a request that was signed for it.

use super::{asked_about, opens, opens_nothing};
use http::Method;
use valetkey_protocol::oauth1::{Place, SignatureMethod};
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

const PHOTOS: &str = "https://photos.example/photos";

#[tokio::test]
async fn nobody_asks_without_proving_who_it_is() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    let signed = printer.asks(Method::GET, PHOTOS, &token).signed();
    let answer = server.site.post("/oauth1/verify", &signed.to_verify()).await;
    answer.is_refused_by(Rule::ClientAuthMissing);
    let public = server.app(cast::MYSWEETCLI);
    let answer = public.posts("/oauth1/verify", &signed.to_verify()).await;
    answer.is_refused_by(Rule::IntrospectNotAllowed);
    // The request that nobody was told about is still new.
    opens(&server, &signed).await;
}

#[tokio::test]
async fn an_api_learns_of_requests_to_itself_alone() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    for url in [
        "https://photos.example.evil.example/photos",
        "http://photos.example/photos",
        "https://photos.example:8443/photos",
        "https://calendar.example/photos",
        "https://photos.example/a/../photos",
    ] {
        let signed = printer.asks(Method::GET, url, &token).signed();
        opens_nothing(&server, &signed, Rule::OAuth1OtherResource).await;
    }
    // An app that is no API learns nothing, not even about its own people.
    let signed = printer.asks(Method::GET, PHOTOS, &token).signed();
    let answer = server
        .app(cast::OTHERAPP)
        .posts("/oauth1/verify", &signed.to_verify())
        .await;
    assert_eq!(answer.member("rule"), "VK-OAUTH1-OTHER-RESOURCE");
    // Nor has it used the request up.
    opens(&server, &signed).await;
}

#[tokio::test]
async fn what_is_no_base_string_is_refused() {
    let server = TestServer::start().await;
    let api = server.app(cast::PHOTOS_API);
    for text in [
        "",
        "x",
        "GET",
        "GET&x&y",
        "get&https%3A%2F%2Fphotos.example%2F&a%3Db",
    ] {
        let pairs = [("base_string", text), ("signature", "x")];
        let answer = api.posts("/oauth1/verify", &pairs).await;
        answer.is_refused_by(Rule::OAuth1VerifyRequestMalformed);
    }
}

#[tokio::test]
async fn token_credentials_for_one_api_open_no_other() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "calendar.read").await;
    let signed = printer.asks(Method::GET, PHOTOS, &token).signed();
    opens_nothing(&server, &signed, Rule::OAuth1OtherResource).await;
}

#[tokio::test]
async fn a_good_request_says_who_for_what_and_where() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    for (registered, methods) in [
        (
            cast::PRINTER,
            &[
                SignatureMethod::HmacSha1,
                SignatureMethod::HmacSha256,
                SignatureMethod::Plaintext,
            ][..],
        ),
        (cast::BANK, &[SignatureMethod::RsaSha256][..]),
    ] {
        for method in methods {
            let consumer = server.consumer(registered).by(*method);
            let token = consumer.is_allowed_by(&alice, "photos.read calendar.read").await;
            let signed = consumer
                .asks(Method::GET, PHOTOS, &token)
                .query(&[("size", "original"), ("size", ""), ("a b", "c&d")])
                .at(Place::Query)
                .signed();
            let json = asked_about(&server, &signed).await;
            assert_eq!(json["active"], true, "{method}");
            assert_eq!(json["scope"], "photos.read", "the part of this API alone");
            assert_eq!(json["client_id"], registered.id);
            assert_eq!(json["sub"], cast::ALICE.sub());
            assert_eq!(json["aud"], cast::PHOTOS);
            assert_eq!(json["iss"], cast::ISSUER);
            assert_eq!(json["token_type"], "oauth1");
            assert_eq!(json["iat"], server.clock.timestamp().0);
            assert!(json["grant_id"].is_string() && json.get("exp").is_none());
        }
    }
}

#[tokio::test]
async fn what_the_operator_took_from_the_consumer_is_gone() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read photos.write").await;
    server
        .changes(cast::PRINTER, |client| {
            client.scope = valetkey_protocol::scope::Scope::parse("photos.read").unwrap();
        })
        .await;
    let signed = printer.asks(Method::GET, PHOTOS, &token).signed();
    assert_eq!(asked_about(&server, &signed).await["scope"], "photos.read");
}
