//! Devices and OAuth 1.0a at two servers over the same data: what begins at one ends at the other, and what is counted
//! is counted for both.

use super::node::Node;
use http::Method;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Consumer, TestServer, cast};

#[tokio::test]
async fn a_device_that_began_at_one_server_may_be_answered_and_poll_at_the_other() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (here, there) = (first.app(cast::TV), second.app(cast::TV));
    let begun = here.shows_a_code("photos.read").await;
    there
        .polls(&begun)
        .await
        .is_refused_by(Rule::DeviceAuthorizationPending);
    here.polls(&begun).await.is_refused_by(Rule::DeviceSlowDown);
    let alice = second.browser(cast::ALICE);
    alice.answers_the_device(&begun.user_code, "allow").await;
    let tokens = here.polls(&begun).await.tokens();
    assert!(second.app(cast::PHOTOS_API).finds_active(&tokens.access).await);
    there.polls(&begun).await.is_refused_by(Rule::DeviceCodeUsed);
}

#[tokio::test]
async fn guessed_device_codes_and_passwords_are_counted_for_both_servers() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (here, there) = (first.browser(cast::BOB), second.browser(cast::BOB));
    for browser in [&here, &there].into_iter().cycle().take(10) {
        assert_eq!(browser.types_the_code("BCDF-GHJK").await.status, 400);
    }
    for browser in [&here, &there] {
        assert_eq!(browser.types_the_code("BCDF-GHJK").await.status, 429);
    }
    let guess = [
        ("grant_type", "password"),
        ("username", "alice"),
        ("password", "guess"),
        ("scope", "photos.read"),
    ];
    let apps = [first.app(cast::OLDMOBILE), second.app(cast::OLDMOBILE)];
    for app in apps.iter().cycle().take(10) {
        let answer = app.posts("/token", &guess).await;
        answer.is_refused_by(Rule::PasswordCredentialsWrong);
    }
    for app in &apps {
        let answer = app.posts("/token", &guess).await;
        answer.is_refused_by(Rule::PasswordThrottled);
    }
}

#[tokio::test]
async fn oauth_1_may_begin_at_one_server_and_go_on_at_the_other() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let here = first.consumer(cast::PRINTER);
    let there = Consumer::at(second.site.clone(), second.clock.clone(), cast::PRINTER);
    let temporary = here.begins("photos.read").await;
    let alice = second.browser(cast::ALICE);
    let answer = alice.answers_oauth1(&temporary.token, "allow").await;
    let verifier = here.verifier_from(&temporary, &answer);
    let token = here.tries(here.redeem(&temporary, &verifier)).await.credentials();
    let signed = there
        .asks(Method::GET, "https://photos.example/photos", &token)
        .signed();
    let api = second.app(cast::PHOTOS_API);
    let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.json()["active"], true, "{}", answer.text());
    // A second redemption is one wherever it is tried.
    there
        .tries(there.redeem(&temporary, &verifier))
        .await
        .is_refused_by(Rule::OAuth1TokenUsed);
    let signed = here
        .asks(Method::GET, "https://photos.example/photos", &token)
        .signed();
    let answer = first
        .app(cast::PHOTOS_API)
        .posts("/oauth1/verify", &signed.to_verify())
        .await;
    assert_eq!(answer.member("rule"), Rule::OAuth1TokenRevoked.info().id);
}
