//! What `/metrics` counts, and what it must not tell.

use super::node::Node;
use super::tokens;
use std::collections::BTreeMap;
use valetkey_testkit::{TestServer, VERIFIER, cast};

async fn page(node: &Node) -> String {
    node.management().get("/metrics", &[]).await.text()
}

async fn counts(node: &Node) -> BTreeMap<String, i64> {
    let page = page(node).await;
    assert!(page.ends_with("# EOF\n"), "{page}");
    page.lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

#[tokio::test]
async fn counters_move_with_what_happens() {
    let first = TestServer::start().await;
    let node = Node::with(&first, |_| ()).await;
    let (alice, app) = (node.browser(cast::ALICE), node.app(cast::MYSWEETAPP));

    let got = tokens(&alice, &app, "openid offline_access").await;
    app.refreshes(&got).await.tokens();
    node.app(cast::PHOTO_BACKUP)
        .asks_for_itself(&[("scope", "photos.read")])
        .await
        .tokens();
    app.refreshes_with("vkr_nonsense", &[]).await;
    let bob = node.browser(cast::BOB);
    let login = bob.opens(&app.asks_for("openid")).await;
    bob.submits(&login, &[("username", "bob"), ("password", "not-it")])
        .await;
    node.site.get("/no/such/page", &[]).await;

    let counts = counts(&node).await;
    for (name, expected) in [
        ("valetkey_requests_total{endpoint=\"/token\",status=\"200\"}", 3),
        ("valetkey_requests_total{endpoint=\"/token\",status=\"400\"}", 1),
        (
            "valetkey_requests_total{endpoint=\"/authorize\",status=\"303\"}",
            2,
        ),
        ("valetkey_requests_total{endpoint=\"unknown\",status=\"404\"}", 1),
        (
            "valetkey_tokens_issued_total{grant_type=\"authorization_code\"}",
            1,
        ),
        ("valetkey_tokens_issued_total{grant_type=\"refresh_token\"}", 1),
        (
            "valetkey_tokens_issued_total{grant_type=\"client_credentials\"}",
            1,
        ),
        ("valetkey_logins_total{outcome=\"signed_in\"}", 1),
        ("valetkey_logins_total{outcome=\"wrong\"}", 1),
        ("valetkey_refusals_total{rule=\"VK-REFRESH-TOKEN-UNKNOWN\"}", 1),
        ("valetkey_refusals_total{rule=\"VK-LOGIN-CREDENTIALS-WRONG\"}", 1),
        ("valetkey_password_queue", 0),
        ("valetkey_open_connections", 0),
    ] {
        assert_eq!(counts.get(name), Some(&expected), "{name} in {counts:#?}");
    }
}

#[tokio::test]
async fn metrics_hold_nothing_that_a_stranger_or_a_person_chose() {
    let first = TestServer::start().await;
    let node = Node::beside(&first).await;
    let (alice, app) = (node.browser(cast::ALICE), node.app(cast::MYSWEETAPP));
    let code = alice.allows(&app.asks_for("openid offline_access")).await;
    let got = app.redeems(&code).await.tokens();
    node.site.get("/made/up/by-a-stranger", &[]).await;
    node.site.get("/rules/made-up-rule", &[]).await;
    node.site.post("/token", &[("grant_type", "made-up-grant")]).await;

    let page = page(&node).await;
    for text in [
        &code.code,
        &got.access,
        &got.refresh,
        &got.id,
        VERIFIER,
        cast::ALICE.username,
        cast::ALICE.password,
        &cast::ALICE.sub(),
        cast::MYSWEETAPP.id,
        cast::MYSWEETAPP.secret,
        "made-up",
        "by-a-stranger",
    ] {
        assert!(!page.contains(text), "{text} in {page}");
    }
}

#[tokio::test]
async fn as_many_strange_paths_as_one_likes_make_one_line() {
    let first = TestServer::start().await;
    let node = Node::beside(&first).await;
    node.site.get("/0", &[]).await;
    let before = counts(&node).await.len();
    for number in 1..50 {
        node.site.get(&format!("/{number}"), &[]).await;
        node.site.get(&format!("/rules/{number}"), &[]).await;
    }
    // The line of the rules' page, and of this page itself.
    assert!(counts(&node).await.len() <= before + 2);
}
