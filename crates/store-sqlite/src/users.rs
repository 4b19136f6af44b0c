//! People.

use crate::SqliteStore;
use crate::columns::{Columns, change, find, list, to_json};
use crate::failure::{Failure, of_insert};
use crate::sessions::{end_all, leave_all};
use rusqlite::{Connection, params};
use valetkey_model::user::{PasswordHash, username_key};
use valetkey_model::{SessionId, User, UserId};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, UserStore, email_key};

pub(crate) const INSERT: &str = "INSERT INTO users (id, username, username_key, password_hash, claims, email_key, \
     created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(crate) const FIND: &str =
    "SELECT id, username, password_hash, claims, created_at FROM users WHERE id = ?1";
pub(crate) const FIND_BY_USERNAME: &str =
    "SELECT id, username, password_hash, claims, created_at FROM users WHERE username_key = ?1";
pub(crate) const FIND_BY_EMAIL: &str = "SELECT id, username, password_hash, claims, created_at FROM users \
     WHERE email_key = ?1 ORDER BY created_at, id LIMIT 10";
pub(crate) const LIST: &str =
    "SELECT id, username, password_hash, claims, created_at FROM users ORDER BY username_key";
pub(crate) const SET_PASSWORD: &str = "UPDATE users SET password_hash = ?2 WHERE id = ?1";
pub(crate) const SET_CLAIMS: &str = "UPDATE users SET claims = ?2, email_key = ?3 WHERE id = ?1";
pub(crate) const REMOVE: &str = "DELETE FROM users WHERE id = ?1";

impl UserStore for SqliteStore {
    fn insert_user(&self, user: User) -> Answer<'_, ()> {
        self.write(move |connection| insert(connection, &user))
    }

    fn find_user(&self, id: UserId) -> Answer<'_, Option<User>> {
        self.read(move |connection| find(connection, FIND, [id.0.as_bytes()], user))
    }

    fn find_user_by_username<'a>(&'a self, username: &'a str) -> Answer<'a, Option<User>> {
        self.read(move |connection| find(connection, FIND_BY_USERNAME, [username_key(username)], user))
    }

    fn find_users_by_email<'a>(&'a self, email: &'a str) -> Answer<'a, Vec<User>> {
        self.read(move |connection| list(connection, FIND_BY_EMAIL, [email_key(email)], user))
    }

    fn list_users(&self) -> Answer<'_, Vec<User>> {
        self.read_all(|connection| list(connection, LIST, [], user))
    }

    fn set_password(
        &self,
        id: UserId,
        hash: PasswordHash,
        except: Option<SessionId>,
        at: Timestamp,
    ) -> Answer<'_, bool> {
        self.write(move |connection| {
            let found = change(connection, SET_PASSWORD, params![id.0.as_bytes(), hash.0])? == 1;
            if found {
                end_all(connection, id, except, at)?;
            }
            Ok(found)
        })
    }

    fn set_claims(&self, id: UserId, from: StandardClaims, to: StandardClaims) -> Answer<'_, bool> {
        self.write(move |connection| {
            let found = find(connection, FIND, [id.0.as_bytes()], user)?;
            if found.is_none_or(|found| found.claims != from) {
                return Ok(false);
            }
            let json = to_json("claims", &to)?;
            let set = params![id.0.as_bytes(), json, verified_email_key(&to)];
            Ok(change(connection, SET_CLAIMS, set)? == 1)
        })
    }

    fn remove_user(&self, id: UserId, at: Timestamp) -> Answer<'_, bool> {
        self.write(move |connection| {
            leave_all(connection, id, None, at)?;
            // All that is theirs goes along, by its foreign keys.
            Ok(change(connection, REMOVE, [id.0.as_bytes()])? == 1)
        })
    }
}

/// Adds a person.
pub(crate) fn insert(connection: &Connection, user: &User) -> Result<(), Failure> {
    let inserted = change(
        connection,
        INSERT,
        params![
            user.id.0.as_bytes(),
            user.username,
            username_key(&user.username),
            user.password_hash.as_ref().map(|hash| &hash.0),
            to_json("claims", &user.claims)?,
            verified_email_key(&user.claims),
            user.created_at.0,
        ],
    );
    inserted.map_err(|error| of_insert(error, "user", &user.username))?;
    Ok(())
}

/// Whether the person has a password.
pub(crate) fn has_password(connection: &Connection, id: UserId) -> Result<bool, Failure> {
    let found = find(connection, FIND, [id.0.as_bytes()], user)?;
    Ok(found.is_some_and(|found| found.password_hash.is_some()))
}

fn verified_email_key(claims: &StandardClaims) -> Option<String> {
    let email = claims.email.as_deref()?;
    (claims.email_verified == Some(true)).then(|| email_key(email))
}

fn user(columns: &mut Columns<'_, '_>) -> Result<User, Failure> {
    Ok(User {
        id: UserId(columns.id()?),
        username: columns.take()?,
        password_hash: columns.take::<Option<String>>()?.map(PasswordHash),
        claims: columns.json("claims")?,
        created_at: columns.time()?,
    })
}
