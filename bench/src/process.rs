//! The processes that are measured: started on a core, watched, and ended again. Linux tells of them in /proc.

use crate::wire::{self, Request};
use std::io::Error;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const START: Duration = Duration::from_secs(30);
const STOP: Duration = Duration::from_secs(30);

/// A server that this run started.
pub struct Served {
    child: Child,
    pub address: SocketAddr,
    /// From exec to the first good answer.
    pub ready_after: Duration,
}

/// A port that nobody uses now.
pub fn free_address() -> Result<SocketAddr, Error> {
    TcpListener::bind("127.0.0.1:0")?.local_addr()
}

/// A command that runs on one core.
pub fn pinned(core: Option<usize>, program: &Path) -> Command {
    match core {
        Some(core) => {
            let mut command = Command::new("taskset");
            command.args(["-c", &core.to_string()]).arg(program);
            command
        }
        None => Command::new(program),
    }
}

impl Served {
    /// Starts it and waits until the path answers 200.
    pub fn start(mut command: Command, address: SocketAddr, path: &str, log: &Path) -> Result<Self, Error> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(log)?);
        let host = address.to_string();
        let request = Request {
            method: "GET",
            target: path,
            headers: &[],
            form: None,
        }
        .bytes(&host);
        let started = Instant::now();
        let mut child = command.spawn()?;
        loop {
            if wire::ask(address, &request).is_ok_and(|answer| answer.status == 200) {
                let ready_after = started.elapsed();
                return Ok(Self {
                    child,
                    address,
                    ready_after,
                });
            }
            if let Some(status) = child.try_wait()? {
                let log = std::fs::read_to_string(log).unwrap_or_default();
                return Err(Error::other(format!("{command:?} ended with {status}: {log}")));
            }
            if started.elapsed() > START {
                let _ = child.kill();
                return Err(Error::other(format!("{command:?} is not ready after {START:?}")));
            }
            std::thread::sleep(Duration::from_micros(200));
        }
    }

    /// Processor time used so far, by all its threads.
    pub fn cpu_seconds(&self) -> f64 {
        cpu_seconds(&self.child.id().to_string())
    }

    /// Resident memory now and at most, in megabytes.
    pub fn memory(&self) -> (f64, f64) {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        (megabytes(&status, "VmRSS:"), megabytes(&status, "VmHWM:"))
    }

    /// Asks it to end, as an operator does, and waits.
    pub fn stop(mut self) -> Result<(), Error> {
        let asked = Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()?;
        let started = Instant::now();
        while asked.success() && started.elapsed() < STOP {
            if self.child.try_wait()?.is_some() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Err(Error::other("a server does not end"))
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn megabytes(status: &str, name: &str) -> f64 {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) * 1024.0 / 1e6
}

fn cpu_seconds(process: &str) -> f64 {
    let Ok(threads) = std::fs::read_dir(format!("/proc/{process}/task")) else {
        return 0.0;
    };
    let nanos = |thread: std::fs::DirEntry| -> Option<f64> {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse().ok()
    };
    threads.flatten().filter_map(nanos).sum::<f64>() / 1e9
}

/// The same of this process.
pub fn own_cpu_seconds() -> f64 {
    cpu_seconds("self")
}

/// Whether this machine has that core, for us.
pub fn has_core(core: usize) -> bool {
    let checked = Command::new("taskset")
        .args(["-c", &core.to_string(), "true"])
        .stderr(Stdio::null())
        .status();
    checked.is_ok_and(|status| status.success())
}
