//! Group commit: what shares a transaction, what a failure spoils, what is told to whom.

use super::{Request, Writer};
use crate::columns::change;
use crate::failure::Failure;
use crate::{DATABASE_FILE, OpenOptions, SqliteStore};
use rusqlite::Connection;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use tempfile::TempDir;
use tokio::task::{JoinHandle, yield_now};
use valetkey_store::{Store, StoreError};

const ADD: &str = "INSERT INTO attempts (key, failures, window_ends_at) VALUES (?1, 1, 9)";

fn open(queue_capacity: usize) -> (TempDir, Arc<SqliteStore>) {
    let folder = tempfile::tempdir().unwrap();
    let options = OpenOptions {
        queue_capacity,
        ..OpenOptions::owner()
    };
    let store = SqliteStore::open(folder.path(), options).unwrap();
    (folder, Arc::new(store))
}

fn add(key: &'static str) -> impl FnOnce(&Connection) -> Result<(), Failure> + Send + 'static {
    move |connection| {
        change(connection, ADD, [key])?;
        Ok(())
    }
}

/// Queues the work; on one thread, yielding once polls it once, which is enough to queue it.
async fn queue<T: Send + 'static>(
    store: &Arc<SqliteStore>,
    work: impl FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
) -> JoinHandle<Result<T, StoreError>> {
    let store = store.clone();
    let queued = tokio::spawn(async move { store.write(work).await });
    yield_now().await;
    queued
}

/// Keeps the writer busy until the sender says so, so that what is queued meanwhile shares the next transaction.
async fn hold_writer(store: &Arc<SqliteStore>) -> (Sender<()>, JoinHandle<Result<(), StoreError>>) {
    let (go_on, wait) = channel();
    let (has_begun, begun) = channel();
    let held = queue(store, move |_| {
        has_begun.send(()).unwrap();
        wait.recv().unwrap();
        Ok(())
    })
    .await;
    begun.recv().unwrap();
    (go_on, held)
}

async fn keys(store: &SqliteStore) -> Vec<String> {
    let list = |connection: &Connection| {
        crate::columns::list(
            connection,
            "SELECT key FROM attempts ORDER BY key",
            [],
            |columns| columns.take(),
        )
    };
    store.read(list).await.unwrap()
}

#[tokio::test]
async fn a_full_queue_is_busy_and_loses_nothing_it_took() {
    let (_folder, store) = open(2);
    let (go_on, held) = hold_writer(&store).await;
    let first = queue(&store, add("a")).await;
    let second = queue(&store, add("b")).await;
    for refused in ["c", "d"] {
        assert!(matches!(store.write(add(refused)).await, Err(StoreError::Busy)));
    }
    go_on.send(()).unwrap();
    for taken in [held, first, second] {
        taken.await.unwrap().unwrap();
    }
    assert_eq!(keys(&store).await, ["a", "b"]);
    store.write(add("e")).await.unwrap();
}

#[tokio::test]
async fn a_failing_request_does_not_spoil_the_others_of_its_transaction() {
    let (_folder, store) = open(64);
    let (go_on, held) = hold_writer(&store).await;
    let before = queue(&store, add("before")).await;
    let failing = queue(&store, |connection| {
        change(connection, ADD, ["half done"])?;
        change(connection, ADD, ["before"])?;
        Ok(())
    })
    .await;
    let after = queue(&store, add("after")).await;
    go_on.send(()).unwrap();
    for good in [held, before, after] {
        good.await.unwrap().unwrap();
    }
    assert!(matches!(failing.await.unwrap(), Err(StoreError::Backend(_))));
    assert_eq!(keys(&store).await, ["after", "before"]);
}

#[tokio::test]
async fn a_request_that_panics_is_undone_and_neither_the_others_nor_the_writer_suffer() {
    let (_folder, store) = open(64);
    let (go_on, held) = hold_writer(&store).await;
    let before = queue(&store, add("before")).await;
    let panics = queue(&store, |connection| -> Result<(), _> {
        change(connection, ADD, ["half done"])?;
        let mut statement = connection.prepare_cached("SELECT key FROM attempts")?;
        let mut rows = statement.query([])?;
        rows.next()?;
        panic!("in the middle of a query");
    })
    .await;
    let after = queue(&store, add("after")).await;
    go_on.send(()).unwrap();
    for good in [held, before, after] {
        good.await.unwrap().unwrap();
    }
    let told = panics.await.unwrap();
    assert!(
        matches!(&told, Err(StoreError::Backend(why)) if why.to_string().contains("panicked")),
        "{told:?}"
    );
    assert_eq!(keys(&store).await, ["after", "before"]);
    store.write(add("later")).await.unwrap();
    assert_eq!(keys(&store).await, ["after", "before", "later"]);
}

/// How many transactions the write-ahead log holds: frames that carry the size of the database end one
/// (<https://sqlite.org/fileformat2.html#the_write_ahead_log>).
fn commits(folder: &TempDir) -> usize {
    let log = std::fs::read(folder.path().join(format!("{DATABASE_FILE}-wal"))).unwrap();
    let frames = log[32..].chunks_exact(24 + 4096);
    frames.filter(|frame| frame[4..8] != [0; 4]).count()
}

#[tokio::test]
async fn what_waits_together_is_committed_together() {
    let (folder, store) = open(64);
    let (go_on, held) = hold_writer(&store).await;
    let before = commits(&folder);
    let mut waiting = Vec::new();
    for key in ["a", "b", "c", "d", "e"] {
        waiting.push(queue(&store, add(key)).await);
    }
    go_on.send(()).unwrap();
    held.await.unwrap().unwrap();
    for answer in waiting {
        answer.await.unwrap().unwrap();
    }
    assert_eq!(keys(&store).await.len(), 5);
    assert_eq!(commits(&folder) - before, 1);
}

#[tokio::test]
async fn a_commit_that_fails_is_acknowledged_to_nobody() {
    let (_folder, store) = open(64);
    let (go_on, held) = hold_writer(&store).await;
    let innocent = queue(&store, add("innocent")).await;
    let lost = queue(&store, |connection| {
        // A violation that SQLite only looks for when it commits.
        connection.execute_batch(
            "PRAGMA defer_foreign_keys = ON; \
             INSERT INTO consents VALUES (zeroblob(16), 'nobody', '', '[]', 1)",
        )?;
        Ok(())
    })
    .await;
    let exists = queue(&store, |_| -> Result<(), _> {
        Err(Failure::Exists {
            what: "key",
            name: "innocent".to_owned(),
        })
    })
    .await;
    go_on.send(()).unwrap();
    held.await.unwrap().unwrap();
    for answer in [innocent, lost, exists] {
        assert!(matches!(answer.await.unwrap(), Err(StoreError::Backend(_))));
    }
    assert!(keys(&store).await.is_empty());
    store.write(add("later")).await.unwrap();
    assert_eq!(keys(&store).await, ["later"]);
}

#[tokio::test]
async fn a_transaction_that_sqlite_gives_up_is_acknowledged_to_nobody() {
    let (_folder, store) = open(64);
    let (go_on, held) = hold_writer(&store).await;
    let innocent = queue(&store, add("innocent")).await;
    let gives_up = queue(&store, |connection| {
        change(connection, ADD, ["culprit"])?;
        change(
            connection,
            "INSERT OR ROLLBACK INTO attempts VALUES ('culprit', 1, 9)",
            [],
        )?;
        Ok(())
    })
    .await;
    let after = queue(&store, add("after")).await;
    go_on.send(()).unwrap();
    held.await.unwrap().unwrap();
    for answer in [innocent, gives_up, after] {
        assert!(matches!(answer.await.unwrap(), Err(StoreError::Backend(_))));
    }
    assert!(keys(&store).await.is_empty());
    store.write(add("later")).await.unwrap();
}

/// Nothing of what a request is told by name, as that its name is taken, is told to the others.
#[tokio::test]
async fn a_request_that_hides_why_the_transaction_was_given_up_names_nothing_to_the_others() {
    let (_folder, store) = open(64);
    let (go_on, held) = hold_writer(&store).await;
    let innocent = queue(&store, add("innocent")).await;
    let hides = queue(&store, |connection| -> Result<(), _> {
        change(connection, ADD, ["culprit"])?;
        let again = "INSERT OR ROLLBACK INTO attempts VALUES ('culprit', 1, 9)";
        let why = change(connection, again, []).unwrap_err();
        Err(crate::failure::of_insert(why, "key", "culprit"))
    })
    .await;
    go_on.send(()).unwrap();
    held.await.unwrap().unwrap();
    for answer in [innocent, hides] {
        let told = answer.await.unwrap();
        assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
    }
    assert!(keys(&store).await.is_empty());
    store.write(add("later")).await.unwrap();
}

#[tokio::test]
async fn a_full_database_refuses_and_works_again_when_there_is_room() {
    let (_folder, store) = open(64);
    let limit = |pages: &'static str| {
        move |connection: &Connection| Ok(connection.query_row(pages, [], |row| row.get::<_, i64>(0))?)
    };
    store.write(limit("PRAGMA max_page_count = 1")).await.unwrap();
    let big = |connection: &Connection| {
        Ok(change(
            connection,
            "INSERT INTO attempts VALUES (hex(zeroblob(20000)), 1, 9)",
            [],
        )?)
    };
    let refused = store.write(big).await;
    assert!(
        matches!(&refused, Err(StoreError::Unavailable(why)) if why.to_string().contains("full")),
        "{refused:?}"
    );
    assert!(keys(&store).await.is_empty());
    store
        .write(limit("PRAGMA max_page_count = 1000000"))
        .await
        .unwrap();
    assert_eq!(store.write(big).await.unwrap(), 1);
    assert_eq!(keys(&store).await.len(), 1);
}

#[tokio::test]
async fn a_store_that_cannot_write_is_not_ready() {
    let (_folder, store) = open(64);
    store.ready().await.unwrap();
    let read_only = |connection: &Connection| Ok(connection.pragma_update(None, "query_only", true)?);
    store.write(read_only).await.unwrap();
    assert!(matches!(store.ready().await, Err(StoreError::Unavailable(_))));
    assert!(matches!(
        store.write(add("a")).await,
        Err(StoreError::Unavailable(_))
    ));
    assert!(keys(&store).await.is_empty());
}

#[tokio::test]
async fn a_request_whose_caller_went_away_is_carried_out() {
    let (_folder, store) = open(64);
    let (go_on, held) = hold_writer(&store).await;
    let abandoned = queue(&store, add("abandoned")).await;
    abandoned.abort();
    assert!(abandoned.await.unwrap_err().is_cancelled());
    go_on.send(()).unwrap();
    held.await.unwrap().unwrap();
    store.write(add("next")).await.unwrap();
    assert_eq!(keys(&store).await, ["abandoned", "next"]);
}

#[tokio::test]
async fn a_store_that_is_dropped_works_off_its_queue() {
    let (folder, store) = open(64);
    let (go_on, held) = hold_writer(&store).await;
    let queued = queue(&store, add("queued")).await;
    for abandoned in [held, queued] {
        abandoned.abort();
        assert!(abandoned.await.unwrap_err().is_cancelled());
    }
    go_on.send(()).unwrap();
    drop(store);
    let again = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
    assert_eq!(keys(&again).await, ["queued"]);
}

/// Panics where no request should: when it is to answer.
struct PanicsLate;

impl Request for PanicsLate {
    fn run(&mut self, connection: &Connection) -> Result<(), Failure> {
        Ok(change(connection, ADD, ["late"]).map(|_| ())?)
    }

    fn answer(self: Box<Self>, _batch: Result<(), Failure>) {
        panic!("outside of the request's own work");
    }
}

#[tokio::test]
async fn a_panic_of_the_writer_itself_does_not_silence_it() {
    let (folder, store) = open(64);
    let database = Connection::open(folder.path().join(DATABASE_FILE)).unwrap();
    let writer = Writer::start(database, 4).unwrap();
    assert!(
        writer
            .queue
            .as_ref()
            .unwrap()
            .try_send(Box::new(PanicsLate))
            .is_ok()
    );
    writer.run(add("after")).await.unwrap();
    assert_eq!(keys(&store).await, ["after", "late"]);
}
