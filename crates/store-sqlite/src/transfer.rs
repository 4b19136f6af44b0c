//! Rows out of this store and into it, for moving an installation ([`valetkey_store::transfer`]).
//!
//! A snapshot is a read transaction of a connection of its own: writers go on beside it, and the write-ahead log cannot
//! start anew until it ends. The mark of an unfinished copy is a table that no migration knows.

use crate::columns::{change, find};
use crate::failure::Failure;
use crate::open;
use crate::pulse::bump_stamp;
use crate::{SqliteStore, columns};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, ToSql, params_from_iter};
use valetkey_store::Answer;
use valetkey_store::transfer::{Begun, Row, Snapshot, TABLES, Table, Transfer, Value, misfit};

const MARK: &str = "unfinished_copy";

/// Where the rows come from of a copy that is not finished.
pub(crate) fn unfinished(connection: &Connection) -> rusqlite::Result<Option<String>> {
    let is_there = connection
        .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1")?
        .exists([MARK])?;
    if !is_there {
        return Ok(None);
    }
    connection
        .query_row(&format!("SELECT source FROM {MARK}"), [], |row| row.get(0))
        .optional()
}

impl Transfer for SqliteStore {
    fn snapshot(&self) -> Answer<'_, Box<dyn Snapshot>> {
        Box::pin(async move {
            let opened = open::connect(&self.database, OpenFlags::SQLITE_OPEN_READ_ONLY);
            let connection = opened.map_err(Failure::from)?;
            begin_reading(&connection)?;
            Ok(Box::new(Moment { connection }) as Box<dyn Snapshot>)
        })
    }

    fn begin_copy<'a>(&'a self, from: &'a str) -> Answer<'a, Begun> {
        let from = from.to_owned();
        self.write(move |connection| begin(connection, &from))
    }

    fn write_rows(&self, table: &'static Table, rows: Vec<Row>) -> Answer<'_, u64> {
        self.write(move |connection| {
            let insert = insert_statement(table);
            let mut added = 0;
            for row in &rows {
                if row.len() != table.columns.len() {
                    return Err(does_not_fit(table));
                }
                added += change(connection, &insert, params_from_iter(row.iter().map(Bound)))?;
            }
            Ok(added as u64)
        })
    }

    fn remove_rows(&self, table: &'static Table, keys: Vec<Row>) -> Answer<'_, u64> {
        self.write(move |connection| {
            let columns = table.key_columns().join(", ");
            let remove = format!(
                "DELETE FROM {} WHERE ({columns}) = ({})",
                table.name,
                places(table.key_length)
            );
            let mut removed = 0;
            for key in &keys {
                if key.len() != table.key_length {
                    return Err(does_not_fit(table));
                }
                removed += change(connection, &remove, params_from_iter(key.iter().map(Bound)))?;
            }
            Ok(removed as u64)
        })
    }

    fn finish_copy(&self) -> Answer<'_, ()> {
        self.write(|connection| {
            connection.execute_batch(&format!("DROP TABLE IF EXISTS {MARK}"))?;
            bump_stamp(connection)
        })
    }
}

fn begin(connection: &Connection, from: &str) -> Result<Begun, Failure> {
    match unfinished(connection)? {
        Some(source) if source == from => return Ok(Begun::Continues),
        Some(source) => return Ok(Begun::OtherCopy(source)),
        None => {}
    }
    for table in TABLES {
        let mut any = connection.prepare(&format!("SELECT 1 FROM {} LIMIT 1", table.name))?;
        if any.exists([])? {
            return Ok(Begun::HoldsData);
        }
    }
    connection.execute_batch(&format!("CREATE TABLE {MARK} (source TEXT NOT NULL) STRICT"))?;
    change(connection, &format!("INSERT INTO {MARK} VALUES (?1)"), [from])?;
    Ok(Begun::Fresh)
}

/// Begins a read transaction; it is one only from its first look on.
pub(crate) fn begin_reading(connection: &Connection) -> Result<(), Failure> {
    connection.execute_batch("BEGIN; SELECT count(*) FROM sqlite_schema")?;
    Ok(())
}

fn insert_statement(table: &Table) -> String {
    format!(
        "INSERT INTO {} ({}) VALUES ({}) ON CONFLICT ({}) DO NOTHING",
        table.name,
        table.columns.join(", "),
        places(table.columns.len()),
        table.key_columns().join(", ")
    )
}

/// So many places for values.
fn places(count: usize) -> String {
    vec!["?"; count].join(", ")
}

fn does_not_fit(table: &'static Table) -> Failure {
    columns::corrupt(table.name, misfit(table))
}

struct Bound<'r>(&'r Value);

impl ToSql for Bound<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Text(text) => ValueRef::Text(text.as_bytes()),
            Value::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// The read transaction; it ends with its connection.
struct Moment {
    connection: Connection,
}

impl Snapshot for Moment {
    fn count(&mut self, table: &'static Table) -> Answer<'_, u64> {
        Box::pin(async move { Ok(count(&self.connection, table)?) })
    }

    fn read_rows<'a>(
        &'a mut self,
        table: &'static Table,
        after: Option<&'a [Value]>,
        limit: u32,
    ) -> Answer<'a, Vec<Row>> {
        Box::pin(async move { Ok(read(&self.connection, table, after, limit)?) })
    }
}

fn count(connection: &Connection, table: &Table) -> Result<u64, Failure> {
    let sql = format!("SELECT count(*) FROM {}", table.name);
    let counted = find(connection, &sql, [], |columns| columns.take::<i64>())?;
    Ok(counted.unwrap_or_default().unsigned_abs())
}

fn read(
    connection: &Connection,
    table: &'static Table,
    after: Option<&[Value]>,
    limit: u32,
) -> Result<Vec<Row>, Failure> {
    let (columns, keys) = (table.columns.join(", "), table.key_columns().join(", "));
    let beyond = match after {
        Some(_) => format!("WHERE ({keys}) > ({})", places(table.key_length)),
        None => String::new(),
    };
    let sql = format!(
        "SELECT {columns} FROM {} {beyond} ORDER BY {keys} LIMIT {limit}",
        table.name
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(after.unwrap_or_default().iter().map(Bound)))?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values = (0..table.columns.len()).map(|index| value(table, row.get_ref(index)?));
        rows.push(values.collect::<Result<Row, Failure>>()?);
    }
    Ok(rows)
}

fn value(table: &'static Table, stored: ValueRef<'_>) -> Result<Value, Failure> {
    Ok(match stored {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => Value::Integer(number),
        ValueRef::Text(text) => {
            let text = str::from_utf8(text).map_err(|error| columns::corrupt(table.name, error))?;
            Value::Text(text.to_owned())
        }
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        ValueRef::Real(_) => return Err(columns::corrupt(table.name, "a number with a fraction")),
    })
}

#[cfg(test)]
#[path = "transfer_tests.rs"]
mod tests;
