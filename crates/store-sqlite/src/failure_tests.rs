//! Whose fault a failure is: what to ask again for, what to repair, and a damaged file, which is an error and no panic.

use super::Failure;
use crate::columns::{change, find};
use crate::{DATABASE_FILE, OpenOptions, SqliteStore};
use rusqlite::{Connection, ffi};
use std::fmt::Debug;
use std::fs::File;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;
use valetkey_model::{ClientId, UserId};
use valetkey_protocol::time::Timestamp;
use valetkey_store::transfer::{TABLES, Transfer as _};
use valetkey_store::{
    ClientStore as _, ConsentStore as _, GrantStore as _, KeyStore as _, LinkStore as _, NonceStore as _,
    SessionStore as _, Store as _, StoreError, UserStore as _,
};

const PAGE: usize = 4096;

fn open() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
    (folder, store)
}

fn sqlite(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)
}

/// A request by itself, and what everybody is told whose request shared its transaction.
fn both(code: i32) -> [StoreError; 2] {
    let shared = Failure::NotCommitted(Arc::new(sqlite(code)));
    [Failure::from(sqlite(code)).into(), shared.into()]
}

#[test]
fn what_is_broken_is_nothing_to_ask_again_for() {
    for code in [
        ffi::SQLITE_ERROR,
        ffi::SQLITE_CONSTRAINT_CHECK,
        ffi::SQLITE_CONSTRAINT_NOTNULL,
        ffi::SQLITE_CORRUPT,
        ffi::SQLITE_NOTADB,
        ffi::SQLITE_MISUSE,
        ffi::SQLITE_TOOBIG,
    ] {
        for told in both(code) {
            assert!(matches!(told, StoreError::Backend(_)), "{code}: {told:?}");
        }
    }
    let panicked = StoreError::from(Failure::Panicked);
    assert!(matches!(panicked, StoreError::Backend(_)), "{panicked:?}");
}

#[test]
fn what_the_disk_or_the_memory_refuses_can_be_asked_for_again() {
    for code in [
        ffi::SQLITE_FULL,
        ffi::SQLITE_READONLY,
        ffi::SQLITE_IOERR_WRITE,
        ffi::SQLITE_IOERR_FSYNC,
        ffi::SQLITE_CANTOPEN,
        ffi::SQLITE_NOMEM,
    ] {
        for told in both(code) {
            assert!(matches!(told, StoreError::Unavailable(_)), "{code}: {told:?}");
        }
    }
    for code in [ffi::SQLITE_BUSY, ffi::SQLITE_LOCKED] {
        for told in both(code) {
            assert!(matches!(told, StoreError::Busy), "{code}: {told:?}");
        }
    }
    for failure in [Failure::GivenUp, Failure::Stopped] {
        let told = StoreError::from(failure);
        assert!(matches!(told, StoreError::Unavailable(_)), "{told:?}");
    }
}

#[tokio::test]
async fn a_rule_of_the_schema_and_an_unknown_statement_are_faults_of_the_program() {
    let (_folder, store) = open();
    for wrong in [
        "INSERT INTO pulse (id, stamp, beats) VALUES (2, 0, 0)",
        "INSERT INTO attempts (key) VALUES ('a')",
        "SELECT nothing FROM nowhere",
        "SELEC",
    ] {
        let written = store
            .write(move |connection| Ok(change(connection, wrong, [])?))
            .await;
        assert!(
            matches!(written, Err(StoreError::Backend(_))),
            "{wrong}: {written:?}"
        );
    }
    store.ready().await.unwrap();
}

#[tokio::test]
async fn a_panic_while_a_whole_table_is_read_is_an_error_to_whoever_asked() {
    let (_folder, store) = open();
    let read = store
        .read_all(|_| -> Result<(), Failure> { panic!("in the middle of a table") })
        .await;
    assert!(matches!(&read, Err(StoreError::Backend(why)) if why.to_string().contains("panicked")));
    store.list_users().await.unwrap();
}

/// The file as it is without a log, of which no connection remembers a page.
fn settle(folder: &Path) -> PathBuf {
    let database = folder.join(DATABASE_FILE);
    let guest = Connection::open(&database).unwrap();
    guest
        .execute_batch("INSERT INTO attempts VALUES ('guest', 1, 9)")
        .unwrap();
    // Somebody reads until the thread for checkpoints has seen that nobody does any more.
    let is_empty = (0..600).any(|_| {
        std::thread::sleep(std::time::Duration::from_millis(20));
        let truncate = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        guest
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], truncate)
            .unwrap()
            == 0
    });
    assert!(is_empty);
    database
}

fn scratch(database: &Path, from: usize, bytes: &[u8]) {
    let mut file = File::options().write(true).open(database).unwrap();
    file.seek(SeekFrom::Start(from as u64)).unwrap();
    file.write_all(bytes).unwrap();
}

#[tokio::test]
async fn a_database_that_is_damaged_under_a_running_store_is_an_error_each_time_and_no_panic() {
    let garbage = vec![0xA5; PAGE];
    for first_damaged in [0, 1] {
        let (folder, store) = open();
        for number in 0..200 {
            let key = format!("{number:0400}");
            assert!(store.insert_nonce_once(&key, Timestamp(9)).await.unwrap());
        }
        let database = settle(folder.path());
        let pages = database.metadata().unwrap().len() as usize / PAGE;
        for page in first_damaged..pages {
            scratch(&database, page * PAGE, &garbage);
        }
        let wanted = format!("{:0400}", 7);
        for _ in 0..2 {
            let sought = wanted.clone();
            let read = store.read(move |connection| {
                let sql = "SELECT expires_at FROM nonces WHERE key = ?1";
                find(connection, sql, [sought], |columns| columns.take::<i64>())
            });
            is_damage(&read.await);
            is_damage(&store.list_users().await);
            is_damage(&store.insert_nonce_once(&wanted, Timestamp(9)).await);
            is_damage(&store.ready().await);
        }
    }
}

fn is_damage<T: Debug>(told: &Result<T, StoreError>) {
    match told {
        Err(StoreError::Backend(why)) if !why.to_string().contains("panicked") => {}
        other => panic!("{other:?}"),
    }
}

/// Whatever stands in the file: each verb answers, and nothing panics.
#[tokio::test]
async fn no_verb_panics_on_bytes_that_a_disk_changed() {
    let mut seed = 0x5EED_0007_u64;
    let mut draw = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) as usize % below
    };
    let mut failed = 0;
    for _ in 0..10 {
        let (folder, store) = open();
        let guest = Connection::open(folder.path().join(DATABASE_FILE)).unwrap();
        guest
            .execute_batch(include_str!("../migrations/fixtures/0003.sql"))
            .unwrap();
        drop(guest);
        let database = settle(folder.path());
        let bytes = database.metadata().unwrap().len() as usize;
        for _ in 0..400 {
            let from = PAGE + draw(bytes - PAGE);
            scratch(&database, from, &[draw(256) as u8]);
        }
        for error in everything(&store).await.into_iter().flatten() {
            assert!(!error.contains("panicked"), "{error}");
            failed += 1;
        }
    }
    assert!(failed > 0, "nothing was damaged that anybody reads");
}

/// What verbs of many kinds say that goes wrong.
async fn everything(store: &SqliteStore) -> Vec<Option<String>> {
    fn told<T>(answer: Result<T, StoreError>) -> Option<String> {
        answer.err().map(|error| error.to_string())
    }
    let (app, somebody, now) = (
        ClientId::parse("app").unwrap(),
        UserId(uuid::Uuid::nil()),
        Timestamp(0),
    );
    let mut all = vec![
        told(store.find_client(&app).await),
        told(store.list_clients().await),
        told(store.list_users().await),
        told(store.find_user_by_username("alice").await),
        told(store.list_keys().await),
        told(store.list_active_grants(somebody, now).await),
        told(store.list_sessions(somebody, now).await),
        told(store.list_consents(somebody).await),
        told(store.list_links(somebody).await),
        told(store.remove_client(&app).await),
        told(store.forget_expired(Timestamp(i64::MAX), 0, 100).await),
        told(store.insert_nonce_once("once", now).await),
        told(store.ready().await),
    ];
    match store.snapshot().await {
        Err(error) => all.push(Some(error.to_string())),
        Ok(mut snapshot) => {
            for table in TABLES {
                all.push(told(snapshot.read_rows(table, None, 100).await));
            }
        }
    }
    all
}
