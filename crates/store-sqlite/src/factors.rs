//! One-time codes and recovery codes.

use crate::SqliteStore;
use crate::columns::{Columns, change, find};
use crate::failure::{Failure, of_insert};
use rusqlite::{Connection, params};
use valetkey_model::{RecoveryCodeHash, SealedSecret, Totp, UserId};
use valetkey_store::{Answer, FactorStore};

pub(crate) const PUT: &str = "INSERT INTO totp (user_id, secret_sealed, created_at, last_step) VALUES (?1, ?2, ?3, ?4) \
     ON CONFLICT (user_id) DO UPDATE SET secret_sealed = excluded.secret_sealed, created_at = excluded.created_at, \
     last_step = excluded.last_step";
pub(crate) const FIND: &str =
    "SELECT user_id, secret_sealed, created_at, last_step FROM totp WHERE user_id = ?1";
pub(crate) const USE_STEP: &str = "UPDATE totp SET last_step = ?2 WHERE user_id = ?1 AND last_step < ?2";
pub(crate) const REMOVE: &str = "DELETE FROM totp WHERE user_id = ?1";
pub(crate) const ADD_CODE: &str =
    "INSERT INTO recovery_codes (user_id, hash) VALUES (?1, ?2) ON CONFLICT (user_id, hash) DO NOTHING";
pub(crate) const USE_CODE: &str = "DELETE FROM recovery_codes WHERE user_id = ?1 AND hash = ?2";
pub(crate) const REMOVE_CODES: &str = "DELETE FROM recovery_codes WHERE user_id = ?1";
pub(crate) const COUNT_CODES: &str = "SELECT count(*) FROM recovery_codes WHERE user_id = ?1";

impl FactorStore for SqliteStore {
    fn put_totp(&self, totp: Totp, recovery_codes: Vec<RecoveryCodeHash>) -> Answer<'_, ()> {
        self.write(move |connection| {
            put(connection, &totp)?;
            replace_codes(connection, totp.user, &recovery_codes)
        })
    }

    fn find_totp(&self, user: UserId) -> Answer<'_, Option<Totp>> {
        self.read(move |connection| find_one(connection, user))
    }

    fn use_totp_step(&self, user: UserId, step: i64) -> Answer<'_, bool> {
        self.write(move |connection| Ok(change(connection, USE_STEP, params![user.0.as_bytes(), step])? == 1))
    }

    fn remove_totp(&self, user: UserId) -> Answer<'_, bool> {
        // Recovery codes go along, by their foreign key.
        self.write(move |connection| Ok(change(connection, REMOVE, [user.0.as_bytes()])? == 1))
    }

    fn replace_recovery_codes(&self, user: UserId, codes: Vec<RecoveryCodeHash>) -> Answer<'_, bool> {
        self.write(move |connection| {
            let found = find_one(connection, user)?.is_some();
            if found {
                replace_codes(connection, user, &codes)?;
            }
            Ok(found)
        })
    }

    fn use_recovery_code(&self, user: UserId, code: RecoveryCodeHash) -> Answer<'_, bool> {
        self.write(move |connection| {
            Ok(change(connection, USE_CODE, params![user.0.as_bytes(), code.0])? == 1)
        })
    }

    fn count_recovery_codes(&self, user: UserId) -> Answer<'_, u32> {
        self.read(move |connection| {
            let count = find(connection, COUNT_CODES, [user.0.as_bytes()], |columns| {
                columns.take()
            })?;
            Ok(count.unwrap_or_default())
        })
    }
}

fn put(connection: &Connection, totp: &Totp) -> Result<(), Failure> {
    let put = change(
        connection,
        PUT,
        params![
            totp.user.0.as_bytes(),
            totp.secret.0,
            totp.created_at.0,
            totp.last_step
        ],
    );
    put.map_err(|error| of_insert(error, "one-time code app", totp.user))?;
    Ok(())
}

fn find_one(connection: &Connection, user: UserId) -> Result<Option<Totp>, Failure> {
    find(connection, FIND, [user.0.as_bytes()], read)
}

fn replace_codes(connection: &Connection, user: UserId, codes: &[RecoveryCodeHash]) -> Result<(), Failure> {
    change(connection, REMOVE_CODES, [user.0.as_bytes()])?;
    for code in codes {
        change(connection, ADD_CODE, params![user.0.as_bytes(), code.0])?;
    }
    Ok(())
}

fn read(columns: &mut Columns<'_, '_>) -> Result<Totp, Failure> {
    Ok(Totp {
        user: UserId(columns.id()?),
        secret: SealedSecret(columns.take()?),
        created_at: columns.time()?,
        last_step: columns.take()?,
    })
}
