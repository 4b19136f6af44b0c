//! Why a command could not do what it was asked.

use crate::config::ConfigError;
use crate::master_key::MasterKeyError;
use std::path::PathBuf;
use valetkey_server::StartError;
use valetkey_server::keys::KeyError;
use valetkey_server::provision::BadPassword;
use valetkey_store::StoreError;
use valetkey_store_sqlite::{BackupError, OpenError};

/// What a command answers.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

/// One reason, with the way out of it.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data folder.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The PostgreSQL database.
    #[error("[store]: {0}")]
    Postgres(#[from] valetkey_store_postgres::OpenError),
    /// A backup.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// A verb of the store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The master key.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// A signing key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The server.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A password.
    #[error(transparent)]
    Password(#[from] BadPassword),
    /// The system refused something with a file.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system refused something else.
    #[error("{doing}: {source}")]
    System {
        /// What was being done.
        doing: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// What was asked for cannot be; the text says the way out.
    #[error("{0}")]
    Refused(String),
}

impl Failure {
    /// What was asked for cannot be.
    pub(crate) fn refused(text: impl Into<String>) -> Self {
        Self::Refused(text.into())
    }

    /// For `map_err` on something done with a file.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }

    /// For `map_err` on something else the system does.
    pub(crate) fn system(doing: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::System { doing, source }
    }
}
