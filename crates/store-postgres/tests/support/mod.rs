//! Databases that have the schema and are empty, each for one case, directly or by way of PgBouncer in transaction mode.

#[expect(
    unreachable_pub,
    reason = "the test kit has this file, too, and shows it to others"
)]
pub(crate) mod database;

use database::{Database, blocking, pooled, server};
use std::time::Duration;
use tokio::sync::OnceCell;
use valetkey_store_postgres::{PostgresOptions, PostgresStore};

/// Enough for the cases that do many things at once to get into each other's way.
const CONNECTIONS: usize = 8;
/// However slow the machine is: no case fails on a duration.
const PATIENCE: Duration = Duration::from_secs(300);

/// One, and where it is.
pub(crate) fn empty() -> Option<(String, Database)> {
    static TEMPLATE: OnceCell<Database> = OnceCell::const_new();
    let server = server()?;
    let database = blocking(async move {
        let template = TEMPLATE.get_or_init(async || {
            let made = Database::empty(&server).await;
            drop(PostgresStore::open(&made.url(), options(false)).await.unwrap());
            made.is_left_alone().await;
            made
        });
        Database::copied(&server, template.await.name()).await
    });
    Some((database.url(), database))
}

/// The same, behind the pooler.
pub(crate) fn behind_the_pooler() -> Option<(String, Database)> {
    let pooler = pooled()?;
    let (_, database) = empty()?;
    Some((pooler.replace("{database}", database.name()), database))
}

pub(crate) fn options(transaction_pooling: bool) -> PostgresOptions {
    PostgresOptions {
        pool_size: CONNECTIONS,
        transaction_pooling,
        connect_timeout: PATIENCE,
        wait_timeout: PATIENCE,
        verb_timeout: PATIENCE,
        long_verb_timeout: PATIENCE,
        lock_timeout: PATIENCE,
        ..PostgresOptions::default()
    }
}

/// Waits in the runtime of the case, where the connections live.
pub(crate) fn waited_for<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Handle::current();
    tokio::task::block_in_place(|| runtime.block_on(work))
}
