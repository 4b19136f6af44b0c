//! What may be shown once.
//!
//! A key that begins with its time is appended to the table and to the index by which it is forgotten.

use crate::PostgresStore;
use crate::columns::{change, params};
use crate::verb::{Verb, verb};
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, NonceStore};

pub(crate) const INSERT: &str =
    "INSERT INTO nonces (key, expires_at) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";

impl NonceStore for PostgresStore {
    fn insert_nonce_once<'a>(&'a self, key: &'a str, expires_at: Timestamp) -> Answer<'a, bool> {
        verb!(self, Verb::CHANGE, db => Ok(change(db, INSERT, params![key, expires_at.0]).await? == 1))
    }
}
