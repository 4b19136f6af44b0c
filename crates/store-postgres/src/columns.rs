//! Statements and columns: the few ways in which verbs run SQL, and values between Rust and PostgreSQL.

use crate::connection::Connection;
use crate::failure::Failure;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::{self, Display};
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type};
use uuid::Uuid;
use valetkey_protocol::time::Timestamp;

/// Runs a statement that changes rows; answers how many.
pub(crate) async fn change(db: &Connection, sql: &str, params: &[&dyn Param]) -> Result<u64, Failure> {
    db.change(sql, params).await
}

/// Runs a query for at most one row. Nothing is found by text that cannot be stored.
pub(crate) async fn find<T>(
    db: &Connection,
    sql: &str,
    params: &[&dyn Param],
    read: impl FnOnce(&mut Columns<'_>) -> Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    let rows = rows(db, sql, params).await?;
    rows.first().map(|row| read(&mut Columns::of(row))).transpose()
}

/// Runs a query for all its rows.
pub(crate) async fn list<T>(
    db: &Connection,
    sql: &str,
    params: &[&dyn Param],
    read: impl Fn(&mut Columns<'_>) -> Result<T, Failure>,
) -> Result<Vec<T>, Failure> {
    let rows = rows(db, sql, params).await?;
    rows.iter().map(|row| read(&mut Columns::of(row))).collect()
}

async fn rows(db: &Connection, sql: &str, params: &[&dyn Param]) -> Result<Vec<Row>, Failure> {
    match db.rows(sql, params).await {
        Err(failure) if failure.is_unstorable() => Ok(Vec::new()),
        found => found,
    }
}

/// A value for a statement, with the type that the column has.
pub(crate) trait Param: Sync {
    /// Its type.
    fn kind(&self) -> Type;
    /// The value.
    fn value(&self) -> &(dyn ToSql + Sync);
}

impl<T: ToSql + Sync + Kind> Param for T {
    fn kind(&self) -> Type {
        T::KIND
    }

    fn value(&self) -> &(dyn ToSql + Sync) {
        self
    }
}

/// tokio-postgres writes the values of statements into its log, when that is asked to tell everything. Password hashes and
/// sealed secrets are among them: no value tells what it is.
impl fmt::Debug for dyn Param + '_ {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())
    }
}

impl ToSql for &dyn Param {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, NotStored> {
        self.value().to_sql_checked(kind, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn to_sql_checked(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, NotStored> {
        self.value().to_sql_checked(kind, out)
    }
}

type NotStored = Box<dyn std::error::Error + Sync + Send>;

/// The one type of PostgreSQL that stands for a type of Rust here.
pub(crate) trait Kind {
    /// Which.
    const KIND: Type;
}

macro_rules! kinds {
    ($($rust:ty => $postgres:ident,)*) => {
        $(impl Kind for $rust {
            const KIND: Type = Type::$postgres;
        })*
    };
}

kinds! {
    bool => BOOL,
    i64 => INT8,
    str => TEXT,
    String => TEXT,
    [u8] => BYTEA,
    Vec<u8> => BYTEA,
    Uuid => UUID,
    Vec<Uuid> => UUID_ARRAY,
    Vec<String> => TEXT_ARRAY,
    Vec<&[u8]> => BYTEA_ARRAY,
}

impl<T: Kind + ?Sized> Kind for &T {
    const KIND: Type = T::KIND;
}

impl<T: Kind> Kind for Option<T> {
    const KIND: Type = T::KIND;
}

/// The values of a statement, as `&[&dyn Param]`.
macro_rules! params {
    ($($value:expr),* $(,)?) => {
        &[$(&$value as &dyn $crate::columns::Param),*] as &[&dyn $crate::columns::Param]
    };
}
pub(crate) use params;

/// A set or list as JSON text.
pub(crate) fn to_json(what: &'static str, value: &impl Serialize) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| corrupt(what, error))
}

/// The columns of a row, taken in the order of the query's column list.
pub(crate) struct Columns<'r> {
    row: &'r Row,
    next: usize,
}

impl<'r> Columns<'r> {
    fn of(row: &'r Row) -> Self {
        Self { row, next: 0 }
    }

    /// The next column.
    pub(crate) fn take<T: FromSql<'r>>(&mut self) -> Result<T, Failure> {
        let index = self.next;
        self.next += 1;
        let read = self.row.try_get(index);
        read.map_err(|error| corrupt("column", error))
    }

    /// Passes over columns.
    pub(crate) fn skip(&mut self, count: usize) {
        self.next += count;
    }

    /// The next column, a UUID.
    pub(crate) fn id(&mut self) -> Result<Uuid, Failure> {
        self.take()
    }

    /// The next column, a UUID or nothing.
    pub(crate) fn id_or_none(&mut self) -> Result<Option<Uuid>, Failure> {
        self.take()
    }

    /// The next column, a number that is never negative.
    pub(crate) fn count<T: TryFrom<i64, Error: Display>>(&mut self) -> Result<T, Failure> {
        let count: i64 = self.take()?;
        T::try_from(count).map_err(|error| corrupt("count", error))
    }

    /// The next column, a SHA-256 hash or nothing.
    pub(crate) fn hash_or_none(&mut self) -> Result<Option<[u8; 32]>, Failure> {
        let hash: Option<&[u8]> = self.take()?;
        let read = hash.map(TryInto::try_into).transpose();
        read.map_err(|error| corrupt("hash", error))
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
        let text: Option<&str> = self.take()?;
        let read = text.map(serde_json::from_str);
        read.transpose().map_err(|error| corrupt(what, error))
    }

    /// The next column, text that `parse` understands.
    pub(crate) fn parse<T, E: Display>(
        &mut self,
        what: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Failure> {
        parse(self.take()?).map_err(|error| corrupt(what, error))
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
