//! What was revoked, or signed out, at one server counts at no other any more: at once, for nothing of it is kept by a server.

use super::node::Node;
use super::tokens;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{App, Browser, TestServer, Tokens, cast};

/// The same browser, whose requests go to another server.
fn same_at(node: &Node, browser: &Browser) -> Browser {
    let same = node.browser(browser.person);
    for name in ["vk_session", "vk_browser", "vk_state"] {
        same.plant_cookie(&format!("__Host-{name}"), &browser.cookie(name));
    }
    same
}

async fn is_signed_in(browser: &Browser) -> bool {
    browser.get("/account", &[]).await.status == 200
}

/// Whether an access token counts at a server, which userinfo and introspection agree on.
async fn counts(node: &Node, tokens: &Tokens) -> bool {
    let userinfo = node.app(cast::MYSWEETAPP).reads_userinfo(&tokens.access).await;
    let active = node.app(cast::PHOTOS_API).finds_active(&tokens.access).await;
    assert_eq!(
        userinfo.status,
        if active { 200 } else { 401 },
        "{}",
        userinfo.text()
    );
    active
}

#[tokio::test]
async fn an_access_token_that_was_revoked_at_one_server_ends_alone_at_the_other() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (here, there) = (first.app(cast::MYSWEETAPP), second.app(cast::MYSWEETAPP));
    let alice = first.browser(cast::ALICE);
    // One is a JWT, the other opaque.
    for scope in [
        "openid photos.read offline_access",
        "openid calendar.read offline_access",
    ] {
        let got = tokens(&alice, &here, scope).await;
        assert!(counts(&second, &got).await, "{scope}");
        assert_eq!(here.revokes(&got.access).await.status, 200);
        assert!(!counts(&second, &got).await, "{scope}");
        let next = there.refreshes(&got).await.tokens();
        assert!(counts(&second, &next).await, "{scope}");
    }
}

#[tokio::test]
async fn a_refresh_token_that_was_revoked_at_one_server_ends_the_grant_at_the_other() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (here, there) = (first.app(cast::MYSWEETAPP), second.app(cast::MYSWEETAPP));
    let got = tokens(
        &first.browser(cast::ALICE),
        &here,
        "openid photos.read offline_access",
    )
    .await;
    assert!(counts(&second, &got).await && there.finds_active(&got.refresh).await);
    assert_eq!(here.revokes(&got.refresh).await.status, 200);
    assert!(!counts(&second, &got).await);
    assert!(!there.finds_active(&got.refresh).await);
    there.refreshes(&got).await.is_refused_by(Rule::GrantRevoked);
}

/// What signing out at one server has to end at the other.
async fn is_over(there: &Node, alice: &Browser, app: &App, got: &Tokens) {
    assert!(!is_signed_in(alice).await);
    let silent = alice.opens(&app.asks_for("openid").with("prompt", "none")).await;
    assert_eq!(silent.parameter("error"), "login_required");
    assert!(!counts(there, got).await);
    app.refreshes(got).await.is_refused_by(Rule::GrantRevoked);
}

#[tokio::test]
async fn a_session_that_was_signed_out_at_one_server_is_gone_at_the_other_with_its_tokens() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let here = first.browser(cast::ALICE);
    let got = tokens(&here, &first.app(cast::MYSWEETAPP), "openid photos.read").await;
    let there = same_at(&second, &here);
    assert!(is_signed_in(&there).await && counts(&second, &got).await);

    let page = here.get("/logout", &[]).await;
    let answer = here.submits(&page, &[]).await;
    here.follows(answer).await;
    assert!(!is_signed_in(&here).await);
    is_over(&second, &there, &second.app(cast::MYSWEETAPP), &got).await;
}

#[tokio::test]
async fn a_session_that_was_ended_from_another_browser_at_another_server_is_gone() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (lost, kept) = (second.browser(cast::ALICE), first.browser(cast::ALICE));
    let app = second.app(cast::MYSWEETAPP);
    let got = tokens(&lost, &app, "openid photos.read").await;
    tokens(&kept, &first.app(cast::MYSWEETAPP), "openid").await;
    assert!(is_signed_in(&lost).await && counts(&second, &got).await);

    let page = kept.get("/account/sessions", &[]).await;
    let answer = kept.submits(&page, &[]).await;
    assert_eq!(answer.location().unwrap(), "/account/sessions?ended=1");
    assert!(is_signed_in(&kept).await);
    is_over(&second, &lost, &app, &got).await;
}
