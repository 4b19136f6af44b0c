//! How a verb is carried out: on which connection, in a transaction or not, until when, and when once more.
//!
//! A verb is carried out again from its beginning
//! - when PostgreSQL rolled it back because of another one (40001, 40P01), up to [`CONFLICTS`] times;
//! - when the connection was lost and nothing can have been changed, since it only reads or COMMIT was not yet sent, up to
//!   [`LOSSES`] times.
//!
//! It is never carried out again when its outcome is not known. Whoever asks again then may find that a code is redeemed
//! already: by themselves.

use crate::PostgresStore;
use crate::connection::Connection;
use crate::failure::Failure;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};
use valetkey_store::StoreError;

/// How often a verb that others were quicker than is carried out again.
const CONFLICTS: u32 = 6;
/// How often one whose connection was lost is.
const LOSSES: u32 = 2;
/// How long it waits the first time; twice as long each time after.
const FIRST_PAUSE: Duration = Duration::from_millis(4);

/// The kind of a verb.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verb {
    only_reads: bool,
    in_transaction: bool,
    /// Whether it may take a while: it reads or changes any number of rows.
    is_long: bool,
}

impl Verb {
    /// Reads a row or a few.
    pub(crate) const READ: Self = Self::new(true, false, false);
    /// Reads a whole table.
    pub(crate) const READ_ALL: Self = Self::new(true, false, true);
    /// One statement that changes something, and commits itself.
    pub(crate) const CHANGE: Self = Self::new(false, false, false);
    /// The same, on any number of rows.
    pub(crate) const CHANGE_MANY: Self = Self::new(false, false, true);
    /// Several statements in one transaction.
    pub(crate) const STEP: Self = Self::new(false, true, false);
    /// The same, on any number of rows.
    pub(crate) const STEP_OF_MANY: Self = Self::new(false, true, true);

    const fn new(only_reads: bool, in_transaction: bool, is_long: bool) -> Self {
        Self {
            only_reads,
            in_transaction,
            is_long,
        }
    }
}

/// Carries a verb out: `verb!(self, Verb::STEP, db => { .. })`. The work is an async block that may be run several times
/// and answers `Result<T, Failure>`; when it fails within a transaction, that is rolled back.
macro_rules! verb {
    ($store:expr, $verb:expr, $db:ident => $work:expr) => {{
        let store: &$crate::PostgresStore = $store;
        Box::pin(async move {
            let mut trial = $crate::verb::Trial::of(store, $verb);
            loop {
                let tried = async {
                    let connection = trial.begin().await?;
                    let $db = &connection;
                    let done = trial.in_time(async { $work }).await;
                    trial.end(connection, done).await
                };
                let tried = tried.await;
                if let Some(answer) = trial.answer(tried).await {
                    return answer;
                }
            }
        })
    }};
}
pub(crate) use verb;

/// A verb that is being carried out.
pub(crate) struct Trial<'s> {
    store: &'s PostgresStore,
    verb: Verb,
    deadline: Instant,
    conflicts: u32,
    losses: u32,
}

impl<'s> Trial<'s> {
    /// Begins to count its time.
    pub(crate) fn of(store: &'s PostgresStore, verb: Verb) -> Self {
        let limits = &store.limits;
        let limit = if verb.is_long {
            limits.long_verb
        } else {
            limits.verb
        };
        Self {
            store,
            verb,
            deadline: Instant::now() + limit,
            conflicts: 0,
            losses: 0,
        }
    }

    /// A connection, in a transaction when the verb wants one.
    pub(crate) async fn begin(&self) -> Result<Connection, Failure> {
        let object = self.in_time(async { Ok(self.store.pool.get().await?) }).await?;
        let mut connection = Connection::of(object, self.store.keeps_statements);
        if self.verb.in_transaction {
            connection.begin();
        }
        Ok(connection)
    }

    /// Does it until the deadline.
    pub(crate) async fn in_time<T>(
        &self,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        timeout_at(self.deadline, work)
            .await
            .unwrap_or(Err(Failure::Late))
    }

    /// Ends the transaction, if there is one, and gives the connection back.
    pub(crate) async fn end<T>(
        &self,
        mut connection: Connection,
        done: Result<T, Failure>,
    ) -> Result<T, Failure> {
        match &done {
            Err(failure) if failure.spoils_connection() => connection.give_up(),
            _ if !self.verb.in_transaction => {}
            Ok(_) => self.in_time(connection.commit()).await?,
            // Not to be told: the failure is what matters, and without an answer the connection is closed.
            Err(_) => drop(self.in_time(connection.roll_back()).await),
        }
        done
    }

    /// The answer, or nothing when the verb is to be carried out again.
    pub(crate) async fn answer<T>(&mut self, tried: Result<T, Failure>) -> Option<Result<T, StoreError>> {
        let failure = match tried {
            Ok(done) => return Some(Ok(done)),
            Err(failure) => failure,
        };
        if failure.spoils_all_connections() {
            self.store.pool.retain(|_, _| false);
        }
        if failure.is_conflict() && self.conflicts < CONFLICTS {
            sleep(FIRST_PAUSE * (1 << self.conflicts)).await;
            self.conflicts += 1;
            return None;
        }
        if failure.is_loss() && self.changed_nothing() && self.losses < LOSSES {
            self.losses += 1;
            return None;
        }
        Some(Err(failure.into()))
    }

    /// Whether a loss before COMMIT, which is what [`Failure::is_loss`] tells of, leaves everything as it was.
    fn changed_nothing(&self) -> bool {
        self.verb.only_reads || self.verb.in_transaction
    }
}

#[cfg(test)]
#[path = "verb_tests.rs"]
mod tests;
