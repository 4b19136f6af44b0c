//! People.

use crate::Answer;
use valetkey_model::user::PasswordHash;
use valetkey_model::{SessionId, User, UserId};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::time::Timestamp;

/// Remembers people.
pub trait UserStore {
    /// Adds a person; [`crate::StoreError::Exists`] when the username (without regard to case) is taken.
    fn insert_user(&self, user: User) -> Answer<'_, ()>;
    /// The person with that id.
    fn find_user(&self, id: UserId) -> Answer<'_, Option<User>>;
    /// The person with that username, without regard to case.
    fn find_user_by_username<'a>(&'a self, username: &'a str) -> Answer<'a, Option<User>>;
    /// The people with that e-mail address, verified, as [`email_key`] compares; oldest first. At most ten.
    fn find_users_by_email<'a>(&'a self, email: &'a str) -> Answer<'a, Vec<User>>;
    /// Every person, by username.
    fn list_users(&self) -> Answer<'_, Vec<User>>;
    /// Sets the password and ends the person's sessions but `except`, as [`crate::SessionStore::end_sessions_of`] does
    /// (RFC 9700 §2.2.2 allows revoking on a password change); `false` when there is no such person.
    fn set_password(
        &self,
        id: UserId,
        hash: PasswordHash,
        except: Option<SessionId>,
        at: Timestamp,
    ) -> Answer<'_, bool>;
    /// `from -> to`: replaces what is known about the person, when that is still `from`. `false` when it is not, or there is
    /// no such person: whoever read `from` decides again, so that of two changes at once none is lost.
    fn set_claims(&self, id: UserId, from: StandardClaims, to: StandardClaims) -> Answer<'_, bool>;
    /// Removes a person with all that is theirs, after ending their sessions as
    /// [`crate::SessionStore::end_sessions_of`] does, at `at`; `false` when there was none.
    fn remove_user(&self, id: UserId, at: Timestamp) -> Answer<'_, bool>;
}

/// The form of an e-mail address that is compared: with small letters where ASCII has them, and nowhere else. By the rules
/// of Unicode, different addresses would become one (the Kelvin sign is a `k`), and who holds one would get the letters
/// that open the account of the other.
#[must_use]
pub fn email_key(email: &str) -> String {
    email.to_ascii_lowercase()
}
