//! Writing a history: one write call for each line, so that at most the last line of a file is cut off when its writer dies.

use super::record::{Asked, Mark, Outcome, Record, Told};
use std::fs::File;
use std::io::{Result, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// A history that is being written, shared by all clients of a process.
#[derive(Debug, Clone)]
pub struct Log {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    file: File,
    attempts: u64,
    began: Instant,
    began_at: i64,
}

/// The right to say what came of an attempt.
#[derive(Debug)]
#[must_use]
pub struct Ticket(u64);

impl Log {
    /// A new file.
    ///
    /// # Errors
    /// When it cannot be made.
    #[expect(
        clippy::disallowed_methods,
        reason = "a history is of the real time, and measured by a clock that never goes back"
    )]
    pub fn create(path: &Path) -> Result<Self> {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let inner = Inner {
            file: File::create(path)?,
            attempts: 0,
            began: Instant::now(),
            began_at: i64::try_from(since.as_micros()).unwrap_or_default(),
        };
        Ok(Self {
            inner: Arc::new(Mutex::new(inner)),
        })
    }

    /// Writes down what is about to be asked; `at` and `attempt` are filled in.
    pub fn asks(&self, mut asked: Asked) -> Ticket {
        let mut inner = self.inner();
        inner.attempts += 1;
        asked.attempt = inner.attempts;
        asked.at = inner.now();
        let ticket = Ticket(asked.attempt);
        inner.write(&Record::Asked(asked));
        ticket
    }

    /// Writes down what came of it.
    pub fn told(&self, ticket: &Ticket, outcome: Outcome) {
        let mut inner = self.inner();
        let told = Told {
            at: inner.now(),
            attempt: ticket.0,
            outcome,
        };
        inner.write(&Record::Told(told));
    }

    /// Writes down what was done to the servers.
    pub fn mark(&self, what: &str, ends_everything: bool) {
        let mut inner = self.inner();
        let mark = Mark {
            at: inner.now(),
            what: what.to_owned(),
            ends_everything,
        };
        inner.write(&Record::Mark(mark));
    }

    /// How many attempts were made so far.
    #[must_use]
    pub fn attempts(&self) -> u64 {
        self.inner().attempts
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn now(&self) -> i64 {
        self.began_at + i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    fn write(&mut self, record: &Record) {
        let mut line = serde_json::to_vec(record).expect("a record is JSON");
        line.push(b'\n');
        // A history with a hole would accuse the wrong one.
        self.file.write_all(&line).expect("the history can be written");
    }
}
