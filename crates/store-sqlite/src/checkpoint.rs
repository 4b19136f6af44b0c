//! Carries what was written from the write-ahead log into the database file, beside the writer instead of between two of
//! its transactions: with a million grants a checkpoint writes thousands of pages all over the file, and everybody whose
//! commit fell behind one would wait for it (docs/decisions/0034-performance.md).
//!
//! The thread copies (`PASSIVE`: it never makes anybody wait). While it does, the log goes on growing, and only a log that
//! was copied to its end begins anew; so when it has become long all the same, the writer copies the short rest itself.
//! Durability is the commit's business and not touched here: a page leaves the log only once it was synced to the file.
//!
//! While there are readers and the log is short, the thread keeps a read transaction open. SQLite marks from where in the
//! log a process reads, by a system call with the first transaction that does and by another with the last: beside one that
//! stays, the others need none. Nothing is read by it, so it is never out of date; it moves on with what is written here,
//! and once a second with what others write, and gives way to the copying.

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::ffi::c_int;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

/// From so many pages on the thread copies. 4 KiB each.
const BEGIN_PAGES: c_int = 2000;
/// From so many on the writer copies what the thread has left.
const REST_PAGES: c_int = 8000;
/// How long the open transaction stays behind what is written here.
const BEHIND: Duration = Duration::from_millis(100);
/// How long it stays where it is at most, and how often the thread looks whether anybody reads.
const LOOK: Duration = Duration::from_secs(1);

/// The thread; it ends with the writer's connection, which holds the hook. It gives its own back: that one closes last and
/// alone, because of two that close at the same moment neither is the last one, and the log would stay.
pub(crate) struct Checkpointer(Option<JoinHandle<Connection>>);

/// What the thread knows of the log.
#[derive(Default)]
struct Log {
    /// How long it was after the last commit.
    pages: AtomicI32,
    /// Whether the thread was told that there is something new.
    is_told: AtomicBool,
    was_read: Arc<AtomicBool>,
}

impl Log {
    fn is_long(&self) -> bool {
        self.pages.load(Ordering::Acquire) >= BEGIN_PAGES
    }
}

impl Checkpointer {
    /// Starts the thread on a connection of its own, and has the writer's wake it.
    pub(crate) fn start(
        writer: &mut Connection,
        own: Connection,
        was_read: Arc<AtomicBool>,
    ) -> rusqlite::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let log = Arc::new(Log {
            was_read,
            ..Log::default()
        });
        let of_thread = Arc::clone(&log);
        writer.wal_hook(Some(move |wal: &mut Wal, pages| {
            after_commit(wal, pages, &log, &wake);
            Ok(())
        }))?;
        let thread = std::thread::Builder::new().name("valetkey-checkpoint".to_owned());
        let started = thread.spawn(move || {
            work_off(&own, &of_thread, &woken);
            own
        });
        // Without the thread the writer does all of it, as SQLite's own rule would have it.
        let started = started.inspect_err(|error| tracing::error!(%error, "no thread for checkpoints"));
        Ok(Self(started.ok()))
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        if let Some(thread) = self.0.take()
            && thread.join().is_err()
        {
            tracing::error!("the thread for checkpoints had panicked");
        }
    }
}

/// Runs in the writer's thread, after its commit is durable.
fn after_commit(wal: &mut Wal, pages: c_int, log: &Log, wake: &SyncSender<()>) {
    log.pages.store(pages, Ordering::Release);
    if !log.is_told.swap(true, Ordering::AcqRel) || pages >= BEGIN_PAGES {
        // One that is waiting already is enough.
        let _ = wake.try_send(());
    }
    if pages >= REST_PAGES {
        // Busy while the thread is at it: then after the next commit.
        if let Err(error) = wal.checkpoint() {
            tracing::debug!(%error, "the write-ahead log goes on growing for now");
        }
    }
}

fn work_off(own: &Connection, log: &Log, woken: &Receiver<()>) {
    loop {
        // What is long is to be copied to its end, and then begun anew: nobody may stand in it.
        if log.was_read.swap(false, Ordering::AcqRel) && !log.is_long() {
            told_of(own.execute_batch(BEGIN_READING));
        }
        let mut told = woken.recv_timeout(LOOK);
        if told.is_ok() && !log.is_long() {
            told = woken.recv_timeout(BEHIND);
        }
        // What is written from here on is told again.
        log.is_told.store(false, Ordering::Release);
        // Also of a transaction that began and could not read.
        if !own.is_autocommit() {
            told_of(own.execute_batch("ROLLBACK"));
        }
        if told == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        if log.is_long() {
            let copied = own.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
            if let Err(error) = copied {
                tracing::warn!(%error, "the write-ahead log cannot be copied into the database");
            }
        }
    }
}

const BEGIN_READING: &str = "BEGIN; SELECT 1 FROM sqlite_schema LIMIT 1";

fn told_of(done: rusqlite::Result<()>) {
    if let Err(error) = done {
        tracing::debug!(%error, "readers mark the log themselves");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::open::{DATABASE_FILE, OpenOptions};
    use crate::{SqliteStore, columns};
    use std::path::Path;
    use valetkey_store::GrantStore as _;

    fn bytes(path: &Path) -> u64 {
        std::fs::metadata(path).map_or(0, |file| file.len())
    }

    /// About a page for each row.
    async fn write(store: &SqliteStore, from: usize) {
        let sql = "INSERT INTO nonces (key, expires_at) VALUES (?1, 0)";
        let written = store.write(move |connection| {
            for number in from..from + 500 {
                columns::change(connection, sql, [format!("{number:06}{}", "x".repeat(3000))])?;
            }
            Ok(())
        });
        written.await.unwrap();
    }

    /// Whether somebody stands in the log, as a checkpoint from outside learns it.
    async fn is_held(store: &SqliteStore, folder: &Path, number: usize) -> bool {
        let sql = "INSERT INTO nonces (key, expires_at) VALUES (?1, 0)";
        let written = store.write(move |connection| {
            columns::change(connection, sql, [number.to_string()])?;
            Ok(())
        });
        written.await.unwrap();
        std::thread::sleep(2 * BEHIND);
        let outside = Connection::open(folder.join(DATABASE_FILE)).unwrap();
        outside.busy_timeout(Duration::ZERO).unwrap();
        let truncate = |row: &rusqlite::Row<'_>| row.get::<_, i64>(0);
        let is_busy = outside.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], truncate);
        is_busy.unwrap() == 1
    }

    #[tokio::test]
    async fn a_transaction_stays_open_beside_readers_and_not_without_them() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
        let mut was_held = false;
        for number in 0..300 {
            assert!(!store.access_status("jti", None).await.unwrap().token_revoked);
            was_held = is_held(&store, folder.path(), number).await;
            if was_held {
                break;
            }
        }
        assert!(was_held, "beside readers");
        let mut is_still = true;
        for number in 300..600 {
            is_still = is_held(&store, folder.path(), number).await;
            if !is_still {
                break;
            }
        }
        assert!(!is_still, "nobody reads");
    }

    #[test]
    fn a_transaction_that_cannot_read_is_not_left_open() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("no database");
        std::fs::write(&path, [b'x'; 8192]).unwrap();
        let own = Connection::open(&path).unwrap();
        assert!(own.execute_batch(BEGIN_READING).is_err() && !own.is_autocommit());
        own.execute_batch("ROLLBACK").unwrap();
        let log = Log::default();
        log.was_read.store(true, Ordering::Release);
        let (wake, woken) = sync_channel(1);
        wake.send(()).unwrap();
        drop(wake);
        work_off(&own, &log, &woken);
        assert!(own.is_autocommit());
        assert!(!log.was_read.load(Ordering::Acquire), "it was begun");
    }

    #[tokio::test]
    async fn the_log_does_not_grow_with_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
        // Beside readers, for whom a transaction is kept open.
        for from in (0..30_000).step_by(500) {
            write(&store, from).await;
            assert!(!store.access_status("jti", None).await.unwrap().token_revoked);
        }
        let log = bytes(&folder.path().join(format!("{DATABASE_FILE}-wal")));
        assert!(log > 0 && log < 4200 * 20_000, "{log} bytes of a log");
        drop(store);
        let whole = bytes(&folder.path().join(DATABASE_FILE));
        assert!(whole > 3000 * 30_000, "{whole} bytes");
        assert!(
            !folder.path().join(format!("{DATABASE_FILE}-wal")).exists(),
            "nothing was left in the log"
        );
    }
}
