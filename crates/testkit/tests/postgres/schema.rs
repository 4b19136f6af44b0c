//! Rolling upgrades: nodes that start at once make the schema once, and a program goes on with a newer schema as long as
//! that says so.

use super::{open, patient};
use valetkey_store::{ClientStore as _, Store as _};
use valetkey_store_postgres::{OpenError, PostgresStore};
use valetkey_testkit::postgres::{self, Database};
use valetkey_testkit::{FakeClock, cast};

const ONCE_EACH: &str =
    "SELECT (count(*) = max(version) AND count(*) = count(DISTINCT version))::text FROM schema_versions";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_nodes_that_start_at_once_on_an_empty_database_make_the_schema_once() {
    let Some(server) = postgres::server() else { return };
    let database = Database::empty(&server).await;
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let url = database.url();
        starting.spawn(async move { open(&url).await });
    }
    for store in starting.join_all().await {
        store.ready().await.unwrap();
    }
    assert_eq!(postgres::ask(&database.url(), ONCE_EACH).await, "true");
}

/// What a newer program's migration does: it adds.
async fn migrate_further(database: &Database, readable_from: &str) {
    let url = database.url();
    postgres::run(&url, "ALTER TABLE clients ADD COLUMN of_tomorrow TEXT").await;
    let newer = "INSERT INTO schema_versions (version, readable_from) SELECT max(version) + 1";
    postgres::run(&url, &format!("{newer}, {readable_from} FROM schema_versions")).await;
}

#[tokio::test]
async fn an_older_program_works_on_while_a_newer_one_adds_to_the_schema_and_starts_again_on_it() {
    let Some(server) = postgres::server() else { return };
    let database = Database::empty(&server).await;
    let running = open(&database.url()).await;
    let client = cast::MYSWEETAPP.record(FakeClock::default().timestamp());
    running.insert_client(client.clone()).await.unwrap();
    let found = running.find_client(&client.id).await.unwrap();

    migrate_further(&database, "max(version)").await;

    assert_eq!(running.find_client(&client.id).await.unwrap(), found);
    assert!(running.update_client(client.clone()).await.unwrap());
    let again = open(&database.url()).await;
    assert_eq!(again.find_client(&client.id).await.unwrap(), found);
    assert!(again.remove_client(&client.id).await.unwrap());
}

#[tokio::test]
async fn a_program_that_a_newer_schema_shuts_out_says_so_and_changes_nothing() {
    let Some(server) = postgres::server() else { return };
    let database = Database::empty(&server).await;
    drop(open(&database.url()).await);
    migrate_further(&database, "max(version) + 1").await;
    let versions = "SELECT string_agg(version::text, ' ' ORDER BY version) FROM schema_versions";
    let before = postgres::ask(&database.url(), versions).await;
    let refused = PostgresStore::open(&database.url(), patient()).await.unwrap_err();
    assert!(matches!(refused, OpenError::Newer { .. }), "{refused:?}");
    assert!(refused.to_string().contains("use the newer program"), "{refused}");
    let refused = PostgresStore::is_new(&database.url(), &patient())
        .await
        .unwrap_err();
    assert!(matches!(refused, OpenError::Newer { .. }), "{refused:?}");
    assert_eq!(postgres::ask(&database.url(), versions).await, before);
}

#[tokio::test]
async fn a_look_at_an_empty_database_leaves_it_empty() {
    let Some(server) = postgres::server() else { return };
    let database = Database::empty(&server).await;
    assert!(PostgresStore::is_new(&database.url(), &patient()).await.unwrap());
    let tables = "SELECT count(*)::text FROM pg_class WHERE relnamespace = 'public'::regnamespace";
    assert_eq!(postgres::ask(&database.url(), tables).await, "0");
    drop(open(&database.url()).await);
    assert!(
        PostgresStore::is_new(&database.url(), &patient()).await.unwrap(),
        "there is no key yet"
    );
}
