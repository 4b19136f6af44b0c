//! Read-only connections, used where the request runs: a point lookup takes microseconds, less than
//! handing it to another thread and back (docs/decisions/0010-sqlite-readers.md).
//!
//! A connection is taken and given back within one call, never across an await.

use crate::failure::Failure;
use crate::open::connect;
use rusqlite::{Connection, OpenFlags};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

/// Which file stands there, as far as the system tells files apart.
fn which(database: &Path) -> Option<(u64, u64)> {
    let there = database.metadata().ok()?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        Some((there.dev(), there.ino()))
    }
    #[cfg(not(unix))]
    {
        Some((0, u64::from(there.is_file())))
    }
}

/// The connections. The first is open from the start, the others from when they were first needed.
pub(crate) struct Readers {
    database: PathBuf,
    /// The file of the first one: another may stand there by the time that a further one is needed.
    file: Option<(u64, u64)>,
    first: Mutex<Connection>,
    others: Vec<Mutex<Option<Connection>>>,
    turn: AtomicUsize,
    /// Set by every read, for whoever looks and takes it back.
    was_read: Arc<AtomicBool>,
}

impl Readers {
    /// Opens the first of `count`.
    pub(crate) fn open(database: PathBuf, count: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            first: Mutex::new(connect(&database, OpenFlags::SQLITE_OPEN_READ_ONLY)?),
            others: (1..count).map(|_| Mutex::default()).collect(),
            turn: AtomicUsize::new(0),
            was_read: Arc::default(),
            file: which(&database),
            database,
        })
    }

    /// Whether anybody has read since this was last set back.
    pub(crate) fn was_read(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.was_read)
    }

    /// Runs the work on the first connection that is free, or else on the one whose turn it is. Those in front are busy with
    /// what was just read and prepared; the ones behind are opened for, and cost memory in, busy moments alone.
    pub(crate) fn run<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
        if !self.was_read.load(Ordering::Relaxed) {
            self.was_read.store(true, Ordering::Relaxed);
        }
        if let Some(first) = free(&self.first) {
            return work(&first);
        }
        for other in &self.others {
            if let Some(mut other) = free(other) {
                // Without another one there is the first.
                let Some(connection) = self.opened(&mut other) else {
                    break;
                };
                return work(connection);
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % (self.others.len() + 1);
        if let Some(waited_for) = self.others.get(turn)
            && let Some(connection) = &*waited_for.lock().unwrap_or_else(PoisonError::into_inner)
        {
            return work(connection);
        }
        work(&self.first.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn opened<'c>(&self, place: &'c mut Option<Connection>) -> Option<&'c Connection> {
        if place.is_none() {
            let opened = connect(&self.database, OpenFlags::SQLITE_OPEN_READ_ONLY);
            let opened = opened.inspect_err(|error| tracing::debug!(%error, "no further connection"));
            *place = opened.ok().filter(|_| which(&self.database) == self.file);
        }
        place.as_ref()
    }
}

/// Takes it, unless somebody has it. A panic in the middle of a query leaves nothing behind: statements reset when dropped.
fn free<T>(connection: &Mutex<T>) -> Option<std::sync::MutexGuard<'_, T>> {
    match connection.try_lock() {
        Ok(taken) => Some(taken),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    fn one(connection: &Connection) -> Result<i64, Failure> {
        Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
    }

    #[test]
    fn who_reads_at_once_has_connections_of_their_own_and_without_another_one_they_wait() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("database");
        let made = Connection::open(&database).unwrap();
        made.pragma_update(None, "user_version", 1).unwrap();
        drop(made);
        for (count, is_gone) in [(2, false), (2, true), (1, false)] {
            let readers = Readers::open(database.clone(), count).unwrap();
            if is_gone {
                std::fs::rename(&database, folder.path().join("elsewhere")).unwrap();
                let another = Connection::open(&database).unwrap();
                another.pragma_update(None, "user_version", 2).unwrap();
            }
            let (entered, has_entered) = channel();
            let (leave, may_leave) = channel::<()>();
            std::thread::scope(|scope| {
                let readers = &readers;
                scope.spawn(move || {
                    let hold = |connection: &Connection| {
                        entered.send(()).unwrap();
                        may_leave.recv().unwrap();
                        one(connection)
                    };
                    assert_eq!(readers.run(hold).unwrap(), 1);
                });
                has_entered.recv().unwrap();
                if count == 2 && !is_gone {
                    assert_eq!(readers.run(one).unwrap(), 1, "beside the one that is held");
                    leave.send(()).unwrap();
                } else {
                    let waits = scope.spawn(move || readers.run(one).unwrap());
                    leave.send(()).unwrap();
                    assert_eq!(waits.join().unwrap(), 1, "when it was given back");
                }
            });
            if is_gone {
                std::fs::rename(folder.path().join("elsewhere"), &database).unwrap();
            }
        }
    }
}
