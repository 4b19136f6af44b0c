//! Changes on one node reach the others: told at once, and looked for once a second where nobody is told.

use super::{open, patient};
use crate::operations::keys::{kid, published, verified};
use crate::operations::node::{MASTER_KEY, Node};
use crate::operations::{tokens, until};
use std::sync::Arc;
use std::time::Duration;
use valetkey_jose::Algorithm;
use valetkey_model::ClientId;
use valetkey_server::Settings;
use valetkey_server::keys::{ANNOUNCED_SECONDS, rotate};
use valetkey_store::{ClientStore as _, Store as _};
use valetkey_store_postgres::{PostgresOptions, PostgresStore};
use valetkey_testkit::postgres::{self, Database};
use valetkey_testkit::{FakeClock, Site, TestServer, cast};

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

/// How often nodes look by themselves.
const A_SECOND: u64 = 1;
/// Longer than [`until`] waits.
const AN_HOUR: u64 = 3_600;
const OVERLAP: i64 = 3_600;
const DAY: i64 = 24 * 3_600;

async fn publishes(site: &Site, kid: &str) -> bool {
    published(site).await.get(kid).is_some()
}

/// Two nodes that follow changes, as running servers do, on a database of their own.
struct Two {
    here: TestServer,
    there: Node,
    // Goes last.
    database: Database,
}

impl Two {
    /// Both are told of changes, and look by themselves so often.
    async fn told(server: &str, follow_every_seconds: u64) -> Self {
        Self::with(server, follow_every_seconds, |url| (url, patient())).await
    }

    /// The second one opens the database as it is said here.
    async fn with(
        server: &str,
        follow_every_seconds: u64,
        second: impl FnOnce(String) -> (String, PostgresOptions),
    ) -> Self {
        let database = Database::empty(server).await;
        let change = |settings: &mut Settings| settings.follow_every_seconds = follow_every_seconds;
        let here = TestServer::start_in_database_with(&database.url(), change).await;
        let (url, options) = second(database.url());
        let store = Arc::new(PostgresStore::open(&url, options).await.unwrap());
        let there = Node::over(&here, store, change).await;
        drop((here.runs(), there.server.spawn_background()));
        Self {
            here,
            there,
            database,
        }
    }

    /// Both lose the connection by which they are told, and get no other; those that requests use stay.
    async fn go_deaf(&self, server: &str) {
        let warm = |store: Arc<dyn valetkey_store::Store>| async move {
            let mut asking = tokio::task::JoinSet::new();
            for _ in 0..20 {
                let store = store.clone();
                asking.spawn(async move { store.ready().await.unwrap() });
            }
            asking.join_all().await;
        };
        warm(self.here.store.clone()).await;
        warm(self.there.store.clone()).await;
        let name = self.database.name();
        postgres::run(server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false")).await;
        let cut = format!(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE 'LISTEN%'"
        );
        until("nobody listens", async || {
            postgres::run(server, &cut).await;
            self.listeners(server).await == "0"
        })
        .await;
    }

    async fn listeners(&self, server: &str) -> String {
        let name = self.database.name();
        let count = format!(
            "SELECT count(*)::text FROM pg_stat_activity WHERE datname = '{name}' AND query LIKE 'LISTEN%'"
        );
        postgres::ask(server, &count).await
    }

    /// A key that is rotated by hand signs at one node and counts at the other; so does what the old one signed.
    async fn a_rotated_key_arrives(&self) {
        let (alice, app) = (self.here.browser(cast::ALICE), self.here.app(cast::MYSWEETAPP));
        let old = tokens(&alice, &app, "openid photos.read").await;
        let now = self.here.clock.timestamp();
        let new_kid = rotate(
            self.here.store.as_ref(),
            &MASTER_KEY,
            Algorithm::ES256,
            now,
            OVERLAP,
        )
        .await
        .unwrap();
        for site in [&self.here.site, &self.there.site] {
            until("the key is published", || publishes(site, &new_kid)).await;
        }
        let new = tokens(&alice, &app, "openid photos.read").await;
        assert_eq!(kid(&new.access), new_kid);
        assert_ne!(kid(&old.access), new_kid);
        let keys = published(&self.there.site).await;
        for token in [&old, &new] {
            verified(&token.access, &keys).unwrap();
            verified(&token.id, &keys).unwrap();
            let there = self.there.app(cast::MYSWEETAPP);
            assert_eq!(there.reads_userinfo(&token.access).await.status, 200);
            assert!(self.there.app(cast::PHOTOS_API).finds_active(&token.access).await);
        }
    }

    /// A client that is removed at one node is refused at the other.
    async fn a_removed_client_goes(&self) {
        let (bob, app) = (self.there.browser(cast::BOB), self.there.app(cast::MYSWEETAPP));
        let asked = app.asks_for("openid");
        assert!(bob.opens(&asked).await.text().contains("id=\"login\""));
        let id = ClientId::parse(cast::MYSWEETAPP.id).unwrap();
        assert!(self.here.store.remove_client(&id).await.unwrap());
        until("the client is unknown", async || {
            bob.opens(&asked).await.status == 400
        })
        .await;
    }
}

#[tokio::test]
async fn nodes_that_look_once_an_hour_are_told_at_once_of_keys_and_clients_that_changed_elsewhere() {
    let Some(server) = postgres::server() else { return };
    let nodes = Two::told(&server, AN_HOUR).await;
    until("both listen", async || nodes.listeners(&server).await == "2").await;
    // A node looks when it starts and when it begins to listen: the third change and the fourth can only be told.
    for _ in 0..3 {
        nodes.a_rotated_key_arrives().await;
    }
    nodes.a_removed_client_goes().await;
}

#[tokio::test]
async fn a_successor_that_one_node_announced_is_published_by_the_other_before_it_signs() {
    let Some(server) = postgres::server() else { return };
    let nodes = Two::told(&server, A_SECOND).await;
    let (here, there) = (&nodes.here, &nodes.there);
    here.clock.advance(90 * DAY);
    here.rotate_keys().await;
    let keys = here.store.list_keys().await.unwrap();
    let next = keys.iter().filter(|key| key.retired_at.is_none());
    let next: Vec<&str> = next.map(|key| key.kid.as_str()).collect();
    assert_eq!(next.len(), 2);
    for kid in &next {
        until("the key is published", || publishes(&there.site, kid)).await;
    }
    // Whichever node begins first, the other knows the key.
    here.clock.advance(ANNOUNCED_SECONDS);
    here.refresh().await;
    let app = here.app(cast::MYSWEETAPP);
    let new = tokens(&here.browser(cast::ALICE), &app, "openid").await;
    assert!(next.contains(&kid(&new.access).as_str()));
    let read = there.app(cast::MYSWEETAPP).reads_userinfo(&new.access).await;
    assert_eq!(read.status, 200, "{}", read.text());
    let bob = there.browser(cast::BOB);
    until("the other node signs by it, too", async || {
        let got = tokens(&bob, &there.app(cast::MYSWEETAPP), "openid").await;
        next.contains(&kid(&got.access).as_str()) && next.contains(&kid(&got.id).as_str())
    })
    .await;
}

#[tokio::test]
async fn a_node_behind_a_transaction_pooler_finds_out_by_itself() {
    let Some(server) = postgres::server() else { return };
    let nodes = Two::with(&server, A_SECOND, |url| {
        let options = PostgresOptions {
            transaction_pooling: true,
            ..patient()
        };
        let pooled = postgres::pooled().map(|pooled| {
            let (_, name) = url.rsplit_once('/').unwrap();
            pooled.replace("{database}", name)
        });
        (pooled.unwrap_or(url), options)
    })
    .await;
    nodes.a_rotated_key_arrives().await;
    nodes.a_removed_client_goes().await;
}

#[tokio::test]
async fn nodes_that_lost_their_listeners_and_get_no_others_look_once_a_second() {
    let Some(server) = postgres::server() else { return };
    let nodes = Two::told(&server, A_SECOND).await;
    nodes.go_deaf(&server).await;
    nodes.a_rotated_key_arrives().await;
    nodes.a_removed_client_goes().await;
    assert_eq!(nodes.listeners(&server).await, "0", "nobody was told");
}
