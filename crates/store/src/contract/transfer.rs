//! Rows go out and in, in the same form and order whatever the backend.

use super::transfer_rows::{every_row, row, text, uuid};
use crate::transfer::{Begun, Row, TABLES, Table, Transfer, Value};
use std::sync::Arc;

type Shared = Arc<dyn Transfer>;

fn table(name: &str) -> &'static Table {
    TABLES.iter().find(|table| table.name == name).unwrap()
}

async fn read_all(store: &Shared, table: &'static Table) -> Vec<Row> {
    let mut snapshot = store.snapshot().await.unwrap();
    snapshot.read_rows(table, None, 1000).await.unwrap()
}

fn attempt(key: &str) -> Row {
    vec![text(key), Value::Integer(1), Value::Integer(1_790_000_000)]
}

/// Every table, every column, with and without a value where both can be.
pub async fn rows_come_out_as_they_went_in(store: Shared) {
    for (table, rows) in every_row() {
        let count = rows.len() as u64;
        assert_eq!(
            store.write_rows(table, rows).await.unwrap(),
            count,
            "{}",
            table.name
        );
    }
    for (table, mut rows) in every_row() {
        rows.sort();
        let found = read_all(&store, table).await;
        assert!(found == rows, "{}", table.name);
        let mut snapshot = store.snapshot().await.unwrap();
        assert_eq!(
            snapshot.count(table).await.unwrap(),
            rows.len() as u64,
            "{}",
            table.name
        );
    }
}

/// A copy that goes on writes some rows a second time.
pub async fn a_row_that_is_there_is_left_alone(store: Shared) {
    let users = table("users");
    let first = row(users, "users 1");
    store.write_rows(users, vec![first.clone()]).await.unwrap();
    let mut changed = first.clone();
    changed[1] = text("Somebody else");
    let other = row(users, "users 2");
    let added = store
        .write_rows(users, vec![changed, other.clone()])
        .await
        .unwrap();
    assert_eq!(added, 1);
    assert!(read_all(&store, users).await == [first, other]);
}

/// The order is that of the bytes: not of a language, and not of the insertion.
pub async fn rows_are_read_in_the_order_of_their_keys_a_few_at_a_time(store: Shared) {
    let attempts = table("attempts");
    let keys = ["B", "Z", "a", "a b", "ab", "z", "ä", "日本"];
    let shuffled = ["ab", "ä", "B", "日本", "z", "a", "Z", "a b"];
    let rows = shuffled.map(attempt).to_vec();
    store.write_rows(attempts, rows).await.unwrap();
    let mut snapshot = store.snapshot().await.unwrap();
    let mut found: Vec<Row> = Vec::new();
    loop {
        let after = found.last().map(|row| attempts.key(row).to_vec());
        let rows = snapshot.read_rows(attempts, after.as_deref(), 3).await.unwrap();
        assert!(rows.len() <= 3);
        if rows.is_empty() {
            break;
        }
        found.extend(rows);
    }
    assert!(found == keys.map(attempt));
}

/// Keys of two columns are compared as a whole.
pub async fn a_key_of_two_columns_is_gone_through_whole(store: Shared) {
    let (users, links) = (table("users"), table("links"));
    store
        .write_rows(users, vec![row(users, "users 1")])
        .await
        .unwrap();
    let link = |provider: &str, subject: &str| -> Row {
        vec![
            text(provider),
            text(subject),
            row(users, "users 1")[0].clone(),
            text("label"),
            Value::Integer(1),
        ]
    };
    let rows = vec![link("a", "1"), link("a", "2"), link("b", "1"), link("b", "2")];
    store.write_rows(links, rows.clone()).await.unwrap();
    let mut snapshot = store.snapshot().await.unwrap();
    for (index, row) in rows.iter().enumerate() {
        let next = snapshot.read_rows(links, Some(links.key(row)), 10).await.unwrap();
        assert!(next == rows[index + 1..], "after {index}");
    }
}

/// What is written while rows are read must not be in some tables and missing in others.
pub async fn a_snapshot_does_not_see_what_is_written_after_it(store: Shared) {
    let attempts = table("attempts");
    store.write_rows(attempts, vec![attempt("before")]).await.unwrap();
    let mut snapshot = store.snapshot().await.unwrap();
    store.write_rows(attempts, vec![attempt("after")]).await.unwrap();
    store
        .remove_rows(attempts, vec![vec![text("before")]])
        .await
        .unwrap();
    assert_eq!(snapshot.count(attempts).await.unwrap(), 1);
    let found = snapshot.read_rows(attempts, None, 10).await.unwrap();
    assert!(found == [attempt("before")]);
    assert!(read_all(&store, attempts).await == [attempt("after")]);
}

/// A row that the source no longer has goes, and its children with it.
pub async fn removing_a_row_takes_along_what_refers_to_it(store: Shared) {
    for (table, rows) in every_row() {
        store.write_rows(table, rows).await.unwrap();
    }
    let users = table("users");
    let keys: Vec<Row> = read_all(&store, users)
        .await
        .iter()
        .map(|row| users.key(row).to_vec())
        .collect();
    assert_eq!(store.remove_rows(users, keys.clone()).await.unwrap(), 2);
    assert_eq!(store.remove_rows(users, keys).await.unwrap(), 0, "they are gone");
    for name in [
        "users",
        "sessions",
        "grants",
        "consents",
        "totp",
        "recovery_codes",
        "passkeys",
        "links",
    ] {
        assert!(read_all(&store, table(name)).await.is_empty(), "{name}");
    }
    assert!(!read_all(&store, table("clients")).await.is_empty());
}

/// One that does not fit spoils what came with it: half of a batch is nothing to go on from.
pub async fn rows_go_in_all_or_none(store: Shared) {
    let (attempts, consents) = (table("attempts"), table("consents"));
    let short = vec![text("short"), Value::Integer(1)];
    store
        .write_rows(attempts, vec![attempt("fits"), short])
        .await
        .unwrap_err();
    assert!(read_all(&store, attempts).await.is_empty());
    store
        .write_rows(consents, vec![row(consents, "consents 1")])
        .await
        .unwrap_err();
    assert!(read_all(&store, consents).await.is_empty(), "a consent of nobody");
    let wrong = vec![vec![uuid(1), text("too much")]];
    store.remove_rows(table("users"), wrong).await.unwrap_err();
}

/// The mark of a copy names its source, and is there until the copy is whole.
pub async fn a_copy_is_begun_gone_on_with_and_finished(store: Shared) {
    let attempts = table("attempts");
    assert_eq!(store.begin_copy("here").await.unwrap(), Begun::Fresh);
    assert_eq!(store.begin_copy("here").await.unwrap(), Begun::Continues);
    store.write_rows(attempts, vec![attempt("key")]).await.unwrap();
    assert_eq!(store.begin_copy("here").await.unwrap(), Begun::Continues);
    let other = store.begin_copy("there").await.unwrap();
    assert_eq!(other, Begun::OtherCopy("here".to_owned()));
    store.finish_copy().await.unwrap();
    assert_eq!(store.begin_copy("here").await.unwrap(), Begun::HoldsData);
}

/// Whatever table they are in.
pub async fn no_copy_begins_in_a_store_with_rows(store: Shared) {
    for (table, rows) in every_row() {
        if [
            "clients",
            "users",
            "revoked_tokens",
            "nonces",
            "attempts",
            "signing_keys",
        ]
        .contains(&table.name)
        {
            let keys: Vec<Row> = rows.iter().map(|row| table.key(row).to_vec()).collect();
            store.write_rows(table, rows).await.unwrap();
            let begun = store.begin_copy("here").await.unwrap();
            assert_eq!(begun, Begun::HoldsData, "{}", table.name);
            store.remove_rows(table, keys).await.unwrap();
        }
    }
    assert_eq!(store.begin_copy("here").await.unwrap(), Begun::Fresh);
}
