//! Backups of the database while a server writes to it, and putting one back.
//!
//! A backup reads the database in one read transaction, so that it is the database of one moment: a step of SQLite's
//! backup outside of one begins anew whenever another connection has written, and under load it would never end
//! (<https://sqlite.org/backup.html>). Both directions write under another name, look at every page, make it durable, and
//! only then give the file its name. The master key is not in it.

mod draft;

use crate::failure::Failure;
use crate::open::{self, DATABASE_FILE, OpenError};
use crate::{migrate, transfer};
use draft::Draft;
use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How many pages are copied between two reports.
const STEP_PAGES: i32 = 1024;
const BUSY_PAUSE: Duration = Duration::from_millis(20);

/// Hears how much of how much is done.
pub type Told<'a> = &'a mut dyn FnMut(u64, u64);

/// Why there is no backup, or why it was not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is nothing to make a backup of, or to put back.
    #[error("{} is not there", path.display())]
    Missing {
        /// What was looked for.
        path: PathBuf,
    },
    /// Something stands where the file would come to be.
    #[error("{} is there already, and nothing is overwritten", path.display())]
    Exists {
        /// Which.
        path: PathBuf,
    },
    /// Another backup writes to the same name.
    #[error("another backup to {} is under way", path.display())]
    UnderWay {
        /// Which.
        path: PathBuf,
    },
    /// What stands where the draft would come to be was not left by a backup.
    #[error("{} is {what}, and nothing is written there: move it away and try again", path.display())]
    NoDraft {
        /// Which.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A database that somebody works with, or copied without its log.
    #[error(
        "{} stands beside it: this is no backup but the database of a server. `valetkey backup` makes one of it",
        path.display()
    )]
    NoBackup {
        /// The log.
        path: PathBuf,
    },
    /// The file is no database of Valetkey, or a damaged one.
    #[error("{} cannot be used: {why}", path.display())]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system refused something with a file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The store.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// SQLite refused.
    #[error("the database: {0}")]
    Sqlite(#[from] rusqlite::Error),
}

impl From<Failure> for BackupError {
    fn from(failure: Failure) -> Self {
        Self::Damaged {
            path: PathBuf::from(DATABASE_FILE),
            why: failure.to_string(),
        }
    }
}

/// A backup that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackedUp {
    /// The version of its schema.
    pub schema: u32,
    /// Its size.
    pub bytes: u64,
}

/// A backup that was put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Restored {
    /// The version of the backup's schema.
    pub schema: u32,
    /// The version that it was carried over to.
    pub schema_now: u32,
}

/// Makes a backup of the database in the folder, whoever else works with it; changes nothing there.
pub fn back_up(folder: &Path, to: &Path, told: Told<'_>) -> Result<BackedUp, BackupError> {
    let database = folder.join(DATABASE_FILE);
    if !database.is_file() {
        return Err(BackupError::Missing { path: database });
    }
    refuse_existing(to)?;
    let draft = Draft::begin(to)?;
    let schema = copy_pages(&database, &draft, told)?;
    let found = check(&draft.path)?;
    if found != schema {
        let why = format!("the copy has schema {found} and not {schema}");
        return Err(BackupError::Damaged {
            path: draft.path.clone(),
            why,
        });
    }
    let bytes = draft.finish(to)?;
    Ok(BackedUp { schema, bytes })
}

/// Puts a backup into a folder without a store, and carries it over to this program's schema.
pub fn restore(from: &Path, folder: &Path, told: Told<'_>) -> Result<Restored, BackupError> {
    if !from.is_file() {
        return Err(BackupError::Missing {
            path: from.to_owned(),
        });
    }
    for log in ["-wal", "-journal"].map(|end| beside(from, end)) {
        if log.exists() {
            return Err(BackupError::NoBackup { path: log });
        }
    }
    let schema = check(from)?;
    open::make_folder(folder)?;
    let lock = open::lock(folder)?;
    let database = folder.join(DATABASE_FILE);
    for end in ["", "-wal", "-shm", "-journal"] {
        refuse_existing(&beside(&database, end))?;
    }
    let mut draft = Draft::begin(&database)?;
    draft.fill_from(from, told)?;
    check(&draft.path)?;
    draft.finish(&database)?;
    let connection = open::connect(&database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    open::prepare_schema(&connection, folder, true)?;
    let schema_now = migrate::version(&connection)?;
    drop(connection);
    drop(lock);
    Ok(Restored { schema, schema_now })
}

/// Copies every page as it is at one moment; answers the schema's version.
fn copy_pages(database: &Path, draft: &Draft, told: Told<'_>) -> Result<u32, BackupError> {
    let source = open::connect(database, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    source.pragma_update(None, "query_only", true)?;
    transfer::begin_reading(&source)?;
    let schema = known_schema(&source, database)?;
    // Should a link stand there by now, SQLite does not follow it.
    let access = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NOFOLLOW;
    let path = draft.without_links()?;
    let mut copy = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    draft.check()?;
    // It has no name yet, and is made durable as a whole.
    copy.execute_batch("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF")?;
    let backup = Backup::new(&source, &mut copy)?;
    loop {
        let step = backup.step(STEP_PAGES)?;
        let progress = backup.progress();
        let (pages, left) = (i64::from(progress.pagecount), i64::from(progress.remaining));
        told((pages - left).unsigned_abs(), pages.unsigned_abs());
        match step {
            StepResult::Done => return Ok(schema),
            StepResult::More => {}
            _ => std::thread::sleep(BUSY_PAUSE),
        }
    }
}

/// Looks at all of a database that nobody works with; answers the version of its schema.
fn check(path: &Path) -> Result<u32, BackupError> {
    let damaged = |why: String| BackupError::Damaged {
        path: path.to_owned(),
        why,
    };
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection =
        Connection::open_with_flags(immutable(path), flags).map_err(|error| damaged(error.to_string()))?;
    let look = |sql: &str| -> rusqlite::Result<Vec<String>> {
        connection
            .prepare(sql)?
            .query_map([], |row| row.get(0))?
            .collect()
    };
    let schema = known_schema(&connection, path)?;
    let said = look("PRAGMA integrity_check(3)").map_err(|error| damaged(error.to_string()))?;
    if said != ["ok"] {
        return Err(damaged(said.join("; ")));
    }
    let orphans = look("PRAGMA foreign_key_check").map_err(|error| damaged(error.to_string()))?;
    match orphans.first() {
        Some(table) => Err(damaged(format!("rows of {table} refer to rows that are gone"))),
        None => Ok(schema),
    }
}

/// The version of its schema, when this program can do something with the database.
fn known_schema(connection: &Connection, path: &Path) -> Result<u32, BackupError> {
    let damaged = |why: String| BackupError::Damaged {
        path: path.to_owned(),
        why,
    };
    let schema = migrate::version(connection).map_err(|error| damaged(error.to_string()))?;
    let is_ours = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE name = 'pulse'")
        .and_then(|mut look| look.exists([]))
        .map_err(|error| damaged(error.to_string()))?;
    if schema == 0 || !is_ours {
        return Err(damaged(String::from("it is no database of Valetkey")));
    }
    migrate::refuse_newer(schema)?;
    match transfer::unfinished(connection)? {
        Some(from) => Err(OpenError::Unfinished { from }.into()),
        None => Ok(schema),
    }
}

/// SQLite's address of a file that it may only read, without a log beside it.
fn immutable(path: &Path) -> String {
    let mut address = String::from("file:");
    for c in path.to_string_lossy().chars() {
        match c {
            '%' => address.push_str("%25"),
            '?' => address.push_str("%3f"),
            '#' => address.push_str("%23"),
            c => address.push(c),
        }
    }
    address + "?immutable=1"
}

fn refuse_existing(path: &Path) -> Result<(), BackupError> {
    match path.symlink_metadata() {
        Ok(_) => Err(BackupError::Exists {
            path: path.to_owned(),
        }),
        Err(_) => Ok(()),
    }
}

/// The path with something at its end.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

#[cfg(test)]
#[path = "backup_tests.rs"]
mod tests;
