//! What may be shown once.
//!
//! A key that begins with its time is appended to the table and to the index by which it is forgotten.

use crate::SqliteStore;
use crate::columns::change;
use rusqlite::params;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, NonceStore};

pub(crate) const INSERT: &str =
    "INSERT INTO nonces (key, expires_at) VALUES (?1, ?2) ON CONFLICT (key) DO NOTHING";

impl NonceStore for SqliteStore {
    fn insert_nonce_once<'a>(&'a self, key: &'a str, expires_at: Timestamp) -> Answer<'a, bool> {
        let key = key.to_owned();
        self.write(move |connection| Ok(change(connection, INSERT, params![key, expires_at.0])? == 1))
    }
}
