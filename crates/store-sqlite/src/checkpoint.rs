//! Carries what was written from the write-ahead log into the database file, beside the writer instead of between two of
//! its transactions: with a million grants a checkpoint writes thousands of pages all over the file, and everybody whose
//! commit fell behind one would wait for it (docs/decisions/0034-performance.md).
//!
//! The thread copies (`PASSIVE`: it never makes anybody wait). While it does, the log goes on growing, and only a log that
//! was copied to its end begins anew; so when it has become long all the same, the writer copies the short rest itself.
//! Durability is the commit's business and not touched here: a page leaves the log only once it was synced to the file.

use rusqlite::Connection;
use rusqlite::hooks::Wal;
use std::ffi::c_int;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// From so many pages on the thread copies. 4 KiB each.
const BEGIN_PAGES: c_int = 2000;
/// From so many on the writer copies what the thread has left.
const REST_PAGES: c_int = 8000;

/// The thread; it ends with the writer's connection, which holds the hook. It gives its own back: that one closes last and
/// alone, because of two that close at the same moment neither is the last one, and the log would stay.
pub(crate) struct Checkpointer(Option<JoinHandle<Connection>>);

impl Checkpointer {
    /// Starts the thread on a connection of its own, and has the writer's wake it.
    pub(crate) fn start(writer: &mut Connection, own: Connection) -> rusqlite::Result<Self> {
        let (wake, woken) = sync_channel(1);
        writer.wal_hook(Some(move |wal: &mut Wal, pages| {
            after_commit(wal, pages, &wake);
            Ok(())
        }))?;
        let thread = std::thread::Builder::new().name("valetkey-checkpoint".to_owned());
        let started = thread.spawn(move || {
            work_off(&own, &woken);
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
fn after_commit(wal: &mut Wal, pages: c_int, wake: &SyncSender<()>) {
    if pages >= BEGIN_PAGES {
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

fn work_off(own: &Connection, woken: &Receiver<()>) {
    while woken.recv().is_ok() {
        let copied = own.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()));
        if let Err(error) = copied {
            tracing::warn!(%error, "the write-ahead log cannot be copied into the database");
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::open::{DATABASE_FILE, OpenOptions};
    use crate::{SqliteStore, columns};
    use std::path::Path;

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

    #[tokio::test]
    async fn the_log_does_not_grow_with_what_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
        for from in (0..30_000).step_by(500) {
            write(&store, from).await;
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
