//! Migrations that do not exist yet: carried out once each, under programs that do not know them.

use super::*;
use crate::database::{Database, connected, server};
use crate::{PostgresOptions, PostgresStore, open, tls};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{NonceStore as _, Store as _};

/// What it adds it adds once, and the statements that it changes tables under wait for a moment.
const ADDS: &str = "ALTER TABLE nonces ADD COLUMN of_tomorrow TEXT NOT NULL DEFAULT ''; \
     ALTER TABLE pulse ADD COLUMN of_tomorrow BIGINT; CREATE TABLE tomorrow (id BIGINT PRIMARY KEY); \
     UPDATE pulse SET stamp = stamp + 1000; SELECT pg_sleep(0.2)";

/// However slow the machine is: no test fails on a duration.
fn patient() -> PostgresOptions {
    let patience = Duration::from_secs(300);
    PostgresOptions {
        connect_timeout: patience,
        wait_timeout: patience,
        verb_timeout: patience,
        lock_timeout: patience,
        ..PostgresOptions::default()
    }
}

/// This program's migrations, and more, each of which this program could use.
fn and_then(more: &[&'static str]) -> Vec<Migration> {
    let readable_from = known(MIGRATIONS);
    let more = more.iter().map(|sql| Migration { sql, readable_from });
    MIGRATIONS.iter().copied().chain(more).collect()
}

async fn migrate_to(url: &str, migrations: &[Migration]) -> Result<(), OpenError> {
    let config = open::config(url, &patient())?;
    migrate(&config, &tls::connector(None)?, migrations).await
}

/// A database with this program's schema, and a program at work on it.
async fn at_work() -> Option<(PostgresStore, Database)> {
    let database = Database::empty(&server()?).await;
    let store = PostgresStore::open(&database.url(), patient()).await.unwrap();
    Some((store, database))
}

/// Each version, as it is written down.
async fn versions(database: &Database) -> Vec<i64> {
    let (client, _connection) = connected(&database.url()).await.unwrap();
    let rows = client
        .query("SELECT version FROM schema_versions ORDER BY version", &[])
        .await
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn an_older_program_is_at_work_while_a_newer_one_migrates_and_after_it() {
    let Some((old, database)) = at_work().await else {
        return;
    };
    let (stamp, ours) = (old.change_stamp().await.unwrap(), known(MIGRATIONS));
    let is_migrated = AtomicBool::new(false);
    let works = async {
        for turn in 0.. {
            let is_last = is_migrated.load(Ordering::Relaxed);
            let key = format!("key {turn}");
            assert!(old.insert_nonce_once(&key, Timestamp(1)).await.unwrap());
            assert!(!old.insert_nonce_once(&key, Timestamp(1)).await.unwrap());
            old.ready().await.unwrap();
            if is_last {
                return;
            }
        }
    };
    let migrates = async {
        migrate_to(&database.url(), &and_then(&[ADDS])).await.unwrap();
        is_migrated.store(true, Ordering::Relaxed);
    };
    tokio::join!(works, migrates);
    assert_eq!(old.change_stamp().await.unwrap(), stamp + 1000);
    assert_eq!(versions(&database).await, (1..=ours + 1).collect::<Vec<_>>());
    let again = PostgresStore::open(&database.url(), patient()).await.unwrap();
    assert!(!again.insert_nonce_once("key 0", Timestamp(1)).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_newer_programs_that_start_at_once_on_an_older_schema_migrate_it_once() {
    let Some((old, database)) = at_work().await else {
        return;
    };
    let (stamp, ours) = (old.change_stamp().await.unwrap(), known(MIGRATIONS));
    let mut starting = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let url = database.url();
        let second = "INSERT INTO tomorrow (id) VALUES (1); UPDATE pulse SET stamp = stamp + 1";
        starting.spawn(async move { migrate_to(&url, &and_then(&[ADDS, second])).await });
    }
    for migrated in starting.join_all().await {
        migrated.unwrap();
    }
    assert_eq!(old.change_stamp().await.unwrap(), stamp + 1001);
    assert_eq!(versions(&database).await, (1..=ours + 2).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind_and_nothing_locked() {
    let Some((old, database)) = at_work().await else {
        return;
    };
    let (stamp, ours) = (old.change_stamp().await.unwrap(), known(MIGRATIONS));
    let fails = and_then(&[ADDS, "INSERT INTO nowhere (id) VALUES (1)"]);
    let failed = migrate_to(&database.url(), &fails).await;
    let Err(OpenError::Migration { number, why }) = failed else {
        panic!("{failed:?}");
    };
    assert_eq!(number, ours + 2);
    assert!(why.contains("nowhere"), "{why}");
    assert_eq!(old.change_stamp().await.unwrap(), stamp);
    assert_eq!(versions(&database).await, (1..=ours).collect::<Vec<_>>());
    migrate_to(&database.url(), &and_then(&[ADDS])).await.unwrap();
}
