//! Clients.

mod row;

use crate::PostgresStore;
use crate::columns::{change, find, list, params};
use crate::pulse::bump_stamp;
use crate::verb::{Verb, verb};
use row::{read, write};
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
        "registration IS NOT NULL AND created_at < $1 \
         AND coalesce((registration::json ->> 'used_at')::bigint, 0) < $1 \
         AND NOT EXISTS (SELECT 1 FROM grants WHERE client_id = clients.id) \
         AND NOT EXISTS (SELECT 1 FROM consents WHERE client_id = clients.id)"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO clients (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, \
     $22, $23, $24, $25, $26, $27, $28)"
);
pub(crate) const UPDATE: &str = "UPDATE clients SET name = $2, auth_method = $3, secret_hash = $4, \
     secret_sealed = $5, jwks = $6, jwks_uri = $7, application_type = $8, redirect_uris = $9, \
     post_logout_redirect_uris = $10, grant_types = $11, scope = $12, resources = $13, introspects = $14, \
     id_token_signed_response_alg = $15, require_pkce = $16, openid = $17, presentation = $18, registration = $19, \
     oauth1 = $20, oauth1_secret_sealed = $21, oauth1_rsa_public_key = $22, oauth1_token_ttl_seconds = $23, \
     oauth1_retires_at = $24, exchange_subjects = $25, exchange_may_impersonate = $26, inspect_until = $27, \
     created_at = $28 WHERE id = $1";
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM clients WHERE id = $1");
pub(crate) const LIST: &str = concat!("SELECT ", columns!(), " FROM clients ORDER BY id");
pub(crate) const REMOVE: &str = "DELETE FROM clients WHERE id = $1";
pub(crate) const SET_USED: &str = "UPDATE clients \
     SET registration = jsonb_set(registration::jsonb, '{used_at}', to_jsonb($2::bigint))::text \
     WHERE id = $1 AND registration IS NOT NULL \
     AND coalesce((registration::json ->> 'used_at')::bigint < $3, true)";
pub(crate) const HOLD_UNUSED: &str = concat!(
    "SELECT id FROM clients WHERE ",
    is_unused!(),
    " ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED"
);
pub(crate) const FORGET_UNUSED: &str = concat!("DELETE FROM clients WHERE id = ANY ($2) AND ", is_unused!());
pub(crate) const COUNT_REGISTERED: &str = "SELECT count(*) FROM clients WHERE registration IS NOT NULL";

impl ClientStore for PostgresStore {
    fn insert_client(&self, client: Client) -> Answer<'_, ()> {
        verb!(self, Verb::STEP, db => {
            write(db, INSERT, &client).await?;
            bump_stamp(db).await
        })
    }

    fn update_client(&self, client: Client) -> Answer<'_, bool> {
        verb!(self, Verb::STEP, db => {
            let found = write(db, UPDATE, &client).await? == 1;
            if found {
                bump_stamp(db).await?;
            }
            Ok(found)
        })
    }

    fn find_client<'a>(&'a self, id: &'a ClientId) -> Answer<'a, Option<Client>> {
        verb!(self, Verb::READ, db => find(db, FIND, params![id.as_str()], read).await)
    }

    fn list_clients(&self) -> Answer<'_, Vec<Client>> {
        verb!(self, Verb::READ_ALL, db => list(db, LIST, params![], read).await)
    }

    fn remove_client<'a>(&'a self, id: &'a ClientId) -> Answer<'a, bool> {
        verb!(self, Verb::STEP_OF_MANY, db => {
            let found = change(db, REMOVE, params![id.as_str()]).await? == 1;
            if found {
                bump_stamp(db).await?;
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
        verb!(self, Verb::STEP, db => {
            let is_written = change(db, SET_USED, params![id.as_str(), at.0, unless_since.0]).await? == 1;
            if is_written {
                bump_stamp(db).await?;
            }
            Ok(is_written)
        })
    }

    fn forget_unused_clients(&self, before: Timestamp, limit: u32) -> Answer<'_, u64> {
        verb!(self, Verb::STEP_OF_MANY, db => {
            // Once they are locked nobody begins to use them; who began meanwhile is seen by the second statement.
            let unused = params![before.0, i64::from(limit)];
            let unused: Vec<String> = list(db, HOLD_UNUSED, unused, |columns| columns.take()).await?;
            if unused.is_empty() {
                return Ok(0);
            }
            let forgotten = change(db, FORGET_UNUSED, params![before.0, unused]).await?;
            if forgotten > 0 {
                bump_stamp(db).await?;
            }
            Ok(forgotten)
        })
    }

    fn count_registered_clients(&self) -> Answer<'_, u64> {
        verb!(self, Verb::READ_ALL, db => {
            let count = find(db, COUNT_REGISTERED, params![], |columns| columns.count()).await?;
            Ok(count.unwrap_or_default())
        })
    }
}
