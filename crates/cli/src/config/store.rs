//! `[store]`: where the data is. `[keys]`: where the master key is, which is never in the data, and how long signing keys
//! sign.

use super::document::Checks;
use super::secret_file;
use super::section::{Key, Preset, Section};
use serde::Deserialize;
use std::path::PathBuf;
use valetkey_server::settings::KeyRotation;
use zeroize::Zeroizing;

/// The master key's file, when none is named.
const MASTER_KEY_FILE: &str = "master.key";

const DAY_SECONDS: i64 = 24 * 3600;

/// The environment variable that goes before `url` and `url_file`.
pub(super) const URL_VARIABLE: &str = "VALETKEY_STORE_URL";

/// The keys of `[store]`.
pub(super) const SECTION: Section = Section {
    name: "store",
    repeated: false,
    about: "Where people, clients and grants are kept: in a folder, or for several nodes in a PostgreSQL database. Exactly one \
            of `folder`, `url` and `url_file` is there.",
    keys: &[
        Key {
            name: "folder",
            kind: "folder",
            preset: Preset::Required("\"/var/lib/valetkey\""),
            meaning: "The data folder; made, for its owner alone, when it is not there. One server uses it at a time.",
        },
        Key {
            name: "url",
            kind: "URL",
            preset: Preset::Unset("\"postgres://valetkey@db.example.com/valetkey?sslmode=require\""),
            meaning: "A PostgreSQL database, 15 or newer, which any number of nodes may share; its tables are made when they are \
                      not there. With `sslmode=require` there is no connection without TLS, and wherever there is TLS the \
                      certificate is verified.",
        },
        Key {
            name: "url_file",
            kind: "file",
            preset: Preset::Unset("\"store-url\""),
            meaning: "The file that holds the URL, so that its password does not stand in the configuration. The environment \
                      variable `VALETKEY_STORE_URL` goes before both.",
        },
        Key {
            name: "pool_size",
            kind: "number",
            preset: Preset::Is("16"),
            meaning: "How many connections to PostgreSQL a node has at most; one more listens for changes. All nodes together \
                      must stay below the `max_connections` of the database.",
        },
        Key {
            name: "transaction_pooling",
            kind: "true or false",
            preset: Preset::Is("false"),
            meaning: "Whether the URL leads to a pooler that gives each transaction any connection, as PgBouncer does in \
                      transaction mode. Changes by other nodes are then looked for once a second instead of told.",
        },
        Key {
            name: "ca_file",
            kind: "file",
            preset: Preset::Unset("\"postgres-ca.pem\""),
            meaning: "The certificates, as PEM, one of which must have signed the database's; without it those that browsers \
                      trust.",
        },
    ],
};

/// The keys of `[keys]`.
pub(super) const KEYS_SECTION: Section = Section {
    name: "keys",
    repeated: false,
    about: "The master key: 32 bytes that open every stored signing key and make every code and refresh token; and how long \
            a signing key signs.",
    keys: &[
        Key {
            name: "master_key_file",
            kind: "file",
            preset: Preset::Is("\"master.key\""),
            meaning: "The file that holds it, in base64. Made, for its owner alone, when it is not there and the store is still \
                      empty. The environment variable `VALETKEY_MASTER_KEY` goes before it. Whoever has the data and this key \
                      has everything: keep and back them up apart from each other.",
        },
        Key {
            name: "rotate_after_days",
            kind: "days",
            preset: Preset::Is("90"),
            meaning: "A signing key that has signed for so long is exchanged for a new one; 0 means never, but for \
                      `valetkey key rotate`.",
        },
        Key {
            name: "overlap_seconds",
            kind: "seconds",
            preset: Preset::Is("3600"),
            meaning: "A signing key that was exchanged still verifies until the last token that it signed has expired, and for \
                      so long after that: clocks differ, and APIs keep key sets for a while.",
        },
    ],
};

/// `[store]` as it was written.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Raw {
    folder: Option<String>,
    url: Option<String>,
    url_file: Option<String>,
    pool_size: Option<i64>,
    transaction_pooling: Option<bool>,
    ca_file: Option<String>,
}

impl std::fmt::Debug for Raw {
    /// Without the URL, which may hold a password.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Raw")
            .field("folder", &self.folder)
            .field("url_file", &self.url_file)
            .finish_non_exhaustive()
    }
}

/// `[keys]` as it was written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawKeys {
    master_key_file: Option<String>,
    rotate_after_days: Option<i64>,
    overlap_seconds: Option<i64>,
}

/// Both, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Storage {
    /// The data.
    pub(crate) data: Data,
    /// The master key's file.
    pub(crate) master_key_file: PathBuf,
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Data {
    /// In a folder.
    Folder(PathBuf),
    /// In PostgreSQL.
    Postgres(Postgres),
}

/// A PostgreSQL database, and how to talk with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Postgres {
    /// Where it is.
    pub(crate) url: StoreUrl,
    /// How many connections there are.
    pub(crate) pool_size: usize,
    /// Whether each transaction may get another connection.
    pub(crate) transaction_pooling: bool,
    /// Whose certificates count.
    pub(crate) ca_file: Option<PathBuf>,
}

impl Postgres {
    /// The database at a URL, and nothing else that a configuration could say.
    pub(crate) fn at(url: &str) -> Result<Self, &'static str> {
        Ok(Self {
            url: StoreUrl::parse(url)?,
            pool_size: 16,
            transaction_pooling: false,
            ca_file: None,
        })
    }
}

/// A URL that may hold a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct StoreUrl(Zeroizing<String>);

impl StoreUrl {
    /// Takes what is a URL of PostgreSQL. The error never shows it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let known = ["postgres://", "postgresql://"];
        if known.iter().any(|scheme| text.starts_with(scheme)) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        Err("is not the URL of a PostgreSQL database, as postgres://user:password@host/database")
    }

    /// All of it, for who connects.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for StoreUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoreUrl(..)")
    }
}

impl Storage {
    /// A folder with everything in it, as `dev` uses it.
    pub(crate) fn in_folder(folder: PathBuf) -> Self {
        let master_key_file = folder.join(MASTER_KEY_FILE);
        Self {
            data: Data::Folder(folder),
            master_key_file,
        }
    }
}

/// Checks `[store]` and `[keys]`; `from_environment` is what [`URL_VARIABLE`] holds.
pub(super) fn check(
    raw: &Raw,
    keys: &RawKeys,
    from_environment: Option<Zeroizing<String>>,
    checks: &mut Checks,
) -> Option<Storage> {
    Some(Storage {
        data: check_data(raw, from_environment, checks)?,
        master_key_file: checks.path(keys.master_key_file.as_deref().unwrap_or(MASTER_KEY_FILE)),
    })
}

fn check_data(raw: &Raw, from_environment: Option<Zeroizing<String>>, checks: &mut Checks) -> Option<Data> {
    let folder = raw.folder.as_deref().filter(|folder| !folder.is_empty());
    let ways = [&raw.folder, &raw.url, &raw.url_file];
    match (folder, from_environment) {
        _ if ways.iter().filter(|way| way.is_some()).count() > 1 => {
            let why = "is one of folder, url and url_file; only one of them may be there";
            checks.refuse("store", if raw.url.is_some() { "url" } else { "url_file" }, why);
            None
        }
        (Some(_), Some(_)) => {
            let why =
                format!("is there, and so is {URL_VARIABLE} in the environment; only one of them may be");
            checks.refuse("store", "folder", why);
            None
        }
        (Some(folder), None) => Some(Data::Folder(checks.path(folder))),
        (None, from_environment) => {
            let url = find_url(raw, from_environment, checks)?;
            check_postgres(raw, url, checks).map(Data::Postgres)
        }
    }
}

fn find_url(raw: &Raw, from_environment: Option<Zeroizing<String>>, checks: &mut Checks) -> Option<StoreUrl> {
    let (place, text) = match (from_environment, &raw.url, &raw.url_file) {
        (Some(text), _, _) => (URL_VARIABLE, text),
        (None, Some(url), _) => ("url", Zeroizing::new(url.clone())),
        (None, None, Some(file)) => {
            let path = checks.path(file);
            match secret_file::read(&path) {
                Ok(text) => ("url_file", text),
                Err(why) => {
                    checks.refuse("store", "url_file", format!("{} {why}", path.display()));
                    return None;
                }
            }
        }
        (None, None, None) => {
            let why = "is missing; name the folder for the data, as \"/var/lib/valetkey\", or the url of a PostgreSQL database";
            checks.refuse("store", "folder", why);
            return None;
        }
    };
    let parsed = StoreUrl::parse(&text);
    parsed.map_err(|why| checks.refuse("store", place, why)).ok()
}

fn check_postgres(raw: &Raw, url: StoreUrl, checks: &mut Checks) -> Option<Postgres> {
    let pool_size = checks.within("store", "pool_size", raw.pool_size.unwrap_or(16), 1..=1000);
    Some(Postgres {
        url,
        pool_size: usize::try_from(pool_size).ok()?,
        transaction_pooling: raw.transaction_pooling.unwrap_or_default(),
        ca_file: raw.ca_file.as_deref().map(|file| checks.path(file)),
    })
}

/// Checks how long a signing key signs.
pub(super) fn check_rotation(keys: &RawKeys, checks: &mut Checks) -> KeyRotation {
    let mut rotation = KeyRotation::default();
    if let Some(days) = keys.rotate_after_days {
        let days = checks.within("keys", "rotate_after_days", days, 0..=3660);
        rotation.after_seconds = (days > 0).then_some(days * DAY_SECONDS);
    }
    if let Some(seconds) = keys.overlap_seconds {
        // Clients may keep a key set for five minutes.
        rotation.margin_seconds = checks.within("keys", "overlap_seconds", seconds, 300..=30 * DAY_SECONDS);
    }
    rotation
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
