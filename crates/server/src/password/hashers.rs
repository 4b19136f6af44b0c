//! The threads that hash passwords. They stand back behind everything else that the process does: on one core, a hash that
//! runs for 16 ms would otherwise make each other request wait for its share of the time
//! (docs/decisions/0034-performance.md).

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::oneshot;

/// A hash keeps what it computes with outside of the stack, and nothing in it recurses.
const STACK_BYTES: usize = 256 * 1024;

/// How far they stand back, as `nice` counts: they keep a tenth of a core that others want whole.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 10;

/// What the system calls them.
const NAME: &str = "valetkey-hasher";

type Job = Box<dyn FnOnce() + Send>;

/// They end when this is dropped.
pub(super) struct Hashers {
    jobs: Sender<Job>,
}

impl Hashers {
    /// Starts them. What a hash needs of memory is the job's to take.
    pub(super) fn start(count: usize) -> io::Result<Self> {
        Self::start_with_stacks(count, STACK_BYTES)
    }

    fn start_with_stacks(count: usize, stack_bytes: usize) -> io::Result<Self> {
        let (jobs, waiting) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..count.max(1) {
            let waiting = Arc::clone(&waiting);
            let thread = std::thread::Builder::new()
                .name(NAME.to_owned())
                .stack_size(stack_bytes);
            // Those that were started before one that cannot be end with `jobs`.
            thread.spawn(move || work_off(&waiting))?;
        }
        Ok(Self { jobs })
    }

    /// What the job gave; `None` when it panicked.
    pub(super) async fn run<T: Send + 'static>(&self, job: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let (reply, answer) = oneshot::channel();
        let job = Box::new(move || {
            // Nobody listens when the client has hung up.
            let _ = reply.send(job());
        });
        self.jobs.send(job).ok()?;
        answer.await.ok()
    }
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
    use std::time::Duration;

    #[test]
    fn threads_that_cannot_be_started_are_told_of_at_once() {
        let more_than_any_machine_has = 1 << 60;
        assert!(Hashers::start_with_stacks(2, more_than_any_machine_has).is_err());
    }

    #[tokio::test]
    async fn every_thread_takes_jobs() {
        let hashers = Hashers::start(3).unwrap();
        let together = Arc::new(std::sync::Barrier::new(3));
        let meet = || {
            let together = Arc::clone(&together);
            hashers.run(move || {
                together.wait();
                std::thread::current().name().map(str::to_owned)
            })
        };
        // Far longer than three threads take to meet. Fewer never would, and nothing wakes those that wait.
        let all = async { tokio::join!(meet(), meet(), meet()) };
        let met = tokio::time::timeout(Duration::from_secs(300), all).await;
        let (one, two, three) = met.expect("three jobs run at once");
        for name in [one, two, three] {
            assert_eq!(name, Some(Some(NAME.to_owned())));
        }
    }

    #[tokio::test]
    async fn a_job_that_panics_spoils_no_other() {
        let hashers = Hashers::start(1).unwrap();
        let broken: Option<u8> = hashers.run(|| panic!("broken")).await;
        assert_eq!(broken, None);
        assert_eq!(hashers.run(|| 7).await, Some(7));
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn only_the_hashing_threads_stand_back() {
        let own = || rustix::process::nice(0).unwrap();
        let before = own();
        let there = Hashers::start(1).unwrap().run(own).await.unwrap();
        assert_eq!(there, (before + NICENESS).min(19));
        assert_eq!(own(), before);
    }
}
