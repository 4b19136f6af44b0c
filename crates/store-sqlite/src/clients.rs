//! Clients.

mod row;

use crate::SqliteStore;
use crate::columns::{change, find, list};
use crate::pulse::bump_stamp;
use row::{read, write};
use rusqlite::params;
use valetkey_model::{Client, ClientId};
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, ClientStore};

/// The columns of a client, in the order in which `row` reads and writes them.
macro_rules! columns {
    () => {
        "id, name, auth_method, secret_hash, secret_sealed, jwks, jwks_uri, application_type, redirect_uris, \
         post_logout_redirect_uris, grant_types, scope, resources, introspects, \
         id_token_signed_response_alg, require_pkce, openid, presentation, registration, oauth1, \
         oauth1_secret_sealed, oauth1_rsa_public_key, oauth1_token_ttl_seconds, oauth1_retires_at, \
         exchange_subjects, exchange_may_impersonate, inspect_until, created_at"
    };
}

/// What makes a client one that nobody uses.
macro_rules! is_unused {
    () => {
        "registration IS NOT NULL AND created_at < ?1 \
         AND coalesce(json_extract(registration, '$.used_at'), 0) < ?1 \
         AND NOT EXISTS (SELECT 1 FROM grants WHERE client_id = clients.id) \
         AND NOT EXISTS (SELECT 1 FROM consents WHERE client_id = clients.id)"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO clients (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
     ?22, ?23, ?24, ?25, ?26, ?27, ?28)"
);
pub(crate) const UPDATE: &str = "UPDATE clients SET name = ?2, auth_method = ?3, secret_hash = ?4, \
     secret_sealed = ?5, jwks = ?6, jwks_uri = ?7, application_type = ?8, redirect_uris = ?9, \
     post_logout_redirect_uris = ?10, grant_types = ?11, scope = ?12, resources = ?13, introspects = ?14, \
     id_token_signed_response_alg = ?15, require_pkce = ?16, openid = ?17, presentation = ?18, registration = ?19, \
     oauth1 = ?20, oauth1_secret_sealed = ?21, oauth1_rsa_public_key = ?22, oauth1_token_ttl_seconds = ?23, \
     oauth1_retires_at = ?24, exchange_subjects = ?25, exchange_may_impersonate = ?26, inspect_until = ?27, \
     created_at = ?28 WHERE id = ?1";
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM clients WHERE id = ?1");
pub(crate) const LIST: &str = concat!("SELECT ", columns!(), " FROM clients ORDER BY id");
pub(crate) const REMOVE: &str = "DELETE FROM clients WHERE id = ?1";
pub(crate) const SET_USED: &str = "UPDATE clients SET registration = json_set(registration, '$.used_at', ?2) \
     WHERE id = ?1 AND registration IS NOT NULL AND coalesce(json_extract(registration, '$.used_at') < ?3, true)";
pub(crate) const LIST_UNUSED: &str = concat!(
    "SELECT id FROM clients WHERE ",
    is_unused!(),
    " ORDER BY created_at LIMIT ?2"
);
pub(crate) const FORGET_UNUSED: &str = concat!("DELETE FROM clients WHERE id = ?2 AND ", is_unused!());
pub(crate) const COUNT_REGISTERED: &str = "SELECT count(*) FROM clients WHERE registration IS NOT NULL";

impl ClientStore for SqliteStore {
    fn insert_client(&self, client: Client) -> Answer<'_, ()> {
        self.write(move |connection| {
            write(connection, INSERT, &client)?;
            bump_stamp(connection)
        })
    }

    fn update_client(&self, client: Client) -> Answer<'_, bool> {
        self.write(move |connection| {
            let found = write(connection, UPDATE, &client)? == 1;
            if found {
                bump_stamp(connection)?;
            }
            Ok(found)
        })
    }

    fn find_client<'a>(&'a self, id: &'a ClientId) -> Answer<'a, Option<Client>> {
        self.read(move |connection| find(connection, FIND, [id.as_str()], read))
    }

    fn list_clients(&self) -> Answer<'_, Vec<Client>> {
        self.read_all(|connection| list(connection, LIST, [], read))
    }

    fn remove_client<'a>(&'a self, id: &'a ClientId) -> Answer<'a, bool> {
        let id = id.clone();
        self.write(move |connection| {
            let found = change(connection, REMOVE, [id.as_str()])? == 1;
            if found {
                bump_stamp(connection)?;
            }
            Ok(found)
        })
    }

    fn client_was_used<'a>(
        &'a self,
        id: &'a ClientId,
        at: Timestamp,
        unless_since: Timestamp,
    ) -> Answer<'a, bool> {
        let id = id.clone();
        self.write(move |connection| {
            let is_written = change(connection, SET_USED, params![id.as_str(), at.0, unless_since.0])? == 1;
            if is_written {
                bump_stamp(connection)?;
            }
            Ok(is_written)
        })
    }

    fn forget_unused_clients(&self, before: Timestamp, limit: u32) -> Answer<'_, u64> {
        Box::pin(async move {
            // Looked for beside the writer, which must not wait while all that are in use are passed over.
            let unused = self.read_all(move |connection| {
                list(connection, LIST_UNUSED, params![before.0, limit], |columns| {
                    columns.take::<String>()
                })
            });
            let unused = unused.await?;
            if unused.is_empty() {
                return Ok(0);
            }
            self.write(move |connection| {
                let mut forgotten = 0;
                for id in &unused {
                    forgotten += change(connection, FORGET_UNUSED, params![before.0, id])? as u64;
                }
                if forgotten > 0 {
                    bump_stamp(connection)?;
                }
                Ok(forgotten)
            })
            .await
        })
    }

    fn count_registered_clients(&self) -> Answer<'_, u64> {
        self.read_all(|connection| {
            let count = find(connection, COUNT_REGISTERED, [], |columns| columns.take::<i64>())?;
            Ok(count.unwrap_or_default().unsigned_abs())
        })
    }
}
