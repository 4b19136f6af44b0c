//! Clients.

mod row;

use crate::SqliteStore;
use crate::columns::{change, find, list};
use crate::pulse::bump_stamp;
use row::{read, write};
use valetkey_model::{Client, ClientId};
use valetkey_store::{Answer, ClientStore};

/// The columns of a client, in the order in which `row` reads and writes them.
macro_rules! columns {
    () => {
        "id, name, auth_method, secret_hash, secret_sealed, jwks, application_type, redirect_uris, \
         post_logout_redirect_uris, grant_types, scope, resources, introspects, \
         id_token_signed_response_alg, require_pkce, oauth1, oauth1_secret_sealed, oauth1_rsa_public_key, \
         oauth1_token_ttl_seconds, oauth1_retires_at, exchange_subjects, exchange_may_impersonate, \
         inspect_until, created_at"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO clients (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, \
     ?22, ?23, ?24)"
);
pub(crate) const UPDATE: &str = "UPDATE clients SET name = ?2, auth_method = ?3, secret_hash = ?4, \
     secret_sealed = ?5, jwks = ?6, application_type = ?7, redirect_uris = ?8, post_logout_redirect_uris = ?9, \
     grant_types = ?10, scope = ?11, resources = ?12, introspects = ?13, id_token_signed_response_alg = ?14, \
     require_pkce = ?15, oauth1 = ?16, oauth1_secret_sealed = ?17, oauth1_rsa_public_key = ?18, \
     oauth1_token_ttl_seconds = ?19, oauth1_retires_at = ?20, exchange_subjects = ?21, \
     exchange_may_impersonate = ?22, inspect_until = ?23, created_at = ?24 WHERE id = ?1";
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM clients WHERE id = ?1");
pub(crate) const LIST: &str = concat!("SELECT ", columns!(), " FROM clients ORDER BY id");
pub(crate) const REMOVE: &str = "DELETE FROM clients WHERE id = ?1";

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
}
