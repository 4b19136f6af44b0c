//! What can go wrong in a statement, and which [`StoreError`] it becomes.

use rusqlite::{ErrorCode, ffi};
use std::sync::Arc;
use tokio::task::JoinError;
use valetkey_store::StoreError;

/// A request did not work. It can be told to everybody whose request shared the transaction.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Failure {
    /// SQLite refused.
    #[error("{0}")]
    Sqlite(Arc<rusqlite::Error>),
    /// The transaction that this request was part of came to nothing.
    #[error("the shared transaction was not committed: {0}")]
    NotCommitted(Arc<rusqlite::Error>),
    /// SQLite gave the transaction up by itself, as it does when there is no room, and the request did not say why.
    #[error("the shared transaction was given up")]
    GivenUp,
    /// The request panicked; the panic hook has told where.
    #[error("the request panicked")]
    Panicked,
    /// The name is taken.
    #[error("{what} {name:?} exists already")]
    Exists {
        /// The kind of record.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// What the record belongs to is gone.
    #[error("the client or the person of this {what} is gone")]
    Orphan {
        /// The kind of record.
        what: &'static str,
    },
    /// A stored value cannot be read back.
    #[error("a stored {what} cannot be read: {why}")]
    Corrupt {
        /// The kind of value.
        what: &'static str,
        /// What is wrong with it.
        why: String,
    },
    /// The thread that was to do it is gone.
    #[error("the store's thread has stopped")]
    Stopped,
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Exists { what, name } => Self::Exists { what, name },
            Failure::Orphan { what } => Self::Orphan { what },
            Failure::Corrupt { what, why } => Self::Corrupt { what, why },
            Failure::Sqlite(error) | Failure::NotCommitted(error) if is_busy(&error) => Self::Busy,
            Failure::Sqlite(error) if is_unreadable(&error) => Self::Corrupt {
                what: "column",
                why: error.to_string(),
            },
            other if other.is_for_now() => Self::Unavailable(Box::new(other)),
            other => Self::Backend(Box::new(other)),
        }
    }
}

impl Failure {
    /// Why a thread did not answer: it panicked, or the runtime ends and never began it.
    pub(crate) fn of_thread(ended: &JoinError) -> Self {
        if ended.is_panic() {
            Self::Panicked
        } else {
            Self::Stopped
        }
    }

    /// Whether it is nobody's fault here, and may be over when somebody asks again: the disk, the memory, a server that
    /// stops.
    fn is_for_now(&self) -> bool {
        match self {
            Self::GivenUp | Self::Stopped => true,
            Self::Sqlite(error) | Self::NotCommitted(error) => matches!(
                error.sqlite_error_code(),
                Some(
                    ErrorCode::DiskFull
                        | ErrorCode::ReadOnly
                        | ErrorCode::SystemIoFailure
                        | ErrorCode::CannotOpen
                        | ErrorCode::FileLockingProtocolFailed
                        | ErrorCode::OutOfMemory
                )
            ),
            _ => false,
        }
    }
}

/// Names a failed insert: a taken primary key is [`Failure::Exists`], a missing parent [`Failure::Orphan`].
pub(crate) fn of_insert(error: rusqlite::Error, what: &'static str, name: impl ToString) -> Failure {
    match error.sqlite_error().map(|sqlite| sqlite.extended_code) {
        Some(ffi::SQLITE_CONSTRAINT_PRIMARYKEY | ffi::SQLITE_CONSTRAINT_UNIQUE) => Failure::Exists {
            what,
            name: name.to_string(),
        },
        Some(ffi::SQLITE_CONSTRAINT_FOREIGNKEY) => Failure::Orphan { what },
        _ => error.into(),
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn is_unreadable(error: &rusqlite::Error) -> bool {
    matches!(
        error,
        rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..)
            | rusqlite::Error::Utf8Error(..)
    )
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
