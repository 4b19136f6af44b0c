//! Statements and columns: the few ways in which verbs run SQL, and values between Rust and SQLite.

use crate::failure::Failure;
use rusqlite::types::FromSql;
use rusqlite::{Connection, Params, Row};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Display;
use uuid::Uuid;
use valetkey_protocol::time::Timestamp;

/// Runs a statement that changes rows; answers how many.
pub(crate) fn change(connection: &Connection, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute(params)
}

/// Runs a query for at most one row.
pub(crate) fn find<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl FnOnce(&mut Columns<'_, '_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    rows.next()?.map(|row| read(&mut Columns::of(row))).transpose()
}

/// Runs a query for all its rows.
pub(crate) fn list<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&mut Columns<'_, '_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(&mut Columns::of(row))?);
    }
    Ok(found)
}

/// Runs a query for its rows one by one, until it is said that there are enough.
pub(crate) fn list_until(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    mut read: impl FnMut(&mut Columns<'_, '_>) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    while let Some(row) = rows.next()? {
        if !read(&mut Columns::of(row))? {
            break;
        }
    }
    Ok(())
}

/// A set or list as JSON text.
pub(crate) fn to_json(what: &'static str, value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| corrupt(what, error))
}

/// The columns of a row, taken in the order of the query's column list.
pub(crate) struct Columns<'r, 's> {
    row: &'r Row<'s>,
    next: usize,
}

impl<'r, 's> Columns<'r, 's> {
    fn of(row: &'r Row<'s>) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    pub(crate) fn take<T: FromSql>(&mut self) -> Result<T, Failure> {
        let index = self.next;
        self.next += 1;
        Ok(self.row.get(index)?)
    }

    /// Passes over columns.
    pub(crate) fn skip(&mut self, count: usize) {
        self.next += count;
    }

    /// The next column, a UUID.
    pub(crate) fn id(&mut self) -> Result<Uuid, Failure> {
        Ok(Uuid::from_bytes(self.take()?))
    }

    /// The next column, a UUID or nothing.
    pub(crate) fn id_or_none(&mut self) -> Result<Option<Uuid>, Failure> {
        Ok(self.take::<Option<[u8; 16]>>()?.map(Uuid::from_bytes))
    }

    /// The next column, a moment.
    pub(crate) fn time(&mut self) -> Result<Timestamp, Failure> {
        Ok(Timestamp(self.take()?))
    }

    /// The next column, a moment or nothing.
    pub(crate) fn time_or_none(&mut self) -> Result<Option<Timestamp>, Failure> {
        Ok(self.take::<Option<i64>>()?.map(Timestamp))
    }

    /// The next column, JSON text.
    pub(crate) fn json<T: DeserializeOwned>(&mut self, what: &'static str) -> Result<T, Failure> {
        self.parse(what, |text| serde_json::from_str(text))
    }

    /// The next column, JSON text or nothing.
    pub(crate) fn json_or_none<T: DeserializeOwned>(
        &mut self,
        what: &'static str,
    ) -> Result<Option<T>, Failure> {
        let text: Option<String> = self.take()?;
        let read = text.map(|text| serde_json::from_str(&text));
        read.transpose().map_err(|error| corrupt(what, error))
    }

    /// The next column, text that `parse` understands.
    pub(crate) fn parse<T, E: Display>(
        &mut self,
        what: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Failure> {
        let index = self.next;
        self.next += 1;
        let text = self.row.get_ref(index)?.as_str();
        parse(text.map_err(|error| corrupt(what, error))?).map_err(|error| corrupt(what, error))
    }
}

/// A stored value cannot be read back.
pub(crate) fn corrupt(what: &'static str, why: impl Display) -> Failure {
    Failure::Corrupt {
        what,
        why: why.to_string(),
    }
}

/// The value with that stored name.
pub(crate) fn by_name<T: Copy>(all: &[T], name: fn(T) -> &'static str, text: &str) -> Result<T, String> {
    let named = all.iter().find(|value| name(**value) == text);
    named
        .copied()
        .ok_or_else(|| format!("{text:?} is no name of one"))
}
