//! `valetkey restore`: a backup of the embedded store, back into a folder.

use super::backup::in_background;
use crate::config::Storage;
use crate::failure::{Failure, Outcome};
use crate::{master_key, output};
use clap::Args;
use std::path::PathBuf;
use valetkey_server::keys;
use valetkey_store_sqlite::{OpenOptions, SqliteStore, Told};

/// The options of `restore`.
#[derive(Debug, Args)]
pub(super) struct Restore {
    /// The backup.
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The data folder: `[store] folder` of the server's configuration. It must hold no store.
    #[arg(long, value_name = "FOLDER")]
    to: PathBuf,
}

impl Restore {
    pub(super) async fn run(self) -> Outcome {
        let (from, to) = (self.from.clone(), self.to.clone());
        let work = move |told: Told<'_>| valetkey_store_sqlite::restore(&from, &to, told);
        let restored = in_background(work, "bytes").await??;
        let carried_over = if restored.schema == restored.schema_now {
            format!("schema {}", restored.schema)
        } else {
            format!(
                "schema {}, carried over to {}",
                restored.schema, restored.schema_now
            )
        };
        let keys = self.look_at_keys().await?;
        output::print(&format!(
            "{} is in {}, and was checked ({carried_over}).\n{keys}\nWhat was revoked after the backup was made is not revoked in \
             it: revoke it again. What was given out since is gone.\n",
            self.from.display(),
            self.to.display(),
        ))
    }

    /// Whether the master key that is at hand is the right one.
    async fn look_at_keys(&self) -> Outcome<String> {
        let store = SqliteStore::open(&self.to, OpenOptions::guest())?;
        let Some(key) = master_key::find(&Storage::in_folder(self.to.clone()))? else {
            return Ok("It needs the master key of when the backup was made.".to_owned());
        };
        let opened = keys::check(&store, &key).await.map_err(|error| {
            Failure::refused(format!(
                "the backup is back in {}, but the master key that is at hand is not the one it was made with: {error}",
                self.to.display()
            ))
        })?;
        Ok(format!("The master key opens its {opened} signing keys."))
    }
}
