//! How the layer speaks about signatures: challenges, what it asks, what it tells an observer.

use std::sync::{Arc, Mutex};

use valetkey_jose::{b64, hash};
use valetkey_protocol::observe::{Event, Key, Observer, Role, Step};
use valetkey_protocol::rule::Rule;

use super::*;
use crate::{ConfigError, ResourceServer};

#[derive(Default)]
struct Notebook(Mutex<Vec<Event>>);

impl Observer for Notebook {
    fn observe(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }
}

#[tokio::test]
async fn a_request_that_shows_nothing_is_told_both_ways() {
    let provider = Provider::new();
    let api = Api::new(provider.builder().realm("photos"));
    let request = axum::http::Request::get("/photos").body(axum::body::Body::empty());
    let response = tower::ServiceExt::oneshot(api.0.router.clone(), request.unwrap())
        .await
        .unwrap();
    let challenges: Vec<_> = response
        .headers()
        .get_all("www-authenticate")
        .iter()
        .map(|value| value.to_str().unwrap())
        .collect();
    assert_eq!(challenges.len(), 2);
    assert!(challenges[0].starts_with("Bearer realm=\"photos\", scope=\"photos.read\""));
    assert_eq!(challenges[1], "OAuth realm=\"photos\"");
}

#[tokio::test]
async fn a_body_that_is_no_form_and_the_tokens_secret_never_reach_the_server() {
    let provider = Provider::new();
    let api = Api::new(provider.builder());
    let mut request = get_photos();
    *request.body_mut() = b"private words".to_vec();
    api.send(request).await.is_signed_alice("private words");
    let asked = provider.last_asked();
    assert!(asked.starts_with("base_string=GET%26https%253A%252F%252Fphotos.example%252Fphotos%26"));
    assert!(!asked.contains("private") && !asked.contains("secret"), "{asked}");
}

#[tokio::test]
async fn a_developer_is_shown_the_base_string_where_the_api_says_so() {
    let provider = Provider::new();
    let tampered = || at(get_photos(), "/photos?more=1");
    let told = Api::new(provider.builder().show_details()).send(tampered()).await;
    told.is_problem(Rule::OAuth1SignatureInvalid);
    assert!(
        told.body
            .contains("expected=GET%26https%253A%252F%252Fphotos.example%252Fphotos%26more%253D1")
    );
    let untold = Api::new(provider.builder()).send(tampered()).await;
    assert!(!untold.body.contains("photos.example"));
}

#[tokio::test]
async fn a_signed_request_is_told_with_its_base_string_and_tied_to_token_and_grant() {
    let provider = Provider::new();
    let notebook = Arc::new(Notebook::default());
    let api = Api::new(provider.builder().observer(notebook.clone()));
    let request = get_photos();
    let parameters = as_parameters(&request);
    let signature = parameters.rsplit('=').next().unwrap().to_owned();
    api.send(request).await.is_signed_alice("");
    let events = std::mem::take(&mut *notebook.0.lock().unwrap());
    let titles: Vec<_> = events.iter().map(|event| event.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Signed request",
            "Verification answer checked",
            "Resource response"
        ]
    );
    let keys = [
        Key::Token(b64::encode_url(&hash::sha256(b"vko_alice"))),
        Key::Grant("g1".into()),
    ];
    assert!(events.iter().all(|event| event.keys == keys));
    assert!(
        events
            .iter()
            .all(|event| !format!("{event:?}").contains(&signature))
    );
    let first = &events[0];
    assert_eq!(
        (first.step, first.from, first.to, first.line.as_str()),
        (
            Step::ResourceRequest,
            Role::Client,
            Role::ResourceServer,
            "GET /photos"
        )
    );
    let parameter = |name: &str| first.parameters.iter().find(|one| one.name == name).unwrap();
    assert!(
        parameter("signature base string")
            .value
            .starts_with("GET&https%3A%2F%2Fphotos.example%2Fphotos&")
    );
    assert_eq!(parameter("oauth_consumer_key").value, "mysweetapp");
    assert!(parameter("oauth_signature").masked);
    for rule in [
        Rule::OAuth1ParametersUnreadable,
        Rule::OAuth1ParametersInTwoPlaces,
        Rule::OAuth1ParameterRepeated,
        Rule::OAuth1ParameterMissing,
        Rule::OAuth1NonceUsed,
        Rule::OAuth1SignatureInvalid,
        Rule::OAuth1TokenOtherConsumer,
        Rule::OAuth1OtherResource,
        Rule::OAuth1TokenExpired,
        Rule::OAuth1ScopeMissing,
    ] {
        let check = first.checks.iter().find(|check| check.rule == rule);
        assert!(check.is_some_and(|check| check.refused.is_none()), "{rule}");
    }

    api.send(at(get_photos(), "/photos?more=1")).await;
    let events = std::mem::take(&mut *notebook.0.lock().unwrap());
    let refused = events[0].checks.last().unwrap().refused.as_ref().unwrap();
    assert_eq!(refused.rule, Rule::OAuth1SignatureInvalid);
    assert!(refused.expected.starts_with("GET&"));
}

#[test]
fn signatures_are_taken_only_with_credentials_to_ask_and_an_address_to_sign_for() {
    let build = |builder: Builder| builder.build().unwrap_err();
    let jwt = || ResourceServer::builder(API, super::super::ISSUER).jwt();
    assert_eq!(build(jwt().oauth1()), ConfigError::OAuth1WithoutIntrospection);
    for address in [
        "photos.example",
        "ftp://photos.example",
        "https://u@photos.example",
        "https://a.example/?x",
    ] {
        let refused = build(Provider::new().builder().public_address(address));
        assert_eq!(refused, ConfigError::PublicAddress(address.into()));
    }
}
