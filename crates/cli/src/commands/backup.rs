//! `valetkey backup`: the embedded store in one file, while a server works with it.

use super::progress::Progress;
use crate::config::{self, Data};
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::Args;
use std::path::PathBuf;
use valetkey_store_sqlite::Told;

/// The options of `backup`.
#[derive(Debug, Args)]
pub(super) struct Backup {
    /// The configuration of the server whose data this is; it may be running.
    #[arg(long, value_name = "FILE")]
    config: PathBuf,
    /// The file to make; its folder must be there, and the file must not.
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
}

impl Backup {
    pub(super) async fn run(self) -> Outcome {
        let storage = config::load(&self.config)?.storage;
        let Data::Folder(folder) = storage.data else {
            return Err(Failure::refused(
                "this store is in PostgreSQL, which has backups of its own (pg_dump, pg_basebackup); `valetkey store copy` \
                 takes everything into a folder",
            ));
        };
        let to = self.to.clone();
        let work = move |told: Told<'_>| valetkey_store_sqlite::back_up(&folder, &to, told);
        let made = in_background(work, "pages").await??;
        output::print(&format!(
            "{} holds everything that was answered before this began ({} bytes, schema {}), and was checked.\nThe master key is \
             not in it: keep that elsewhere.\n",
            self.to.display(),
            made.bytes,
            made.schema,
        ))
    }
}

/// Copies so many of something on a thread where it may take a while, and shows how far it is.
pub(super) async fn in_background<T: Send + 'static>(
    work: impl FnOnce(Told<'_>) -> T + Send + 'static,
    what: &'static str,
) -> Outcome<T> {
    let done = tokio::task::spawn_blocking(move || {
        let mut progress = Progress::new();
        progress.begin("copying", 0);
        work(&mut |done, total| progress.at(what, done, total))
    });
    done.await
        .map_err(|error| Failure::system("the work was broken off")(std::io::Error::other(error)))
}
