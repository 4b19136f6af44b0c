//! People.

use crate::PostgresStore;
use crate::columns::{Columns, change, find, list, params, to_json};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use crate::sessions::{end_all, leave_all};
use crate::verb::{Verb, verb};
use valetkey_model::user::{PasswordHash, username_key};
use valetkey_model::{SessionId, User, UserId};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, UserStore, email_key};

pub(crate) const INSERT: &str = "INSERT INTO users (id, username, username_key, password_hash, claims, email_key, \
     created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)";
pub(crate) const FIND: &str =
    "SELECT id, username, password_hash, claims, created_at FROM users WHERE id = $1";
pub(crate) const FIND_BY_USERNAME: &str =
    "SELECT id, username, password_hash, claims, created_at FROM users WHERE username_key = $1";
pub(crate) const FIND_BY_EMAIL: &str = "SELECT id, username, password_hash, claims, created_at FROM users \
     WHERE email_key = $1 ORDER BY created_at, id LIMIT 10";
pub(crate) const LIST: &str =
    "SELECT id, username, password_hash, claims, created_at FROM users ORDER BY username_key";
pub(crate) const SET_PASSWORD: &str = "UPDATE users SET password_hash = $2 WHERE id = $1";
pub(crate) const SET_CLAIMS: &str = "UPDATE users SET claims = $2, email_key = $3 WHERE id = $1";
// Whoever signs in, or ends sessions of the person, waits for each other here.
pub(crate) const HOLD: &str = "SELECT id FROM users WHERE id = $1 FOR NO KEY UPDATE";
// So does whoever adds anything of theirs: its foreign key waits. Before their removal; and before a session ends or consent is
// withdrawn, because a grant that is added at that moment is either seen here and revoked, or whoever adds it finds, when
// it has added it and looks again, that the session or the consent is gone.
pub(crate) const HOLD_ALL: &str = "SELECT id FROM users WHERE id = $1 FOR UPDATE";
pub(crate) const REMOVE: &str = "DELETE FROM users WHERE id = $1";

impl UserStore for PostgresStore {
    fn insert_user(&self, user: User) -> Answer<'_, ()> {
        verb!(self, Verb::CHANGE, db => insert(db, &user).await)
    }

    fn find_user(&self, id: UserId) -> Answer<'_, Option<User>> {
        verb!(self, Verb::READ, db => find(db, FIND, params![id.0], user).await)
    }

    fn find_user_by_username<'a>(&'a self, username: &'a str) -> Answer<'a, Option<User>> {
        verb!(self, Verb::READ, db => find(db, FIND_BY_USERNAME, params![username_key(username)], user).await)
    }

    fn find_users_by_email<'a>(&'a self, email: &'a str) -> Answer<'a, Vec<User>> {
        verb!(self, Verb::READ, db => list(db, FIND_BY_EMAIL, params![email_key(email)], user).await)
    }

    fn list_users(&self) -> Answer<'_, Vec<User>> {
        verb!(self, Verb::READ_ALL, db => list(db, LIST, params![], user).await)
    }

    fn set_password(
        &self,
        id: UserId,
        hash: PasswordHash,
        except: Option<SessionId>,
        at: Timestamp,
    ) -> Answer<'_, bool> {
        verb!(self, Verb::STEP, db => {
            hold_all(db, id).await?;
            let found = change(db, SET_PASSWORD, params![id.0, hash.0]).await? == 1;
            if found {
                end_all(db, id, except, at).await?;
            }
            Ok(found)
        })
    }

    fn set_claims(&self, id: UserId, from: StandardClaims, to: StandardClaims) -> Answer<'_, bool> {
        verb!(self, Verb::STEP, db => {
            hold(db, id).await?;
            let found = find(db, FIND, params![id.0], user).await?;
            if found.is_none_or(|found| found.claims != from) {
                return Ok(false);
            }
            let set = params![id.0, to_json("claims", &to)?, verified_email_key(&to)];
            Ok(change(db, SET_CLAIMS, set).await? == 1)
        })
    }

    fn remove_user(&self, id: UserId, at: Timestamp) -> Answer<'_, bool> {
        verb!(self, Verb::STEP_OF_MANY, db => {
            hold_all(db, id).await?;
            leave_all(db, id, None, at).await?;
            // All that is theirs goes along, by its foreign keys.
            Ok(change(db, REMOVE, params![id.0]).await? == 1)
        })
    }
}

/// Has the person for itself until the end of the transaction; `false` when there is none.
pub(crate) async fn hold(db: &Connection, id: UserId) -> Result<bool, Failure> {
    Ok(change(db, HOLD, params![id.0]).await? == 1)
}

/// The same, and nobody adds anything of theirs meanwhile.
pub(crate) async fn hold_all(db: &Connection, id: UserId) -> Result<bool, Failure> {
    Ok(change(db, HOLD_ALL, params![id.0]).await? == 1)
}

/// Adds a person.
pub(crate) async fn insert(db: &Connection, user: &User) -> Result<(), Failure> {
    let inserted = change(
        db,
        INSERT,
        params![
            user.id.0,
            user.username,
            username_key(&user.username),
            user.password_hash.as_ref().map(|hash| hash.0.as_str()),
            to_json("claims", &user.claims)?,
            verified_email_key(&user.claims),
            user.created_at.0,
        ],
    )
    .await;
    inserted.map_err(|error| of_insert(error, "user", &user.username))?;
    Ok(())
}

/// Whether the person has a password.
pub(crate) async fn has_password(db: &Connection, id: UserId) -> Result<bool, Failure> {
    let found = find(db, FIND, params![id.0], user).await?;
    Ok(found.is_some_and(|found| found.password_hash.is_some()))
}

fn verified_email_key(claims: &StandardClaims) -> Option<String> {
    let email = claims.email.as_deref()?;
    (claims.email_verified == Some(true)).then(|| email_key(email))
}

fn user(columns: &mut Columns<'_>) -> Result<User, Failure> {
    Ok(User {
        id: UserId(columns.id()?),
        username: columns.take()?,
        password_hash: columns.take::<Option<String>>()?.map(PasswordHash),
        claims: columns.json("claims")?,
        created_at: columns.time()?,
    })
}
