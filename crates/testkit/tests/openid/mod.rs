//! OpenID Connect at the authorization endpoint: every response type in every mode, request objects, claims, sign-in on
//! demand. A client here checks what it gets as a careful one does.

mod claims;
mod modes;
mod pages;
mod request_objects;
mod sign_in;

use serde_json::Value;
use std::collections::BTreeMap;
use valetkey_jose::hash::left_half_b64;
use valetkey_jose::{Algorithm, JwkSet, KeySet, jwt};
use valetkey_model::client::GrantType;
use valetkey_testkit::{Answer, Asked, TestServer, cast};

/// The nonce of every request here.
const NONCE: &str = "n-0S6_WzA2Mj";

/// MySweetApp may have tokens through the browser.
async fn allowed(server: &TestServer) {
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.grant_types.insert(GrantType::Implicit);
        })
        .await;
}

/// A request of MySweetApp with a nonce.
fn asks(server: &TestServer, response_type: &str, scope: &str) -> Asked {
    server
        .app(cast::MYSWEETAPP)
        .asks_for(scope)
        .with("response_type", response_type)
        .and("nonce", NONCE)
}

/// Where the parameters of an answer stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Query,
    Fragment,
    Form,
}

/// The parameters of an answer to the app, and where they stood; a parameter that came twice fails the test.
fn returned(answer: &Answer) -> (Place, BTreeMap<String, String>) {
    let (place, pairs): (_, Vec<(String, String)>) = if answer.status == 200 {
        let form = answer.form();
        assert_eq!(form.action, cast::MYSWEETAPP.redirect_uri);
        (Place::Form, form.hidden)
    } else {
        let callback = answer.callback();
        let (place, text) = match (callback.query(), callback.fragment()) {
            (Some(query), None) => (Place::Query, query),
            (None, Some(fragment)) => (Place::Fragment, fragment),
            both => panic!("not in one place: {both:?}"),
        };
        let pairs = url::form_urlencoded::parse(text.as_bytes());
        (place, pairs.into_owned().collect())
    };
    let count = pairs.len();
    let all: BTreeMap<String, String> = pairs.into_iter().collect();
    assert_eq!(all.len(), count, "a parameter came twice");
    (place, all)
}

/// The claims of an ID token whose signature is good by the published keys, for MySweetApp and now.
async fn id_token(server: &TestServer, token: &str) -> Value {
    let published = server.site.get("/jwks", &[]).await.text();
    let keys = KeySet::from_jwks(&JwkSet::from_json(&published).unwrap());
    let expect = jwt::Expect {
        algs: &[Algorithm::RS256],
        typ: None,
    };
    let verified = jwt::verify::<Value>(token, &keys, &expect).unwrap();
    assert!(verified.header.kid.is_some());
    let claims = verified.claims;
    assert_eq!(claims["iss"], cast::ISSUER);
    assert_eq!(claims["aud"], cast::MYSWEETAPP.id);
    let now = server.clock.timestamp().0;
    assert!(claims["iat"].as_i64().unwrap() <= now && claims["exp"].as_i64().unwrap() > now);
    claims
}

/// The half hash that an ID token of RS256 carries of what stands beside it.
fn half_hash(text: &str) -> String {
    left_half_b64(Algorithm::RS256, text)
}
