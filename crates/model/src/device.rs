//! Device authorization requests (RFC 8628): an app on a device without a browser asks, a person answers elsewhere.

use crate::ids::{ClientId, DeviceId, GrantId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// One request of one device. The device code is its id with a MAC; of the user code only a keyed hash is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAuthorization {
    /// Its name.
    pub id: DeviceId,
    /// Which app asks.
    pub client: ClientId,
    /// A keyed hash of the user code.
    pub user_code_key: String,
    /// What is asked for.
    pub scope: Scope,
    /// For which APIs.
    pub resources: BTreeSet<ResourceIndicator>,
    /// The network address that asked, as the person is shown it (RFC 10027).
    pub asked_from: String,
    /// When it was asked.
    pub created_at: Timestamp,
    /// When both codes stop working.
    pub expires_at: Timestamp,
    /// When the device polled last.
    pub polled_at: Option<Timestamp>,
    /// Where it stands.
    pub state: DeviceState,
}

/// Where a device authorization request stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum DeviceState {
    /// Nobody has answered yet.
    Pending,
    /// A person said yes: the grant waits to be redeemed.
    Approved {
        /// The grant.
        grant: GrantId,
    },
    /// A person said no.
    Denied,
}
