//! Remembered consent.

use crate::PostgresStore;
use crate::columns::{Columns, change, find, list, params, to_json};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use crate::grants::REVOKE_OF_PAIR;
use crate::users;
use crate::verb::{Verb, verb};
use valetkey_model::grant::RevokedWhy;
use valetkey_model::{ClientId, Consent, UserId};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, ConsentStore};

/// How often somebody else may be quicker.
const TRIES: usize = 5;

pub(crate) const FIND: &str = "SELECT user_id, client_id, scope, resources, granted_at FROM consents \
     WHERE user_id = $1 AND client_id = $2";
pub(crate) const LIST: &str = "SELECT user_id, client_id, scope, resources, granted_at FROM consents \
     WHERE user_id = $1 ORDER BY granted_at DESC, client_id";
// Whoever withdraws the consent waits until a grant that is covered by it is there to be revoked.
pub(crate) const HOLD: &str = "SELECT user_id, client_id, scope, resources, granted_at FROM consents \
     WHERE user_id = $1 AND client_id = $2 FOR UPDATE";
pub(crate) const INSERT: &str = "INSERT INTO consents (user_id, client_id, scope, resources, granted_at) \
     VALUES ($1, $2, $3, $4, $5) ON CONFLICT (user_id, client_id) DO NOTHING";
pub(crate) const UPDATE: &str =
    "UPDATE consents SET scope = $3, resources = $4, granted_at = $5 WHERE user_id = $1 AND client_id = $2";
pub(crate) const FORGET: &str = "DELETE FROM consents WHERE user_id = $1 AND client_id = $2";

impl ConsentStore for PostgresStore {
    fn find_consent<'a>(&'a self, user: UserId, client: &'a ClientId) -> Answer<'a, Option<Consent>> {
        verb!(self, Verb::READ, db => find(db, FIND, params![user.0, client.as_str()], consent).await)
    }

    fn list_consents(&self, user: UserId) -> Answer<'_, Vec<Consent>> {
        verb!(self, Verb::READ, db => list(db, LIST, params![user.0], consent).await)
    }

    fn withdraw_consent<'a>(&'a self, user: UserId, client: &'a ClientId, at: Timestamp) -> Answer<'a, u64> {
        verb!(self, Verb::STEP, db => {
            let client = client.as_str();
            // First: it waits for whoever is adding a grant, so that the last statement sees it.
            users::hold_all(db, user).await?;
            change(db, FORGET, params![user.0, client]).await?;
            let why = RevokedWhy::ByResourceOwner.as_str();
            change(db, REVOKE_OF_PAIR, params![why, at.0, user.0, client]).await
        })
    }
}

/// Adds what was allowed now to what was allowed before.
pub(crate) async fn add(db: &Connection, allowed: &Consent) -> Result<(), Failure> {
    // Between looking and adding, somebody else may add it, and somebody else again may withdraw it.
    for _ in 0..TRIES {
        let wanted = params![allowed.user.0, allowed.client.as_str()];
        let Some(before) = find(db, HOLD, wanted, consent).await? else {
            if put(db, INSERT, allowed).await? == 1 {
                return Ok(());
            }
            continue;
        };
        if before.covers(&allowed.scope, &allowed.resources) {
            return Ok(());
        }
        let united = Consent {
            scope: before.scope.union(&allowed.scope),
            resources: before.resources.union(&allowed.resources).cloned().collect(),
            ..before
        };
        put(db, UPDATE, &united).await?;
        return Ok(());
    }
    Err(Failure::Outrun)
}

/// Runs `INSERT` or `UPDATE`; answers how many rows there were to write.
async fn put(db: &Connection, sql: &str, consent: &Consent) -> Result<u64, Failure> {
    let values = params![
        consent.user.0,
        consent.client.as_str(),
        consent.scope.to_string(),
        to_json("resources", &consent.resources)?,
        consent.granted_at.0,
    ];
    let put = change(db, sql, values).await;
    put.map_err(|error| of_insert(error, "consent", &consent.client))
}

fn consent(columns: &mut Columns<'_>) -> Result<Consent, Failure> {
    Ok(Consent {
        user: UserId(columns.id()?),
        client: columns.parse("client id", ClientId::parse)?,
        scope: columns.parse("scope", Scope::parse)?,
        resources: columns.json("resources")?,
        granted_at: columns.time()?,
    })
}
