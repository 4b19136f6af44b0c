//! The schema's versions: numbered files in `migrations/`, each carried out once, in one transaction.
//! `PRAGMA user_version` says how many have been.

use crate::open::OpenError;
use rusqlite::Connection;

/// Every migration, oldest first. A file that was released never changes again.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_start.sql"),
    include_str!("../migrations/0002_every_grant.sql"),
    include_str!("../migrations/0003_openid.sql"),
];

/// The version that this program works with.
pub(crate) const LATEST: u32 = MIGRATIONS.len() as u32;

/// How many migrations the database has seen.
pub(crate) fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.query_row("PRAGMA user_version", [], |row| row.get(0))
}

/// Refuses a database that a newer Valetkey has migrated.
pub(crate) fn refuse_newer(found: u32) -> Result<(), OpenError> {
    if found > LATEST {
        return Err(OpenError::Newer { found, known: LATEST });
    }
    Ok(())
}

/// Carries out what is missing, up to and with number `target`, and leaves foreign keys off. They are checked before
/// each commit.
pub(crate) fn migrate(connection: &Connection, target: u32) -> Result<(), OpenError> {
    // A migration that rebuilds a table drops the old one; with foreign keys on, that would take the rows of its
    // children along. SQLite ignores the switch inside a transaction (https://sqlite.org/lang_altertable.html#otheralter).
    connection.pragma_update(None, "foreign_keys", false)?;
    let found = version(connection)?;
    refuse_newer(found)?;
    for (number, migration) in (1..).zip(MIGRATIONS) {
        if number <= found || number > target {
            continue;
        }
        connection.execute_batch("BEGIN IMMEDIATE")?;
        let done = carry_out(connection, migration, number);
        if done.is_err() {
            connection.execute_batch("ROLLBACK")?;
        }
        done?;
    }
    Ok(())
}

fn carry_out(connection: &Connection, migration: &str, number: u32) -> Result<(), OpenError> {
    connection.execute_batch(migration)?;
    let mut violations = connection.prepare("PRAGMA foreign_key_check")?;
    if violations.exists([])? {
        return Err(OpenError::Migration { number });
    }
    drop(violations);
    connection.pragma_update(None, "user_version", number)?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}

#[cfg(test)]
#[path = "migrate_tests.rs"]
mod tests;
