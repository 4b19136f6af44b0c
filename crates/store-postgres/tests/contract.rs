//! The contract of `valetkey-store`, kept by PostgreSQL: directly, and through PgBouncer in transaction mode. Each case
//! has a database of its own.

#[cfg(test)]
mod support;

#[cfg(test)]
mod contract {
    use crate::support;
    use std::sync::Arc;
    use valetkey_store::Store;
    use valetkey_store_postgres::PostgresStore;

    pub(crate) fn open(url: &str, transaction_pooling: bool) -> Arc<dyn Store> {
        let opened = PostgresStore::open(url, support::options(transaction_pooling));
        Arc::new(support::waited_for(opened).unwrap())
    }

    fn make_store() -> Option<(Arc<dyn Store>, impl Sized)> {
        let (url, database) = support::empty()?;
        Some((open(&url, false), database))
    }

    valetkey_store::contract_tests!(make_store);
}

#[cfg(test)]
mod contract_behind_a_transaction_pooler {
    use crate::{contract, support};
    use std::sync::Arc;
    use valetkey_store::Store;

    fn make_store() -> Option<(Arc<dyn Store>, impl Sized)> {
        let (url, database) = support::behind_the_pooler()?;
        Some((contract::open(&url, true), database))
    }

    valetkey_store::contract_tests!(make_store);
}
