//! The threads that hash passwords. They stand back behind everything else that the process does: on one core, a hash that
//! runs for 16 ms would otherwise make each other request wait for its share of the time
//! (docs/decisions/0034-performance.md).

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use tokio::sync::oneshot;

/// How far they stand back, as `nice` counts: they keep a tenth of a core that others want whole.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

type Job = Box<dyn FnOnce() + Send>;

/// Started when the first job comes. They end when this is dropped.
pub(super) struct Hashers {
    count: usize,
    jobs: OnceLock<Mutex<Sender<Job>>>,
}

impl Hashers {
    pub(super) fn new(count: usize) -> Self {
        Self {
            count: count.max(1),
            jobs: OnceLock::new(),
        }
    }

    /// What the job gave; `None` when it panicked, or when no thread can be started.
    pub(super) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move || {
            // Nobody listens when the client has hung up.
            let _ = reply.send(job());
        });
        self.jobs
            .get_or_init(|| Mutex::new(start(self.count)))
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .send(job)
            .ok()?;
        answer.await.ok()
    }
}

fn start(count: usize) -> Sender<Job> {
    let (jobs, waiting) = channel();
    let waiting = Arc::new(Mutex::new(waiting));
    for _ in 0..count {
        let waiting = Arc::clone(&waiting);
        let thread = std::thread::Builder::new().name("valetkey-hasher".to_owned());
        if let Err(error) = thread.spawn(move || work_off(&waiting)) {
            tracing::error!(%error, "a thread for passwords cannot be started");
        }
    }
    jobs
}

fn work_off(waiting: &Mutex<Receiver<Job>>) {
    stand_back();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // Its answer is dropped with it, which is how whoever waits learns of the panic.
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a password job panicked");
        }
    }
}

/// On Linux niceness is a thread's own.
#[cfg(target_os = "linux")]
fn stand_back() {
    if let Err(error) = rustix::process::nice(NICENESS) {
        tracing::debug!(%error, "passwords are hashed at the priority of everything else");
    }
}

/// Elsewhere it would be the whole process's.
#[cfg(not(target_os = "linux"))]
fn stand_back() {}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_job_that_panics_spoils_no_other() {
        let hashers = Hashers::new(1);
        let broken: Option<u8> = hashers.run(|| panic!("broken")).await;
        assert_eq!(broken, None);
        assert_eq!(hashers.run(|| 7).await, Some(7));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn only_the_hashing_threads_stand_back() {
        let own = || rustix::process::nice(0).unwrap();
        let before = own();
        let there = Hashers::new(1).run(own).await.unwrap();
        assert_eq!(there, (before + NICENESS).min(19));
        assert_eq!(own(), before);
    }
}
