//! Processes of PostgreSQL: as another user when we are root, in folders of that user's, and never left behind.

use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher as _, Hasher as _};
use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// Runs the program until our end of the pipe is closed, so that it ends with us even when we are killed. SIGINT is what
/// both PostgreSQL and PgBouncer take as "end now, in order".
const WATCH: &str = r#"
exec 3<&0
"$@" 3<&- &
child=$!
{ read -r _ <&3; kill -INT "$child"; } 2>/dev/null &
reader=$!
wait "$child"
status=$?
kill "$reader" 2>/dev/null
exit $status
"#;

const LOOK_EVERY: Duration = Duration::from_millis(20);
/// A minute: far more than anything waited for here takes.
const LOOKS: u32 = 3_000;

/// Waits for something that has to happen.
pub(super) fn until(what: &str, mut happened: impl FnMut() -> bool) {
    for _ in 0..LOOKS {
        if happened() {
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
    panic!("waited in vain: {what}");
}

/// A port of the loopback interface that nobody listens on, below those that the system gives to outgoing connections.
pub(super) fn free_port() -> u16 {
    loop {
        let drawn = std::collections::hash_map::RandomState::new()
            .build_hasher()
            .finish();
        let port = 20_000 + u16::try_from(drawn % 12_000).expect("it is less");
        if TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok() {
            return port;
        }
    }
}

/// A folder for the user that the processes run as.
pub(super) fn folder() -> TempDir {
    let folder = TempDir::new().expect("a folder can be made");
    let mode = std::fs::Permissions::from_mode(0o700);
    std::fs::set_permissions(folder.path(), mode).expect("it is ours");
    give(folder.path());
    folder
}

/// A file for that user alone.
pub(super) fn write(path: &Path, text: &str) {
    std::fs::write(path, text).expect("the file can be written");
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(path, mode).expect("it is ours");
    give(path);
}

fn give(path: &Path) {
    if let Some((user, group)) = other_user() {
        chown(path, Some(user), Some(group)).expect("root may give files away");
    }
}

/// Whom to run as instead of root.
fn other_user() -> Option<(u32, u32)> {
    let we_are = std::fs::metadata("/proc/self").expect("there is a /proc").uid();
    if we_are != 0 {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").expect("there are users");
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut numbers = line.split(':').skip(2).map(str::parse);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    };
    Some(of("nobody").expect("there is a user called nobody"))
}

fn command(program: &Path, log: &Path) -> Command {
    let mut command = Command::new(program);
    if let Some((user, group)) = other_user() {
        command.uid(user).gid(group);
    }
    let log = opened(log);
    command.current_dir("/").stdin(Stdio::null());
    command
        .stdout(log.try_clone().expect("a file can be shared"))
        .stderr(log);
    command
}

fn opened(log: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(log)
        .expect("the log can be written")
}

/// Runs a program to its end.
pub(super) fn ends_well(program: &Path, log: &Path, with: impl FnOnce(&mut Command)) -> bool {
    let mut command = command(program, log);
    with(&mut command);
    let status = command.status();
    status
        .unwrap_or_else(|error| panic!("{}: {error}", program.display()))
        .success()
}

fn signalled(signal: &str, pids: &[&str]) -> bool {
    let status = Command::new("kill").arg(signal).args(pids).status();
    status.expect("there is a kill").success()
}

/// The state of a process, and who started it, while there is one.
fn fate_of(pid: &str) -> Option<(String, String)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut words = after_name.split(' ');
    Some((words.next()?.to_owned(), words.next()?.to_owned()))
}

fn children_of(pid: &str) -> Vec<String> {
    let all = std::fs::read_dir("/proc").expect("there is a /proc");
    let names = all.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names
        .filter(|name| name.starts_with(|first: char| first.is_ascii_digit()))
        .filter(|name| fate_of(name).is_some_and(|(_, parent)| parent == pid))
        .collect()
}

/// A program that runs beside us.
#[derive(Debug)]
pub(super) struct Running {
    watch: Child,
    pid_file: PathBuf,
}

impl Running {
    /// Starts PostgreSQL and waits until it takes connections.
    pub(super) fn start(program: &Path, arguments: &[String], data: &Path, log: &Path) -> Self {
        let pid_file = data.join("postmaster.pid");
        let mut running = Self::watched(program, arguments, &pid_file, log);
        until("PostgreSQL takes connections", || {
            // What a crash left has to go first: the memory of the old server's last processes.
            if running.has_ended() {
                running = Self::watched(program, arguments, &pid_file, log);
            }
            let status = std::fs::read_to_string(&pid_file).unwrap_or_default();
            let is_of_this = status
                .lines()
                .nth(7)
                .is_some_and(|status| status.trim() == "ready");
            is_of_this && running.owns(&status)
        });
        running
    }

    /// Starts a program that writes its process id into a file.
    pub(super) fn watched(program: &Path, arguments: &[String], pid_file: &Path, log: &Path) -> Self {
        let mut command = command(Path::new("/bin/sh"), log);
        command.args(["-c", WATCH, "watch"]).arg(program).args(arguments);
        command.stdin(Stdio::piped());
        Self {
            watch: command.spawn().expect("a shell can be started"),
            pid_file: pid_file.to_owned(),
        }
    }

    pub(super) fn has_ended(&mut self) -> bool {
        self.watch.try_wait().expect("it is our child").is_some()
    }

    /// Whether the process of a pid file is a child of this shell, and not what an older one left.
    fn owns(&self, pid_file: &str) -> bool {
        let pid = pid_file.lines().next().unwrap_or_default();
        fate_of(pid).is_some_and(|(_, parent)| parent == self.watch.id().to_string())
    }

    pub(super) fn stop(mut self) {
        self.end();
    }

    pub(super) fn kill9(mut self) {
        let text = std::fs::read_to_string(&self.pid_file).expect("it wrote its process id");
        let pid = text.lines().next().unwrap_or_default();
        assert!(self.owns(&text), "{pid} is the process that was started");
        assert!(signalled("-STOP", &[pid]), "{pid} was there");
        let serving = children_of(pid);
        assert!(signalled("-KILL", &[pid]), "{pid} was there");
        // They would go by themselves, but one that was just asked for something may answer first.
        let serving: Vec<&str> = serving.iter().map(String::as_str).collect();
        signalled("-KILL", &serving);
        until("nothing of the server is left", || {
            serving
                .iter()
                .all(|pid| fate_of(pid).is_none_or(|(state, _)| state == "Z"))
        });
        self.end();
    }

    fn end(&mut self) {
        if let Some(mut pipe) = self.watch.stdin.take() {
            // Fails when the shell is gone already.
            let _ = pipe.write_all(b"\n");
        }
        self.watch.wait().expect("it is our child");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}
