//! People's accounts at other providers.

use crate::Answer;
use valetkey_model::{Link, User, UserId, WaysIn};

/// What must be left when a way to sign in is removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Leaving {
    /// Whatever there is: an operator knows what they do.
    Anything,
    /// A password, a passkey, or a link to one of these providers.
    AWayIn {
        /// The providers by which one can sign in. A link to another one leads nowhere.
        providers: Vec<String>,
    },
}

impl Leaving {
    /// Whether a person may be left with this.
    #[must_use]
    pub fn allows(&self, has_password: bool, passkeys: usize, links: &[Link]) -> bool {
        match self {
            Self::Anything => true,
            Self::AWayIn { providers } => {
                let leads_in = |link: &&Link| providers.contains(&link.provider);
                let left = WaysIn {
                    has_password,
                    passkeys,
                    links: links.iter().filter(leads_in).count(),
                };
                left.is_any()
            }
        }
    }
}

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
    /// Removes a link of the person, when what is left is as `leaving` wants it; `false` when there was none, or it stays.
    /// Of any number of removals at once, of passkeys too, none takes the last way to sign in.
    fn remove_link<'a>(
        &'a self,
        user: UserId,
        provider: &'a str,
        subject: &'a str,
        leaving: Leaving,
    ) -> Answer<'a, bool>;
}
