//! Signing keys, sealed.

use crate::SqliteStore;
use crate::columns::{Columns, change, find, list};
use crate::failure::{Failure, of_insert};
use crate::pulse::bump_stamp;
use rusqlite::{Connection, params};
use valetkey_model::StoredKey;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, KeyStore};

pub(crate) const LIST: &str = "SELECT kid, alg, sealed, created_at, retired_at, expires_at FROM signing_keys \
     ORDER BY created_at DESC, kid";
pub(crate) const THAT_SIGNS: &str = "SELECT kid FROM signing_keys WHERE alg = ?1 AND retired_at IS NULL";
pub(crate) const INSERT: &str = "INSERT INTO signing_keys (kid, alg, sealed, created_at, retired_at, expires_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(crate) const RETIRE: &str =
    "UPDATE signing_keys SET retired_at = ?2, expires_at = ?3 WHERE alg = ?1 AND retired_at IS NULL";
pub(crate) const FORGET: &str = "DELETE FROM signing_keys WHERE expires_at <= ?1";

impl KeyStore for SqliteStore {
    fn list_keys(&self) -> Answer<'_, Vec<StoredKey>> {
        self.read(|connection| list(connection, LIST, [], key))
    }

    fn insert_first_key(&self, key: StoredKey) -> Answer<'_, bool> {
        self.write(move |connection| {
            if that_signs(connection, &key.alg)?.is_some() {
                return Ok(false);
            }
            insert(connection, &key)?;
            bump_stamp(connection)?;
            Ok(true)
        })
    }

    fn rotate_key<'a>(
        &'a self,
        key: StoredKey,
        replaces: Option<&'a str>,
        at: Timestamp,
        old_expires_at: Timestamp,
    ) -> Answer<'a, bool> {
        let replaces = replaces.map(str::to_owned);
        self.write(move |connection| {
            if replaces.is_some() && that_signs(connection, &key.alg)? != replaces {
                return Ok(false);
            }
            change(connection, RETIRE, params![key.alg, at.0, old_expires_at.0])?;
            insert(connection, &key)?;
            bump_stamp(connection)?;
            Ok(true)
        })
    }

    fn forget_keys(&self, now: Timestamp) -> Answer<'_, u64> {
        self.write(move |connection| {
            let forgotten = change(connection, FORGET, [now.0])?;
            if forgotten > 0 {
                bump_stamp(connection)?;
            }
            Ok(forgotten as u64)
        })
    }
}

/// The `kid` of the key of that algorithm that signs.
fn that_signs(connection: &Connection, alg: &str) -> Result<Option<String>, Failure> {
    find(connection, THAT_SIGNS, [alg], |columns| columns.take())
}

fn insert(connection: &Connection, key: &StoredKey) -> Result<(), Failure> {
    let inserted = change(
        connection,
        INSERT,
        params![
            key.kid,
            key.alg,
            key.sealed,
            key.created_at.0,
            key.retired_at.map(|at| at.0),
            key.expires_at.map(|at| at.0),
        ],
    );
    inserted.map_err(|error| of_insert(error, "key", &key.kid))?;
    Ok(())
}

fn key(columns: &mut Columns<'_, '_>) -> Result<StoredKey, Failure> {
    Ok(StoredKey {
        kid: columns.take()?,
        alg: columns.take()?,
        sealed: columns.take()?,
        created_at: columns.time()?,
        retired_at: columns.time_or_none()?,
        expires_at: columns.time_or_none()?,
    })
}
