//! Device authorization requests (RFC 8628).

use crate::columns::{Columns, change, corrupt, find, to_json};
use crate::failure::{Failure, of_insert};
use crate::{SqliteStore, grants};
use rusqlite::{Connection, params};
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
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (user_code_key) DO NOTHING"
);
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM devices WHERE id = ?1");
pub(crate) const FIND_BY_USER_CODE: &str =
    concat!("SELECT ", columns!(), " FROM devices WHERE user_code_key = ?1");
// Nodes' clocks differ a little: the latest poll counts.
pub(crate) const POLL: &str = "UPDATE devices SET polled_at = max(coalesce(polled_at, ?2), ?2) WHERE id = ?1";
pub(crate) const APPROVE: &str =
    "UPDATE devices SET state = 'approved', grant_id = ?2 WHERE id = ?1 AND state = 'pending'";
pub(crate) const DENY: &str = "UPDATE devices SET state = 'denied' WHERE id = ?1 AND state = 'pending'";

impl DeviceStore for SqliteStore {
    fn insert_device(&self, device: DeviceAuthorization) -> Answer<'_, bool> {
        self.write(move |connection| insert(connection, &device))
    }

    fn find_device_by_user_code<'a>(
        &'a self,
        user_code_key: &'a str,
    ) -> Answer<'a, Option<DeviceAuthorization>> {
        self.read(move |connection| find(connection, FIND_BY_USER_CODE, [user_code_key], read))
    }

    fn find_device(&self, id: DeviceId) -> Answer<'_, Option<DeviceAuthorization>> {
        self.read(move |connection| find_one(connection, id))
    }

    fn poll_device(&self, id: DeviceId, now: Timestamp) -> Answer<'_, Option<DeviceAuthorization>> {
        self.write(move |connection| {
            let before = find_one(connection, id)?;
            change(connection, POLL, params![id.0.as_bytes(), now.0])?;
            Ok(before)
        })
    }

    fn approve_device(&self, id: DeviceId, grant: Grant, consent: Option<Consent>) -> Answer<'_, bool> {
        self.write(move |connection| {
            let approved = params![id.0.as_bytes(), grant.id.0.as_bytes()];
            if change(connection, APPROVE, approved)? == 0 {
                return Ok(false);
            }
            grants::add(connection, &grant, consent.as_ref())?;
            Ok(true)
        })
    }

    fn deny_device(&self, id: DeviceId) -> Answer<'_, bool> {
        self.write(move |connection| Ok(change(connection, DENY, [id.0.as_bytes()])? == 1))
    }
}

fn insert(connection: &Connection, device: &DeviceAuthorization) -> Result<bool, Failure> {
    let (state, grant) = match &device.state {
        DeviceState::Pending => ("pending", None),
        DeviceState::Approved { grant } => ("approved", Some(grant.0.as_bytes())),
        DeviceState::Denied => ("denied", None),
    };
    let inserted = change(
        connection,
        INSERT,
        params![
            device.id.0.as_bytes(),
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
    );
    let inserted = inserted.map_err(|error| of_insert(error, "device request", device.id))?;
    Ok(inserted == 1)
}

fn find_one(connection: &Connection, id: DeviceId) -> Result<Option<DeviceAuthorization>, Failure> {
    find(connection, FIND, [id.0.as_bytes()], read)
}

fn read(columns: &mut Columns<'_, '_>) -> Result<DeviceAuthorization, Failure> {
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

fn state(columns: &mut Columns<'_, '_>) -> Result<DeviceState, Failure> {
    let state: String = columns.take()?;
    let grant: Option<Uuid> = columns.id_or_none()?;
    match (state.as_str(), grant.map(GrantId)) {
        ("pending", None) => Ok(DeviceState::Pending),
        ("approved", Some(grant)) => Ok(DeviceState::Approved { grant }),
        ("denied", None) => Ok(DeviceState::Denied),
        (other, _) => Err(corrupt("device state", other)),
    }
}
