//! One end of a copy: where it is, how it is called, and how it is opened.

use super::url;
use crate::config::{self, Data, Postgres, Storage};
use crate::failure::{Failure, Outcome};
use crate::master_key::{self, MasterKey};
use crate::{output, place};
use std::path::{Path, PathBuf};
use valetkey_store::Store;
use valetkey_store::transfer::Transfer;
use valetkey_store_postgres::{PostgresOptions, PostgresStore};
use valetkey_store_sqlite::{DATABASE_FILE, OpenError, OpenOptions, SqliteStore};

/// A snapshot, the rows, and one to spare.
const CONNECTIONS: usize = 4;

/// An open store, for both of what a copy needs of it.
pub(super) trait Side: Transfer {
    /// Its verbs.
    fn as_store(&self) -> &dyn Store;
}

impl<T: Store + Transfer> Side for T {
    fn as_store(&self) -> &dyn Store {
        self
    }
}

/// Where a store is.
pub(super) struct End {
    name: String,
    data: Data,
    /// The master key's file, when it is known where that is.
    key_file: Option<PathBuf>,
    shows_password: bool,
}

impl End {
    /// A URL, a configuration file, or else a folder.
    pub(super) fn parse(text: &str) -> Outcome<Self> {
        if url::is_postgres(text) {
            return Ok(Self {
                name: url::without_secrets(text),
                data: Data::Postgres(Postgres::at(&url::with_password(text)?).map_err(Failure::refused)?),
                key_file: None,
                shows_password: url::has_password(text),
            });
        }
        let path = Path::new(text);
        if path.is_file() {
            let Storage {
                data,
                master_key_file,
            } = config::load(path)?.storage;
            return Ok(Self {
                name: name_of(&data),
                data,
                key_file: Some(master_key_file),
                shows_password: false,
            });
        }
        if path.extension().is_some_and(|end| end == "toml") {
            return Err(Failure::refused(format!("{text} is not there")));
        }
        let Storage {
            data,
            master_key_file,
        } = Storage::in_folder(path.to_owned());
        Ok(Self {
            name: name_of(&data),
            data,
            key_file: master_key_file.is_file().then_some(master_key_file),
            shows_password: false,
        })
    }

    /// How it is called, without any password.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether everybody who lists processes sees its password.
    pub(super) fn shows_password(&self) -> bool {
        self.shows_password
    }

    /// The master key's file, when it is known.
    pub(super) fn key_file(&self) -> Option<&Path> {
        self.key_file.as_deref()
    }

    /// How to make room in it.
    pub(super) fn way_to_empty(&self) -> &'static str {
        match &self.data {
            Data::Folder(_) => "remove that folder",
            Data::Postgres(_) => "drop that database and create it again",
        }
    }

    /// The master key that belongs to it, when it is at hand, and where it is.
    pub(super) fn master_key(&self) -> Outcome<Option<(String, MasterKey)>> {
        if let Some(key) = master_key::in_environment()? {
            return Ok(Some((master_key::VARIABLE.to_owned(), key)));
        }
        let Some(file) = &self.key_file else {
            return Ok(None);
        };
        let found = master_key::find(&Storage {
            data: self.data.clone(),
            master_key_file: file.clone(),
        })?;
        Ok(found.map(|key| (file.display().to_string(), key)))
    }

    /// From a place to itself nothing is to be copied.
    pub(super) fn refuse_same(&self, to: &Self) -> Outcome {
        let is_same = match (&self.data, &to.data) {
            (Data::Folder(one), Data::Folder(other)) => resolved(one) == resolved(other),
            (Data::Postgres(_), Data::Postgres(_)) => self.name == to.name,
            _ => false,
        };
        if is_same {
            return Err(Failure::refused("--from and --to are the same place"));
        }
        Ok(())
    }

    /// Opens what is copied, so that nobody writes to it meanwhile unless that is wanted.
    pub(super) async fn open_source(&self, while_serving: bool) -> Outcome<Box<dyn Side>> {
        match &self.data {
            Data::Folder(folder) => {
                if !folder.join(DATABASE_FILE).is_file() {
                    return Err(Failure::refused(format!("{} holds no store", self.name)));
                }
                refuse_dev(folder)?;
                let options = if while_serving {
                    OpenOptions::guest()
                } else {
                    OpenOptions::owner()
                };
                let store = SqliteStore::open(folder, options).map_err(|error| match error {
                    OpenError::Locked { .. } => self.in_use("a server"),
                    other => other.into(),
                })?;
                Ok(Box::new(store))
            }
            Data::Postgres(postgres) => {
                let store = PostgresStore::open(&named(postgres), options(postgres)?)
                    .await
                    .map_err(|error| self.not_opened(error))?;
                if !while_serving {
                    self.refuse_in_use(&store).await?;
                }
                Ok(Box::new(store))
            }
        }
    }

    /// Opens what is copied into.
    pub(super) async fn open_target(&self) -> Outcome<Box<dyn Side>> {
        match &self.data {
            Data::Folder(folder) => {
                refuse_dev(folder)?;
                Ok(Box::new(SqliteStore::open_for_copy(folder)?))
            }
            Data::Postgres(postgres) => {
                let opened = PostgresStore::open_for_copy(&named(postgres), options(postgres)?).await;
                let store = opened.map_err(|error| self.not_opened(error))?;
                Ok(Box::new(store))
            }
        }
    }

    /// Refuses a database that others are connected to. A folder is locked, and others cannot come.
    pub(super) async fn refuse_in_use(&self, store: &dyn Transfer) -> Outcome {
        if matches!(&self.data, Data::Postgres(postgres) if postgres.transaction_pooling) {
            output::tell(
                "note: which servers work behind a pooler cannot be seen; let none run until this is done",
            );
            return Ok(());
        }
        let others = store.used_by().await?;
        if others.is_empty() {
            return Ok(());
        }
        Err(self.in_use(&others.join(", ")))
    }

    fn in_use(&self, who: &str) -> Failure {
        Failure::refused(format!(
            "{} is in use by {who}: stop every server on it first, because what they write after the beginning would not be \
             in the copy. With --while-serving, the state of this moment is copied all the same, for a rehearsal",
            self.name
        ))
    }

    fn not_opened(&self, error: impl std::fmt::Display) -> Failure {
        Failure::refused(format!("{}: {error}", self.name))
    }
}

fn name_of(data: &Data) -> String {
    match data {
        Data::Folder(folder) => resolved(folder).display().to_string(),
        Data::Postgres(postgres) => url::without_secrets(postgres.url.reveal()),
    }
}

/// The same name for the same folder, whatever way it was written.
fn resolved(folder: &Path) -> PathBuf {
    let absolute = || std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    folder.canonicalize().unwrap_or_else(|_| absolute())
}

fn refuse_dev(folder: &Path) -> Outcome {
    place::refuse_dev(folder).map_err(|_| {
        Failure::refused(format!(
            "{} was made by `valetkey dev`: everybody knows its passwords, and nothing of it is for a server",
            folder.display()
        ))
    })
}

/// The connections of a copy are told from those of servers by their name.
fn named(postgres: &Postgres) -> String {
    let name = format!("valetkey store copy {}", std::process::id());
    url::with(postgres.url.reveal(), "application_name", &name)
}

fn options(postgres: &Postgres) -> Outcome<PostgresOptions> {
    Ok(PostgresOptions {
        pool_size: CONNECTIONS,
        ..place::postgres_options(postgres)?
    })
}
