//! What can go wrong in a store.

/// A verb did not happen.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Too much is queued; try again (503 with `Retry-After`).
    #[error("the store is busy")]
    Busy,
    /// A record with that name is there already.
    #[error("{what} {name:?} exists already")]
    Exists {
        /// The kind of record.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// A record that the new one belongs to is gone: its client or its person was just removed.
    #[error("the client or the person of this {what} is gone")]
    Orphan {
        /// The kind of the new record.
        what: &'static str,
    },
    /// The backend cannot be used for now: no room, no connection, no answer in time. It can be tried again (503 with
    /// `Retry-After`). Whether anything was changed may not be known, as when a connection is lost during a commit: a verb
    /// that is no harm when it happens twice may be tried again, another one not.
    #[error("the store is not available: {0}")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The backend failed by a fault of this program or of its installation: a statement that it does not know, a rule of
    /// the schema that was broken, a damaged file, a panic. Trying again does not help (500).
    #[error("the store failed: {0}")]
    Backend(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A stored record could not be read back.
    #[error("a stored {what} cannot be read: {why}")]
    Corrupt {
        /// The kind of record.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
}
