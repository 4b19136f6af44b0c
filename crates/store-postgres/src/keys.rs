//! Signing keys, sealed.

use crate::PostgresStore;
use crate::columns::{Columns, change, list, params};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use crate::pulse::{bump_stamp, hold_stamp};
use crate::verb::{Verb, verb};
use valetkey_model::StoredKey;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, KeyStore};

pub(crate) const LIST: &str = "SELECT kid, alg, sealed, created_at, retired_at, expires_at FROM signing_keys \
     ORDER BY created_at DESC, kid";
/// The columns of a key, in the order in which `insert` and `key` go through them.
macro_rules! columns {
    () => {
        "kid, alg, sealed, created_at, retired_at, expires_at"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO signing_keys (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6)"
);
pub(crate) const INSERT_FIRST: &str = concat!(
    "INSERT INTO signing_keys (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (alg) WHERE retired_at IS NULL DO NOTHING"
);
pub(crate) const RETIRE: &str = "UPDATE signing_keys SET retired_at = $2, expires_at = $3 \
     WHERE alg = $1 AND retired_at IS NULL AND kid = coalesce($4, kid)";
pub(crate) const FORGET: &str = "DELETE FROM signing_keys WHERE expires_at <= $1";

impl KeyStore for PostgresStore {
    fn list_keys(&self) -> Answer<'_, Vec<StoredKey>> {
        verb!(self, Verb::READ, db => list(db, LIST, params![], key).await)
    }

    fn insert_first_key(&self, key: StoredKey) -> Answer<'_, bool> {
        verb!(self, Verb::STEP, db => {
            let added = insert(db, INSERT_FIRST, &key).await? == 1;
            if added {
                bump_stamp(db).await?;
            }
            Ok(added)
        })
    }

    fn rotate_key<'a>(
        &'a self,
        key: StoredKey,
        replaces: Option<&'a str>,
        at: Timestamp,
        old_expires_at: Timestamp,
    ) -> Answer<'a, bool> {
        verb!(self, Verb::STEP, db => {
            // So that the key that somebody else is adding now is one to retire.
            hold_stamp(db).await?;
            let retired = params![key.alg, at.0, old_expires_at.0, replaces];
            if change(db, RETIRE, retired).await? == 0 && replaces.is_some() {
                return Ok(false);
            }
            insert(db, INSERT, &key).await?;
            bump_stamp(db).await?;
            Ok(true)
        })
    }

    fn forget_keys(&self, now: Timestamp) -> Answer<'_, u64> {
        verb!(self, Verb::STEP, db => {
            let forgotten = change(db, FORGET, params![now.0]).await?;
            if forgotten > 0 {
                bump_stamp(db).await?;
            }
            Ok(forgotten)
        })
    }
}

/// Runs one of the two inserts; answers how many rows it added.
async fn insert(db: &Connection, sql: &str, key: &StoredKey) -> Result<u64, Failure> {
    let values = params![
        key.kid,
        key.alg,
        key.sealed,
        key.created_at.0,
        key.retired_at.map(|at| at.0),
        key.expires_at.map(|at| at.0),
    ];
    let inserted = change(db, sql, values).await;
    inserted.map_err(|error| of_insert(error, "key", &key.kid))
}

fn key(columns: &mut Columns<'_>) -> Result<StoredKey, Failure> {
    Ok(StoredKey {
        kid: columns.take()?,
        alg: columns.take()?,
        sealed: columns.take()?,
        created_at: columns.time()?,
        retired_at: columns.time_or_none()?,
        expires_at: columns.time_or_none()?,
    })
}
