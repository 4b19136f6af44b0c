//! The implicit grant (RFC 6749 §4.2), which RFC 9700 §2.1.2 advises against: off until it is allowed, and then by the
//! letter: the answer stands in the fragment, the errors too.

use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Asked, TestServer, cast};

fn asked(server: &TestServer, registered: cast::Registered, scope: &str) -> Asked {
    server
        .app(registered)
        .asks_for(scope)
        .with("response_type", "token")
}

#[tokio::test]
async fn the_implicit_grant_is_off_by_default() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    for registered in [cast::MYSWEETAPP, cast::MYSWEETSPA] {
        let answer = alice
            .answers(&asked(&server, registered, "photos.read"), "allow")
            .await;
        assert_eq!(answer.fragment("error"), "unauthorized_client");
        assert_eq!(answer.returned("access_token"), "");
        // The page that the error names says how to go on.
        let page = server.site.get(&answer.fragment("error_uri"), &[]).await;
        let text = page.text();
        assert!(
            text.contains("response_type=code") && text.contains("valetkey client allow CLIENT implicit"),
            "{text}"
        );
    }
    let answer = server
        .app(cast::MYSWEETAPP)
        .posts("/token", &[("grant_type", "implicit")])
        .await;
    answer.is_refused_by(Rule::TokenGrantTypeUnsupported);
}

#[tokio::test]
async fn errors_go_into_the_fragment_as_the_token_would() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let good = asked(&server, cast::OLDSPA, "photos.read");
    let cancelled = alice.answers(&good, "cancel").await;
    let wrong_scope = alice
        .answers(&good.clone().with("scope", "photos.delete"), "allow")
        .await;
    let in_the_query = alice
        .answers(&good.clone().and("response_mode", "query"), "allow")
        .await;
    for (answer, error) in [
        (cancelled, "access_denied"),
        (wrong_scope, "invalid_scope"),
        (in_the_query, "invalid_request"),
    ] {
        assert_eq!(answer.fragment("error"), error);
        assert_eq!(answer.fragment("state"), "the-state");
        assert_eq!(answer.fragment("iss"), cast::ISSUER);
        assert_eq!(answer.callback().query(), None);
        assert_eq!(answer.returned("access_token"), "");
    }
}

#[tokio::test]
async fn no_answer_goes_to_a_redirect_uri_that_is_not_registered() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let stolen = asked(&server, cast::OLDSPA, "photos.read").with("redirect_uri", "https://evil.example/");
    let answer = alice.answers(&stolen, "allow").await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
}

#[tokio::test]
async fn a_token_in_the_fragment_opens_the_photos_and_nothing_refreshes_it() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let answer = alice
        .answers(
            &asked(&server, cast::OLDSPA, "openid photos.read offline_access"),
            "allow",
        )
        .await;
    assert!(
        answer
            .callback()
            .as_str()
            .starts_with("https://oldspa.example/callback#")
    );
    assert_eq!(answer.callback().query(), None);
    assert_eq!(answer.fragment("token_type"), "Bearer");
    assert_eq!(answer.fragment("state"), "the-state");
    assert_eq!(answer.fragment("iss"), cast::ISSUER);
    assert_eq!(answer.fragment("expires_in"), "300");
    for absent in ["refresh_token", "id_token", "code"] {
        assert_eq!(answer.returned(absent), "", "{absent}");
    }
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    let token = answer.fragment("access_token");
    assert_eq!(server.photos().shows(&token).await.status, 200);
    server.clock.advance(300);
    assert_eq!(server.photos().shows(&token).await.status, 401);
}

#[tokio::test]
async fn a_token_in_the_fragment_ends_with_the_session_and_when_it_is_taken_back() {
    let server = TestServer::start().await;
    let api = server.app(cast::PHOTOS_API);
    for page in ["/logout", "/account"] {
        let alice = server.browser(cast::ALICE);
        let answer = alice
            .answers(&asked(&server, cast::OLDSPA, "photos.read"), "allow")
            .await;
        let token = answer.fragment("access_token");
        assert!(api.finds_active(&token).await);
        let form = alice.get(page, &[]).await;
        alice.submits(&form, &[]).await;
        assert!(!api.finds_active(&token).await, "{page}");
    }
}
