//! Failed attempts, counted in windows.

use crate::PostgresStore;
use crate::columns::{Columns, change, corrupt, find, params};
use crate::failure::Failure;
use crate::verb::{Verb, verb};
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, Attempts, ThrottleStore};

pub(crate) const FIND: &str =
    "SELECT failures, window_ends_at FROM attempts WHERE key = $1 AND window_ends_at > $2";
pub(crate) const COUNT: &str = "INSERT INTO attempts AS old (key, failures, window_ends_at) VALUES ($1, 1, $3) \
     ON CONFLICT (key) DO UPDATE SET \
       failures = CASE WHEN old.window_ends_at > $2 THEN least(old.failures + 1, 4294967295) ELSE 1 END, \
       window_ends_at = CASE WHEN old.window_ends_at > $2 THEN old.window_ends_at ELSE $3 END \
     RETURNING failures, window_ends_at";
pub(crate) const CLEAR: &str = "DELETE FROM attempts WHERE key = $1";

impl ThrottleStore for PostgresStore {
    fn attempts<'a>(&'a self, key: &'a str, now: Timestamp) -> Answer<'a, Option<Attempts>> {
        verb!(self, Verb::READ, db => find(db, FIND, params![key, now.0], attempts).await)
    }

    fn record_failure<'a>(
        &'a self,
        key: &'a str,
        now: Timestamp,
        window_seconds: i64,
    ) -> Answer<'a, Attempts> {
        verb!(self, Verb::CHANGE, db => {
            let ends_at = now.plus_seconds(window_seconds);
            let counted = find(db, COUNT, params![key, now.0, ends_at.0], attempts).await?;
            counted.ok_or_else(|| corrupt("answer", "it has no row"))
        })
    }

    fn clear_attempts<'a>(&'a self, key: &'a str) -> Answer<'a, ()> {
        verb!(self, Verb::CHANGE, db => {
            change(db, CLEAR, params![key]).await?;
            Ok(())
        })
    }
}

fn attempts(columns: &mut Columns<'_>) -> Result<Attempts, Failure> {
    Ok(Attempts {
        failures: columns.count()?,
        window_ends_at: columns.time()?,
    })
}
