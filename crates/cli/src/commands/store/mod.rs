//! `valetkey store`: the store as a whole.

mod copy;
mod copying;
mod end;
mod url;

use crate::failure::Outcome;
use clap::Subcommand;

/// What can be done with a store.
#[derive(Debug, Subcommand)]
pub(super) enum Store {
    /// Move everything to another database: from a folder to PostgreSQL, back, or to another folder.
    ///
    /// Both ends are a folder, a postgres:// URL, or the configuration of a server. The target must be empty. Stop the
    /// servers first: what they write after the beginning is not in the copy. A copy that was broken off goes on when the
    /// same command is given again; no server starts on half of one. In the end both sides are read again and compared, by
    /// the number of rows and a SHA-256 over all of them. The master key is not copied: the new store needs the same one.
    ///
    /// No password has to stand on the command line: leave it out of the URL and set PGPASSWORD, or name a configuration.
    Copy(copy::Copy),
}

impl Store {
    pub(super) async fn run(self) -> Outcome {
        match self {
            Self::Copy(copy) => copy.run().await,
        }
    }
}
