//! Opening: the folder, the lock, the schema and the connections.
//!
//! One process owns the folder (the server, by an advisory lock that the system drops with the
//! process). Guests (admin commands) work beside it through SQLite's own locking. Whoever has to
//! create or migrate the database needs the lock for that moment, so that no server runs on a schema
//! that it does not know.

use crate::readers::Readers;
use crate::{migrate, transfer};
use rusqlite::{Connection, OpenFlags};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The database's file name in the data folder.
pub const DATABASE_FILE: &str = "valetkey.sqlite3";
/// The name of the file that the owner locks.
pub const LOCK_FILE: &str = "valetkey.lock";

/// How long a connection waits for another process's transaction. Those take milliseconds.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// How often the lock is tried for, and how long apart. A server that was killed a moment ago may not be gone yet, and a
/// process that the last owner was just starting holds the lock until it runs its own program.
const LOCK_TRIES: u32 = 25;
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// More than there are different statements.
const STATEMENT_CACHE: usize = 160;

/// How to open the store.
#[derive(Debug, Clone, Copy)]
pub struct OpenOptions {
    /// Whether this process owns the folder (the server) or is a guest (an admin command).
    pub owner: bool,
    /// How many writes may wait; one more is [`valetkey_store::StoreError::Busy`].
    pub queue_capacity: usize,
    /// How many read-only connections at most; about as many as there are threads that ask.
    pub readers: usize,
}

impl OpenOptions {
    /// For the server.
    #[must_use]
    pub const fn owner() -> Self {
        Self {
            owner: true,
            queue_capacity: 4096,
            readers: 8,
        }
    }

    /// For an admin command, beside a running server or without one.
    #[must_use]
    pub const fn guest() -> Self {
        Self {
            owner: false,
            queue_capacity: 64,
            readers: 1,
        }
    }
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or a file in it cannot be made or read.
    #[error("{path}: {source}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another process owns the folder.
    #[error("another process is using {path}: is a server running on this data folder?", path = path.display())]
    Locked {
        /// The folder.
        path: PathBuf,
    },
    /// A newer version of Valetkey has migrated the database.
    #[error("the database has schema {found}, this program knows up to {known}: use the newer program")]
    Newer {
        /// The database's.
        found: u32,
        /// This program's.
        known: u32,
    },
    /// A guest came upon an older schema while a server runs on it.
    #[error(
        "the database has schema {found}, this program wants {known}, and a server is running on it: \
         restart the server with this version first"
    )]
    Outdated {
        /// The database's.
        found: u32,
        /// This program's.
        known: u32,
    },
    /// A copy into this store was broken off.
    #[error(
        "a copy from {from} into this store was begun and is not finished: go on with `valetkey store copy`, with the \
         same --from and --to"
    )]
    Unfinished {
        /// Where the rows come from.
        from: String,
    },
    /// A migration left rows without their parents.
    #[error("migration {number} breaks a foreign key; nothing was changed")]
    Migration {
        /// Which.
        number: u32,
    },
    /// SQLite refused.
    #[error("the database cannot be opened: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// The writer's thread cannot be started.
    #[error("the writer's thread cannot be started: {0}")]
    Thread(std::io::Error),
}

/// What an open store is made of.
pub(crate) struct Parts {
    pub(crate) writer: Connection,
    /// The owner's, on which the log is carried into the file.
    pub(crate) checkpoints: Option<Connection>,
    pub(crate) readers: Readers,
    /// Held by the owner for as long as the store lives.
    pub(crate) lock: Option<File>,
}

/// Opens the parts; a store that holds an unfinished copy only when that copy is to go on.
pub(crate) fn open(folder: &Path, options: OpenOptions, goes_on: bool) -> Result<Parts, OpenError> {
    make_folder(folder)?;
    let lock = if options.owner { Some(lock(folder)?) } else { None };
    let database = folder.join(DATABASE_FILE);
    make_file(&database)?;
    let writer = connect(&database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if !goes_on && let Some(from) = transfer::unfinished(&writer)? {
        return Err(OpenError::Unfinished { from });
    }
    prepare_schema(&writer, folder, options.owner)?;
    set_up_writer(&writer)?;
    let checkpoints = options.owner.then(|| connect_for_checkpoints(&database));
    Ok(Parts {
        writer,
        checkpoints: checkpoints.transpose()?,
        readers: Readers::open(database, options.readers)?,
        lock,
    })
}

pub(crate) fn prepare_schema(writer: &Connection, folder: &Path, owner: bool) -> Result<(), OpenError> {
    let found = migrate::version(writer)?;
    let known = migrate::LATEST;
    migrate::refuse_newer(found)?;
    if found == known {
        return Ok(());
    }
    let lock_for_now = match (!owner).then(|| lock(folder)).transpose() {
        Err(OpenError::Locked { .. }) => return Err(OpenError::Outdated { found, known }),
        other => other?,
    };
    writer.pragma_update(None, "journal_mode", "WAL")?;
    migrate::migrate(writer, known)?;
    drop(lock_for_now);
    Ok(())
}

pub(crate) fn connect(database: &Path, access: OpenFlags) -> rusqlite::Result<Connection> {
    let connection = Connection::open_with_flags(database, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENT_CACHE);
    connection.execute_batch(
        "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = OFF",
    )?;
    Ok(connection)
}

/// `fullfsync` matters on macOS, where fsync alone does not reach the disk.
const DURABLE: &str = "PRAGMA synchronous = FULL; PRAGMA fullfsync = ON; PRAGMA checkpoint_fullfsync = ON";

/// The cache is small: what it does not hold, the system's own mostly does, and that is memory which others may have.
fn set_up_writer(writer: &Connection) -> Result<(), OpenError> {
    writer.execute_batch(DURABLE)?;
    writer.execute_batch(
        "PRAGMA foreign_keys = ON; PRAGMA cache_size = -12288; PRAGMA wal_autocheckpoint = 4000; \
         PRAGMA journal_size_limit = 67108864",
    )?;
    Ok(())
}

fn connect_for_checkpoints(database: &Path) -> Result<Connection, OpenError> {
    let connection = connect(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.execute_batch(DURABLE)?;
    connection.execute_batch("PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -64")?;
    Ok(connection)
}

pub(crate) fn lock(folder: &Path) -> Result<File, OpenError> {
    let path = folder.join(LOCK_FILE);
    let file = make_file(&path)?;
    for _ in 0..LOCK_TRIES {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(source)) => return Err(OpenError::File { path, source }),
        }
    }
    Err(OpenError::Locked {
        path: folder.to_owned(),
    })
}

/// Makes the folder, for its owner alone, and makes its name durable.
pub(crate) fn make_folder(folder: &Path) -> Result<(), OpenError> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let made = builder.create(folder);
    #[cfg(unix)]
    let made = made.and_then(|()| match folder.parent() {
        Some(parent) if parent != Path::new("") => File::open(parent)?.sync_all(),
        _ => File::open(".")?.sync_all(),
    });
    made.map_err(|source| OpenError::File {
        path: folder.to_owned(),
        source,
    })
}

/// Makes the file, for its owner alone, or opens it as it is. SQLite gives `-wal` and `-shm` the same mode.
pub(crate) fn make_file(path: &Path) -> Result<File, OpenError> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| OpenError::File {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
