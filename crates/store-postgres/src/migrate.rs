//! The schema's versions: numbered files in `migrations/`, each carried out once, all that are missing in one transaction.
//!
//! Nodes start at the same time, and old and new programs run side by side during an upgrade. So a migration only adds: a
//! program that knows an older schema goes on with the newer one when the table `schema_versions` says that it can. An
//! advisory lock that ends with the transaction lets one node migrate while the others wait.

use crate::open::OpenError;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

/// A step from one schema to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Migration {
    /// What it does.
    pub(crate) sql: &'static str,
    /// The oldest schema whose programs can use the one that it leads to.
    pub(crate) readable_from: i64,
}

/// Every migration, oldest first. A file that was released never changes again.
pub(crate) const MIGRATIONS: &[Migration] = &[Migration {
    sql: include_str!("../migrations/0001_start.sql"),
    readable_from: 1,
}];

/// Names the lock: "valetkey" in ASCII.
const LOCK: i64 = 0x7661_6c65_746b_6579;

const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL statement_timeout = 0; \
     SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0";
const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_versions ( \
     version BIGINT NOT NULL PRIMARY KEY, readable_from BIGINT NOT NULL)";
/// Reads the catalogue itself. `to_regclass` may answer from what this session remembers of it from before it waited for
/// the lock.
const HAS_VERSIONS: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class \
     WHERE relname = 'schema_versions' AND pg_catalog.pg_table_is_visible(oid))";
const VERSION: &str = "SELECT version, readable_from FROM schema_versions ORDER BY version DESC LIMIT 1";
const SETTINGS: &str = "SELECT current_setting('server_encoding'), current_setting('synchronous_commit'), \
     current_setting('fsync')";
const ADD_VERSION: &str = "INSERT INTO schema_versions (version, readable_from) VALUES ($1, $2)";

/// The latest version, and from which it can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Version {
    number: i64,
    readable_from: i64,
}

/// Carries out what is missing, or refuses a schema that is too new for this program.
pub(crate) async fn migrate(
    config: &Config,
    tls: &MakeRustlsConnect,
    migrations: &[Migration],
) -> Result<(), OpenError> {
    let (client, connection) = config.connect(tls.clone()).await?;
    // It ends with the client, which is told why.
    let connection = tokio::spawn(async move { drop(connection.await) });
    let done = migrate_over(&client, migrations).await;
    // Also a migration that failed is over when this answers: nothing of it is left locked.
    drop(client);
    drop(connection.await);
    done
}

async fn migrate_over(client: &Client, migrations: &[Migration]) -> Result<(), OpenError> {
    let known = known(migrations);
    check_settings(client).await?;
    if is_done(version(client).await?, known)? {
        return Ok(());
    }
    client.batch_execute(BEGIN).await?;
    let lock = [(&LOCK as _, Type::INT8)];
    client
        .query_typed("SELECT pg_advisory_xact_lock($1)", &lock)
        .await?;
    // Another node may have been first.
    let found = version(client).await?;
    if !is_done(found, known)? {
        client.batch_execute(VERSIONS).await?;
        let found = found.map_or(0, |version| version.number);
        for (number, migration) in (1..).zip(migrations) {
            if number > found {
                carry_out(client, number, migration).await?;
            }
        }
    }
    Ok(client.batch_execute("COMMIT").await?)
}

async fn carry_out(client: &Client, number: i64, migration: &Migration) -> Result<(), OpenError> {
    let failed = |error| OpenError::Migration {
        number,
        why: crate::failure::Told(&error).to_string(),
    };
    client.batch_execute(migration.sql).await.map_err(failed)?;
    let version = [
        (&number as _, Type::INT8),
        (&migration.readable_from as _, Type::INT8),
    ];
    client
        .execute_typed(ADD_VERSION, &version)
        .await
        .map_err(failed)?;
    Ok(())
}

/// The version that a program with these migrations works with.
pub(crate) fn known(migrations: &[Migration]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// Whether nothing is missing; refuses what is too new.
pub(crate) fn is_done(found: Option<Version>, known: i64) -> Result<bool, OpenError> {
    match found {
        Some(version) if version.readable_from > known => Err(OpenError::Newer {
            found: version.number,
            readable_from: version.readable_from,
            known,
        }),
        Some(version) => Ok(version.number >= known),
        None => Ok(false),
    }
}

pub(crate) async fn version(client: &Client) -> Result<Option<Version>, OpenError> {
    let there = client.query_typed_one(HAS_VERSIONS, &[]).await?;
    if !there.try_get::<_, bool>(0)? {
        return Ok(None);
    }
    let Some(row) = client.query_typed_opt(VERSION, &[]).await? else {
        return Ok(None);
    };
    Ok(Some(Version {
        number: row.try_get(0)?,
        readable_from: row.try_get(1)?,
    }))
}

/// Text is what Rust calls text, and what was committed is on a disk.
async fn check_settings(client: &Client) -> Result<(), OpenError> {
    let row = client.query_typed_one(SETTINGS, &[]).await?;
    let encoding: String = row.try_get(0)?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    for (index, setting) in (1..).zip(["synchronous_commit", "fsync"]) {
        if row.try_get::<_, &str>(index)? == "off" {
            tracing::warn!(
                setting,
                "the database has this off: when its server stops, codes and refresh tokens that were used may be good again"
            );
        }
    }
    Ok(())
}

#[cfg(test)]
#[path = "migrate_tests.rs"]
mod tests;
