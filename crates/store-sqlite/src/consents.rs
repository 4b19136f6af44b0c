//! Remembered consent.

use crate::SqliteStore;
use crate::columns::{Columns, change, find, list, to_json};
use crate::failure::{Failure, of_insert};
use crate::grants::REVOKE_OF_PAIR;
use rusqlite::{Connection, params};
use valetkey_model::grant::RevokedWhy;
use valetkey_model::{ClientId, Consent, UserId};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, ConsentStore};

pub(crate) const FIND: &str = "SELECT user_id, client_id, scope, resources, granted_at FROM consents \
     WHERE user_id = ?1 AND client_id = ?2";
pub(crate) const LIST: &str = "SELECT user_id, client_id, scope, resources, granted_at FROM consents \
     WHERE user_id = ?1 ORDER BY granted_at DESC, client_id";
pub(crate) const PUT: &str = "INSERT INTO consents (user_id, client_id, scope, resources, granted_at) \
     VALUES (?1, ?2, ?3, ?4, ?5) \
     ON CONFLICT (user_id, client_id) DO UPDATE SET scope = excluded.scope, resources = excluded.resources";
pub(crate) const FORGET: &str = "DELETE FROM consents WHERE user_id = ?1 AND client_id = ?2";

impl ConsentStore for SqliteStore {
    fn find_consent<'a>(&'a self, user: UserId, client: &'a ClientId) -> Answer<'a, Option<Consent>> {
        self.read(move |connection| find_one(connection, user, client))
    }

    fn list_consents(&self, user: UserId) -> Answer<'_, Vec<Consent>> {
        self.read(move |connection| list(connection, LIST, [user.0.as_bytes()], consent))
    }

    fn withdraw_consent<'a>(&'a self, user: UserId, client: &'a ClientId, at: Timestamp) -> Answer<'a, u64> {
        let client = client.clone();
        self.write(move |connection| {
            let (user, client) = (user.0.as_bytes(), client.as_str());
            change(connection, FORGET, params![user, client])?;
            let why = RevokedWhy::ByResourceOwner.as_str();
            let revoked = change(connection, REVOKE_OF_PAIR, params![user, client, why, at.0])?;
            Ok(revoked as u64)
        })
    }
}

/// Adds what was allowed now to what was allowed before.
pub(crate) fn add(connection: &Connection, allowed: &Consent) -> Result<(), Failure> {
    let before = find_one(connection, allowed.user, &allowed.client)?;
    let (scope, resources) = match &before {
        Some(before) if before.covers(&allowed.scope, &allowed.resources) => return Ok(()),
        Some(before) => (
            before.scope.union(&allowed.scope),
            before.resources.union(&allowed.resources).cloned().collect(),
        ),
        None => (allowed.scope.clone(), allowed.resources.clone()),
    };
    let put = change(
        connection,
        PUT,
        params![
            allowed.user.0.as_bytes(),
            allowed.client.as_str(),
            scope.to_string(),
            to_json("resources", &resources)?,
            allowed.granted_at.0,
        ],
    );
    put.map_err(|error| of_insert(error, "consent", &allowed.client))?;
    Ok(())
}

fn find_one(connection: &Connection, user: UserId, client: &ClientId) -> Result<Option<Consent>, Failure> {
    find(
        connection,
        FIND,
        params![user.0.as_bytes(), client.as_str()],
        consent,
    )
}

fn consent(columns: &mut Columns<'_, '_>) -> Result<Consent, Failure> {
    Ok(Consent {
        user: UserId(columns.id()?),
        client: columns.parse("client id", ClientId::parse)?,
        scope: columns.parse("scope", Scope::parse)?,
        resources: columns.json("resources")?,
        granted_at: columns.time()?,
    })
}
