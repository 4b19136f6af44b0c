//! Restarts: with the same master key nobody notices; with another one the server says so and changes nothing.

use super::node::{MASTER_KEY, start};
use super::tokens;
use std::sync::Arc;
use valetkey_jose::Algorithm;
use valetkey_server::keys::{KeyError, rotate};
use valetkey_server::{Settings, StartError};
use valetkey_store::Store;
use valetkey_store_sqlite::{DATABASE_FILE, OpenOptions, SqliteStore};
use valetkey_testkit::{FakeClock, Site, TestServer, cast};

#[tokio::test]
async fn sessions_codes_and_tokens_survive_a_restart() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let got = tokens(&alice, &app, "openid photos.read offline_access").await;
    let code = alice.allows(&app.asks_for("openid photos.read")).await;
    let opaque = tokens(&alice, &app, "openid calendar.read").await;
    let half_way = server.browser(cast::BOB);
    let login = half_way.opens(&app.asks_for("openid")).await;
    let cookies = ["vk_session", "vk_browser"].map(|name| (format!("__Host-{name}"), alice.cookie(name)));
    let binding = half_way.cookie("vk_browser");
    let kids = kids(server.store.as_ref()).await;

    drop((alice, half_way, app));
    let server = server.restart().await;
    let app = server.app(cast::MYSWEETAPP);
    let alice = server.browser(cast::ALICE);
    for (name, value) in &cookies {
        assert!(!value.is_empty());
        alice.plant_cookie(name, value);
    }

    assert_eq!(self::kids(server.store.as_ref()).await, kids);
    assert_eq!(server.photos().shows(&got.access).await.status, 200);
    assert_eq!(app.reads_userinfo(&got.access).await.status, 200);
    assert!(server.app(cast::PHOTOS_API).finds_active(&opaque.access).await);
    app.redeems(&code).await.tokens();
    app.refreshes(&got).await.tokens();
    let silent = alice
        .opens(&app.asks_for("openid photos.read").with("prompt", "none"))
        .await;
    assert!(!silent.parameter("code").is_empty(), "the session lives on");

    let bob = server.browser(cast::BOB);
    bob.plant_cookie("__Host-vk_browser", &binding);
    let consent = bob.signs_in(&login).await;
    assert!(
        consent.text().contains("id=\"allow\""),
        "a login page from before goes on: {}",
        consent.text()
    );
}

async fn kids(store: &dyn Store) -> Vec<String> {
    let keys = store.list_keys().await.unwrap();
    keys.into_iter().map(|key| key.kid).collect()
}

/// The whole database, row by row. It is a SQLite file.
fn everything(server: &TestServer) -> Vec<String> {
    let database = rusqlite::Connection::open(server.folder().join(DATABASE_FILE)).unwrap();
    let mut tables = database
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
        .unwrap();
    let names: Vec<String> = tables
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    let mut rows = Vec::new();
    for name in names {
        let mut all = database
            .prepare(&format!("SELECT * FROM {name} ORDER BY 1"))
            .unwrap();
        let columns = all.column_count();
        let mut found = all.query([]).unwrap();
        while let Some(row) = found.next().unwrap() {
            let values: Vec<rusqlite::types::Value> = (0..columns).map(|i| row.get(i).unwrap()).collect();
            rows.push(format!("{name} {values:?}"));
        }
    }
    rows
}

#[tokio::test]
async fn with_another_master_key_the_server_does_not_start_and_overwrites_nothing() {
    let server = TestServer::start_in_a_folder().await;
    let got = tokens(
        &server.browser(cast::ALICE),
        &server.app(cast::MYSWEETAPP),
        "openid offline_access",
    )
    .await;
    let before = everything(&server);
    assert!(before.len() > 10);

    let store = Arc::new(SqliteStore::open(server.folder(), OpenOptions::guest()).unwrap());
    let settings = Settings::new(cast::policy());
    let refused = start(settings.clone(), store.clone(), &[7; 32], &server.clock).await;
    let Err(error @ StartError::Keys(KeyError::WrongMasterKey { .. })) = refused else {
        panic!("it starts");
    };
    assert!(error.to_string().contains("master key"), "{error}");
    assert!(everything(&server) == before, "the data changed");

    // With the right one it is as if nothing had happened.
    start(settings, store, &MASTER_KEY, &server.clock).await.unwrap();
    server.app(cast::MYSWEETAPP).refreshes(&got).await.tokens();
}

#[tokio::test]
async fn with_another_master_key_not_even_a_missing_signing_key_is_made() {
    let server = TestServer::start_in_a_folder().await;
    let database = rusqlite::Connection::open(server.folder().join(DATABASE_FILE)).unwrap();
    let removed = database
        .execute("DELETE FROM signing_keys WHERE alg = 'ES256'", [])
        .unwrap();
    assert_eq!(removed, 1);
    let before = everything(&server);

    let store = Arc::new(SqliteStore::open(server.folder(), OpenOptions::guest()).unwrap());
    let settings = Settings::new(cast::policy());
    let refused = start(settings.clone(), store.clone(), &[7; 32], &server.clock).await;
    assert!(matches!(
        refused,
        Err(StartError::Keys(KeyError::WrongMasterKey { .. }))
    ));
    assert!(everything(&server) == before, "the data changed");

    let stamp = store.change_stamp().await.unwrap();
    start(settings, store.clone(), &MASTER_KEY, &server.clock)
        .await
        .unwrap();
    assert_eq!(kids(store.as_ref()).await.len(), 2, "the right one makes it");
    assert!(store.change_stamp().await.unwrap() > stamp);
}

#[tokio::test]
async fn two_servers_that_start_at_once_on_an_empty_folder_make_one_signing_key_of_each_algorithm() {
    let folder = tempfile::TempDir::new().unwrap();
    let clock = FakeClock::default();
    let mut starting = tokio::task::JoinSet::new();
    // The owner makes the tables.
    let owner = Arc::new(SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap());
    let guest = Arc::new(SqliteStore::open(folder.path(), OpenOptions::guest()).unwrap());
    for store in [owner.clone(), guest] {
        let clock = clock.clone();
        starting.spawn(async move {
            let settings = Settings::new(cast::policy());
            start(settings, store, &MASTER_KEY, &clock).await.unwrap()
        });
    }
    let mut published = Vec::new();
    for server in starting.join_all().await {
        let site = Site::router(server.issuer(), server.app());
        published.push(site.get("/jwks", &[]).await.json());
    }
    assert_eq!(kids(owner.as_ref()).await.len(), 2);
    assert_eq!(published[0], published[1]);
    assert_eq!(published[0]["keys"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn after_a_restart_within_the_overlap_what_the_retired_key_signed_still_counts() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let old = tokens(&server.browser(cast::ALICE), &app, "openid photos.read").await;
    let now = server.clock.timestamp();
    rotate(server.store.as_ref(), &MASTER_KEY, Algorithm::ES256, now, 3_600)
        .await
        .unwrap();
    drop(app);
    let server = server.restart().await;
    let app = server.app(cast::MYSWEETAPP);
    assert_eq!(app.reads_userinfo(&old.access).await.status, 200);
    assert_eq!(server.photos().shows(&old.access).await.status, 200);
}
