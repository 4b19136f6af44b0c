//! A node that cannot follow changes: what it has cached is served for half a minute, and then no more until it can.

use super::node::Node;
use super::{tokens, until};
use std::sync::Arc;
use valetkey_model::ClientId;
use valetkey_protocol::rule::Rule;
use valetkey_server::keys::rotate;
use valetkey_testkit::history::broken::{BrokenStore, Fault};
use valetkey_testkit::{Answer, TestServer, cast};

/// How long it is served after it was last followed, as docs/guide/many-nodes.md says.
const STALE_AFTER_SECONDS: i64 = 30;

const SCOPE: &str = "openid photos.read offline_access";

/// A node over a store whose faults the test turns on and off.
async fn node(first: &TestServer) -> (Node, Arc<BrokenStore>) {
    let store = Arc::new(BrokenStore::new(first.store_beside().await, Fault::None));
    (Node::over(first, store.clone(), |_| ()).await, store)
}

fn may_be_tried_again(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(answer.header("cache-control"), "no-store");
}

/// A client that needs nothing but what is cached.
async fn asks_for_itself(node: &Node) -> Answer {
    let app = node.app(cast::PHOTO_BACKUP);
    app.asks_for_itself(&[("scope", "photos.read")]).await
}

/// Such a node, once it has followed and has a client cached.
async fn node_that_follows(first: &TestServer) -> (Node, Arc<BrokenStore>) {
    let (node, store) = node(first).await;
    node.server.refresh().await;
    asks_for_itself(&node).await.tokens();
    (node, store)
}

/// What `/readyz` answers to everybody and to operators.
async fn readiness(node: &Node) -> [u16; 2] {
    let mut statuses = [0; 2];
    for (status, site) in statuses.iter_mut().zip([&node.site, &node.management()]) {
        assert_eq!(site.get("/healthz", &[]).await.status, 200);
        *status = site.get("/readyz", &[]).await.status.as_u16();
    }
    statuses
}

#[tokio::test]
async fn a_node_that_cannot_ask_what_changed_serves_clients_for_half_a_minute_and_then_none_until_it_can() {
    let first = TestServer::start().await;
    let (node, store) = node_that_follows(&first).await;

    store.turns(Fault::StampUnreadable);
    let backup = ClientId::parse(cast::PHOTO_BACKUP.id).unwrap();
    assert!(first.store.remove_client(&backup).await.unwrap());
    node.server.refresh().await;
    first.clock.advance(STALE_AFTER_SECONDS - 1);
    node.server.refresh().await;
    asks_for_itself(&node).await.tokens();
    assert_eq!(readiness(&node).await, [200; 2]);

    first.clock.advance(1);
    node.server.refresh().await;
    let refused = asks_for_itself(&node).await;
    refused.is_refused_by(Rule::ServerBusy);
    may_be_tried_again(&refused);
    assert_eq!(readiness(&node).await, [503; 2]);

    store.turns(Fault::None);
    node.server.refresh().await;
    assert_eq!(readiness(&node).await, [200; 2]);
    assert_eq!(asks_for_itself(&node).await.error(), "invalid_client");
    let record = cast::PHOTO_BACKUP.record(first.clock.timestamp());
    first.store.insert_client(record).await.unwrap();
    asks_for_itself(&node).await.tokens();
}

/// Nothing to ask again for.
fn is_a_fault(answer: &Answer) {
    assert_eq!(answer.status, 500);
    assert_eq!(answer.header("retry-after"), "");
}

#[tokio::test]
async fn what_a_store_at_fault_says_is_nothing_to_ask_again_for() {
    let first = TestServer::start().await;
    let (node, store) = node_that_follows(&first).await;
    store.turns(Fault::StampDamaged);
    node.server.refresh().await;
    first.clock.advance(STALE_AFTER_SECONDS);
    node.server.refresh().await;
    is_a_fault(&asks_for_itself(&node).await);
    assert_eq!(readiness(&node).await, [503; 2]);

    store.turns(Fault::StampUnreadable);
    node.server.refresh().await;
    may_be_tried_again(&asks_for_itself(&node).await);
}

#[tokio::test]
async fn after_a_panic_of_what_follows_nothing_that_is_kept_is_served() {
    let first = TestServer::start().await;
    let (node, store) = node_that_follows(&first).await;
    store.turns(Fault::StampPanics);
    assert!(node.server.spawn_background().await.unwrap_err().is_panic());
    is_a_fault(&asks_for_itself(&node).await);
    assert_eq!(readiness(&node).await, [503; 2]);
}

#[tokio::test]
async fn keys_and_the_tokens_that_were_checked_by_them_are_as_stale_as_clients() {
    let first = TestServer::start().await;
    let (node, store) = node(&first).await;
    node.server.refresh().await;
    let (alice, app) = (node.browser(cast::ALICE), node.app(cast::MYSWEETAPP));
    let api = node.app(cast::PHOTOS_API);
    let got = tokens(&alice, &app, SCOPE).await;
    assert_eq!(app.reads_userinfo(&got.access).await.status, 200);

    store.turns(Fault::StampUnreadable);
    node.server.refresh().await;
    first.clock.advance(STALE_AFTER_SECONDS);
    node.server.refresh().await;
    let hint = [("id_token_hint", got.id.as_str())];
    for answer in [
        app.reads_userinfo(&got.access).await,
        app.reads_userinfo("signed.by.nobody").await,
        api.posts("/introspect", &[("token", &got.access)]).await,
        app.refreshes(&got).await,
        app.revokes(&got.access).await,
        node.site.get("/jwks", &[]).await,
    ] {
        may_be_tried_again(&answer);
    }
    for page in [
        alice.opens(&app.asks_for(SCOPE)).await,
        alice.get("/end_session", &hint).await,
    ] {
        assert_eq!(page.status, 503, "{}", page.text());
        assert!(page.header("retry-after").parse::<u32>().unwrap() > 0);
    }
    let metadata = "/.well-known/openid-configuration";
    assert_eq!(
        node.site.get(metadata, &[]).await.status,
        200,
        "it says what was configured"
    );

    store.turns(Fault::None);
    node.server.refresh().await;
    assert_eq!(app.reads_userinfo(&got.access).await.status, 200);
    assert!(api.finds_active(&got.access).await);
    assert_eq!(node.site.get("/jwks", &[]).await.status, 200);
    app.refreshes(&got).await.tokens();
    alice.allows(&app.asks_for(SCOPE)).await;
}

#[tokio::test]
async fn a_change_that_is_told_and_cannot_be_read_was_not_followed() {
    let first = TestServer::start().await;
    let (node, store) = node_that_follows(&first).await;

    store.turns(Fault::KeysUnreadable);
    let (alg, now) = (valetkey_jose::Algorithm::ES256, first.clock.timestamp());
    let key = rotate(first.store.as_ref(), &super::node::MASTER_KEY, alg, now, 3_600).await;
    let published = async || {
        let keys = node.site.get("/jwks", &[]).await.json();
        keys.to_string().contains(key.as_ref().unwrap())
    };
    node.server.refresh().await;
    assert!(!published().await);
    first.clock.advance(STALE_AFTER_SECONDS);
    node.server.refresh().await;
    may_be_tried_again(&asks_for_itself(&node).await);

    store.turns(Fault::None);
    node.server.refresh().await;
    assert!(published().await);
    asks_for_itself(&node).await.tokens();
}

#[tokio::test]
async fn a_store_that_does_not_answer_is_one_that_cannot_be_asked() {
    let first = TestServer::start().await;
    let (node, store) = node(&first).await;
    let node = Arc::new(node);
    node.server.refresh().await;
    asks_for_itself(&node).await.tokens();

    store.turns(Fault::StampHangs);
    let waiting = tokio::spawn({
        let node = node.clone();
        async move { node.server.refresh().await }
    });
    until("it asks", async || store.calls() == 1).await;
    first.clock.advance(STALE_AFTER_SECONDS);
    until("nothing is served", async || readiness(&node).await == [503; 2]).await;
    may_be_tried_again(&asks_for_itself(&node).await);

    waiting.abort();
    store.turns(Fault::None);
    node.server.refresh().await;
    asks_for_itself(&node).await.tokens();
}

#[tokio::test]
async fn a_clock_that_is_set_ahead_makes_nothing_stale_where_changes_are_followed() {
    let first = TestServer::start().await;
    let (node, _) = node(&first).await;
    node.server.refresh().await;
    asks_for_itself(&node).await.tokens();
    first.clock.advance(1_000_000);
    asks_for_itself(&node).await.tokens();
    node.server.refresh().await;
    asks_for_itself(&node).await.tokens();
}

#[tokio::test]
async fn forgetting_that_takes_for_ever_holds_up_no_change() {
    let first = TestServer::start().await;
    let (node, store) = node(&first).await;
    asks_for_itself(&node).await.tokens();

    store.turns(Fault::ForgetHangs);
    let background = node.server.spawn_background();
    until("it forgets", async || store.calls() == 1).await;
    asks_for_itself(&node).await.tokens();
    let backup = ClientId::parse(cast::PHOTO_BACKUP.id).unwrap();
    assert!(first.store.remove_client(&backup).await.unwrap());
    until("the client is unknown", async || {
        asks_for_itself(&node).await.error() == "invalid_client"
    })
    .await;
    assert_eq!(store.calls(), 1, "it forgets once at a time");
    background.abort();
}
