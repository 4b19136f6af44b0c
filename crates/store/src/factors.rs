//! What people show beside a password: one-time codes and recovery codes, and passkeys.

use crate::{Answer, Leaving};
use valetkey_model::{Passkey, RecoveryCodeHash, Totp, UserId};
use valetkey_protocol::time::Timestamp;

/// Remembers the second factor of people.
pub trait FactorStore {
    /// Sets the person's one-time codes and recovery codes, in the place of those before.
    /// [`crate::StoreError::Orphan`] when the person is gone.
    fn put_totp(&self, totp: Totp, recovery_codes: Vec<RecoveryCodeHash>) -> Answer<'_, ()>;
    /// The person's one-time codes.
    fn find_totp(&self, user: UserId) -> Answer<'_, Option<Totp>>;
    /// Moves `last_step` on to `step`; `false` when it stands there or further already, or there is nothing. Of any
    /// number of callers with one step exactly one gets `true`.
    fn use_totp_step(&self, user: UserId, step: i64) -> Answer<'_, bool>;
    /// Removes one-time codes and recovery codes; `false` when there were none.
    fn remove_totp(&self, user: UserId) -> Answer<'_, bool>;
    /// Puts new recovery codes in the place of those before. `false` when the person has no one-time codes.
    fn replace_recovery_codes(&self, user: UserId, codes: Vec<RecoveryCodeHash>) -> Answer<'_, bool>;
    /// Uses a recovery code up; `false` when it is none (any more). Of any number of callers exactly one gets `true`.
    fn use_recovery_code(&self, user: UserId, code: RecoveryCodeHash) -> Answer<'_, bool>;
    /// How many recovery codes are left.
    fn count_recovery_codes(&self, user: UserId) -> Answer<'_, u32>;
}

/// Remembers passkeys.
pub trait PasskeyStore {
    /// Adds a passkey; [`crate::StoreError::Exists`] when its id is taken, by anybody, and
    /// [`crate::StoreError::Orphan`] when the person is gone.
    fn insert_passkey(&self, passkey: Passkey) -> Answer<'_, ()>;
    /// The passkey with that credential id.
    fn find_passkey<'a>(&'a self, id: &'a [u8]) -> Answer<'a, Option<Passkey>>;
    /// The person's passkeys, oldest first.
    fn list_passkeys(&self, user: UserId) -> Answer<'_, Vec<Passkey>>;
    /// Writes a use down: `sign_count` goes from `from` to `to`; `false` when it did not stand at `from`.
    fn use_passkey<'a>(&'a self, id: &'a [u8], from: u32, to: u32, at: Timestamp) -> Answer<'a, bool>;
    /// Removes a passkey of the person, when what is left is as `leaving` wants it, as
    /// [`crate::LinkStore::remove_link`] does; `false` when there was none, or it stays.
    fn remove_passkey<'a>(&'a self, user: UserId, id: &'a [u8], leaving: Leaving) -> Answer<'a, bool>;
}
