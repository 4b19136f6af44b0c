//! The PostgreSQL store: any number of stateless nodes over one database.
//!
//! One file an aggregate, with the names of `store-sqlite`, side by side comparable; the schema is in `migrations/`.
//! Nothing here decides: every verb is one atomic step whose lost races have names.
//!
//! Transactions are READ COMMITTED. A compare-and-set is one `UPDATE` that names the state it starts from: one that has
//! waited for another looks at the row again. Where a verb needs several statements, what they are about is locked first,
//! in one order everywhere: person, session, participants, grants, consents; clients and keys before the stamp. What is
//! left of deadlocks PostgreSQL ends, and the verb is carried out again.
//!
//! A verb whose connection is lost while it commits answers [`valetkey_store::StoreError::Unavailable`] although it may
//! have happened; so does one that the database does not answer in time. It is never repeated by itself.

mod clients;
mod columns;
mod connection;
mod consents;
mod devices;
mod factors;
mod failure;
mod forget;
mod grants;
mod keys;
mod links;
mod listen;
mod look;
mod migrate;
mod nonces;
mod open;
mod outbox;
mod passkeys;
mod pulse;
mod sessions;
mod throttle;
mod tls;
mod transfer;
mod users;
mod verb;

#[cfg(test)]
#[expect(
    unreachable_pub,
    dead_code,
    reason = "the tests beside this crate use it, too"
)]
#[path = "../tests/support/database.rs"]
mod database;
#[cfg(test)]
mod plan_tests;
#[cfg(test)]
mod proxy_for_tests;

pub use open::{OpenError, PostgresOptions};

use deadpool_postgres::Pool;
use listen::Listener;
use open::Limits;

/// The store in a PostgreSQL database.
pub struct PostgresStore {
    pool: Pool,
    keeps_statements: bool,
    limits: Limits,
    listener: Option<Listener>,
}

impl PostgresStore {
    /// Connects, and brings the schema up to date.
    ///
    /// The URL is `postgres://user:password@host/database`; several hosts are tried in turn, `host=/folder` is a Unix
    /// socket, and `sslmode` is `disable`, `prefer`, `require` or `verify-full`. Whenever TLS is spoken, the server's
    /// certificate is verified.
    pub async fn open(url: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        let store = Self::open_for_copy(url, options).await?;
        match store.unfinished_copy().await {
            Ok(None) => Ok(store),
            Ok(Some(from)) => Err(OpenError::Unfinished(from)),
            Err(error) => Err(OpenError::Database(error.to_string())),
        }
    }

    /// Does the same, to copy rows into the store: also when it holds an unfinished copy.
    pub async fn open_for_copy(url: &str, options: PostgresOptions) -> Result<Self, OpenError> {
        let parts = open::open(url, &options).await?;
        Ok(Self {
            pool: parts.pool,
            keeps_statements: !options.transaction_pooling,
            limits: options.limits(),
            listener: parts.listener,
        })
    }
}

impl std::fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PostgresStore").finish_non_exhaustive()
    }
}
