//! One-time codes and recovery codes.

use crate::PostgresStore;
use crate::columns::{Columns, change, find, params};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use crate::verb::{Verb, verb};
use valetkey_model::{RecoveryCodeHash, SealedSecret, Totp, UserId};
use valetkey_store::{Answer, FactorStore};

pub(crate) const PUT: &str = "INSERT INTO totp (user_id, secret_sealed, created_at, last_step) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (user_id) DO UPDATE SET secret_sealed = excluded.secret_sealed, created_at = excluded.created_at, \
     last_step = excluded.last_step";
pub(crate) const FIND: &str =
    "SELECT user_id, secret_sealed, created_at, last_step FROM totp WHERE user_id = $1";
pub(crate) const USE_STEP: &str = "UPDATE totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2";
pub(crate) const REMOVE: &str = "DELETE FROM totp WHERE user_id = $1";
// Whoever puts codes in the place of others waits for each other here.
pub(crate) const HOLD: &str =
    "SELECT user_id, secret_sealed, created_at, last_step FROM totp WHERE user_id = $1 FOR NO KEY UPDATE";
pub(crate) const ADD_CODES: &str = "INSERT INTO recovery_codes (user_id, hash) SELECT $1, unnest($2) \
     ON CONFLICT (user_id, hash) DO NOTHING";
pub(crate) const USE_CODE: &str = "DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2";
pub(crate) const REMOVE_CODES: &str = "DELETE FROM recovery_codes WHERE user_id = $1";
pub(crate) const COUNT_CODES: &str = "SELECT count(*) FROM recovery_codes WHERE user_id = $1";

impl FactorStore for PostgresStore {
    fn put_totp(&self, totp: Totp, recovery_codes: Vec<RecoveryCodeHash>) -> Answer<'_, ()> {
        verb!(self, Verb::STEP, db => {
            put(db, &totp).await?;
            replace_codes(db, totp.user, &recovery_codes).await
        })
    }

    fn find_totp(&self, user: UserId) -> Answer<'_, Option<Totp>> {
        verb!(self, Verb::READ, db => find(db, FIND, params![user.0], read).await)
    }

    fn use_totp_step(&self, user: UserId, step: i64) -> Answer<'_, bool> {
        verb!(self, Verb::CHANGE, db => Ok(change(db, USE_STEP, params![user.0, step]).await? == 1))
    }

    fn remove_totp(&self, user: UserId) -> Answer<'_, bool> {
        // Recovery codes go along, by their foreign key.
        verb!(self, Verb::CHANGE, db => Ok(change(db, REMOVE, params![user.0]).await? == 1))
    }

    fn replace_recovery_codes(&self, user: UserId, codes: Vec<RecoveryCodeHash>) -> Answer<'_, bool> {
        verb!(self, Verb::STEP, db => {
            let found = find(db, HOLD, params![user.0], read).await?.is_some();
            if found {
                replace_codes(db, user, &codes).await?;
            }
            Ok(found)
        })
    }

    fn use_recovery_code(&self, user: UserId, code: RecoveryCodeHash) -> Answer<'_, bool> {
        verb!(self, Verb::CHANGE, db => {
            Ok(change(db, USE_CODE, params![user.0, code.0.as_slice()]).await? == 1)
        })
    }

    fn count_recovery_codes(&self, user: UserId) -> Answer<'_, u32> {
        verb!(self, Verb::READ, db => {
            let count = find(db, COUNT_CODES, params![user.0], |columns| columns.count()).await?;
            Ok(count.unwrap_or_default())
        })
    }
}

async fn put(db: &Connection, totp: &Totp) -> Result<(), Failure> {
    let values = params![totp.user.0, totp.secret.0, totp.created_at.0, totp.last_step];
    let put = change(db, PUT, values).await;
    put.map_err(|error| of_insert(error, "one-time code app", totp.user))?;
    Ok(())
}

async fn replace_codes(db: &Connection, user: UserId, codes: &[RecoveryCodeHash]) -> Result<(), Failure> {
    change(db, REMOVE_CODES, params![user.0]).await?;
    let hashes: Vec<&[u8]> = codes.iter().map(|code| code.0.as_slice()).collect();
    change(db, ADD_CODES, params![user.0, hashes]).await?;
    Ok(())
}

fn read(columns: &mut Columns<'_>) -> Result<Totp, Failure> {
    Ok(Totp {
        user: UserId(columns.id()?),
        secret: SealedSecret(columns.take()?),
        created_at: columns.time()?,
        last_step: columns.take()?,
    })
}
