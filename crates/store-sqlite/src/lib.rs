//! The embedded SQLite store: WAL, `synchronous = FULL`, one writer with group commit, readers on their
//! own connections.
//!
//! One file an aggregate; the schema is in `migrations/`. Nothing here decides: every verb is one
//! atomic step whose lost races have names.

mod backup;
mod checkpoint;
mod clients;
mod columns;
mod consents;
mod devices;
mod factors;
mod failure;
mod forget;
mod grants;
mod keys;
mod links;
mod migrate;
mod nonces;
mod open;
mod outbox;
mod passkeys;
mod pulse;
mod readers;
mod sessions;
mod throttle;
mod transfer;
mod users;
mod writer;

#[cfg(test)]
mod plan_tests;

pub use backup::{BackedUp, BackupError, Restored, Told, back_up, restore};
pub use open::{DATABASE_FILE, LOCK_FILE, OpenError, OpenOptions};

use checkpoint::Checkpointer;
use failure::Failure;
use readers::Readers;
use rusqlite::Connection;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use valetkey_store::{Answer, StoreError};
use writer::Writer;

/// The store in a data folder.
///
/// Dropping it works off what is queued and closes the database; that can take a moment.
pub struct SqliteStore {
    // The order matters when the store is dropped: the connection that closes last carries the log into the file. That is
    // the checkpointer's, or a guest's writer; and the lock outlives every connection.
    readers: Arc<Readers>,
    writer: Writer,
    _checkpointer: Option<Checkpointer>,
    database: PathBuf,
    _lock: Option<File>,
}

impl SqliteStore {
    /// Opens the store in the folder; makes folder and database when they are not there.
    pub fn open(folder: &Path, options: OpenOptions) -> Result<Self, OpenError> {
        Self::of(folder, open::open(folder, options, false)?, options)
    }

    /// Opens the store as its owner, to copy rows into it: also one that holds an unfinished copy.
    pub fn open_for_copy(folder: &Path) -> Result<Self, OpenError> {
        let options = OpenOptions::owner();
        Self::of(folder, open::open(folder, options, true)?, options)
    }

    fn of(folder: &Path, parts: open::Parts, options: OpenOptions) -> Result<Self, OpenError> {
        let mut writer = parts.writer;
        let own = parts.checkpoints;
        let was_read = parts.readers.was_read();
        let checkpointer = own.map(|own| Checkpointer::start(&mut writer, own, was_read));
        Ok(Self {
            readers: Arc::new(parts.readers),
            writer: Writer::start(writer, options.queue_capacity).map_err(OpenError::Thread)?,
            _checkpointer: checkpointer.transpose()?,
            database: folder.join(DATABASE_FILE),
            _lock: parts.lock,
        })
    }

    /// A verb that changes something: it answers when its change is durable.
    fn write<T, W>(&self, work: W) -> Answer<'_, T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        Box::pin(self.writer.run(work))
    }

    /// A verb that only reads, a row or a few.
    fn read<'a, T, W>(&'a self, work: W) -> Answer<'a, T>
    where
        T: Send + 'a,
        W: FnOnce(&Connection) -> Result<T, Failure> + Send + 'a,
    {
        Box::pin(async move { self.readers.run(work).map_err(StoreError::from) })
    }

    /// A verb that reads a whole table: on a thread where it may take its time.
    fn read_all<T, W>(&self, work: W) -> Answer<'_, T>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        Box::pin(async move {
            let readers = Arc::clone(&self.readers);
            let reading = tokio::task::spawn_blocking(move || readers.run(work));
            let read = reading
                .await
                .unwrap_or_else(|ended| Err(Failure::of_thread(&ended)));
            read.map_err(StoreError::from)
        })
    }
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}
