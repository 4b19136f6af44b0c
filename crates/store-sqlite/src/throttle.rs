//! Failed attempts, counted in windows.

use crate::SqliteStore;
use crate::columns::{Columns, change, find};
use crate::failure::Failure;
use rusqlite::params;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, Attempts, ThrottleStore};

pub(crate) const FIND: &str =
    "SELECT failures, window_ends_at FROM attempts WHERE key = ?1 AND window_ends_at > ?2";
pub(crate) const COUNT: &str = "INSERT INTO attempts (key, failures, window_ends_at) VALUES (?1, 1, ?3) \
     ON CONFLICT (key) DO UPDATE SET \
       failures = CASE WHEN window_ends_at > ?2 THEN min(failures + 1, 4294967295) ELSE 1 END, \
       window_ends_at = CASE WHEN window_ends_at > ?2 THEN window_ends_at ELSE ?3 END \
     RETURNING failures, window_ends_at";
pub(crate) const CLEAR: &str = "DELETE FROM attempts WHERE key = ?1";

impl ThrottleStore for SqliteStore {
    fn attempts<'a>(&'a self, key: &'a str, now: Timestamp) -> Answer<'a, Option<Attempts>> {
        self.read(move |connection| find(connection, FIND, params![key, now.0], attempts))
    }

    fn record_failure<'a>(
        &'a self,
        key: &'a str,
        now: Timestamp,
        window_seconds: i64,
    ) -> Answer<'a, Attempts> {
        let key = key.to_owned();
        self.write(move |connection| {
            let ends_at = now.plus_seconds(window_seconds);
            let counted = find(connection, COUNT, params![key, now.0, ends_at.0], attempts)?;
            counted.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
        })
    }

    fn clear_attempts<'a>(&'a self, key: &'a str) -> Answer<'a, ()> {
        let key = key.to_owned();
        self.write(move |connection| {
            change(connection, CLEAR, [key])?;
            Ok(())
        })
    }
}

fn attempts(columns: &mut Columns<'_, '_>) -> Result<Attempts, Failure> {
    Ok(Attempts {
        failures: columns.take()?,
        window_ends_at: columns.time()?,
    })
}
