//! One connection, lent by the pool to one verb.

use crate::columns::Param;
use crate::failure::{Failure, of_commit};
use deadpool_postgres::Object;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

/// What every transaction begins with, whatever the database's default is: each statement sees what was committed before
/// it began.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED";

/// A connection while a verb has it.
///
/// Dropped within a transaction, or after it failed, it is closed instead of given back; PostgreSQL then rolls back.
pub(crate) struct Connection {
    /// There until it is dropped.
    object: Option<Object>,
    /// Whether statements are prepared once and kept by name: not behind a pooler that hands each transaction to another
    /// server connection.
    keeps_statements: bool,
    /// Whether the next statement is the first of a transaction.
    is_to_begin: AtomicBool,
    must_close: bool,
}

impl Connection {
    /// Takes it from the pool.
    pub(crate) fn of(object: Object, keeps_statements: bool) -> Self {
        Self {
            object: Some(object),
            keeps_statements,
            is_to_begin: AtomicBool::new(false),
            must_close: false,
        }
    }

    /// Runs a statement; answers how many rows it changed.
    pub(crate) async fn change(&self, sql: &str, params: &[&dyn Param]) -> Result<u64, Failure> {
        let object = self.object()?;
        if self.keeps_statements {
            let statement = object.prepare_typed_cached(sql, &kinds(params)).await?;
            return self.first(object.execute(&statement, &values(params))).await;
        }
        self.first(object.execute_typed(sql, &typed(params))).await
    }

    /// Runs a query. It waits for all of the answer: the end of it says that a statement outside a transaction was
    /// committed.
    pub(crate) async fn rows(&self, sql: &str, params: &[&dyn Param]) -> Result<Vec<Row>, Failure> {
        let object = self.object()?;
        if self.keeps_statements {
            let statement = object.prepare_typed_cached(sql, &kinds(params)).await?;
            return self.first(object.query(&statement, &values(params))).await;
        }
        self.first(object.query_typed(sql, &typed(params))).await
    }

    /// Begins a transaction, with its first statement.
    pub(crate) fn begin(&mut self) {
        self.must_close = true;
        *self.is_to_begin.get_mut() = true;
    }

    /// Commits. When the connection is lost meanwhile, nobody knows whether it was.
    pub(crate) async fn commit(&mut self) -> Result<(), Failure> {
        if !*self.is_to_begin.get_mut() {
            let committed = self.object()?.batch_execute("COMMIT").await;
            committed.map_err(of_commit)?;
        }
        self.must_close = false;
        Ok(())
    }

    /// Undoes what the transaction did.
    pub(crate) async fn roll_back(&mut self) -> Result<(), Failure> {
        if !*self.is_to_begin.get_mut() {
            self.object()?.batch_execute("ROLLBACK").await?;
        }
        self.must_close = false;
        Ok(())
    }

    /// It is of no more use to anybody.
    pub(crate) fn give_up(&mut self) {
        self.must_close = true;
    }

    /// Sends what begins the transaction, when this is its first statement, right before it and without waiting between.
    async fn first<T>(
        &self,
        statement: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Failure> {
        if !self.is_to_begin.swap(false, Ordering::Relaxed) {
            return Ok(statement.await?);
        }
        let begin = self.object()?.batch_execute(BEGIN);
        let (begun, done) = tokio::join!(biased; begin, statement);
        begun?;
        Ok(done?)
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

fn values<'p>(params: &'p [&dyn Param]) -> Vec<&'p (dyn ToSql + Sync)> {
    params.iter().map(|param| param as _).collect()
}

fn typed<'p>(params: &'p [&dyn Param]) -> Vec<(&'p (dyn ToSql + Sync), Type)> {
    params.iter().map(|param| (param as _, param.kind())).collect()
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
