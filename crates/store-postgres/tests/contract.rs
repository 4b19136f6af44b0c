//! The contract of `valetkey-store`, kept by PostgreSQL: directly, and through PgBouncer in transaction mode. Each case
//! has a database of its own.

#[cfg(test)]
mod support {
    #[expect(
        unreachable_pub,
        reason = "the test kit has this file, too, and shows it to others"
    )]
    pub(crate) mod database;
}

#[cfg(test)]
mod making {
    use crate::support::database::{Database, blocking, server};
    use std::sync::Arc;
    use std::time::Duration;
    use tokio::sync::OnceCell;
    use valetkey_store::Store;
    use valetkey_store_postgres::{PostgresOptions, PostgresStore};

    /// Enough for the cases that do many things at once to get into each other's way.
    pub(crate) const CONNECTIONS: usize = 8;

    const PATIENCE: Duration = Duration::from_secs(300);

    /// A database that has the schema and is empty.
    pub(crate) fn database() -> Option<Database> {
        static TEMPLATE: OnceCell<Database> = OnceCell::const_new();
        let server = server()?;
        Some(blocking(async move {
            let template = TEMPLATE.get_or_init(async || {
                let made = Database::empty(&server).await;
                drop(
                    PostgresStore::open(&made.url(), PostgresOptions::default())
                        .await
                        .unwrap(),
                );
                made.is_left_alone().await;
                made
            });
            Database::copied(&server, template.await.name()).await
        }))
    }

    /// Its connections live in the runtime of the case.
    pub(crate) fn open(url: &str, transaction_pooling: bool) -> Arc<dyn Store> {
        let options = PostgresOptions {
            pool_size: CONNECTIONS,
            transaction_pooling,
            // However slow the machine is: no case fails on a duration.
            connect_timeout: PATIENCE,
            wait_timeout: PATIENCE,
            verb_timeout: PATIENCE,
            long_verb_timeout: PATIENCE,
            lock_timeout: PATIENCE,
            ..PostgresOptions::default()
        };
        let runtime = tokio::runtime::Handle::current();
        let opened = tokio::task::block_in_place(|| runtime.block_on(PostgresStore::open(url, options)));
        Arc::new(opened.unwrap())
    }
}

#[cfg(test)]
mod contract {
    use std::sync::Arc;
    use valetkey_store::Store;

    fn make_store() -> Option<(Arc<dyn Store>, impl Sized)> {
        let database = crate::making::database()?;
        Some((crate::making::open(&database.url(), false), database))
    }

    valetkey_store::contract_tests!(make_store);
}

#[cfg(test)]
mod contract_behind_a_transaction_pooler {
    use crate::support::database::pooled;
    use std::sync::Arc;
    use valetkey_store::Store;

    fn make_store() -> Option<(Arc<dyn Store>, impl Sized)> {
        let pooler = pooled()?;
        let database = crate::making::database()?;
        let url = pooler.replace("{database}", database.name());
        Some((crate::making::open(&url, true), database))
    }

    valetkey_store::contract_tests!(make_store);
}
