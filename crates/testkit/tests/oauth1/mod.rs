//! OAuth 1.0a (RFC 5849), one file an endpoint; `attacks` names what is tried against signed requests, `photos` is an API
//! that takes both generations, `migration` the way from one to the other.

mod attacks;
mod authorize;
mod initiate;
mod migration;
mod photos;
mod token;
mod verify;

use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Signed, TestServer, cast};

/// What the Photos API learns when it asks about a request.
async fn asked_about(server: &TestServer, signed: &Signed) -> serde_json::Value {
    let api = server.app(cast::PHOTOS_API);
    let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()
}

/// Asserts that the request opens nothing at the Photos API, by that rule.
async fn opens_nothing(server: &TestServer, signed: &Signed, rule: Rule) {
    let json = asked_about(server, signed).await;
    assert_eq!(json["active"], false, "{json}");
    assert_eq!(json["rule"], rule.info().id);
    let told = json.as_object().expect("it is an object").len();
    assert_eq!(told, 2, "nothing else is told: {json}");
}

/// Asserts that the request opens the Photos API.
async fn opens(server: &TestServer, signed: &Signed) {
    let json = asked_about(server, signed).await;
    assert_eq!(json["active"], true, "{json}");
}
