//! People.

use crate::Answer;
use valetkey_model::user::PasswordHash;
use valetkey_model::{User, UserId};

/// Remembers people.
pub trait UserStore {
    /// Adds a person; [`crate::StoreError::Exists`] when the username (without regard to case) is taken.
    fn insert_user(&self, user: User) -> Answer<'_, ()>;
    /// The person with that id.
    fn find_user(&self, id: UserId) -> Answer<'_, Option<User>>;
    /// The person with that username, without regard to case.
    fn find_user_by_username<'a>(&'a self, username: &'a str) -> Answer<'a, Option<User>>;
    /// Every person, by username.
    fn list_users(&self) -> Answer<'_, Vec<User>>;
    /// Sets the password and ends the person's sessions and (`SignedOut`) the grants that are not offline ones
    /// (RFC 9700 §2.2.2 allows revoking on a password change); `false` when there is no such person.
    fn set_password(
        &self,
        id: UserId,
        hash: PasswordHash,
        at: valetkey_protocol::time::Timestamp,
    ) -> Answer<'_, bool>;
    /// Removes a person with their sessions, consents and grants; `false` when there was none.
    fn remove_user(&self, id: UserId) -> Answer<'_, bool>;
}
