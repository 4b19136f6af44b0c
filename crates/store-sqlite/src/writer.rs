//! The one writer: a thread that drains a bounded queue into one transaction, commits it with one
//! fsync, and only then answers.
//!
//! It takes what was queued during the last fsync and never waits to fill a batch. Each request runs
//! in its own savepoint, so that one that fails or panics does not spoil the others. When the transaction itself
//! fails, every request in it is told so. What a request does is none of its business.

use crate::failure::Failure;
use rusqlite::Connection;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::JoinHandle;
use tokio::sync::oneshot;
use valetkey_store::StoreError;

/// The most requests in one transaction, so that the first of them does not wait for ever.
const BATCH_LIMIT: usize = 512;

/// The hand that gives requests to the writer's thread.
pub(crate) struct Writer {
    queue: Option<SyncSender<Box<dyn Request>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread, which owns the connection.
    pub(crate) fn start(connection: Connection, queue_capacity: usize) -> std::io::Result<Self> {
        let (queue, requests) = sync_channel(queue_capacity.max(1));
        let thread = std::thread::Builder::new()
            .name("valetkey-writer".to_owned())
            .spawn(move || work_off(&connection, &requests))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Runs the work in a transaction; answers once it is durable. [`StoreError::Busy`] when the queue is full.
    pub(crate) async fn run<T, W>(&self, work: W) -> Result<T, StoreError>
    where
        T: Send + 'static,
        W: FnOnce(&Connection) -> Result<T, Failure> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let request = Box::new(Pending {
            work: Some(work),
            outcome: Err(Failure::Stopped),
            reply,
        });
        let queue = self.queue.as_ref().ok_or(Failure::Stopped)?;
        queue.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => StoreError::Busy,
            TrySendError::Disconnected(_) => Failure::Stopped.into(),
        })?;
        answer.await.map_err(|_| Failure::Stopped)?
    }
}

impl Drop for Writer {
    /// Works off what is queued and closes the database.
    fn drop(&mut self) {
        drop(self.queue.take());
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the writer's thread had panicked");
        }
    }
}

/// A queued request.
trait Request: Send {
    /// Does the work inside the open transaction.
    fn run(&mut self, connection: &Connection) -> Result<(), Failure>;
    /// Answers: with what the work gave, or with what became of the transaction.
    fn answer(self: Box<Self>, batch: Result<(), Failure>);
}

struct Pending<T, W> {
    work: Option<W>,
    outcome: Result<T, Failure>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, W> Request for Pending<T, W>
where
    T: Send,
    W: FnOnce(&Connection) -> Result<T, Failure> + Send,
{
    fn run(&mut self, connection: &Connection) -> Result<(), Failure> {
        let Some(work) = self.work.take() else {
            return Err(Failure::Stopped);
        };
        // A panic leaves nothing behind in the connection: statements reset when dropped, and the savepoint is rolled back.
        self.outcome = catch_unwind(AssertUnwindSafe(|| work(connection))).unwrap_or(Err(Failure::Panicked));
        self.outcome.as_ref().map(|_| ()).map_err(Clone::clone)
    }

    fn answer(self: Box<Self>, batch: Result<(), Failure>) {
        let answer = batch.and(self.outcome).map_err(StoreError::from);
        // Nobody listens when the caller gave up waiting; the work is done all the same.
        let _ = self.reply.send(answer);
    }
}

fn work_off(connection: &Connection, requests: &Receiver<Box<dyn Request>>) {
    while let Ok(first) = requests.recv() {
        let work = || work_off_batch(connection, first, requests);
        if catch_unwind(AssertUnwindSafe(work)).is_err() {
            // Whoever waited is told that the writer stopped; the next batch must find it well.
            let _ = catch_unwind(AssertUnwindSafe(|| roll_back(connection)));
        }
    }
}

fn work_off_batch(connection: &Connection, first: Box<dyn Request>, requests: &Receiver<Box<dyn Request>>) {
    let mut batch = vec![first];
    batch.extend(requests.try_iter().take(BATCH_LIMIT - 1));
    let outcome = commit_together(connection, &mut batch);
    if let Err(failure) = &outcome {
        tracing::error!(error = %failure, requests = batch.len(), "a transaction came to nothing");
        roll_back(connection);
    }
    for request in batch {
        // Each is told, whatever becomes of telling another.
        let _ = catch_unwind(AssertUnwindSafe(|| request.answer(outcome.clone())));
    }
}

/// One transaction around the requests of the batch.
fn commit_together(connection: &Connection, batch: &mut [Box<dyn Request>]) -> Result<(), Failure> {
    step(connection, "BEGIN IMMEDIATE")?;
    for request in batch {
        step(connection, "SAVEPOINT request")?;
        let outcome = request.run(connection);
        // After some failures (disk full, I/O) SQLite has rolled everything back already.
        if connection.is_autocommit() {
            return Err(match outcome {
                Err(Failure::Sqlite(why)) => Failure::NotCommitted(why),
                // What one request was told by name is not for the others.
                _ => Failure::GivenUp,
            });
        }
        if outcome.is_err() {
            step(connection, "ROLLBACK TO request")?;
        }
        step(connection, "RELEASE request")?;
    }
    step(connection, "COMMIT")
}

fn step(connection: &Connection, sql: &str) -> Result<(), Failure> {
    let done = connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]));
    done.map(|_| ())
        .map_err(|error| Failure::NotCommitted(Arc::new(error)))
}

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit()
        && let Err(error) = connection.execute_batch("ROLLBACK")
    {
        tracing::error!(%error, "a failed transaction could not be rolled back");
    }
}

#[cfg(test)]
#[path = "writer_tests.rs"]
mod tests;
