//! `/consent`: nobody consents for somebody else, from elsewhere, or to more than the page showed.

use valetkey_testkit::{Answer, Browser, TestServer, cast};

async fn consent_page(server: &TestServer, browser: &Browser, scope: &str) -> Answer {
    let login = browser.opens(&server.app(cast::MYSWEETAPP).asks_for(scope)).await;
    let page = browser.signs_in(&login).await;
    assert!(page.text().contains("id=\"allow\""), "{}", page.text());
    page
}

fn flow_of(page: &Answer) -> String {
    page.form().hidden.remove(0).1
}

#[tokio::test]
async fn consent_csrf_from_another_site_is_refused() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&consent_page(&server, &alice, "photos.read").await);
    let pairs = [("flow", flow.as_str()), ("answer", "allow")];
    for headers in [
        [
            ("origin", "https://evil.example"),
            ("sec-fetch-site", "cross-site"),
        ],
        [("origin", "https://app.example"), ("sec-fetch-site", "same-site")],
        [("origin", "null"), ("sec-fetch-site", "cross-site")],
    ] {
        assert_eq!(
            alice.post_with("/consent", &pairs, &headers).await.status,
            403,
            "{headers:?}"
        );
    }
    assert!(!alice.post("/consent", &pairs).await.parameter("code").is_empty());
}

#[tokio::test]
async fn a_consent_page_of_one_browser_is_worth_nothing_in_another() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.browser(cast::ALICE), server.browser(cast::BOB));
    let flow = flow_of(&consent_page(&server, &alice, "photos.read").await);
    consent_page(&server, &bob, "openid").await;
    let answer = bob
        .post("/consent", &[("flow", &flow), ("answer", "allow")])
        .await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
}

#[tokio::test]
async fn whoever_signs_in_after_the_page_was_shown_is_asked_again() {
    let server = TestServer::start().await;
    let browser = server.browser(cast::ALICE);
    let flow = flow_of(&consent_page(&server, &browser, "photos.read").await);
    // In another tab of the same browser Bob signs in; then the old tab's button is pressed.
    let login = browser
        .opens(
            &server
                .app(cast::MYSWEETAPP)
                .asks_for("openid")
                .and("prompt", "login"),
        )
        .await;
    let as_bob = browser
        .submits(&login, &[("username", "bob"), ("password", "builder-1")])
        .await;
    browser.follows(as_bob).await;
    let answer = browser
        .post("/consent", &[("flow", &flow), ("answer", "allow")])
        .await;
    let page = browser.follows(answer).await;
    assert!(
        page.text().contains("id=\"allow\"") && page.text().contains("bob"),
        "{}",
        page.text()
    );
}

#[tokio::test]
async fn without_a_session_nothing_is_allowed() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&consent_page(&server, &alice, "photos.read").await);
    let logout = alice.get("/logout", &[]).await;
    alice.submits(&logout, &[]).await;
    let answer = alice
        .post("/consent", &[("flow", &flow), ("answer", "allow")])
        .await;
    assert!(alice.follows(answer).await.text().contains("id=\"login\""));
}

#[tokio::test]
async fn a_changed_request_cannot_be_smuggled_into_the_form() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&consent_page(&server, &alice, "photos.read").await);
    let answer = alice
        .post(
            "/consent",
            &[
                ("flow", &flow),
                ("answer", "allow"),
                ("scope", "photos.write"),
                ("redirect_uri", "https://evil.example"),
            ],
        )
        .await;
    assert_eq!(answer.callback().host_str(), Some("app.example"));
    let code = server
        .app(cast::MYSWEETAPP)
        .asks_for("photos.read")
        .code_from(&answer);
    let tokens = server.app(cast::MYSWEETAPP).redeems(&code).await.tokens();
    assert_eq!(tokens.json["scope"], "photos.read");

    let mut bent = flow.into_bytes();
    let middle = bent.len() / 2;
    bent[middle] = if bent[middle] == b'A' { b'B' } else { b'A' };
    let bent = String::from_utf8(bent).unwrap();
    let answer = alice
        .post("/consent", &[("flow", &bent), ("answer", "allow")])
        .await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
}

#[tokio::test]
async fn the_page_says_who_asks_for_what_and_where_it_leads() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let text = consent_page(&server, &alice, "openid photos.read").await.text();
    for part in [
        "The app mysweetapp",
        "app.example",
        "Use photos.read",
        "Know who you are",
        "alice",
        "/account",
    ] {
        assert!(text.contains(part), "{part}");
    }
}
