//! Read-only connections, used where the request runs: a point lookup takes microseconds, less than
//! handing it to another thread and back (docs/decisions/0010-sqlite-readers.md).
//!
//! A connection is taken and given back within one call, never across an await.

use crate::failure::Failure;
use rusqlite::Connection;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};

/// The connections.
pub(crate) struct Readers {
    connections: Vec<Mutex<Connection>>,
    turn: AtomicUsize,
}

impl Readers {
    /// Takes the connections in.
    pub(crate) fn new(connections: Vec<Connection>) -> Self {
        Self {
            connections: connections.into_iter().map(Mutex::new).collect(),
            turn: AtomicUsize::new(0),
        }
    }

    /// Runs the work on the first connection that is free, or else on the one whose turn it is. Those in front are busy with
    /// what was just read and prepared; the ones behind are opened for, and cost memory in, busy moments alone.
    pub(crate) fn run<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Failure>) -> Result<T, Failure> {
        for connection in &self.connections {
            match connection.try_lock() {
                Ok(connection) => return work(&connection),
                // A panic in the middle of a query leaves nothing behind: statements reset when dropped.
                Err(TryLockError::Poisoned(poisoned)) => return work(&poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => {}
            }
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % self.connections.len().max(1);
        let waited_for = self.connections.get(turn).ok_or(Failure::Stopped)?;
        work(&waited_for.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
