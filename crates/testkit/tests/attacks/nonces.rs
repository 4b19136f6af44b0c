//! Signed requests (RFC 5849) that somebody else asks about before the API that they went to.

use http::Method;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn who_asks_about_a_request_to_another_api_does_not_use_up_its_nonce() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    let signed = printer
        .asks(Method::GET, "https://photos.example/photos", &token)
        .signed();

    let outsider = server.app(cast::MYSWEETAPP);
    let answer = outsider.posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.member("rule"), Rule::OAuth1OtherResource.info().id);

    let api = server.app(cast::PHOTOS_API);
    let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.json()["active"], true, "{}", answer.text());
    let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.member("rule"), Rule::OAuth1NonceUsed.info().id);
}
