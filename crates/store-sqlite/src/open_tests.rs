//! Owners, guests, strangers.

use super::{DATABASE_FILE, LOCK_FILE, OpenError, OpenOptions};
use crate::SqliteStore;
use rusqlite::Connection;
use std::path::Path;
use std::sync::Arc;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Store, ThrottleStore};

fn own(folder: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(folder, OpenOptions::owner())
}

fn visit(folder: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(folder, OpenOptions::guest())
}

async fn fail(store: &SqliteStore, key: &str) -> u32 {
    store
        .record_failure(key, Timestamp(0), 60)
        .await
        .unwrap()
        .failures
}

fn pretend_schema(folder: &Path, version: u32) {
    let connection = Connection::open(folder.join(DATABASE_FILE)).unwrap();
    connection.pragma_update(None, "user_version", version).unwrap();
}

#[tokio::test]
async fn a_second_owner_is_refused_and_told_why() {
    let folder = tempfile::tempdir().unwrap();
    let first = own(folder.path()).unwrap();
    let refused = own(folder.path()).unwrap_err();
    assert!(matches!(refused, OpenError::Locked { .. }), "{refused:?}");
    assert!(refused.to_string().contains("is a server running"), "{refused}");
    assert_eq!(fail(&first, "still works").await, 1);
}

#[tokio::test]
async fn the_next_owner_finds_what_the_last_one_left() {
    let folder = tempfile::tempdir().unwrap();
    for expected in 1..=3 {
        assert_eq!(fail(&own(folder.path()).unwrap(), "key").await, expected);
    }
}

#[tokio::test]
async fn a_guest_works_without_an_owner_and_beside_one() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(fail(&visit(folder.path()).unwrap(), "key").await, 1);
    let owner = own(folder.path()).unwrap();
    let guest = visit(folder.path()).unwrap();
    assert_eq!(fail(&owner, "key").await, 2);
    assert_eq!(fail(&guest, "key").await, 3);
    assert_eq!(
        owner
            .attempts("key", Timestamp(0))
            .await
            .unwrap()
            .unwrap()
            .failures,
        3
    );
}

#[tokio::test]
async fn the_owner_notices_what_a_guest_changed() {
    let folder = tempfile::tempdir().unwrap();
    let owner = own(folder.path()).unwrap();
    let before = owner.change_stamp().await.unwrap();
    let guest = visit(folder.path()).unwrap();
    guest.write(crate::pulse::bump_stamp).await.unwrap();
    assert!(owner.change_stamp().await.unwrap() > before);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn owner_and_guests_write_at_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let mut stores = vec![own(folder.path()).unwrap()];
    stores.extend((0..3).map(|_| visit(folder.path()).unwrap()));
    let mut writers = tokio::task::JoinSet::new();
    for store in stores.into_iter().map(Arc::new) {
        writers.spawn(async move {
            for _ in 0..25 {
                fail(&store, "key").await;
            }
        });
    }
    writers.join_all().await;
    assert_eq!(fail(&visit(folder.path()).unwrap(), "key").await, 101);
}

#[test]
fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    drop(own(folder.path()).unwrap());
    pretend_schema(folder.path(), 99);
    for open in [own, visit] {
        let refused = open(folder.path()).unwrap_err();
        assert!(
            matches!(refused, OpenError::Newer { found: 99, .. }),
            "{refused:?}"
        );
    }
    // The refused owner has let go of the lock.
    pretend_schema(folder.path(), crate::migrate::LATEST);
    own(folder.path()).unwrap();
}

#[test]
fn a_guest_does_not_migrate_under_a_running_server() {
    let folder = tempfile::tempdir().unwrap();
    let owner = own(folder.path()).unwrap();
    pretend_schema(folder.path(), 0);
    let refused = visit(folder.path()).unwrap_err();
    assert!(
        matches!(refused, OpenError::Outdated { found: 0, .. }),
        "{refused:?}"
    );
    drop(owner);
}

#[test]
fn what_is_no_database_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(DATABASE_FILE);
    let text = "these are my photos, not a database\n".repeat(100);
    std::fs::write(&file, &text).unwrap();
    assert!(matches!(own(folder.path()), Err(OpenError::Sqlite(_))));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let refused = own(&file.join("data")).unwrap_err();
    assert!(matches!(refused, OpenError::File { .. }), "{refused:?}");
    assert!(refused.to_string().contains("file/data"), "{refused}");
}

#[cfg(unix)]
#[tokio::test]
async fn only_its_owner_can_read_the_data() {
    use std::os::unix::fs::PermissionsExt;
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("deep/data");
    let store = own(&folder).unwrap();
    fail(&store, "key").await;
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder), 0o700);
    let wal = format!("{DATABASE_FILE}-wal");
    let shm = format!("{DATABASE_FILE}-shm");
    for file in [DATABASE_FILE, LOCK_FILE, &wal, &shm] {
        assert_eq!(mode(&folder.join(file)), 0o600, "{file}");
    }
}

#[tokio::test]
async fn commits_are_durable_and_readers_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = own(folder.path()).unwrap();
    let settings = store.write(|connection| {
        let ask = |pragma| connection.query_row(pragma, [], |row| row.get::<_, rusqlite::types::Value>(0));
        Ok((
            ask("PRAGMA journal_mode")?,
            ask("PRAGMA synchronous")?,
            ask("PRAGMA foreign_keys")?,
        ))
    });
    let (journal_mode, synchronous, foreign_keys) = settings.await.unwrap();
    assert_eq!(journal_mode, "wal".to_owned().into());
    assert_eq!(synchronous, 2.into());
    assert_eq!(foreign_keys, 1.into());
    let written = store
        .read(|connection| Ok(connection.execute("DELETE FROM pulse", [])?))
        .await;
    assert!(written.is_err());
}
