//! The copying: table by table in the order of the keys, out of one snapshot, and a comparison of all of it in the end.
//!
//! A copy that goes on first takes out of each table what the source does not have, or not any more in that form: servers
//! may have run on the source since. So it ends right wherever it was broken off.

use crate::commands::progress::Progress;
use crate::failure::{Failure, Outcome};
use serde::Serialize;
use std::collections::VecDeque;
use valetkey_jose::hash::sha256;
use valetkey_store::StoreError;
use valetkey_store::transfer::{Row, Snapshot, TABLES, Table, Transfer};

/// How many rows travel at once.
const BATCH: u32 = 1000;

/// What a table holds: both sides are the same when this is.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct Tally {
    /// Which table.
    pub(super) table: &'static str,
    /// How many rows.
    pub(super) rows: u64,
    /// Over all rows in the order of their keys.
    pub(super) sha256: String,
}

/// Counts and hashes rows: each hash is that of the one before and the row.
struct Digest {
    rows: u64,
    hash: [u8; 32],
}

impl Digest {
    fn new() -> Self {
        Self {
            rows: 0,
            hash: [0; 32],
        }
    }

    fn add(&mut self, row: &Row) {
        let mut bytes = self.hash.to_vec();
        row.iter().for_each(|value| value.encode(&mut bytes));
        self.hash = sha256(&bytes);
        self.rows += 1;
    }

    fn tally(&self, table: &'static Table) -> Tally {
        Tally {
            table: table.name,
            rows: self.rows,
            sha256: self.hash.iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }
}

/// Copies every table, and compares both sides.
pub(super) async fn copy(
    source: &dyn Transfer,
    target: &dyn Transfer,
    resumed: bool,
    progress: &mut Progress,
) -> Outcome<Vec<Tally>> {
    let mut from = source.snapshot().await?;
    progress.begin("copying", count_all(&mut *from).await?);
    let mut copied = Vec::new();
    for table in TABLES {
        let kept = if resumed {
            tidy(&mut *from, target, table).await.map_err(in_table(table))?
        } else {
            0
        };
        let tally = copy_table(&mut *from, target, (table, kept), progress).await;
        copied.push(tally.map_err(in_table(table))?);
    }
    drop(from);
    let there = tally(target, "comparing", progress).await?;
    for (ours, theirs) in copied.iter().zip(&there) {
        if ours != theirs {
            return Err(Failure::refused(format!(
                "the copy is not the same: {} has {} rows ({}) in the source and {} ({}) in the copy. Somebody has written to \
                 one of them meanwhile: give the command again",
                ours.table, ours.rows, ours.sha256, theirs.rows, theirs.sha256
            )));
        }
    }
    Ok(copied)
}

/// What every table holds.
pub(super) async fn tally(
    store: &dyn Transfer,
    doing: &'static str,
    progress: &mut Progress,
) -> Outcome<Vec<Tally>> {
    let mut snapshot = store.snapshot().await?;
    progress.begin(doing, count_all(&mut *snapshot).await?);
    let mut tallies = Vec::new();
    for table in TABLES {
        let (mut digest, mut last) = (Digest::new(), None);
        loop {
            let rows = snapshot
                .read_rows(table, last.as_deref(), BATCH)
                .await
                .map_err(in_table(table))?;
            let Some(row) = rows.last() else { break };
            last = Some(table.key(row).to_vec());
            rows.iter().for_each(|row| digest.add(row));
            progress.advance(table.name, rows.len());
        }
        tallies.push(digest.tally(table));
    }
    progress.end();
    Ok(tallies)
}

/// Whether both have as many rows in each table.
pub(super) async fn same_counts(one: &dyn Transfer, other: &dyn Transfer) -> Outcome<bool> {
    let (mut one, mut other) = (one.snapshot().await?, other.snapshot().await?);
    for table in TABLES {
        if one.count(table).await? != other.count(table).await? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What is in a store, in words.
pub(super) async fn holds(store: &dyn Transfer) -> Outcome<String> {
    let mut snapshot = store.snapshot().await?;
    let mut found = Vec::new();
    for table in TABLES {
        match snapshot.count(table).await? {
            0 => {}
            rows => found.push(format!("{rows} in {}", table.name)),
        }
    }
    Ok(found.join(", "))
}

async fn count_all(snapshot: &mut dyn Snapshot) -> Outcome<u64> {
    let mut rows = 0;
    for table in TABLES {
        rows += snapshot.count(table).await.map_err(in_table(table))?;
    }
    Ok(rows)
}

/// Copies one table; its first `kept` rows are there already.
async fn copy_table(
    source: &mut dyn Snapshot,
    target: &dyn Transfer,
    (table, kept): (&'static Table, u64),
    progress: &mut Progress,
) -> Result<Tally, StoreError> {
    let (mut digest, mut last) = (Digest::new(), None);
    loop {
        let mut rows = source.read_rows(table, last.as_deref(), BATCH).await?;
        let Some(row) = rows.last() else { break };
        last = Some(table.key(row).to_vec());
        let there = kept.saturating_sub(digest.rows);
        rows.iter().for_each(|row| digest.add(row));
        let count = rows.len();
        let missing = rows.split_off(usize::try_from(there).unwrap_or(count).min(count));
        if !missing.is_empty() {
            target.write_rows(table, missing).await?;
        }
        progress.advance(table.name, count);
    }
    Ok(digest.tally(table))
}

/// Removes what is not the same in the source; answers how many rows from the first on are there without a gap.
async fn tidy(
    source: &mut dyn Snapshot,
    target: &dyn Transfer,
    table: &'static Table,
) -> Result<u64, StoreError> {
    let mut copied = target.snapshot().await?;
    let (mut ours, mut theirs) = (Cursor::of(table), Cursor::of(table));
    let (mut kept, mut without_gap, mut stale) = (0, true, Vec::new());
    while let Some(there) = theirs.next(&mut *copied).await? {
        while ours
            .peek(source)
            .await?
            .is_some_and(|row| table.key(row) < table.key(&there))
        {
            ours.next(source).await?;
            without_gap = false;
        }
        if ours.peek(source).await? == Some(&there) {
            ours.next(source).await?;
            kept += u64::from(without_gap);
        } else {
            without_gap = false;
            stale.push(table.key(&there).to_vec());
        }
        if stale.len() >= BATCH as usize {
            target.remove_rows(table, std::mem::take(&mut stale)).await?;
        }
    }
    if !stale.is_empty() {
        target.remove_rows(table, stale).await?;
    }
    Ok(kept)
}

/// A table, row by row.
struct Cursor {
    table: &'static Table,
    rows: VecDeque<Row>,
    last: Option<Row>,
    is_over: bool,
}

impl Cursor {
    fn of(table: &'static Table) -> Self {
        Self {
            table,
            rows: VecDeque::new(),
            last: None,
            is_over: false,
        }
    }

    async fn peek(&mut self, snapshot: &mut dyn Snapshot) -> Result<Option<&Row>, StoreError> {
        if self.rows.is_empty() && !self.is_over {
            let rows = snapshot
                .read_rows(self.table, self.last.as_deref(), BATCH)
                .await?;
            self.is_over = rows.is_empty();
            self.last = rows
                .last()
                .map(|row| self.table.key(row).to_vec())
                .or(self.last.take());
            self.rows = rows.into();
        }
        Ok(self.rows.front())
    }

    async fn next(&mut self, snapshot: &mut dyn Snapshot) -> Result<Option<Row>, StoreError> {
        self.peek(snapshot).await?;
        Ok(self.rows.pop_front())
    }
}

fn in_table(table: &'static Table) -> impl Fn(StoreError) -> Failure {
    move |error| Failure::refused(format!("table {}: {error}", table.name))
}

#[cfg(test)]
#[path = "copying_tests.rs"]
mod tests;
