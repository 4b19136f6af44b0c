//! People's accounts at other providers.

use crate::Answer;
use valetkey_model::{Link, User, UserId};

/// Remembers links. One account at one provider is linked to at most one person.
pub trait LinkStore {
    /// Adds a link; [`crate::StoreError::Exists`] when that account is linked to anybody,
    /// [`crate::StoreError::Orphan`] when the person is gone.
    fn insert_link(&self, link: Link) -> Answer<'_, ()>;
    /// Adds a person and their link (whomever it names) in one step; [`crate::StoreError::Exists`] when the username or the account is taken,
    /// and then nothing was added.
    fn insert_linked_user(&self, user: User, link: Link) -> Answer<'_, ()>;
    /// The link of that account.
    fn find_link<'a>(&'a self, provider: &'a str, subject: &'a str) -> Answer<'a, Option<Link>>;
    /// The person's links, oldest first.
    fn list_links(&self, user: UserId) -> Answer<'_, Vec<Link>>;
    /// Removes a link of the person; `false` when there was none.
    fn remove_link<'a>(&'a self, user: UserId, provider: &'a str, subject: &'a str) -> Answer<'a, bool>;
}
