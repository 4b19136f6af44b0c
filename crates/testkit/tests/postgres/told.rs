//! Changes on one node reach the others: told at once, and looked for once a second where nobody is told.

use super::{open, patient};
use crate::operations::node::Node;
use std::sync::Arc;
use std::time::Duration;
use valetkey_model::ClientId;
use valetkey_store::{ClientStore as _, Store as _};
use valetkey_store_postgres::{PostgresOptions, PostgresStore};
use valetkey_testkit::postgres::{self, Database};
use valetkey_testkit::{FakeClock, TestServer, cast};

const LISTENERS: &str =
    "SELECT count(*)::text FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";

async fn until_somebody_listens(url: &str) {
    while postgres::ask(url, LISTENERS).await == "0" {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn a_change_on_one_node_is_told_to_the_other_at_once() {
    let Some(server) = postgres::server() else { return };
    let database = Database::empty(&server).await;
    let (here, there) = (open(&database.url()).await, open(&database.url()).await);
    // Whoever begins to listen looks once.
    tokio::join!(here.told_of_change(), there.told_of_change());
    let before = there.change_stamp().await.unwrap();
    let client = cast::MYSWEETAPP.record(FakeClock::default().timestamp());
    here.insert_client(client.clone()).await.unwrap();
    there.told_of_change().await;
    assert!(there.change_stamp().await.unwrap() > before);
    assert!(here.remove_client(&client.id).await.unwrap());
    there.told_of_change().await;
}

#[tokio::test]
async fn a_listener_that_was_cut_off_listens_again_and_looks_at_what_it_missed() {
    let Some(server) = postgres::server() else { return };
    let database = Database::empty(&server).await;
    let store = open(&database.url()).await;
    store.told_of_change().await;
    until_somebody_listens(&database.url()).await;
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    postgres::run(&database.url(), cut).await;
    store.told_of_change().await;
}

#[tokio::test]
async fn a_node_behind_a_transaction_pooler_finds_out_by_itself() {
    if std::env::var_os("VALETKEY_TEST_STORE").is_none_or(|store| store != "postgres") {
        // Only there do the servers of these tests share a database.
        return;
    }
    let first = TestServer::start().await;
    let url = first.database_url();
    let url = postgres::pooled().map_or(url.clone(), |pooled| {
        let (_, name) = url.rsplit_once('/').unwrap();
        pooled.replace("{database}", name)
    });
    let options = PostgresOptions {
        transaction_pooling: true,
        ..patient()
    };
    let store = Arc::new(PostgresStore::open(&url, options).await.unwrap());
    let node = Node::over(&first, store, |_| ()).await;
    let (bob, app) = (node.browser(cast::BOB), node.app(cast::MYSWEETAPP));
    let asked = app.asks_for("openid");
    assert!(bob.opens(&asked).await.text().contains("id=\"login\""));

    let background = node.server.spawn_background();
    let id = ClientId::parse(cast::MYSWEETAPP.id).unwrap();
    assert!(first.store.remove_client(&id).await.unwrap());
    while bob.opens(&asked).await.status != 400 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    background.abort();
}
