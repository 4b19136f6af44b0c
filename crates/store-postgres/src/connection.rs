//! One connection, lent by the pool to one verb.

use crate::columns::Param;
use crate::failure::Failure;
use deadpool_postgres::Object;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

/// What every transaction begins with, whatever the database's default is: each statement sees what was committed before
/// it began.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

/// A connection while a verb has it.
///
/// Dropped within a transaction, or after it failed, it is closed instead of given back; PostgreSQL then rolls back.
pub(crate) struct Connection {
    /// There until it is dropped.
    object: Option<Object>,
    /// Whether statements are prepared once and kept by name: not behind a pooler that hands each transaction to another
    /// server connection.
    keeps_statements: bool,
    must_close: bool,
}

impl Connection {
    /// Takes it from the pool.
    pub(crate) fn of(object: Object, keeps_statements: bool) -> Self {
        Self {
            object: Some(object),
            keeps_statements,
            must_close: false,
        }
    }

    /// Runs a statement; answers how many rows it changed.
    pub(crate) async fn change(&self, sql: &str, params: &[&dyn Param]) -> Result<u64, Failure> {
        let object = self.object()?;
        if self.keeps_statements {
            let statement = object.prepare_typed_cached(sql, &kinds(params)).await?;
            return Ok(object.execute(&statement, &values(params)).await?);
        }
        Ok(object.execute_typed(sql, &typed(params)).await?)
    }

    /// Runs a query. It waits for all of the answer: the end of it says that a statement outside a transaction was
    /// committed.
    pub(crate) async fn rows(&self, sql: &str, params: &[&dyn Param]) -> Result<Vec<Row>, Failure> {
        let object = self.object()?;
        if self.keeps_statements {
            let statement = object.prepare_typed_cached(sql, &kinds(params)).await?;
            return Ok(object.query(&statement, &values(params)).await?);
        }
        Ok(object.query_typed(sql, &typed(params)).await?)
    }

    /// Begins a transaction.
    pub(crate) async fn begin(&mut self) -> Result<(), Failure> {
        self.must_close = true;
        Ok(self.object()?.batch_execute(BEGIN).await?)
    }

    /// Commits. When the connection is lost meanwhile, nobody knows whether it was.
    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        let committed = self.object()?.batch_execute("COMMIT").await;
        committed.map_err(|error| match Failure::from(error) {
            Failure::Postgres(error) if crate::failure::is_loss(&error) => Failure::Unknown(error),
            refused => refused,
        })?;
        self.must_close = false;
        Ok(())
    }

    /// Undoes what the transaction did.
    pub(crate) async fn roll_back(&mut self) -> Result<(), Failure> {
        self.object()?.batch_execute("ROLLBACK").await?;
        self.must_close = false;
        Ok(())
    }

    /// It is of no more use to anybody.
    pub(crate) fn give_up(&mut self) {
        self.must_close = true;
    }

    fn object(&self) -> Result<&Object, Failure> {
        let gone = || Failure::NoConnection("it was given back".to_owned());
        self.object.as_ref().ok_or_else(gone)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if self.must_close
            && let Some(object) = self.object.take()
        {
            drop(Object::take(object));
        }
    }
}

fn kinds(params: &[&dyn Param]) -> Vec<Type> {
    params.iter().map(|param| param.kind()).collect()
}

fn values<'p>(params: &[&'p dyn Param]) -> Vec<&'p (dyn ToSql + Sync)> {
    params.iter().map(|param| param.value()).collect()
}

fn typed<'p>(params: &[&'p dyn Param]) -> Vec<(&'p (dyn ToSql + Sync), Type)> {
    params.iter().map(|param| (param.value(), param.kind())).collect()
}
