//! Passkeys.

use crate::columns::{Columns, change, find, list, to_json};
use crate::failure::{Failure, of_insert};
use crate::{SqliteStore, links, users};
use rusqlite::{Connection, params};
use valetkey_model::{Passkey, UserId};
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, Leaving, PasskeyStore};

/// The columns of a passkey, in the order in which `insert` and `read` go through them.
macro_rules! columns {
    () => {
        "id, user_id, name, public_key, sign_count, backed_up, transports, created_at, last_used_at"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO passkeys (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"
);
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM passkeys WHERE id = ?1");
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM passkeys WHERE user_id = ?1 ORDER BY created_at, id"
);
pub(crate) const USE: &str =
    "UPDATE passkeys SET sign_count = ?3, last_used_at = ?4 WHERE id = ?1 AND sign_count = ?2";
pub(crate) const REMOVE: &str = "DELETE FROM passkeys WHERE id = ?1 AND user_id = ?2";

impl PasskeyStore for SqliteStore {
    fn insert_passkey(&self, passkey: Passkey) -> Answer<'_, ()> {
        self.write(move |connection| insert(connection, &passkey))
    }

    fn find_passkey<'a>(&'a self, id: &'a [u8]) -> Answer<'a, Option<Passkey>> {
        self.read(move |connection| find(connection, FIND, [id], read))
    }

    fn list_passkeys(&self, user: UserId) -> Answer<'_, Vec<Passkey>> {
        self.read(move |connection| of(connection, user))
    }

    fn use_passkey<'a>(&'a self, id: &'a [u8], from: u32, to: u32, at: Timestamp) -> Answer<'a, bool> {
        let id = id.to_owned();
        self.write(move |connection| Ok(change(connection, USE, params![id, from, to, at.0])? == 1))
    }

    fn remove_passkey<'a>(&'a self, user: UserId, id: &'a [u8], leaving: Leaving) -> Answer<'a, bool> {
        let id = id.to_owned();
        self.write(move |connection| {
            let others = of(connection, user)?
                .iter()
                .filter(|passkey| passkey.id != id)
                .count();
            let links = links::of(connection, user)?;
            if !leaving.allows(users::has_password(connection, user)?, others, &links) {
                return Ok(false);
            }
            Ok(change(connection, REMOVE, params![id, user.0.as_bytes()])? == 1)
        })
    }
}

/// The person's passkeys.
pub(crate) fn of(connection: &Connection, user: UserId) -> Result<Vec<Passkey>, Failure> {
    list(connection, LIST, [user.0.as_bytes()], read)
}

fn insert(connection: &Connection, passkey: &Passkey) -> Result<(), Failure> {
    let inserted = change(
        connection,
        INSERT,
        params![
            passkey.id,
            passkey.user.0.as_bytes(),
            passkey.name,
            passkey.public_key,
            passkey.sign_count,
            passkey.backed_up,
            to_json("transports", &passkey.transports)?,
            passkey.created_at.0,
            passkey.last_used_at.map(|at| at.0),
        ],
    );
    inserted.map_err(|error| of_insert(error, "passkey", &passkey.name))?;
    Ok(())
}

fn read(columns: &mut Columns<'_, '_>) -> Result<Passkey, Failure> {
    Ok(Passkey {
        id: columns.take()?,
        user: UserId(columns.id()?),
        name: columns.take()?,
        public_key: columns.take()?,
        sign_count: columns.take()?,
        backed_up: columns.take()?,
        transports: columns.json("transports")?,
        created_at: columns.time()?,
        last_used_at: columns.time_or_none()?,
    })
}
