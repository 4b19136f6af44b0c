//! Opening: the URL, the schema, the pool, and the connection that listens.
//!
//! The URL holds a password. No error here quotes it, nor any part of it.

use crate::failure::Told;
use crate::listen::Listener;
use crate::{migrate, tls};
use deadpool_postgres::{Hook, HookError, Manager, ManagerConfig, Pool, RecyclingMethod, Runtime};
use std::time::Duration;
use tokio_postgres::Config;
use tokio_postgres::config::TargetSessionAttrs;
use tokio_postgres_rustls::MakeRustlsConnect;

/// A connection is asked whether the host is still there after it was idle for so long, ..
const KEEPALIVE_IDLE: Duration = Duration::from_secs(5);
/// .. and again after so long, ..
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(1);
/// .. so often in all: 8 seconds, which is also what a verb may take.
const KEEPALIVE_RETRIES: u32 = 3;

/// How to open the store.
#[derive(Debug, Clone)]
pub struct PostgresOptions {
    /// How many connections at most.
    pub pool_size: usize,
    /// Whether a pooler (PgBouncer) hands each transaction to another connection of the server: then nothing is prepared
    /// by name, set for a connection, or listened for.
    pub transaction_pooling: bool,
    /// Whose signature a server's certificate has to bear: certificates as PEM. Without them, the authorities that
    /// browsers trust.
    pub root_certificates: Option<Vec<u8>>,
    /// How long to wait for a new connection.
    pub connect_timeout: Duration,
    /// How long a verb waits for a free connection; then it is [`valetkey_store::StoreError::Busy`].
    pub wait_timeout: Duration,
    /// How long a verb may take in all.
    pub verb_timeout: Duration,
    /// How long a verb may take that reads or changes any number of rows.
    pub long_verb_timeout: Duration,
    /// How long a statement waits for a row that another transaction holds. Not with `transaction_pooling`.
    pub lock_timeout: Duration,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self {
            pool_size: 16,
            transaction_pooling: false,
            root_certificates: None,
            connect_timeout: Duration::from_secs(4),
            wait_timeout: Duration::from_secs(5),
            verb_timeout: Duration::from_secs(8),
            long_verb_timeout: Duration::from_secs(60),
            lock_timeout: Duration::from_secs(5),
        }
    }
}

impl PostgresOptions {
    pub(crate) fn limits(&self) -> Limits {
        Limits {
            verb: self.verb_timeout,
            long_verb: self.long_verb_timeout,
        }
    }
}

/// How long verbs may take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) verb: Duration,
    pub(crate) long_verb: Duration,
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL cannot be read. It is not quoted: it may hold a password.
    #[error(
        "the store's URL cannot be read: it is postgres://user:password@host/database, with anything but letters and \
         digits in the password written as %XX, and with sslmode=disable, prefer, require or verify-full"
    )]
    Url,
    /// The certificates of authorities cannot be read.
    #[error("the certificates of the database's authority cannot be read: {0}")]
    Certificates(String),
    /// The database cannot be reached, or refuses.
    #[error("the database cannot be opened: {0}")]
    Database(String),
    /// The database keeps text in another encoding.
    #[error("the database keeps text as {0}, and has to keep it as UTF8: create it with ENCODING 'UTF8'")]
    Encoding(String),
    /// A newer version of Valetkey has migrated the database, so that this one could not use it any more.
    #[error(
        "the database has schema {found}, which programs that know schema {readable_from} or later can use; this program \
         knows up to {known}: use the newer program"
    )]
    Newer {
        /// The database's.
        found: i64,
        /// The oldest schema whose programs can use it.
        readable_from: i64,
        /// This program's.
        known: i64,
    },
    /// A copy into this database was broken off.
    #[error(
        "a copy from {0} into this database was begun and is not finished: go on with `valetkey store copy`, with the same \
         --from and --to"
    )]
    Unfinished(String),
    /// A migration failed.
    #[error("migration {number} failed, and nothing was changed: {why}")]
    Migration {
        /// Which.
        number: i64,
        /// What the database said.
        why: String,
    },
}

impl From<tokio_postgres::Error> for OpenError {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(Told(&error).to_string())
    }
}

/// What an open store is made of.
pub(crate) struct Parts {
    pub(crate) pool: Pool,
    pub(crate) listener: Option<Listener>,
}

/// Opens the parts.
pub(crate) async fn open(url: &str, options: &PostgresOptions) -> Result<Parts, OpenError> {
    let config = config(url, options)?;
    let tls = tls::connector(options.root_certificates.as_deref())?;
    migrate::migrate(&config, &tls, migrate::MIGRATIONS).await?;
    let listener = (!options.transaction_pooling).then(|| Listener::start(config.clone(), tls.clone()));
    let pool = pool(config, tls, options)?;
    Ok(Parts { pool, listener })
}

/// Reads the URL. `verify-full` is what `require` means here, too.
pub(crate) fn config(url: &str, options: &PostgresOptions) -> Result<Config, OpenError> {
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return Err(OpenError::Url);
    }
    let url = match url.split_once('?') {
        Some((address, query)) => {
            let settings = query.split('&').map(|setting| match setting {
                "sslmode=verify-full" | "sslmode=verify-ca" => "sslmode=require",
                other => other,
            });
            format!("{address}?{}", settings.collect::<Vec<_>>().join("&"))
        }
        None => url.to_owned(),
    };
    let mut config: Config = url.parse().map_err(|_| OpenError::Url)?;
    if config.get_application_name().is_none() {
        config.application_name("valetkey");
    }
    // Of several hosts the one that takes writes: a standby would answer with what was so a moment ago.
    if config.get_hosts().len() > 1 && config.get_target_session_attrs() == TargetSessionAttrs::Any {
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    config.connect_timeout(options.connect_timeout);
    end_silent_ones(&mut config, options.verb_timeout);
    Ok(config)
}

/// A host that falls silent costs each verb that finds an idle connection to it the whole of its time. So they are closed
/// after that time, all of them, unless the URL says otherwise.
fn end_silent_ones(config: &mut Config, after: Duration) {
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(after);
    }
    if config.get_keepalives_idle() == Config::new().get_keepalives_idle() {
        config.keepalives_idle(KEEPALIVE_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVE_INTERVAL);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(KEEPALIVE_RETRIES);
    }
}

fn pool(config: Config, tls: MakeRustlsConnect, options: &PostgresOptions) -> Result<Pool, OpenError> {
    let manager = Manager::from_config(
        config,
        tls,
        ManagerConfig {
            recycling_method: RecyclingMethod::Fast,
        },
    );
    let mut builder = Pool::builder(manager)
        .max_size(options.pool_size)
        .runtime(Runtime::Tokio1)
        .wait_timeout(Some(options.wait_timeout))
        .create_timeout(Some(options.connect_timeout.saturating_mul(2)))
        .recycle_timeout(Some(options.connect_timeout));
    if !options.transaction_pooling {
        let settings = settings(options);
        builder = builder.post_create(Hook::async_fn(move |client, _| {
            let settings = settings.clone();
            Box::pin(async move { client.batch_execute(&settings).await.map_err(HookError::Backend) })
        }));
    }
    builder
        .build()
        .map_err(|error| OpenError::Database(error.to_string()))
}

/// What the server watches over by itself, should this process be cut off: nothing is held for long.
fn settings(options: &PostgresOptions) -> String {
    format!(
        "SET statement_timeout = {}; SET lock_timeout = {}; SET idle_in_transaction_session_timeout = {}; \
         SET default_transaction_isolation = 'read committed'",
        options.long_verb_timeout.as_millis(),
        options.lock_timeout.as_millis(),
        options.verb_timeout.as_millis(),
    )
}

#[cfg(test)]
#[path = "open_tests.rs"]
mod tests;
