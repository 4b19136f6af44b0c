//! What several nodes over one PostgreSQL database, and an operator of it, rely on. Each test has a server or a database of
//! its own; without `VALETKEY_TEST_POSTGRES` they are skipped. What nodes share is tested with the server's URLs, mostly in
//! `operations`, when `VALETKEY_TEST_STORE` is `postgres`.

mod authority;
mod failover;
mod outage;
mod refused;
mod schema;
mod secrets;
mod tls;
mod told;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use valetkey_store_postgres::{PostgresOptions, PostgresStore};
use valetkey_testkit::postgres;

/// PostgreSQL's programs, for a server of the test's own.
fn binaries() -> Option<PathBuf> {
    postgres::server()?;
    Some(postgres::binaries().expect("PostgreSQL is installed"))
}

/// However slow the machine is: no test fails on a duration.
fn patient() -> PostgresOptions {
    let patience = Duration::from_secs(300);
    PostgresOptions {
        pool_size: 4,
        connect_timeout: patience,
        wait_timeout: patience,
        verb_timeout: patience,
        long_verb_timeout: patience,
        lock_timeout: patience,
        ..PostgresOptions::default()
    }
}

async fn open(url: &str) -> Arc<PostgresStore> {
    Arc::new(PostgresStore::open(url, patient()).await.unwrap())
}
