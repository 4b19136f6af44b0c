//! Device authorization requests (RFC 8628).

use crate::columns::{Columns, change, corrupt, find, params, to_json};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use crate::verb::{Verb, verb};
use crate::{PostgresStore, grants};
use uuid::Uuid;
use valetkey_model::device::DeviceState;
use valetkey_model::{ClientId, Consent, DeviceAuthorization, DeviceId, Grant, GrantId};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, DeviceStore};

/// The columns of a request, in the order in which `insert` and `read` go through them.
macro_rules! columns {
    () => {
        "id, client_id, user_code_key, scope, resources, asked_from, created_at, expires_at, polled_at, state, \
         grant_id"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO devices (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (user_code_key) DO NOTHING"
);
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM devices WHERE id = $1");
pub(crate) const FIND_BY_USER_CODE: &str =
    concat!("SELECT ", columns!(), " FROM devices WHERE user_code_key = $1");
// Answers the row as it was before. Nodes' clocks differ a little: the latest poll counts.
pub(crate) const POLL: &str = concat!(
    "WITH before AS MATERIALIZED (SELECT ",
    columns!(),
    " FROM devices WHERE id = $1 FOR NO KEY UPDATE), \
     polled AS (UPDATE devices SET polled_at = greatest(devices.polled_at, $2) \
     FROM before WHERE devices.id = before.id) SELECT ",
    columns!(),
    " FROM before"
);
pub(crate) const APPROVE: &str =
    "UPDATE devices SET state = 'approved', grant_id = $2 WHERE id = $1 AND state = 'pending'";
pub(crate) const DENY: &str = "UPDATE devices SET state = 'denied' WHERE id = $1 AND state = 'pending'";

impl DeviceStore for PostgresStore {
    fn insert_device(&self, device: DeviceAuthorization) -> Answer<'_, bool> {
        verb!(self, Verb::CHANGE, db => insert(db, &device).await)
    }

    fn find_device_by_user_code<'a>(
        &'a self,
        user_code_key: &'a str,
    ) -> Answer<'a, Option<DeviceAuthorization>> {
        verb!(self, Verb::READ, db => find(db, FIND_BY_USER_CODE, params![user_code_key], read).await)
    }

    fn find_device(&self, id: DeviceId) -> Answer<'_, Option<DeviceAuthorization>> {
        verb!(self, Verb::READ, db => find(db, FIND, params![id.0], read).await)
    }

    fn poll_device(&self, id: DeviceId, now: Timestamp) -> Answer<'_, Option<DeviceAuthorization>> {
        verb!(self, Verb::CHANGE, db => find(db, POLL, params![id.0, now.0], read).await)
    }

    fn approve_device(&self, id: DeviceId, grant: Grant, consent: Option<Consent>) -> Answer<'_, bool> {
        verb!(self, Verb::STEP, db => {
            if change(db, APPROVE, params![id.0, grant.id.0]).await? == 0 {
                return Ok(false);
            }
            grants::add(db, &grant, consent.as_ref()).await?;
            Ok(true)
        })
    }

    fn deny_device(&self, id: DeviceId) -> Answer<'_, bool> {
        verb!(self, Verb::CHANGE, db => Ok(change(db, DENY, params![id.0]).await? == 1))
    }
}

async fn insert(db: &Connection, device: &DeviceAuthorization) -> Result<bool, Failure> {
    let (state, grant) = match &device.state {
        DeviceState::Pending => ("pending", None),
        DeviceState::Approved { grant } => ("approved", Some(grant.0)),
        DeviceState::Denied => ("denied", None),
    };
    let inserted = change(
        db,
        INSERT,
        params![
            device.id.0,
            device.client.as_str(),
            device.user_code_key,
            device.scope.to_string(),
            to_json("resources", &device.resources)?,
            device.asked_from,
            device.created_at.0,
            device.expires_at.0,
            device.polled_at.map(|at| at.0),
            state,
            grant,
        ],
    )
    .await;
    let inserted = inserted.map_err(|error| of_insert(error, "device request", device.id))?;
    Ok(inserted == 1)
}

fn read(columns: &mut Columns<'_>) -> Result<DeviceAuthorization, Failure> {
    Ok(DeviceAuthorization {
        id: DeviceId(columns.id()?),
        client: columns.parse("client id", ClientId::parse)?,
        user_code_key: columns.take()?,
        scope: columns.parse("scope", Scope::parse)?,
        resources: columns.json("resources")?,
        asked_from: columns.take()?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
        polled_at: columns.time_or_none()?,
        state: state(columns)?,
    })
}

fn state(columns: &mut Columns<'_>) -> Result<DeviceState, Failure> {
    let state: String = columns.take()?;
    let grant: Option<Uuid> = columns.id_or_none()?;
    match (state.as_str(), grant.map(GrantId)) {
        ("pending", None) => Ok(DeviceState::Pending),
        ("approved", Some(grant)) => Ok(DeviceState::Approved { grant }),
        ("denied", None) => Ok(DeviceState::Denied),
        (other, _) => Err(corrupt("device state", other)),
    }
}
