//! Rows out of PostgreSQL and into it: the contract of transfers, directly and through PgBouncer in transaction mode, and
//! the schema beside the one of SQLite.

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
    use crate::support::database::{Database, blocking, pooled, server};
    use std::sync::Arc;
    use tokio::sync::OnceCell;
    use valetkey_store::transfer::Transfer;
    use valetkey_store_postgres::{PostgresOptions, PostgresStore};

    /// A database that has the schema and is empty.
    pub(crate) fn database() -> Option<Database> {
        static TEMPLATE: OnceCell<Database> = OnceCell::const_new();
        let server = server()?;
        Some(blocking(async move {
            let template = TEMPLATE.get_or_init(async || {
                let made = Database::empty(&server).await;
                drop(open(&made.url(), false).await);
                made.is_left_alone().await;
                made
            });
            Database::copied(&server, template.await.name()).await
        }))
    }

    pub(crate) async fn open(url: &str, transaction_pooling: bool) -> PostgresStore {
        let options = PostgresOptions {
            pool_size: 4,
            transaction_pooling,
            ..PostgresOptions::default()
        };
        PostgresStore::open_for_copy(url, options).await.unwrap()
    }

    pub(crate) fn target(url: &str, transaction_pooling: bool) -> Arc<dyn Transfer> {
        let runtime = tokio::runtime::Handle::current();
        Arc::new(tokio::task::block_in_place(|| {
            runtime.block_on(open(url, transaction_pooling))
        }))
    }

    pub(crate) fn behind_the_pooler(database: &Database) -> Option<String> {
        Some(pooled()?.replace("{database}", database.name()))
    }
}

#[cfg(test)]
mod contract {
    use std::sync::Arc;
    use valetkey_store::transfer::Transfer;

    fn make_target() -> Option<(Arc<dyn Transfer>, impl Sized)> {
        let database = crate::making::database()?;
        Some((crate::making::target(&database.url(), false), database))
    }

    valetkey_store::transfer_contract_tests!(make_target);
}

#[cfg(test)]
mod contract_behind_a_transaction_pooler {
    use std::sync::Arc;
    use valetkey_store::transfer::Transfer;

    fn make_target() -> Option<(Arc<dyn Transfer>, impl Sized)> {
        let database = crate::making::database()?;
        let url = crate::making::behind_the_pooler(&database)?;
        Some((crate::making::target(&url, true), database))
    }

    valetkey_store::transfer_contract_tests!(make_target);
}

#[cfg(test)]
mod schema {
    use crate::making;
    use crate::support::database::{connected, run};
    use std::collections::BTreeSet;
    use tokio_postgres::Client;
    use valetkey_store::StoreError;
    use valetkey_store::transfer::{Begun, TABLES, Transfer, Value};
    use valetkey_store_postgres::{OpenError, PostgresOptions, PostgresStore};

    /// In every store, and not part of an installation.
    const LEFT_BEHIND: [&str; 2] = ["pulse", "schema_versions"];

    async fn names(client: &Client, sql: &str, table: &str) -> Vec<String> {
        let rows = client.query(sql, &[&table]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// SQLite's own test compares its schema with the same list: so both have the same tables and columns.
    #[tokio::test]
    async fn every_table_and_every_column_of_the_schema_travels() {
        let Some(database) = making::database() else {
            return;
        };
        drop(making::open(&database.url(), false).await);
        let (client, _task) = connected(&database.url()).await.unwrap();
        let tables = names(
            &client,
            "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND $1 = ''",
            "",
        )
        .await;
        let known: BTreeSet<&str> = TABLES.iter().map(|table| table.name).chain(LEFT_BEHIND).collect();
        assert_eq!(tables.iter().map(String::as_str).collect::<BTreeSet<_>>(), known);
        for table in TABLES {
            let columns = names(
                &client,
                "SELECT column_name::text FROM information_schema.columns \
                 WHERE table_schema = 'public' AND table_name = $1 AND is_generated = 'NEVER'",
                table.name,
            )
            .await;
            let listed: BTreeSet<&str> = table.columns.iter().copied().collect();
            let found: BTreeSet<&str> = columns.iter().map(String::as_str).collect();
            assert_eq!(found, listed, "{}", table.name);
            let key = names(
                &client,
                "SELECT attname::text FROM pg_index, unnest(indkey) WITH ORDINALITY AS part (number, place), pg_attribute \
                 WHERE indisprimary AND indrelid = to_regclass($1) AND attrelid = indrelid AND attnum = number \
                 ORDER BY place",
                table.name,
            )
            .await;
            assert_eq!(key, table.key_columns(), "{}", table.name);
        }
    }

    #[tokio::test]
    async fn a_database_that_holds_half_a_copy_opens_for_the_copy_alone() {
        let Some(database) = making::database() else {
            return;
        };
        let target = making::open(&database.url(), false).await;
        assert_eq!(target.begin_copy("the old store").await.unwrap(), Begun::Fresh);
        let refused = PostgresStore::open(&database.url(), PostgresOptions::default())
            .await
            .unwrap_err();
        assert!(matches!(refused, OpenError::Unfinished(_)), "{refused:?}");
        assert!(refused.to_string().contains("the old store"), "{refused}");
        target.finish_copy().await.unwrap();
        drop(
            PostgresStore::open(&database.url(), PostgresOptions::default())
                .await
                .unwrap(),
        );
    }

    /// Its new columns would be left behind.
    #[tokio::test]
    async fn a_newer_schema_is_not_copied_even_when_it_can_be_used() {
        let Some(database) = making::database() else {
            return;
        };
        let store = making::open(&database.url(), false).await;
        run(
            &database.url(),
            "INSERT INTO schema_versions (version, readable_from) SELECT max(version) + 1, 1 FROM schema_versions",
        )
        .await;
        let newer = "its version is";
        assert!(store.snapshot().await.err().unwrap().to_string().contains(newer));
        let refused = store.begin_copy("here").await.unwrap_err();
        assert!(refused.to_string().contains(newer), "{refused}");
    }

    #[tokio::test]
    async fn programs_at_work_are_named_and_a_copy_does_not_name_itself() {
        let Some(database) = making::database() else {
            return;
        };
        let with = |name: &str| {
            let mark = if database.url().contains('?') { '&' } else { '?' };
            format!("{}{mark}application_name={name}", database.url())
        };
        let store = making::open(&with("copy"), false).await;
        assert_eq!(store.used_by().await.unwrap(), Vec::<String>::new());
        let (server, _task) = connected(&with("valetkey")).await.unwrap();
        assert_eq!(store.used_by().await.unwrap(), ["valetkey"]);
        drop(server);
    }

    /// SQLite keeps it, PostgreSQL cannot.
    #[tokio::test]
    async fn a_text_that_postgresql_cannot_hold_is_refused_by_the_name_of_its_column() {
        let Some(database) = making::database() else {
            return;
        };
        let store = making::open(&database.url(), false).await;
        let nonces = TABLES.iter().find(|table| table.name == "nonces").unwrap();
        let row = vec![Value::Text("a\0b".to_owned()), Value::Integer(1)];
        let refused = store.write_rows(nonces, vec![row]).await.unwrap_err();
        assert!(
            matches!(refused, StoreError::Corrupt { what: "nonces", .. }),
            "{refused}"
        );
        assert!(refused.to_string().contains("key"), "{refused}");
    }
}
