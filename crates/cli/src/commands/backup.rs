//! `valetkey backup`: the embedded store in one file, while a server works with it.

use super::progress::Progress;
use crate::config::{self, Data};
use crate::failure::{Failure, Outcome};
use crate::output;
use clap::Args;
use std::path::PathBuf;

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
        let made = in_background(
            move |told| valetkey_store_sqlite::back_up(&folder, &to, told),
            "copying",
        );
        let made = made.await??;
        output::print(&format!(
            "{} holds everything that was answered before this began ({} bytes, schema {}), and was checked.\nThe master key is \
             not in it: {}\n",
            self.to.display(),
            made.bytes,
            made.schema,
            "keep that elsewhere."
        ))
    }
}

/// Does what takes a while on a thread where it may, and shows how far it is.
pub(super) async fn in_background<T: Send + 'static>(
    work: impl FnOnce(valetkey_store_sqlite::Told<'_>) -> T + Send + 'static,
    doing: &'static str,
) -> Outcome<T> {
    let done = tokio::task::spawn_blocking(move || {
        let mut progress = Progress::new();
        progress.begin(doing, 0);
        work(&mut |done, total| progress.at("", done, total))
    });
    done.await
        .map_err(|error| Failure::system("the work was broken off")(std::io::Error::other(error)))
}
