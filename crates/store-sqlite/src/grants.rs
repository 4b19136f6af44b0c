//! Grants, and the few single access tokens that were revoked before their time.
//!
//! Each transition is one `UPDATE` that names the state it starts from: whoever changes the row has won.

mod row;

use crate::columns::{Columns, change, find, list};
use crate::failure::Failure;
use crate::{SqliteStore, consents, forget};
use rusqlite::{Connection, params};
use valetkey_model::grant::{Active, GrantedBy, RevokedWhy};
use valetkey_model::{ClientId, Consent, Grant, GrantId, UserId};
use valetkey_protocol::time::Timestamp;
use valetkey_store::{AccessStatus, Answer, GrantStore, Migration, Redeemed, Rotated};

/// The columns of a grant, in the order in which `row` reads and writes them.
macro_rules! columns {
    () => {
        "id, client_id, user_id, session_id, scope, resources, offline, auth_time, amr, acr, sid, claims, nonce, \
         created_at, expires_at, granted_by, migrated_from, state, redirect_uri, redirect_uri_was_given, \
         code_challenge, code_expires_at, generation, rotated_at, idle_expires_at, revoked_why, revoked_at"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO grants (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, \
     ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27)"
);
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM grants WHERE id = ?1");
pub(crate) const REDEEM: &str = "UPDATE grants SET state = 'active', generation = ?2, rotated_at = ?3, \
     idle_expires_at = ?4, redirect_uri = NULL, redirect_uri_was_given = NULL, code_challenge = NULL, \
     code_expires_at = NULL WHERE id = ?1 AND state = 'code_issued'";
pub(crate) const ROTATE: &str = "UPDATE grants SET generation = ?3, rotated_at = ?4, idle_expires_at = ?5 \
     WHERE id = ?1 AND state = 'active' AND generation = ?2";
pub(crate) const REVOKE: &str = "UPDATE grants SET state = 'revoked', revoked_why = ?2, revoked_at = ?3 \
     WHERE id = ?1 AND state <> 'revoked'";
pub(crate) const REVOKE_OF_PAIR: &str = "UPDATE grants SET state = 'revoked', revoked_why = ?3, revoked_at = ?4 \
     WHERE user_id = ?1 AND client_id = ?2 AND state <> 'revoked'";
pub(crate) const REVOKE_OF_USER: &str = "UPDATE grants SET state = 'revoked', revoked_why = ?2, revoked_at = ?3 \
     WHERE user_id = ?1 AND (?4 IS NULL OR session_id IS NOT ?4) AND NOT offline AND state <> 'revoked'";
pub(crate) const REVOKE_OF_SESSION: &str = "UPDATE grants SET state = 'revoked', revoked_why = ?2, \
     revoked_at = ?3 WHERE session_id = ?1 AND NOT offline AND state <> 'revoked'";
pub(crate) const REVOKE_OF_OTHER_USER: &str = "UPDATE grants SET state = 'revoked', revoked_why = ?3, \
     revoked_at = ?4 WHERE session_id = ?1 AND user_id <> ?2 AND NOT offline AND state <> 'revoked'";
pub(crate) const REVOKE_OF_CLIENT: &str = "UPDATE grants SET state = 'revoked', revoked_why = ?4, revoked_at = ?5 \
     WHERE client_id = ?1 AND created_at >= ?2 AND granted_by = coalesce(?3, granted_by) AND state <> 'revoked' \
     AND over_at > ?5";
pub(crate) const MIGRATION: &str = "SELECT count(*), coalesce(sum(moved), 0) FROM \
     (SELECT max(granted_by <> 'oauth1') AS moved FROM grants \
     WHERE client_id = ?1 AND state = 'active' AND over_at > ?2 GROUP BY user_id)";
pub(crate) const MOVE_TO_SESSION: &str =
    "UPDATE grants SET session_id = ?3 WHERE session_id = ?1 AND user_id = ?2";
pub(crate) const LIST_ACTIVE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM grants WHERE user_id = ?1 AND state = 'active' AND over_at > ?2 \
     ORDER BY created_at DESC, id DESC"
);
pub(crate) const REVOKE_TOKEN: &str = "INSERT INTO revoked_tokens (jti, expires_at) VALUES (?1, ?2) \
     ON CONFLICT (jti) DO UPDATE SET expires_at = max(expires_at, excluded.expires_at)";
/// Both in one. An outer join would say the same of a grant that is not there, but SQLite prepares such a statement again
/// each time that it runs, which takes longer than everything else that a request does (`plan_tests`).
pub(crate) const ACCESS_STATUS: &str = concat!(
    "SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti = ?1), ",
    columns!(),
    " FROM grants WHERE id = ?2"
);
pub(crate) const TOKEN_REVOKED: &str = "SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti = ?1)";

impl GrantStore for SqliteStore {
    fn insert_grant(&self, grant: Grant, consent: Option<Consent>) -> Answer<'_, ()> {
        self.write(move |connection| add(connection, &grant, consent.as_ref()))
    }

    fn find_grant(&self, id: GrantId) -> Answer<'_, Option<Grant>> {
        self.read(move |connection| find_one(connection, id))
    }

    fn redeem_code(&self, id: GrantId, active: Active) -> Answer<'_, Redeemed> {
        self.write(move |connection| {
            let Active {
                generation,
                rotated_at,
                idle_expires_at,
            } = active;
            let redeemed = params![id.0.as_bytes(), generation, rotated_at.0, idle_expires_at.0];
            if change(connection, REDEEM, redeemed)? == 1 {
                return Ok(Redeemed::Won);
            }
            let now = find_one(connection, id)?;
            Ok(now.map_or(Redeemed::Absent, |grant| Redeemed::Lost(Box::new(grant))))
        })
    }

    fn rotate_refresh(&self, id: GrantId, from: u32, next: Active) -> Answer<'_, Rotated> {
        self.write(move |connection| {
            let Active {
                generation,
                rotated_at,
                idle_expires_at,
            } = next;
            let rotated = params![id.0.as_bytes(), from, generation, rotated_at.0, idle_expires_at.0];
            if change(connection, ROTATE, rotated)? == 1 {
                return Ok(Rotated::Won);
            }
            let now = find_one(connection, id)?;
            Ok(now.map_or(Rotated::Absent, |grant| Rotated::Lost(Box::new(grant))))
        })
    }

    fn revoke_grant(&self, id: GrantId, why: RevokedWhy, at: Timestamp) -> Answer<'_, bool> {
        self.write(move |connection| {
            Ok(change(connection, REVOKE, params![id.0.as_bytes(), why.as_str(), at.0])? == 1)
        })
    }

    fn revoke_grants_of_client<'a>(
        &'a self,
        client: &'a ClientId,
        by: Option<GrantedBy>,
        since: Timestamp,
        why: RevokedWhy,
        at: Timestamp,
    ) -> Answer<'a, u64> {
        let client = client.clone();
        self.write(move |connection| {
            let by = by.map(GrantedBy::as_str);
            let revoked = params![client.as_str(), since.0, by, why.as_str(), at.0];
            Ok(change(connection, REVOKE_OF_CLIENT, revoked)? as u64)
        })
    }

    fn migration<'a>(&'a self, client: &'a ClientId, now: Timestamp) -> Answer<'a, Migration> {
        let client = client.clone();
        self.read_all(move |connection| {
            let counted = find(connection, MIGRATION, params![client.as_str(), now.0], migration)?;
            counted.ok_or_else(|| rusqlite::Error::QueryReturnedNoRows.into())
        })
    }

    fn list_active_grants(&self, user: UserId, now: Timestamp) -> Answer<'_, Vec<Grant>> {
        self.read(move |connection| {
            list(
                connection,
                LIST_ACTIVE,
                params![user.0.as_bytes(), now.0],
                row::read,
            )
        })
    }

    fn revoke_token<'a>(&'a self, jti: &'a str, expires_at: Timestamp) -> Answer<'a, ()> {
        let jti = jti.to_owned();
        self.write(move |connection| {
            change(connection, REVOKE_TOKEN, params![jti, expires_at.0])?;
            Ok(())
        })
    }

    fn access_status<'a>(&'a self, jti: &'a str, grant: Option<GrantId>) -> Answer<'a, AccessStatus> {
        self.read(move |connection| {
            if let Some(id) = grant
                && let Some(status) = find(connection, ACCESS_STATUS, params![jti, id.0.as_bytes()], status)?
            {
                return Ok(status);
            }
            let token_revoked = find(connection, TOKEN_REVOKED, [jti], |columns| columns.take())?;
            Ok(AccessStatus {
                token_revoked: token_revoked.unwrap_or_default(),
                grant: None,
            })
        })
    }

    fn forget_expired(&self, now: Timestamp, keep_revoked_seconds: i64, limit: u32) -> Answer<'_, u64> {
        self.write(move |connection| forget::expired(connection, now, keep_revoked_seconds, limit))
    }
}

/// Adds a grant, and what was allowed with it to the remembered consent.
pub(crate) fn add(connection: &Connection, grant: &Grant, consent: Option<&Consent>) -> Result<(), Failure> {
    row::insert(connection, grant)?;
    consent.map_or(Ok(()), |allowed| consents::add(connection, allowed))
}

fn find_one(connection: &Connection, id: GrantId) -> Result<Option<Grant>, Failure> {
    find(connection, FIND, [id.0.as_bytes()], row::read)
}

fn status(columns: &mut Columns<'_, '_>) -> Result<AccessStatus, Failure> {
    Ok(AccessStatus {
        token_revoked: columns.take()?,
        grant: Some(row::read(columns)?),
    })
}

fn migration(columns: &mut Columns<'_, '_>) -> Result<Migration, Failure> {
    Ok(Migration {
        people: columns.take::<i64>()?.unsigned_abs(),
        moved: columns.take::<i64>()?.unsigned_abs(),
    })
}
