//! Device authorization requests (RFC 8628).

use crate::Answer;
use valetkey_model::{Consent, DeviceAuthorization, DeviceId, Grant};
use valetkey_protocol::time::Timestamp;

/// Remembers device authorization requests until they expire.
pub trait DeviceStore {
    /// Adds a request; `false` when another one has that user code, answered or expired ones included until they are
    /// forgotten. [`crate::StoreError::Orphan`] when its client is gone, [`crate::StoreError::Exists`] when its id is taken.
    fn insert_device(&self, device: DeviceAuthorization) -> Answer<'_, bool>;
    /// The request whose user code has that keyed hash.
    fn find_device_by_user_code<'a>(
        &'a self,
        user_code_key: &'a str,
    ) -> Answer<'a, Option<DeviceAuthorization>>;
    /// The request.
    fn find_device(&self, id: DeviceId) -> Answer<'_, Option<DeviceAuthorization>>;
    /// Writes down that the device polled at `now`; answers the request as it stood before, so that of two polls at once
    /// one sees the other. An earlier moment than the last poll's (another node's clock) does not replace it.
    fn poll_device(&self, id: DeviceId, now: Timestamp) -> Answer<'_, Option<DeviceAuthorization>>;
    /// `Pending -> Approved` and, in the same step, adds the grant and the consent as
    /// [`crate::GrantStore::insert_grant`] does; by exactly one caller. `false` when it is not pending any more or absent.
    /// When the grant is refused (`Orphan`, `Exists`), the request stays pending.
    fn approve_device(&self, id: DeviceId, grant: Grant, consent: Option<Consent>) -> Answer<'_, bool>;
    /// `Pending -> Denied`; `false` when it is not pending any more or absent.
    fn deny_device(&self, id: DeviceId) -> Answer<'_, bool>;
}
