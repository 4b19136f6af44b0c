//! How Valetkey remembers: one trait for each aggregate, with coarse verbs that are atomic, and the
//! contract suite (feature `contract`) that every backend must pass.
//!
//! A verb either happened entirely and durably when it answers `Ok`, or not at all. Absent is
//! `Ok(None)`. Lost races are answers with names, not errors. Storage does not decide.

mod clients;
mod consents;
mod devices;
mod error;
mod factors;
mod grants;
mod keys;
mod links;
mod nonces;
mod outbox;
mod sessions;
mod throttle;
pub mod transfer;
mod users;

#[cfg(feature = "contract")]
#[expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "it is a test suite: a case fails by panicking"
)]
pub mod contract;

pub use clients::ClientStore;
pub use consents::ConsentStore;
pub use devices::DeviceStore;
pub use error::StoreError;
pub use factors::{FactorStore, PasskeyStore};
pub use grants::{AccessStatus, GrantStore, Migration, Redeemed, Rotated};
pub use keys::KeyStore;
pub use links::{Leaving, LinkStore};
pub use nonces::NonceStore;
pub use outbox::{Due, OutboxStore, Turns};
pub use sessions::{LOGOUT_KEPT_SECONDS, SessionStore};
pub use throttle::{Attempts, ThrottleStore};
pub use users::{UserStore, email_key};

/// The answer of a verb: a boxed future, so that a backend can be chosen at run time.
pub type Answer<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// The answer of [`Store::told_of_change`].
pub type Told<'a> = std::pin::Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Everything the server needs remembered.
pub trait Store:
    ClientStore
    + UserStore
    + FactorStore
    + PasskeyStore
    + LinkStore
    + SessionStore
    + ConsentStore
    + GrantStore
    + DeviceStore
    + NonceStore
    + OutboxStore
    + KeyStore
    + ThrottleStore
    + Send
    + Sync
{
    /// Answers when the store can read and write (`/readyz`).
    fn ready(&self) -> Answer<'_, ()>;
    /// A number that grows whenever a client or a key was added, changed or removed by anybody, another
    /// process included. Cheap: whoever caches clients or keys asks once a second and drops them when it grew.
    fn change_stamp(&self) -> Answer<'_, u64>;
    /// Answers as soon as the store was told that somebody else changed clients or keys. Never, where nobody tells:
    /// whoever waits for it asks for the [`change_stamp`](Self::change_stamp) from time to time as well.
    fn told_of_change(&self) -> Told<'_> {
        Box::pin(std::future::pending())
    }
}
