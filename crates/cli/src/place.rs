//! Which installation an admin command is about: that of a configuration, or a data folder of `valetkey dev`.
//! The commands work as guests, beside a running server or without one.

use crate::config::{self, Config};
use crate::master_key::{self, MasterKey};
use crate::{Failure, Outcome, seed};
use clap::Args;
use std::path::{Path, PathBuf};
use valetkey_rules::policy::Policy;
use valetkey_store::KeyStore;
use valetkey_store_sqlite::{DATABASE_FILE, OpenOptions, SqliteStore};

/// The name of the master key in a data folder of `valetkey dev`.
pub(crate) const DEV_MASTER_KEY_FILE: &str = "dev-master.key";

/// `--config` or `--data`.
#[derive(Debug, Args)]
pub(crate) struct PlaceArgs {
    /// The configuration of the installation [default: valetkey.toml]
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "data")]
    config: Option<PathBuf>,
    /// The data folder of `valetkey dev --data` instead
    #[arg(long, value_name = "DIR", global = true)]
    data: Option<PathBuf>,
}

/// An installation, open.
pub(crate) struct Place {
    pub(crate) store: SqliteStore,
    pub(crate) policy: Policy,
    /// Whether the policy is the installation's own, and not just the development server's.
    pub(crate) policy_is_certain: bool,
    master_key_file: PathBuf,
}

impl PlaceArgs {
    /// Opens it.
    pub(crate) fn open(&self) -> Outcome<Place> {
        match &self.data {
            Some(folder) => open_data(folder),
            None => self.open_config(),
        }
    }

    fn open_config(&self) -> Outcome<Place> {
        let default = config::default_path();
        let path = self.config.as_deref().unwrap_or(&default);
        if self.config.is_none() && !path.exists() {
            let says = "which installation? Say --config FILE, or --data DIR for one of `valetkey dev`";
            return Err(Failure::new(says));
        }
        let config = Config::read(path)?;
        Ok(Place {
            store: SqliteStore::open(&config.places.folder, OpenOptions::guest())?,
            policy: config.policy,
            policy_is_certain: true,
            master_key_file: config.places.master_key_file,
        })
    }
}

fn open_data(folder: &Path) -> Outcome<Place> {
    if !folder.join(DATABASE_FILE).is_file() {
        let says = format!("there is no data in {}", folder.display());
        return Err(Failure::new(says));
    }
    Ok(Place {
        store: SqliteStore::open(folder, OpenOptions::guest())?,
        policy: seed::policy(&seed::Addresses::of_port(seed::DEFAULT_PORT)),
        policy_is_certain: false,
        master_key_file: folder.join(DEV_MASTER_KEY_FILE),
    })
}

impl Place {
    /// The master key, for the few commands that need it.
    pub(crate) async fn master_key(&self) -> Outcome<MasterKey> {
        let is_new = self.store.list_keys().await?.is_empty();
        Ok(master_key::open(&self.master_key_file, is_new)?)
    }
}
