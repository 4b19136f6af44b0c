//! Grants, and the few single access tokens that were revoked before their time.
//!
//! Each transition is one `UPDATE` that names the state it starts from: whoever changes the row has won. One that has
//! waited for another looks at the row again, and finds it changed.

mod row;

use crate::columns::{Columns, change, corrupt, find, list, params};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::verb::{Verb, verb};
use crate::{PostgresStore, consents, forget};
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

/// Revokes many: those that meet the condition, locked in one order, so that two who revoke the same ones do not wait for
/// each other. `$1` and `$2` are why and when.
macro_rules! revoke_where {
    ($condition:literal) => {
        concat!(
            "WITH ended AS MATERIALIZED (SELECT id FROM grants WHERE ",
            $condition,
            " AND state <> 'revoked' ORDER BY id FOR NO KEY UPDATE) \
             UPDATE grants SET state = 'revoked', revoked_why = $1, revoked_at = $2 \
             FROM ended WHERE grants.id = ended.id AND grants.state <> 'revoked'"
        )
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO grants (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, \
     $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27)"
);
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM grants WHERE id = $1");
pub(crate) const REDEEM: &str = "UPDATE grants SET state = 'active', generation = $2, rotated_at = $3, \
     idle_expires_at = $4, redirect_uri = NULL, redirect_uri_was_given = NULL, code_challenge = NULL, \
     code_expires_at = NULL WHERE id = $1 AND state = 'code_issued'";
pub(crate) const ROTATE: &str = "UPDATE grants SET generation = $3, rotated_at = $4, idle_expires_at = $5 \
     WHERE id = $1 AND state = 'active' AND generation = $2";
pub(crate) const REVOKE: &str = "UPDATE grants SET state = 'revoked', revoked_why = $1, revoked_at = $2 \
     WHERE id = $3 AND state <> 'revoked'";
pub(crate) const REVOKE_OF_PAIR: &str = revoke_where!("user_id = $3 AND client_id = $4");
pub(crate) const REVOKE_OF_USER: &str =
    revoke_where!("user_id = $3 AND ($4::uuid IS NULL OR session_id IS DISTINCT FROM $4) AND NOT offline");
pub(crate) const REVOKE_OF_SESSION: &str = revoke_where!("session_id = $3 AND NOT offline");
pub(crate) const REVOKE_OF_OTHER_USER: &str =
    revoke_where!("session_id = $3 AND user_id <> $4 AND NOT offline");
pub(crate) const REVOKE_OF_CLIENT: &str = revoke_where!(
    "client_id = $3 AND created_at >= $4 AND granted_by = coalesce($5, granted_by) AND over_at > $2"
);
pub(crate) const MIGRATION: &str = "SELECT count(*), count(*) FILTER (WHERE moved) FROM \
     (SELECT bool_or(granted_by <> 'oauth1') AS moved FROM grants \
     WHERE client_id = $1 AND state = 'active' AND over_at > $2 GROUP BY user_id) AS people";
pub(crate) const MOVE_TO_SESSION: &str =
    "UPDATE grants SET session_id = $3 WHERE session_id = $1 AND user_id = $2";
pub(crate) const LIST_ACTIVE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM grants WHERE user_id = $1 AND state = 'active' AND over_at > $2 \
     ORDER BY created_at DESC, id DESC"
);
pub(crate) const REVOKE_TOKEN: &str = "INSERT INTO revoked_tokens (jti, expires_at) VALUES ($1, $2) \
     ON CONFLICT (jti) DO UPDATE SET expires_at = greatest(revoked_tokens.expires_at, excluded.expires_at)";
pub(crate) const ACCESS_STATUS: &str = concat!(
    "SELECT EXISTS (SELECT 1 FROM revoked_tokens WHERE jti = $1), id IS NOT NULL, ",
    columns!(),
    " FROM (SELECT 1) AS one LEFT JOIN grants ON id = $2"
);

impl GrantStore for PostgresStore {
    fn insert_grant(&self, grant: Grant, consent: Option<Consent>) -> Answer<'_, ()> {
        match consent {
            None => verb!(self, Verb::CHANGE, db => row::insert(db, &grant).await),
            Some(consent) => verb!(self, Verb::STEP, db => add(db, &grant, Some(&consent)).await),
        }
    }

    fn find_grant(&self, id: GrantId) -> Answer<'_, Option<Grant>> {
        verb!(self, Verb::READ, db => find_one(db, id).await)
    }

    fn redeem_code(&self, id: GrantId, active: Active) -> Answer<'_, Redeemed> {
        // No transaction: what is found after a loss is how the grant stands then.
        verb!(self, Verb::CHANGE, db => {
            let Active {
                generation,
                rotated_at,
                idle_expires_at,
            } = active;
            let redeemed = params![id.0, i64::from(generation), rotated_at.0, idle_expires_at.0];
            if change(db, REDEEM, redeemed).await? == 1 {
                return Ok(Redeemed::Won);
            }
            let now = find_one(db, id).await?;
            Ok(now.map_or(Redeemed::Absent, |grant| Redeemed::Lost(Box::new(grant))))
        })
    }

    fn rotate_refresh(&self, id: GrantId, from: u32, next: Active) -> Answer<'_, Rotated> {
        verb!(self, Verb::CHANGE, db => {
            let Active {
                generation,
                rotated_at,
                idle_expires_at,
            } = next;
            let (from, to) = (i64::from(from), i64::from(generation));
            let rotated = params![id.0, from, to, rotated_at.0, idle_expires_at.0];
            if change(db, ROTATE, rotated).await? == 1 {
                return Ok(Rotated::Won);
            }
            let now = find_one(db, id).await?;
            Ok(now.map_or(Rotated::Absent, |grant| Rotated::Lost(Box::new(grant))))
        })
    }

    fn revoke_grant(&self, id: GrantId, why: RevokedWhy, at: Timestamp) -> Answer<'_, bool> {
        verb!(self, Verb::CHANGE, db => {
            Ok(change(db, REVOKE, params![why.as_str(), at.0, id.0]).await? == 1)
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
        verb!(self, Verb::CHANGE_MANY, db => {
            let by = by.map(GrantedBy::as_str);
            let revoked = params![why.as_str(), at.0, client.as_str(), since.0, by];
            change(db, REVOKE_OF_CLIENT, revoked).await
        })
    }

    fn migration<'a>(&'a self, client: &'a ClientId, now: Timestamp) -> Answer<'a, Migration> {
        verb!(self, Verb::READ_ALL, db => {
            let counted = find(db, MIGRATION, params![client.as_str(), now.0], migration).await?;
            counted.ok_or_else(no_row)
        })
    }

    fn list_active_grants(&self, user: UserId, now: Timestamp) -> Answer<'_, Vec<Grant>> {
        verb!(self, Verb::READ, db => list(db, LIST_ACTIVE, params![user.0, now.0], row::read).await)
    }

    fn revoke_token<'a>(&'a self, jti: &'a str, expires_at: Timestamp) -> Answer<'a, ()> {
        verb!(self, Verb::CHANGE, db => {
            change(db, REVOKE_TOKEN, params![jti, expires_at.0]).await?;
            Ok(())
        })
    }

    fn access_status<'a>(&'a self, jti: &'a str, grant: Option<GrantId>) -> Answer<'a, AccessStatus> {
        verb!(self, Verb::READ, db => {
            let grant = grant.map(|id| id.0);
            let status = find(db, ACCESS_STATUS, params![jti, grant], status).await?;
            status.ok_or_else(no_row)
        })
    }

    fn forget_expired(&self, now: Timestamp, keep_revoked_seconds: i64, limit: u32) -> Answer<'_, u64> {
        verb!(self, Verb::STEP_OF_MANY, db => forget::expired(db, now, keep_revoked_seconds, limit).await)
    }
}

/// Adds a grant, and what was allowed with it to the remembered consent.
pub(crate) async fn add(db: &Connection, grant: &Grant, consent: Option<&Consent>) -> Result<(), Failure> {
    row::insert(db, grant).await?;
    match consent {
        Some(allowed) => consents::add(db, allowed).await,
        None => Ok(()),
    }
}

async fn find_one(db: &Connection, id: GrantId) -> Result<Option<Grant>, Failure> {
    find(db, FIND, params![id.0], row::read).await
}

fn status(columns: &mut Columns<'_>) -> Result<AccessStatus, Failure> {
    let token_revoked = columns.take()?;
    let grant_is_there: bool = columns.take()?;
    let grant = grant_is_there.then(|| row::read(columns)).transpose()?;
    Ok(AccessStatus { token_revoked, grant })
}

fn migration(columns: &mut Columns<'_>) -> Result<Migration, Failure> {
    Ok(Migration {
        people: columns.count()?,
        moved: columns.count()?,
    })
}

/// A query that always has a row had none.
fn no_row() -> Failure {
    corrupt("answer", "it has no row")
}
