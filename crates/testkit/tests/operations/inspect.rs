//! Outside development the inspector records only the clients that an administrator allowed, for a time, and only
//! operators can look.

use super::logged_flows;
use super::logs::Secrets;
use super::node::Node;
use super::tokens;
use std::sync::Arc;
use valetkey_model::ClientId;
use valetkey_server::inspector::Inspector;
use valetkey_testkit::{TestServer, VERIFIER, cast};

const ALLOWED_SECONDS: i64 = 600;

/// A server on which MySweetApp alone may be watched.
async fn watched() -> (TestServer, Node, Arc<Inspector>) {
    let first = TestServer::start().await;
    let inspector = Inspector::new(100);
    let node = Node::with(&first, |settings| {
        settings.inspector = Some(inspector.clone());
    })
    .await;
    let id = ClientId::parse(cast::MYSWEETAPP.id).unwrap();
    let mut client = node.store.find_client(&id).await.unwrap().unwrap();
    client.inspect_until = Some(first.clock.timestamp().plus_seconds(ALLOWED_SECONDS));
    assert!(node.store.update_client(client).await.unwrap());
    node.server.refresh().await;
    (first, node, inspector)
}

fn messages(inspector: &Inspector) -> usize {
    inspector.flows().iter().map(|flow| flow.messages.len()).sum()
}

#[tokio::test]
async fn a_client_that_nobody_allowed_and_one_that_nobody_knows_are_not_recorded() {
    let (_first, node, inspector) = watched().await;
    let other = node.app(cast::OTHERAPP);
    let got = tokens(&node.browser(cast::ALICE), &other, "openid photos.read").await;
    other.reads_userinfo(&got.access).await;
    other.revokes(&got.access).await;
    other.refreshes_with("vkr_nonsense", &[]).await;

    let bob = node.browser(cast::BOB);
    let page = bob
        .opens(&other.asks_for("openid").with("client_id", "nobody"))
        .await;
    assert_eq!(page.status, 400);
    let unknown = [
        ("grant_type", "client_credentials"),
        ("client_id", "nobody"),
        ("client_secret", "guess"),
    ];
    assert_eq!(node.site.post("/token", &unknown).await.status, 401);
    node.site.get_with_token("/userinfo", "nonsense").await;
    bob.signs_in_for_the_account().await;

    assert_eq!(messages(&inspector), 0, "{:?}", inspector.flows());
}

#[tokio::test]
async fn an_allowed_client_is_recorded_until_its_time_is_over() {
    let (first, node, inspector) = watched().await;
    let app = node.app(cast::MYSWEETAPP);
    let got = tokens(
        &node.browser(cast::ALICE),
        &app,
        "openid photos.read offline_access",
    )
    .await;
    let recorded = messages(&inspector);
    assert!(recorded >= 4, "{:?}", inspector.flows());
    for flow in inspector.flows() {
        for message in &flow.messages {
            assert_eq!(message.event.client_id.as_deref(), Some(cast::MYSWEETAPP.id));
        }
    }

    first.clock.advance(ALLOWED_SECONDS - 1);
    let got = app.refreshes(&got).await.tokens();
    let last = messages(&inspector);
    assert!(last > recorded);

    first.clock.advance(1);
    app.refreshes(&got).await.tokens();
    assert_eq!(messages(&inspector), last);
}

#[tokio::test]
async fn what_was_recorded_is_shown_to_operators_and_not_to_the_public() {
    let (_first, node, inspector) = watched().await;
    tokens(&node.browser(cast::ALICE), &node.app(cast::MYSWEETAPP), "openid").await;
    let flow = format!("/inspector/flows/{}", inspector.flows()[0].id.0);
    for path in ["/inspector", flow.as_str(), "/metrics"] {
        assert_eq!(node.site.get(path, &[]).await.status, 404, "{path}");
        assert_eq!(node.management().get(path, &[]).await.status, 200, "{path}");
    }
    for path in ["/authorize", "/token", "/login", "/account", "/jwks"] {
        assert_eq!(
            node.management().get(path, &[]).await.status,
            404,
            "{path} is not for operators"
        );
    }
}

#[tokio::test]
async fn what_operators_see_of_a_flow_opens_nothing() {
    let (_first, node, inspector) = watched().await;
    let app = node.app(cast::MYSWEETAPP);
    let alice = node.browser(cast::ALICE);
    let code = alice
        .allows(&app.asks_for("openid photos.read offline_access"))
        .await;
    let got = app.redeems(&code).await.tokens();
    let next = app.refreshes(&got).await.tokens();
    app.revokes(&next.refresh).await;
    app.refreshes(&got).await;

    let mut pages = node.management().get("/inspector", &[]).await.text();
    for flow in inspector.flows() {
        let path = format!("/inspector/flows/{}", flow.id);
        pages.push_str(&node.management().get(&path, &[]).await.text());
    }
    assert!(pages.contains(cast::MYSWEETAPP.id) && pages.contains("Token response"));
    let session = alice.cookie("vk_session");
    for secret in [
        &code.code,
        &got.access,
        &got.refresh,
        &got.id,
        &next.access,
        &next.refresh,
        &next.id,
        VERIFIER,
        cast::ALICE.password,
        cast::MYSWEETAPP.secret,
        &session,
    ] {
        assert!(!pages.contains(secret), "{secret}");
        // Enough of it to guess the rest would be too much.
        let most = &secret[..secret.len() - 4];
        assert!(!pages.contains(most), "{secret}");
    }
}

#[tokio::test]
async fn no_flow_leaves_a_secret_in_the_inspector_or_on_its_pages() {
    let server = TestServer::start().await;
    let mut secrets = Secrets::default();
    logged_flows::all(&server, &server.site, &mut secrets).await;
    let mut seen = format!("{:#?}", server.inspector.flows());
    for flow in server.inspector.flows() {
        let page = server
            .site
            .get(&format!("/inspector/flows/{}", flow.id), &[])
            .await;
        assert_eq!(page.status, 200);
        seen.push_str(&page.text());
    }
    seen.push_str(&server.site.get("/inspector/side-by-side", &[]).await.text());
    assert!(seen.contains("oauth_signature_method") && seen.contains("device_code"));
    // The base string is what a developer looks for, and names of credentials stand in it.
    let shown = [
        "a base string",
        "a name of temporary credentials",
        "a name of token credentials",
    ];
    secrets.but(&shown).are_not_in(&seen);
}
