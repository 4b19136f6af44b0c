//! Between two embedded stores: what arrives, and what a second try makes of the first.

use super::*;
use std::sync::atomic::{AtomicU32, Ordering};
use tempfile::TempDir;
use valetkey_store::Answer;
use valetkey_store::transfer::{Begun, Value};
use valetkey_store_sqlite::SqliteStore;

fn store() -> (TempDir, SqliteStore) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open_for_copy(folder.path()).unwrap();
    (folder, store)
}

fn table(name: &str) -> &'static Table {
    TABLES.iter().find(|table| table.name == name).unwrap()
}

fn person(number: i64, name: &str) -> Row {
    vec![
        Value::Bytes([vec![0; 8], number.to_be_bytes().to_vec()].concat()),
        Value::Text(name.to_owned()),
        Value::Text(name.to_lowercase()),
        Value::Null,
        Value::Text("{}".to_owned()),
        Value::Integer(1_790_000_000),
        Value::Null,
    ]
}

fn link(number: i64, subject: &str) -> Row {
    vec![
        Value::Text("github".to_owned()),
        Value::Text(subject.to_owned()),
        person(number, "")[0].clone(),
        Value::Text(String::new()),
        Value::Integer(1),
    ]
}

async fn add(store: &dyn Transfer, name: &str, rows: Vec<Row>) {
    store.write_rows(table(name), rows).await.unwrap();
}

async fn remove(store: &dyn Transfer, name: &str, row: &Row) {
    let table = table(name);
    let keys = vec![table.key(row).to_vec()];
    store.remove_rows(table, keys).await.unwrap();
}

async fn people(store: &dyn Transfer, numbers: std::ops::Range<i64>) {
    let rows = numbers.map(|number| person(number, &format!("person {number}")));
    add(store, "users", rows.collect()).await;
}

/// A target that fails at the so-manieth batch of rows.
struct Fails<'s>(&'s SqliteStore, AtomicU32);

impl Transfer for Fails<'_> {
    fn snapshot(&self) -> Answer<'_, Box<dyn Snapshot>> {
        self.0.snapshot()
    }
    fn begin_copy<'a>(&'a self, from: &'a str) -> Answer<'a, Begun> {
        self.0.begin_copy(from)
    }
    fn write_rows(&self, table: &'static Table, rows: Vec<Row>) -> Answer<'_, u64> {
        if self.1.fetch_sub(1, Ordering::SeqCst) == 0 {
            return Box::pin(async { Err(StoreError::Busy) });
        }
        self.0.write_rows(table, rows)
    }
    fn remove_rows(&self, table: &'static Table, keys: Vec<Row>) -> Answer<'_, u64> {
        self.0.remove_rows(table, keys)
    }
    fn finish_copy(&self) -> Answer<'_, ()> {
        self.0.finish_copy()
    }
}

#[tokio::test]
async fn everything_arrives_and_both_sides_are_the_same() {
    let ((_a, source), (_b, target)) = (store(), store());
    people(&source, 0..2500).await;
    add(&source, "links", vec![link(7, "7"), link(9, "9")]).await;
    let copied = copy(&source, &target, false, &mut Progress::new()).await.unwrap();
    let rows = |name: &str| copied.iter().find(|tally| tally.table == name).unwrap().rows;
    assert_eq!((rows("users"), rows("links"), rows("grants")), (2500, 2, 0));
    let again = tally(&source, "reading", &mut Progress::new()).await.unwrap();
    assert_eq!(copied, again);
}

#[tokio::test]
async fn a_copy_that_was_broken_off_goes_on_and_ends_right() {
    let ((_a, source), (_b, target)) = (store(), store());
    people(&source, 0..5000).await;
    let broken = Fails(&target, AtomicU32::new(3));
    let failed = copy(&source, &broken, false, &mut Progress::new()).await;
    assert!(failed.unwrap_err().to_string().contains("table users"));
    let mut there = target.snapshot().await.unwrap();
    assert_eq!(there.count(table("users")).await.unwrap(), 3000);
    drop(there);
    // Only what is missing is written: one more batch than that would be refused.
    let rest = Fails(&target, AtomicU32::new(2));
    copy(&source, &rest, true, &mut Progress::new()).await.unwrap();
}

/// Between the two tries the server ran: people came, went and changed, and one took the name of another.
#[tokio::test]
async fn what_changed_in_the_source_since_the_first_try_is_right_in_the_end() {
    let ((_a, source), (_b, target)) = (store(), store());
    people(&source, 10..3010).await;
    add(
        &source,
        "links",
        vec![link(11, "11"), link(12, "12"), link(13, "13")],
    )
    .await;
    copy(&source, &target, false, &mut Progress::new()).await.unwrap();
    remove(&source, "users", &person(11, "")).await;
    remove(&source, "users", &person(2500, "")).await;
    remove(&source, "users", &person(12, "")).await;
    remove(&source, "links", &link(13, "13")).await;
    let changed = vec![
        person(5, "person 2500"),
        person(12, "Somebody else"),
        person(9000, "person 11"),
    ];
    add(&source, "users", changed).await;
    add(&source, "links", vec![link(12, "12"), link(5, "13")]).await;
    let copied = copy(&source, &target, true, &mut Progress::new()).await.unwrap();
    assert_eq!(
        copied,
        tally(&source, "reading", &mut Progress::new()).await.unwrap()
    );
}

#[tokio::test]
async fn a_copy_that_somebody_wrote_to_is_not_called_the_same() {
    let ((_a, source), (_b, target)) = (store(), store());
    people(&source, 0..10).await;
    people(&target, 20..21).await;
    let refused = copy(&source, &target, false, &mut Progress::new())
        .await
        .unwrap_err();
    let told = refused.to_string();
    assert!(
        told.contains("users") && told.contains("10 rows") && told.contains("and 11"),
        "{told}"
    );
}

#[tokio::test]
async fn one_changed_value_changes_the_hash() {
    let ((_a, one), (_b, other)) = (store(), store());
    people(&one, 0..10).await;
    people(&other, 0..9).await;
    add(&other, "users", vec![person(9, "Person 9")]).await;
    assert!(same_counts(&one, &other).await.unwrap());
    let (one, other) = (
        tally(&one, "reading", &mut Progress::new()).await.unwrap(),
        tally(&other, "reading", &mut Progress::new()).await.unwrap(),
    );
    let differ: Vec<&str> = one
        .iter()
        .zip(&other)
        .filter(|(a, b)| a != b)
        .map(|(a, _)| a.table)
        .collect();
    assert_eq!(differ, ["users"]);
}
