//! Rows out of PostgreSQL and into it: the contract of transfers, directly and through PgBouncer in transaction mode, and
//! the schema beside the one of SQLite.

#[cfg(test)]
mod support;

#[cfg(test)]
mod contract {
    use crate::support;
    use std::sync::Arc;
    use valetkey_store::transfer::Transfer;
    use valetkey_store_postgres::PostgresStore;

    pub(crate) async fn open(url: &str, transaction_pooling: bool) -> PostgresStore {
        let opened = PostgresStore::open_for_copy(url, support::options(transaction_pooling));
        opened.await.unwrap()
    }

    fn make_target() -> Option<(Arc<dyn Transfer>, impl Sized)> {
        let (url, database) = support::empty()?;
        Some((Arc::new(support::waited_for(open(&url, false))), database))
    }

    valetkey_store::transfer_contract_tests!(make_target);
}

#[cfg(test)]
mod contract_behind_a_transaction_pooler {
    use crate::{contract, support};
    use std::sync::Arc;
    use valetkey_store::transfer::Transfer;

    fn make_target() -> Option<(Arc<dyn Transfer>, impl Sized)> {
        let (url, database) = support::behind_the_pooler()?;
        Some((
            Arc::new(support::waited_for(contract::open(&url, true))),
            database,
        ))
    }

    valetkey_store::transfer_contract_tests!(make_target);
}

#[cfg(test)]
mod schema {
    use crate::contract::open;
    use crate::support;
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
        let Some((url, _database)) = support::empty() else {
            return;
        };
        drop(open(&url, false).await);
        let (client, _task) = connected(&url).await.unwrap();
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
        let Some((url, _database)) = support::empty() else {
            return;
        };
        let target = open(&url, false).await;
        assert_eq!(target.begin_copy("the old store").await.unwrap(), Begun::Fresh);
        let refused = PostgresStore::open(&url, PostgresOptions::default())
            .await
            .unwrap_err();
        assert!(matches!(refused, OpenError::Unfinished(_)), "{refused:?}");
        assert!(refused.to_string().contains("the old store"), "{refused}");
        target.finish_copy().await.unwrap();
        drop(
            PostgresStore::open(&url, PostgresOptions::default())
                .await
                .unwrap(),
        );
    }

    /// Its new columns would be left behind.
    #[tokio::test]
    async fn a_newer_schema_is_not_copied_even_when_it_can_be_used() {
        let Some((url, _database)) = support::empty() else {
            return;
        };
        let store = open(&url, false).await;
        run(
            &url,
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
        let Some((url, _database)) = support::empty() else {
            return;
        };
        let with = |name: &str| {
            let mark = if url.contains('?') { '&' } else { '?' };
            format!("{url}{mark}application_name={name}")
        };
        let store = open(&with("copy"), false).await;
        assert_eq!(store.used_by().await.unwrap(), Vec::<String>::new());
        let (server, _task) = connected(&with("valetkey")).await.unwrap();
        assert_eq!(store.used_by().await.unwrap(), ["valetkey"]);
        drop(server);
    }

    /// SQLite keeps it, PostgreSQL cannot.
    #[tokio::test]
    async fn a_text_that_postgresql_cannot_hold_is_refused_by_the_name_of_its_column() {
        let Some((url, _database)) = support::empty() else {
            return;
        };
        let store = open(&url, false).await;
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
