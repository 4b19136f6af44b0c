//! Which data a command works on: a server's, by its configuration, or a folder that `dev --data` keeps. Which store that
//! is, is decided here and nowhere else.

use crate::config::{self, Data, Postgres, Storage};
use crate::failure::{Failure, Outcome};
use crate::seed;
use clap::Args;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use valetkey_rules::policy::Policy;
use valetkey_server::pages::Brand;
use valetkey_server::settings::KeyRotation;
use valetkey_store::{KeyStore as _, Store};
use valetkey_store_postgres::{PostgresOptions, PostgresStore};
use valetkey_store_sqlite::{DATABASE_FILE, OpenOptions, SqliteStore};

/// The file that marks a folder of `dev`, whose passwords everybody knows.
const DEV_MARK: &str = "only-for-development";

/// Where the data is.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Place {
    /// The configuration of the server whose data this is; it may be running.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A folder that `valetkey dev --data` keeps; it may be running.
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// The data, open.
pub(crate) struct Opened {
    /// The store.
    pub(crate) store: Arc<dyn Store>,
    /// Where it is.
    pub(crate) storage: Storage,
    /// What the server decides by.
    pub(crate) policy: Policy,
    /// How it looks, for letters.
    pub(crate) brand: Brand,
    /// Whether it sends letters.
    pub(crate) has_mail: bool,
    /// How it exchanges its signing keys.
    pub(crate) key_rotation: KeyRotation,
    /// Whether `policy` knows every resource there is; `dev` moves its own with `--port`.
    pub(crate) knows_resources: bool,
}

impl Place {
    /// Opens the data beside a server that may be running.
    pub(crate) async fn open(&self) -> Outcome<Opened> {
        match (&self.config, &self.data) {
            (Some(file), _) => open_config(file).await,
            (None, Some(folder)) => open_folder(folder),
            (None, None) => Err(Failure::refused("say which data: --config FILE or --data DIR")),
        }
    }
}

async fn open_config(file: &Path) -> Outcome<Opened> {
    let settings = config::load(file)?;
    Ok(Opened {
        store: open_store(&settings.storage.data, Role::Guest).await?,
        storage: settings.storage,
        policy: settings.policy,
        brand: settings.brand,
        has_mail: settings.mail.is_some(),
        key_rotation: settings.key_rotation,
        knows_resources: true,
    })
}

/// For whom a store is opened. PostgreSQL treats all alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The server.
    Owner,
    /// A command beside the server.
    Guest,
}

/// Opens a server's data.
pub(crate) async fn open_store(data: &Data, role: Role) -> Outcome<Arc<dyn Store>> {
    match data {
        Data::Folder(folder) => {
            refuse_dev(folder)?;
            let options = match role {
                Role::Owner => OpenOptions::owner(),
                Role::Guest => OpenOptions::guest(),
            };
            Ok(Arc::new(SqliteStore::open(folder, options)?))
        }
        Data::Postgres(postgres) => Ok(Arc::new(open_postgres(postgres).await?)),
    }
}

/// Opens a PostgreSQL database.
pub(crate) async fn open_postgres(postgres: &Postgres) -> Outcome<PostgresStore> {
    let options = postgres_options(postgres)?;
    Ok(PostgresStore::open(postgres.url.reveal(), options).await?)
}

/// Whether a server has not yet made its keys there. Makes nothing.
pub(crate) async fn is_new(data: &Data) -> Outcome<bool> {
    match data {
        Data::Folder(folder) => {
            refuse_dev(folder)?;
            if !folder.join(DATABASE_FILE).exists() {
                return Ok(true);
            }
            let store = SqliteStore::open(folder, OpenOptions::guest())?;
            Ok(store.list_keys().await?.is_empty())
        }
        Data::Postgres(postgres) => {
            let options = postgres_options(postgres)?;
            Ok(PostgresStore::is_new(postgres.url.reveal(), &options).await?)
        }
    }
}

/// How the configuration says to talk with it.
pub(crate) fn postgres_options(postgres: &Postgres) -> Outcome<PostgresOptions> {
    let read = |file: &PathBuf| std::fs::read(file).map_err(Failure::file(file));
    Ok(PostgresOptions {
        pool_size: postgres.pool_size,
        transaction_pooling: postgres.transaction_pooling,
        root_certificates: postgres.ca_file.as_ref().map(read).transpose()?,
        ..PostgresOptions::default()
    })
}

fn open_folder(folder: &Path) -> Outcome<Opened> {
    if !folder.join(DATABASE_FILE).is_file() {
        let text = format!(
            "{0} holds no data yet; `valetkey dev --data {0}` makes it",
            folder.display()
        );
        return Err(Failure::refused(text));
    }
    if !is_dev(folder) {
        let text = format!(
            "{} belongs to a server; name its configuration: --config FILE",
            folder.display()
        );
        return Err(Failure::refused(text));
    }
    Ok(Opened {
        store: Arc::new(SqliteStore::open(folder, OpenOptions::guest())?),
        storage: Storage::in_folder(folder.to_owned()),
        policy: seed::policy(&seed::Addresses::at(seed::DEFAULT_PORT)),
        brand: Brand::default(),
        has_mail: false,
        key_rotation: KeyRotation::default(),
        knows_resources: false,
    })
}

fn is_dev(folder: &Path) -> bool {
    folder.join(DEV_MARK).is_file()
}

/// A server must not run on data whose passwords stand in the documentation.
pub(crate) fn refuse_dev(folder: &Path) -> Outcome {
    if is_dev(folder) {
        let text = format!(
            "{} was made by `valetkey dev`: everybody knows its passwords. Choose another folder in [store] folder",
            folder.display()
        );
        return Err(Failure::refused(text));
    }
    Ok(())
}

/// Takes a folder for `dev`; one that holds a server's data is left alone.
pub(crate) fn take_for_dev(folder: &Path) -> Outcome {
    if folder.join(DATABASE_FILE).is_file() && !is_dev(folder) {
        let text = format!(
            "{} holds a server's data; `dev` would add people whose passwords everybody knows. Choose another folder",
            folder.display()
        );
        return Err(Failure::refused(text));
    }
    std::fs::create_dir_all(folder).map_err(Failure::file(folder))?;
    let mark = folder.join(DEV_MARK);
    std::fs::write(
        &mark,
        "Made by `valetkey dev`. The passwords and secrets in here are known to everybody.\n",
    )
    .map_err(Failure::file(mark))
}
