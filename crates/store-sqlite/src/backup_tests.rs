//! Backups: of a store that is written to, of damaged ones, and back again.

use super::{BackupError, back_up, beside, restore};
use crate::migrate::{LATEST, MIGRATIONS};
use crate::{DATABASE_FILE, OpenError, OpenOptions, SqliteStore};
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use tempfile::TempDir;
use valetkey_protocol::time::Timestamp;
use valetkey_store::transfer::Transfer;
use valetkey_store::{NonceStore, ThrottleStore};

struct Place {
    folder: TempDir,
}

impl Place {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn own(&self) -> SqliteStore {
        SqliteStore::open(&self.data(), OpenOptions::owner()).unwrap()
    }
}

fn quiet() -> impl FnMut(u64, u64) {
    |_, _| {}
}

fn rows(database: &Path, table: &str) -> u64 {
    let connection = Connection::open(database).unwrap();
    let counted: i64 = connection
        .query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))
        .unwrap();
    counted.unsigned_abs()
}

fn names_in(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_backup_is_one_file_that_holds_what_was_there() {
    let place = Place::new();
    let store = place.own();
    for key in 0..500 {
        store
            .record_failure(&key.to_string(), Timestamp(0), 60)
            .await
            .unwrap();
    }
    let mut last = (0, 0);
    let made = back_up(&place.data(), &place.at("backup"), &mut |done, all| {
        last = (done, all)
    })
    .unwrap();
    assert_eq!(made.schema, LATEST);
    assert_eq!(made.bytes, place.at("backup").metadata().unwrap().len());
    assert!(last.0 == last.1 && last.1 > 0, "{last:?}");
    assert_eq!(names_in(place.folder.path()), ["backup", "data"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = place.at("backup").metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let back = restore(&place.at("backup"), &place.at("new"), &mut quiet()).unwrap();
    assert_eq!((back.schema, back.schema_now), (LATEST, LATEST));
    let again = SqliteStore::open(&place.at("new"), OpenOptions::owner()).unwrap();
    assert_eq!(
        again
            .attempts("499", Timestamp(1))
            .await
            .unwrap()
            .unwrap()
            .failures,
        1
    );
    drop(again);
    assert_eq!(rows(&place.at("new").join(DATABASE_FILE), "attempts"), 500);
}

/// A page-wise backup outside of a transaction would begin anew at every write and never end.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_ends_however_much_is_written_meanwhile_and_holds_what_was_answered_before() {
    let place = Place::new();
    let store = Arc::new(place.own());
    let long = "n".repeat(400);
    for batch in 0..40 {
        let all = (0..500).map(|number| format!("{long} {batch} {number}"));
        let waits: Vec<_> = all
            .map(|key| {
                let store = store.clone();
                tokio::spawn(async move { store.insert_nonce_once(&key, Timestamp(9)).await })
            })
            .collect();
        for wait in waits {
            wait.await.unwrap().unwrap();
        }
    }
    let (stop, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (store, stop, written) = (store.clone(), stop.clone(), written.clone());
            tokio::spawn(async move {
                let mut number = 0;
                while !stop.load(Ordering::SeqCst) {
                    number += 1;
                    let key = format!("writer {writer} {number}");
                    store.record_failure(&key, Timestamp(0), 60).await.unwrap();
                    written.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    while written.load(Ordering::SeqCst) < 50 {
        tokio::task::yield_now().await;
    }
    let answered_before = written.load(Ordering::SeqCst);
    let (data, to) = (place.data(), place.at("backup"));
    let counted = written.clone();
    let steps = tokio::task::spawn_blocking(move || {
        let mut steps = 0_u64;
        back_up(&data, &to, &mut |_, _| {
            steps += 1;
            // Somebody does write between any two steps.
            let seen = counted.load(Ordering::SeqCst);
            while counted.load(Ordering::SeqCst) == seen {
                std::thread::yield_now();
            }
        })
        .map(|_| steps)
    })
    .await
    .unwrap()
    .unwrap();
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.await.unwrap();
    }
    assert!(
        steps > 2,
        "{steps} steps: the store is too small to prove something"
    );
    let kept = rows(&place.at("backup"), "attempts");
    let all = written.load(Ordering::SeqCst);
    assert!(
        answered_before <= kept && kept < all,
        "{answered_before} {kept} {all}"
    );
    assert_eq!(rows(&place.at("backup"), "nonces"), 20_000);
}

#[test]
fn nothing_is_overwritten_and_nothing_is_left_lying() {
    let place = Place::new();
    drop(place.own());
    std::fs::write(place.at("there"), "precious").unwrap();
    let refused = back_up(&place.data(), &place.at("there"), &mut quiet()).unwrap_err();
    assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(place.at("there")).unwrap(), "precious");
    let refused = back_up(&place.at("nowhere"), &place.at("backup"), &mut quiet()).unwrap_err();
    assert!(matches!(refused, BackupError::Missing { .. }), "{refused}");
    // Somebody else takes the name while the pages are copied.
    let taken = place.at("late");
    let refused = back_up(&place.data(), &taken, &mut |_, _| {
        std::fs::write(&taken, "precious").unwrap();
    })
    .unwrap_err();
    assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
    assert_eq!(std::fs::read_to_string(&taken).unwrap(), "precious");
    assert_eq!(names_in(place.folder.path()), ["data", "late", "there"]);
}

#[test]
fn what_a_killed_backup_left_is_taken_over_and_one_under_way_is_not() {
    let place = Place::new();
    drop(place.own());
    let part = beside(&place.at("backup"), ".part");
    std::fs::write(&part, vec![1; 1 << 20]).unwrap();
    let (data, to) = (place.data(), place.at("backup"));
    let mut second = None;
    let made = back_up(&data, &to, &mut |_, _| {
        second = Some(back_up(&data, &to, &mut quiet()).unwrap_err());
    })
    .unwrap();
    assert!(matches!(second, Some(BackupError::UnderWay { .. })), "{second:?}");
    assert!(made.bytes < 1 << 20);
    assert_eq!(names_in(place.folder.path()), ["backup", "data"]);
}

/// Killed between the moment when it got its name and the one when the other name goes.
#[cfg(unix)]
#[test]
fn a_backup_that_still_has_the_name_of_a_draft_is_not_written_over() {
    let place = Place::new();
    drop(place.own());
    back_up(&place.data(), &place.at("kept"), &mut quiet()).unwrap();
    let whole = std::fs::read(place.at("kept")).unwrap();
    std::fs::hard_link(place.at("kept"), beside(&place.at("backup"), ".part")).unwrap();
    back_up(&place.data(), &place.at("backup"), &mut |_, _| {
        assert!(std::fs::read(place.at("kept")).unwrap() == whole);
    })
    .unwrap();
    assert_eq!(names_in(place.folder.path()), ["backup", "data", "kept"]);
}

#[test]
fn a_damaged_file_is_refused_and_nothing_is_made() {
    let place = Place::new();
    drop(place.own());
    let good = place.at("good");
    back_up(&place.data(), &good, &mut quiet()).unwrap();
    let whole = std::fs::read(&good).unwrap();
    let bad = place.at("bad");
    let mut scratched = whole.clone();
    let middle = whole.len() / 2;
    for byte in &mut scratched[middle..middle + 4096] {
        *byte = 0xA5;
    }
    for (what, bytes) in [
        ("half of it", &whole[..middle]),
        ("scratched", &scratched[..]),
        ("empty", b""),
        ("text", b"not a database, but a letter to the operator"),
    ] {
        std::fs::write(&bad, bytes).unwrap();
        let refused = restore(&bad, &place.at("new"), &mut quiet()).unwrap_err();
        assert!(
            matches!(refused, BackupError::Damaged { .. }),
            "{what}: {refused}"
        );
        assert!(!place.at("new").exists(), "{what}");
    }
    let strange = place.at("strange");
    Connection::open(&strange)
        .unwrap()
        .execute_batch("CREATE TABLE letters (text)")
        .unwrap();
    let refused = restore(&strange, &place.at("new"), &mut quiet()).unwrap_err();
    assert!(
        refused.to_string().contains("no database of Valetkey"),
        "{refused}"
    );
}

#[test]
fn a_folder_that_holds_a_store_or_the_rest_of_one_takes_no_backup() {
    let place = Place::new();
    drop(place.own());
    let backup = place.at("backup");
    back_up(&place.data(), &backup, &mut quiet()).unwrap();
    let refused = restore(&backup, &place.data(), &mut quiet()).unwrap_err();
    assert!(matches!(refused, BackupError::Exists { .. }), "{refused}");
    // The log of another database would be played into this one.
    let rest = place.at("rest");
    std::fs::create_dir(&rest).unwrap();
    std::fs::write(rest.join(format!("{DATABASE_FILE}-wal")), "log").unwrap();
    let refused = restore(&backup, &rest, &mut quiet()).unwrap_err();
    assert!(refused.to_string().contains("-wal"), "{refused}");
    assert!(!rest.join(DATABASE_FILE).exists());
}

#[test]
fn the_database_of_a_server_is_no_backup() {
    let place = Place::new();
    let store = place.own();
    let refused = restore(&place.data().join(DATABASE_FILE), &place.at("new"), &mut quiet()).unwrap_err();
    assert!(matches!(refused, BackupError::NoBackup { .. }), "{refused}");
    drop(store);
}

#[test]
fn a_folder_that_a_server_uses_takes_no_backup() {
    let place = Place::new();
    let store = place.own();
    let backup = place.at("backup");
    back_up(&place.data(), &backup, &mut quiet()).unwrap();
    let refused = restore(&backup, &place.data(), &mut quiet()).unwrap_err();
    assert!(
        matches!(refused, BackupError::Open(OpenError::Locked { .. })),
        "{refused}"
    );
    drop(store);
}

#[test]
fn a_backup_of_every_older_version_is_carried_over() {
    let fixtures = [
        include_str!("../migrations/fixtures/0001.sql"),
        include_str!("../migrations/fixtures/0002.sql"),
        include_str!("../migrations/fixtures/0003.sql"),
    ];
    for (schema, fixture) in (1..).zip(fixtures) {
        let place = Place::new();
        std::fs::create_dir(place.data()).unwrap();
        let database = place.data().join(DATABASE_FILE);
        let connection = Connection::open(&database).unwrap();
        connection.pragma_update(None, "journal_mode", "WAL").unwrap();
        connection.pragma_update(None, "foreign_keys", false).unwrap();
        for migration in MIGRATIONS.iter().take(schema as usize) {
            connection.execute_batch(migration).unwrap();
        }
        connection.pragma_update(None, "user_version", schema).unwrap();
        connection.execute_batch(fixture).unwrap();
        // With the connection open, half of it is still in the log.
        let made = back_up(&place.data(), &place.at("backup"), &mut quiet()).unwrap();
        assert_eq!(made.schema, schema, "a backup changes nothing");
        drop(connection);
        let back = restore(&place.at("backup"), &place.at("new"), &mut quiet()).unwrap();
        assert_eq!((back.schema, back.schema_now), (schema, LATEST));
        let new = place.at("new").join(DATABASE_FILE);
        for table in ["clients", "users", "grants", "signing_keys"] {
            assert_eq!(rows(&new, table), rows(&database, table), "{schema} {table}");
        }
    }
}

#[tokio::test]
async fn half_a_copy_is_nothing_to_back_up() {
    let place = Place::new();
    let target = SqliteStore::open_for_copy(&place.data()).unwrap();
    target.begin_copy("the old store").await.unwrap();
    let refused = back_up(&place.data(), &place.at("backup"), &mut quiet()).unwrap_err();
    assert!(
        matches!(refused, BackupError::Open(OpenError::Unfinished { .. })),
        "{refused}"
    );
}

#[test]
fn a_backup_of_a_newer_version_is_refused() {
    let place = Place::new();
    drop(place.own());
    let backup = place.at("backup");
    back_up(&place.data(), &backup, &mut quiet()).unwrap();
    let connection = Connection::open(&backup).unwrap();
    connection
        .pragma_update(None, "user_version", LATEST + 1)
        .unwrap();
    drop(connection);
    let refused = restore(&backup, &place.at("new"), &mut quiet()).unwrap_err();
    assert!(
        matches!(refused, BackupError::Open(OpenError::Newer { .. })),
        "{refused}"
    );
}
