//! What can go wrong in a verb, and which [`StoreError`] it becomes.
//!
//! Codes are those of <https://www.postgresql.org/docs/current/errcodes-appendix.html>. What PostgreSQL says about a row
//! (its `DETAIL`) is told to nobody: it quotes the row.

use deadpool_postgres::{HookError, PoolError, TimeoutType};
use std::error::Error;
use std::fmt;
use tokio_postgres::error::{Severity, SqlState};
use valetkey_store::StoreError;

/// A verb did not work.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// PostgreSQL refused, or could not be asked.
    #[error("{}", Told(.0))]
    Postgres(tokio_postgres::Error),
    /// No connection could be had.
    #[error("no connection: {0}")]
    NoConnection(String),
    /// The database lets nobody in with this password, this user or this name of a database: to be repaired by people.
    #[error("the database refuses every connection: {0}")]
    Refused(String),
    /// All connections are in use.
    #[error("all connections are in use")]
    NoneFree,
    /// The database did not answer in time. Whether a change was made is not known.
    #[error("the database does not answer")]
    Late,
    /// The connection was lost while the transaction was being committed. Whether it was is not known.
    #[error("the connection was lost during COMMIT: {}", Told(.0))]
    Unknown(tokio_postgres::Error),
    /// Somebody else was quicker again and again.
    #[error("other transactions were quicker each time")]
    Outrun,
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
}

impl Failure {
    /// Whether the transaction was rolled back because of another one, and may do better a second time.
    pub(crate) fn is_conflict(&self) -> bool {
        let Self::Postgres(error) = self else {
            return false;
        };
        matches!(
            error.code(),
            Some(&SqlState::T_R_SERIALIZATION_FAILURE | &SqlState::T_R_DEADLOCK_DETECTED)
        )
    }

    /// Whether the connection was lost.
    pub(crate) fn is_loss(&self) -> bool {
        matches!(self, Self::Postgres(error) if is_loss(error))
    }

    /// Whether the connection must not be used again.
    pub(crate) fn spoils_connection(&self) -> bool {
        matches!(self, Self::Late) || self.spoils_all_connections()
    }

    /// Whether those that wait in the pool are of no more use either, most likely. One that was late says nothing of
    /// them: it may have waited for what others held, and to open them all again would be one more burden.
    pub(crate) fn spoils_all_connections(&self) -> bool {
        match self {
            Self::Unknown(_) => true,
            // A primary that became a standby, or is about to stop: the next connection finds the new primary.
            Self::Postgres(error) => {
                is_loss(error) || error.code() == Some(&SqlState::READ_ONLY_SQL_TRANSACTION)
            }
            _ => false,
        }
    }

    /// Whether a value cannot be stored as text: it has a NUL in it.
    pub(crate) fn is_unstorable(&self) -> bool {
        let code = SqlState::CHARACTER_NOT_IN_REPERTOIRE;
        matches!(self, Self::Postgres(error) if error.code() == Some(&code))
    }

    /// Whether there was no room for the verb; it can be tried again a moment later.
    fn is_for_want_of_room(&self) -> bool {
        match self {
            Self::NoneFree | Self::Outrun => true,
            Self::Postgres(error) => matches!(
                error.code(),
                Some(
                    &SqlState::T_R_SERIALIZATION_FAILURE
                        | &SqlState::T_R_DEADLOCK_DETECTED
                        | &SqlState::LOCK_NOT_AVAILABLE
                        | &SqlState::QUERY_CANCELED
                        | &SqlState::TOO_MANY_CONNECTIONS
                )
            ),
            _ => false,
        }
    }

    /// Whether it is nobody's fault here, and may be over when somebody asks again.
    fn is_for_now(&self) -> bool {
        match self {
            Self::NoConnection(_) | Self::Late | Self::Unknown(_) => true,
            Self::Postgres(error) => is_loss(error) || error.code().is_some_and(is_for_now),
            _ => false,
        }
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Postgres(error)
    }
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => Self::NoneFree,
            PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
                let told = Told(&error).to_string();
                if is_refusal(&error) {
                    Self::Refused(told)
                } else {
                    Self::NoConnection(told)
                }
            }
            other => Self::NoConnection(other.to_string()),
        }
    }
}

impl From<Failure> for StoreError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Exists { what, name } => Self::Exists { what, name },
            Failure::Orphan { what } => Self::Orphan { what },
            Failure::Corrupt { what, why } => Self::Corrupt { what, why },
            busy if busy.is_for_want_of_room() => Self::Busy,
            later if later.is_for_now() => Self::Unavailable(Box::new(later)),
            other => Self::Backend(Box::new(other)),
        }
    }
}

/// Names a failed insert: a taken name is [`Failure::Exists`], a missing parent [`Failure::Orphan`].
pub(crate) fn of_insert(failure: Failure, what: &'static str, name: impl ToString) -> Failure {
    let Failure::Postgres(error) = &failure else {
        return failure;
    };
    match error.code() {
        Some(&SqlState::UNIQUE_VIOLATION) => Failure::Exists {
            what,
            name: name.to_string(),
        },
        Some(&SqlState::FOREIGN_KEY_VIOLATION) => Failure::Orphan { what },
        _ => failure,
    }
}

/// Names a failed COMMIT: when the connection is lost meanwhile, nobody knows.
pub(crate) fn of_commit(error: tokio_postgres::Error) -> Failure {
    if is_loss(&error) {
        return Failure::Unknown(error);
    }
    error.into()
}

/// An error without what quotes rows.
pub(crate) struct Told<'a>(pub(crate) &'a tokio_postgres::Error);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(refused) = self.0.as_db_error() {
            return write!(f, "{} ({})", refused.message(), refused.code().code());
        }
        write!(f, "{}", self.0)?;
        self.0.source().map_or(Ok(()), |why| write!(f, ": {why}"))
    }
}

/// The server wants room (class 53), is being stopped or started (57), cannot read or write its disk, or only reads.
fn is_for_now(code: &SqlState) -> bool {
    let class = code.code().get(..2).unwrap_or_default();
    matches!(class, "53" | "57")
        || matches!(
            *code,
            SqlState::READ_ONLY_SQL_TRANSACTION
                | SqlState::SYSTEM_ERROR
                | SqlState::IO_ERROR
                | SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN
        )
}

/// The password or the user is wrong (class 28), there is no such database, or this user may not use it.
fn is_refusal(error: &tokio_postgres::Error) -> bool {
    let code = error.code().map(SqlState::code).unwrap_or_default();
    code.starts_with("28")
        || code == SqlState::INVALID_CATALOG_NAME.code()
        || code == SqlState::INSUFFICIENT_PRIVILEGE.code()
}

/// The connection is gone, or about to go: class 08, 57P01 to 57P05, and whatever else ends a session.
fn is_loss(error: &tokio_postgres::Error) -> bool {
    if let Some(told) = error.as_db_error() {
        let ends = matches!(told.parsed_severity(), Some(Severity::Fatal | Severity::Panic));
        let code = told.code().code();
        return ends || code.starts_with("08") || code.starts_with("57P");
    }
    let source = error.source();
    error.is_closed() || source.is_some_and(|source| source.is::<std::io::Error>())
}

#[cfg(test)]
#[path = "failure_tests.rs"]
mod tests;
