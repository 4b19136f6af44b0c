//! Rows out of this store and into it, for moving an installation ([`valetkey_store::transfer`]).
//!
//! A snapshot is one transaction, REPEATABLE READ. Rows go in by arrays, one for each column, whose types are asked of the
//! schema. The mark of an unfinished copy is a table that no migration knows.

use crate::PostgresStore;
use crate::columns::{Param, change, corrupt, find, list, params};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::migrate::MIGRATIONS;
use crate::pulse::bump_stamp;
use crate::verb::{Verb, verb};
use std::collections::BTreeMap;
use tokio_postgres::types::{ToSql, Type};
use uuid::Uuid;
use valetkey_store::transfer::{Begun, Row, Snapshot, TABLES, Table, Transfer, Value, misfit};
use valetkey_store::{Answer, StoreError};

/// Nothing of it may be ended for being slow: reading a million rows takes its time.
const BEGIN_READING: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL statement_timeout = 0; \
     SET LOCAL idle_in_transaction_session_timeout = 0; SELECT count(*) FROM pulse";
const VERSION: &str = "SELECT max(version) FROM schema_versions";
const MARK_IS_THERE: &str = "SELECT to_regclass('unfinished_copy') IS NOT NULL";
const MARK: &str = "SELECT source FROM unfinished_copy";
const MAKE_MARK: &str = "CREATE TABLE unfinished_copy (source TEXT COLLATE \"C\" NOT NULL)";
const SET_MARK: &str = "INSERT INTO unfinished_copy (source) VALUES ($1)";
const TAKE_MARK_AWAY: &str = "DROP TABLE IF EXISTS unfinished_copy";
/// "vk copy" in ASCII: two copies do not begin at once.
const LOCK: i64 = 0x0076_6b20_636f_7079;
const COLUMNS: &str = "SELECT column_name::text, udt_name::text FROM information_schema.columns \
     WHERE table_schema = current_schema() AND table_name = $1 AND is_generated = 'NEVER'";
const OTHERS: &str = "SELECT DISTINCT coalesce(nullif(application_name, ''), 'a program without a name') \
     FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' \
     AND pid <> pg_backend_pid() AND application_name IS DISTINCT FROM current_setting('application_name') \
     ORDER BY 1";

/// Where the rows come from of a copy that is not finished.
pub(crate) async fn unfinished(db: &Connection) -> Result<Option<String>, Failure> {
    let is_there = find(db, MARK_IS_THERE, params![], |columns| columns.take()).await?;
    if is_there != Some(true) {
        return Ok(None);
    }
    find(db, MARK, params![], |columns| columns.take()).await
}

impl PostgresStore {
    /// Where the rows come from of a copy into this store that is not finished.
    pub(crate) fn unfinished_copy(&self) -> Answer<'_, Option<String>> {
        verb!(self, Verb::READ, db => unfinished(db).await)
    }
}

impl Transfer for PostgresStore {
    fn snapshot(&self) -> Answer<'_, Box<dyn Snapshot>> {
        Box::pin(async move {
            let object = self.pool.get().await.map_err(Failure::from)?;
            object.batch_execute(BEGIN_READING).await.map_err(Failure::from)?;
            let mut db = Connection::of(object, self.keeps_statements);
            // Closed at the end, and the transaction with it.
            db.give_up();
            refuse_other_version(&db).await?;
            let types = BTreeMap::new();
            Ok(Box::new(Moment { db, types }) as Box<dyn Snapshot>)
        })
    }

    fn used_by(&self) -> Answer<'_, Vec<String>> {
        verb!(self, Verb::READ, db => list(db, OTHERS, params![], |columns| columns.take()).await)
    }

    fn begin_copy<'a>(&'a self, from: &'a str) -> Answer<'a, Begun> {
        verb!(self, Verb::STEP, db => begin(db, from).await)
    }

    fn write_rows(&self, table: &'static Table, rows: Vec<Row>) -> Answer<'_, u64> {
        verb!(self, Verb::CHANGE_MANY, db => {
            let types = types(db, table).await?;
            let arrays = arrays(table, table.columns, &types, &rows)?;
            let insert = format!(
                "INSERT INTO {} ({}) SELECT * FROM unnest({}) ON CONFLICT ({}) DO NOTHING",
                table.name,
                table.columns.join(", "),
                places(arrays.len()),
                table.key_columns().join(", ")
            );
            change(db, &insert, &as_params(&arrays)).await
        })
    }

    fn remove_rows(&self, table: &'static Table, keys: Vec<Row>) -> Answer<'_, u64> {
        verb!(self, Verb::CHANGE_MANY, db => {
            let types = types(db, table).await?;
            let arrays = arrays(table, table.key_columns(), &types, &keys)?;
            let remove = format!(
                "DELETE FROM {} WHERE ({}) IN (SELECT * FROM unnest({}))",
                table.name,
                table.key_columns().join(", "),
                places(arrays.len())
            );
            change(db, &remove, &as_params(&arrays)).await
        })
    }

    fn finish_copy(&self) -> Answer<'_, ()> {
        verb!(self, Verb::STEP, db => {
            change(db, TAKE_MARK_AWAY, params![]).await?;
            bump_stamp(db).await
        })
    }
}

async fn begin(db: &Connection, from: &str) -> Result<Begun, Failure> {
    refuse_other_version(db).await?;
    db.rows("SELECT pg_advisory_xact_lock($1)", params![LOCK]).await?;
    match unfinished(db).await? {
        Some(source) if source == from => return Ok(Begun::Continues),
        Some(source) => return Ok(Begun::OtherCopy(source)),
        None => {}
    }
    for table in TABLES {
        let any = format!("SELECT 1 FROM {} LIMIT 1", table.name);
        if !db.rows(&any, params![]).await?.is_empty() {
            return Ok(Begun::HoldsData);
        }
    }
    change(db, MAKE_MARK, params![]).await?;
    change(db, SET_MARK, params![from]).await?;
    Ok(Begun::Fresh)
}

/// A newer version's tables may have columns, and there may be tables, that this program would leave behind.
async fn refuse_other_version(db: &Connection) -> Result<(), Failure> {
    let found = find(db, VERSION, params![], |columns| columns.take::<Option<i64>>()).await?;
    let found = found.flatten().unwrap_or_default();
    if usize::try_from(found) == Ok(MIGRATIONS.len()) {
        return Ok(());
    }
    let why = format!(
        "its version is {found}, and this program copies version {}",
        MIGRATIONS.len()
    );
    Err(corrupt("schema", why))
}

/// The type of every column.
type Types = BTreeMap<String, Type>;

async fn types(db: &Connection, table: &'static Table) -> Result<Types, Failure> {
    let found = list(db, COLUMNS, params![table.name], |columns| {
        Ok((columns.take::<String>()?, columns.take::<String>()?))
    })
    .await?;
    let mut types = Types::new();
    for (column, kind) in found {
        let kind = match kind.as_str() {
            "uuid" => Type::UUID,
            "text" => Type::TEXT,
            "bytea" => Type::BYTEA,
            "int8" => Type::INT8,
            "bool" => Type::BOOL,
            other => return Err(corrupt(table.name, format!("{column} is a {other}"))),
        };
        types.insert(column, kind);
    }
    let known = |column: &&str| types.contains_key(*column);
    if types.len() == table.columns.len() && table.columns.iter().all(known) {
        return Ok(types);
    }
    Err(corrupt(table.name, "its columns are those of another version"))
}

fn type_of(types: &Types, column: &str) -> Type {
    types.get(column).cloned().unwrap_or(Type::TEXT)
}

fn places(count: usize) -> String {
    let places: Vec<String> = (1..=count).map(|place| format!("${place}")).collect();
    places.join(", ")
}

/// The values of one column.
enum Array {
    Uuid(Vec<Option<Uuid>>),
    Text(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
    Integer(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
}

impl Param for Array {
    fn kind(&self) -> Type {
        match self {
            Self::Uuid(_) => Type::UUID_ARRAY,
            Self::Text(_) => Type::TEXT_ARRAY,
            Self::Bytes(_) => Type::BYTEA_ARRAY,
            Self::Integer(_) => Type::INT8_ARRAY,
            Self::Bool(_) => Type::BOOL_ARRAY,
        }
    }

    fn value(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Uuid(values) => values,
            Self::Text(values) => values,
            Self::Bytes(values) => values,
            Self::Integer(values) => values,
            Self::Bool(values) => values,
        }
    }
}

fn as_params(arrays: &[Array]) -> Vec<&dyn Param> {
    arrays.iter().map(|array| array as &dyn Param).collect()
}

/// The rows, column by column.
fn arrays(
    table: &'static Table,
    columns: &[&str],
    types: &Types,
    rows: &[Row],
) -> Result<Vec<Array>, Failure> {
    if rows.iter().any(|row| row.len() != columns.len()) {
        return Err(corrupt(table.name, misfit(table)));
    }
    let array = |(index, column): (usize, &&str)| {
        let values = rows.iter().map(|row| row.get(index).unwrap_or(&Value::Null));
        let kind = type_of(types, column);
        let wrong = || corrupt(table.name, format!("{column} is no {kind}"));
        match kind {
            Type::UUID => collect(values, uuid, wrong).map(Array::Uuid),
            Type::BYTEA => collect(values, bytes, wrong).map(Array::Bytes),
            Type::INT8 => collect(values, integer, wrong).map(Array::Integer),
            Type::BOOL => collect(values, boolean, wrong).map(Array::Bool),
            _ => collect(values, text, wrong).map(Array::Text),
        }
    };
    columns.iter().enumerate().map(array).collect()
}

fn collect<'v, T>(
    values: impl Iterator<Item = &'v Value>,
    read: impl Fn(&Value) -> Option<T>,
    wrong: impl Fn() -> Failure,
) -> Result<Vec<Option<T>>, Failure> {
    values
        .map(|value| match value {
            Value::Null => Ok(None),
            value => read(value).map(Some).ok_or_else(&wrong),
        })
        .collect()
}

fn uuid(value: &Value) -> Option<Uuid> {
    Uuid::from_slice(&bytes(value)?).ok()
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::Bytes(bytes) => Some(bytes.clone()),
        _ => None,
    }
}

/// A NUL is no character to PostgreSQL, and none is in what Valetkey writes.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Text(text) if !text.contains('\0') => Some(text.clone()),
        _ => None,
    }
}

fn integer(value: &Value) -> Option<i64> {
    match value {
        Value::Integer(number) => Some(*number),
        _ => None,
    }
}

fn boolean(value: &Value) -> Option<bool> {
    match value {
        Value::Integer(0) => Some(false),
        Value::Integer(1) => Some(true),
        _ => None,
    }
}

/// The transaction; it ends with its connection.
struct Moment {
    db: Connection,
    types: BTreeMap<&'static str, Types>,
}

impl Moment {
    /// Asked once for each table.
    async fn types(&mut self, table: &'static Table) -> Result<Types, Failure> {
        if let Some(types) = self.types.get(table.name) {
            return Ok(types.clone());
        }
        let types = types(&self.db, table).await?;
        self.types.insert(table.name, types.clone());
        Ok(types)
    }

    async fn read(
        &mut self,
        table: &'static Table,
        after: Option<&[Value]>,
        limit: u32,
    ) -> Result<Vec<Row>, Failure> {
        let types = self.types(table).await?;
        let keys = table.key_columns().join(", ");
        let key: Vec<Row> = after.into_iter().map(<[Value]>::to_vec).collect();
        let arrays = match after {
            Some(_) => arrays(table, table.key_columns(), &types, &key)?,
            None => Vec::new(),
        };
        let beyond = match after {
            Some(_) => {
                let firsts = (1..=arrays.len()).map(|place| format!("${place}[1]"));
                format!("WHERE ({keys}) > ({})", firsts.collect::<Vec<_>>().join(", "))
            }
            None => String::new(),
        };
        let sql = format!(
            "SELECT {} FROM {} {beyond} ORDER BY {keys} LIMIT {limit}",
            table.columns.join(", "),
            table.name
        );
        let rows = self.db.rows(&sql, &as_params(&arrays)).await?;
        rows.iter().map(|row| values(table, row, &types)).collect()
    }
}

impl Snapshot for Moment {
    fn count(&mut self, table: &'static Table) -> Answer<'_, u64> {
        Box::pin(async move {
            let sql = format!("SELECT count(*) FROM {}", table.name);
            let counted = find(&self.db, &sql, params![], |columns| columns.take::<i64>()).await?;
            Ok(counted.unwrap_or_default().unsigned_abs())
        })
    }

    fn read_rows<'a>(
        &'a mut self,
        table: &'static Table,
        after: Option<&'a [Value]>,
        limit: u32,
    ) -> Answer<'a, Vec<Row>> {
        Box::pin(async move { self.read(table, after, limit).await.map_err(StoreError::from) })
    }
}

fn values(table: &'static Table, row: &tokio_postgres::Row, types: &Types) -> Result<Row, Failure> {
    let columns = table.columns.iter().enumerate();
    let value = |(index, column): (usize, &&str)| {
        let read = match type_of(types, column) {
            Type::UUID => row
                .try_get::<_, Option<Uuid>>(index)
                .map(|id| id.map(|id| Value::Bytes(id.as_bytes().to_vec()))),
            Type::BYTEA => row
                .try_get::<_, Option<Vec<u8>>>(index)
                .map(|bytes| bytes.map(Value::Bytes)),
            Type::INT8 => row
                .try_get::<_, Option<i64>>(index)
                .map(|number| number.map(Value::Integer)),
            Type::BOOL => row
                .try_get::<_, Option<bool>>(index)
                .map(|yes| yes.map(|yes| Value::Integer(i64::from(yes)))),
            _ => row
                .try_get::<_, Option<String>>(index)
                .map(|text| text.map(Value::Text)),
        };
        let read = read.map_err(|error| corrupt(table.name, error))?;
        Ok(read.unwrap_or(Value::Null))
    };
    columns.map(value).collect()
}
