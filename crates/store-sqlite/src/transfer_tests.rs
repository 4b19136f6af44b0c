//! The tables that travel are the tables that there are, and a store that holds half a copy serves nobody.

use crate::{DATABASE_FILE, OpenError, OpenOptions, SqliteStore};
use rusqlite::Connection;
use std::collections::BTreeSet;
use valetkey_store::transfer::{Begun, TABLES, Transfer};

/// In every store, and not part of an installation.
const LEFT_BEHIND: &[&str] = &["pulse"];

fn names(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let names = statement.query_map([], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

#[test]
fn every_table_and_every_column_of_the_schema_travels() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap());
    let connection = Connection::open(folder.path().join(DATABASE_FILE)).unwrap();
    let schema = names(
        &connection,
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    );
    let travels = TABLES.iter().map(|table| table.name);
    let known: BTreeSet<&str> = travels.chain(LEFT_BEHIND.iter().copied()).collect();
    assert_eq!(
        schema.iter().map(String::as_str).collect::<BTreeSet<_>>(),
        known,
        "a table is missing in valetkey_store::transfer::TABLES, or is no more"
    );
    for table in TABLES {
        // Columns that the database computes are in table_xinfo alone.
        let columns = names(
            &connection,
            &format!("SELECT name FROM pragma_table_info('{}')", table.name),
        );
        let listed: BTreeSet<&str> = table.columns.iter().copied().collect();
        assert_eq!(
            columns.iter().map(String::as_str).collect::<BTreeSet<_>>(),
            listed,
            "{}",
            table.name
        );
        let key = names(
            &connection,
            &format!(
                "SELECT name FROM pragma_table_info('{}') WHERE pk > 0 ORDER BY pk",
                table.name
            ),
        );
        assert_eq!(key, table.key_columns(), "{}", table.name);
    }
}

#[test]
fn whoever_is_referred_to_travels_first() {
    let folder = tempfile::tempdir().unwrap();
    drop(SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap());
    let connection = Connection::open(folder.path().join(DATABASE_FILE)).unwrap();
    for (index, table) in TABLES.iter().enumerate() {
        let sql = format!("SELECT \"table\" FROM pragma_foreign_key_list('{}')", table.name);
        for parent in names(&connection, &sql) {
            let before = TABLES.iter().take(index).any(|earlier| earlier.name == parent);
            assert!(before, "{} refers to {parent}", table.name);
        }
    }
}

#[tokio::test]
async fn a_store_that_holds_half_a_copy_opens_for_the_copy_alone() {
    let folder = tempfile::tempdir().unwrap();
    let target = SqliteStore::open_for_copy(folder.path()).unwrap();
    assert_eq!(target.begin_copy("the old store").await.unwrap(), Begun::Fresh);
    drop(target);
    for options in [OpenOptions::owner(), OpenOptions::guest()] {
        let refused = SqliteStore::open(folder.path(), options).unwrap_err();
        assert!(matches!(refused, OpenError::Unfinished { .. }), "{refused:?}");
        assert!(refused.to_string().contains("the old store"), "{refused}");
    }
    let target = SqliteStore::open_for_copy(folder.path()).unwrap();
    target.finish_copy().await.unwrap();
    drop(target);
    drop(SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap());
}
