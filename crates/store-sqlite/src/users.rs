//! People.

use crate::SqliteStore;
use crate::columns::{Columns, change, find, list, to_json};
use crate::failure::{Failure, of_insert};
use crate::grants::REVOKE_OF_USER;
use crate::sessions::END_OF_USER;
use rusqlite::params;
use valetkey_model::grant::RevokedWhy;
use valetkey_model::user::{PasswordHash, username_key};
use valetkey_model::{User, UserId};
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, UserStore};

pub(crate) const INSERT: &str = "INSERT INTO users (id, username, username_key, password_hash, claims, created_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(crate) const FIND: &str =
    "SELECT id, username, password_hash, claims, created_at FROM users WHERE id = ?1";
pub(crate) const FIND_BY_USERNAME: &str =
    "SELECT id, username, password_hash, claims, created_at FROM users WHERE username_key = ?1";
pub(crate) const LIST: &str =
    "SELECT id, username, password_hash, claims, created_at FROM users ORDER BY username_key";
pub(crate) const SET_PASSWORD: &str = "UPDATE users SET password_hash = ?2 WHERE id = ?1";
pub(crate) const REMOVE: &str = "DELETE FROM users WHERE id = ?1";

impl UserStore for SqliteStore {
    fn insert_user(&self, user: User) -> Answer<'_, ()> {
        self.write(move |connection| {
            let inserted = change(
                connection,
                INSERT,
                params![
                    user.id.0.as_bytes(),
                    user.username,
                    username_key(&user.username),
                    user.password_hash.as_ref().map(|hash| &hash.0),
                    to_json("claims", &user.claims)?,
                    user.created_at.0,
                ],
            );
            inserted.map_err(|error| of_insert(error, "user", &user.username))?;
            Ok(())
        })
    }

    fn find_user(&self, id: UserId) -> Answer<'_, Option<User>> {
        self.read(move |connection| find(connection, FIND, [id.0.as_bytes()], user))
    }

    fn find_user_by_username<'a>(&'a self, username: &'a str) -> Answer<'a, Option<User>> {
        self.read(move |connection| find(connection, FIND_BY_USERNAME, [username_key(username)], user))
    }

    fn list_users(&self) -> Answer<'_, Vec<User>> {
        self.read_all(|connection| list(connection, LIST, [], user))
    }

    fn set_password(&self, id: UserId, hash: PasswordHash, at: Timestamp) -> Answer<'_, bool> {
        self.write(move |connection| {
            let found = change(connection, SET_PASSWORD, params![id.0.as_bytes(), hash.0])? == 1;
            if found {
                change(connection, END_OF_USER, [id.0.as_bytes()])?;
                let why = RevokedWhy::SignedOut.as_str();
                change(connection, REVOKE_OF_USER, params![id.0.as_bytes(), why, at.0])?;
            }
            Ok(found)
        })
    }

    fn remove_user(&self, id: UserId) -> Answer<'_, bool> {
        // Sessions, consents and grants go with the person, by their foreign keys.
        self.write(move |connection| Ok(change(connection, REMOVE, [id.0.as_bytes()])? == 1))
    }
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
