//! Passkeys.

use crate::columns::{Columns, change, find, list, params, to_json};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use crate::verb::{Verb, verb};
use crate::{PostgresStore, links, users};
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
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
);
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM passkeys WHERE id = $1");
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM passkeys WHERE user_id = $1 ORDER BY created_at, id"
);
pub(crate) const USE: &str =
    "UPDATE passkeys SET sign_count = $3, last_used_at = $4 WHERE id = $1 AND sign_count = $2";
pub(crate) const REMOVE: &str = "DELETE FROM passkeys WHERE id = $1 AND user_id = $2";

impl PasskeyStore for PostgresStore {
    fn insert_passkey(&self, passkey: Passkey) -> Answer<'_, ()> {
        verb!(self, Verb::CHANGE, db => insert(db, &passkey).await)
    }

    fn find_passkey<'a>(&'a self, id: &'a [u8]) -> Answer<'a, Option<Passkey>> {
        verb!(self, Verb::READ, db => find(db, FIND, params![id], read).await)
    }

    fn list_passkeys(&self, user: UserId) -> Answer<'_, Vec<Passkey>> {
        verb!(self, Verb::READ, db => of(db, user).await)
    }

    fn use_passkey<'a>(&'a self, id: &'a [u8], from: u32, to: u32, at: Timestamp) -> Answer<'a, bool> {
        verb!(self, Verb::CHANGE, db => {
            let used = params![id, i64::from(from), i64::from(to), at.0];
            Ok(change(db, USE, used).await? == 1)
        })
    }

    fn remove_passkey<'a>(&'a self, user: UserId, id: &'a [u8], leaving: Leaving) -> Answer<'a, bool> {
        verb!(self, Verb::STEP, db => {
            users::hold(db, user).await?;
            let others = of(db, user).await?.iter().filter(|passkey| passkey.id != id).count();
            let links = links::of(db, user).await?;
            if !leaving.allows(users::has_password(db, user).await?, others, &links) {
                return Ok(false);
            }
            Ok(change(db, REMOVE, params![id, user.0]).await? == 1)
        })
    }
}

/// The person's passkeys.
pub(crate) async fn of(db: &Connection, user: UserId) -> Result<Vec<Passkey>, Failure> {
    list(db, LIST, params![user.0], read).await
}

async fn insert(db: &Connection, passkey: &Passkey) -> Result<(), Failure> {
    let inserted = change(
        db,
        INSERT,
        params![
            passkey.id,
            passkey.user.0,
            passkey.name,
            passkey.public_key,
            i64::from(passkey.sign_count),
            passkey.backed_up,
            to_json("transports", &passkey.transports)?,
            passkey.created_at.0,
            passkey.last_used_at.map(|at| at.0),
        ],
    )
    .await;
    inserted.map_err(|error| of_insert(error, "passkey", &passkey.name))?;
    Ok(())
}

fn read(columns: &mut Columns<'_>) -> Result<Passkey, Failure> {
    Ok(Passkey {
        id: columns.take()?,
        user: UserId(columns.id()?),
        name: columns.take()?,
        public_key: columns.take()?,
        sign_count: columns.count()?,
        backed_up: columns.take()?,
        transports: columns.json("transports")?,
        created_at: columns.time()?,
        last_used_at: columns.time_or_none()?,
    })
}
