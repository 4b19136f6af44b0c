//! The real program, started and killed: a folder with a configuration, people and apps, and servers that run on it.

use crate::cast::{ALICE, MYSWEETAPP, Person, Registered};
use crate::site::Site;
use serde_json::Value;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Names the program; without it the one beside this executable is taken.
const BINARY_VARIABLE: &str = "VALETKEY_BIN";
/// How often, and how long apart, a server that starts is asked whether it is ready.
const LOOKS: usize = 1200;
const BETWEEN_LOOKS: Duration = Duration::from_millis(25);

/// Where the program is.
///
/// # Panics
/// When it is nowhere.
#[must_use]
pub fn binary() -> PathBuf {
    if let Some(named) = std::env::var_os(BINARY_VARIABLE) {
        return PathBuf::from(named);
    }
    let here = std::env::current_exe().expect("a program knows where it is");
    let beside = here.with_file_name("valetkey");
    assert!(
        beside.exists(),
        "{} is not there: build it, or name another by {BINARY_VARIABLE}",
        beside.display()
    );
    beside
}

/// A free port of the loopback interface, below those that the system gives to outgoing connections: it must still be free
/// when a killed server starts again.
///
/// # Panics
/// When there is none.
#[must_use]
pub fn free_port(seed: u64) -> u16 {
    (0..2_000)
        .map(|turn| 20_000 + (seed.wrapping_mul(37) + u64::from(std::process::id()) + turn * 7) % 12_000)
        .filter_map(|port| u16::try_from(port).ok())
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("a port is free")
}

/// A configuration with what it names.
#[derive(Debug, Clone)]
pub struct Home {
    /// The folder.
    pub folder: PathBuf,
    /// The file.
    pub config: PathBuf,
    /// The issuer.
    pub issuer: String,
    /// Where the server listens.
    pub listen: SocketAddr,
    binary: PathBuf,
}

impl Home {
    /// Writes a configuration `name` into the folder: its issuer, where it listens, and as `store` the `[store]` section.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn new(folder: &Path, name: &str, at: (&str, SocketAddr), store: &str) -> Self {
        Self::with_binary(&binary(), folder, name, at, store)
    }

    /// The same for another program.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn with_binary(
        binary: &Path,
        folder: &Path,
        name: &str,
        (issuer, listen): (&str, SocketAddr),
        store: &str,
    ) -> Self {
        let config = folder.join(format!("{name}.toml"));
        let trusted = if listen.ip().is_loopback() {
            String::new()
        } else {
            // Plain http beyond loopback is for a proxy that is named.
            match listen.ip() {
                std::net::IpAddr::V4(own) => format!("[proxy]\ntrusted = [\"{}\"]\n", caller_of(own)),
                std::net::IpAddr::V6(_) => String::new(),
            }
        };
        let text = format!(
            "[server]\nissuer = \"{issuer}\"\nlisten = \"{listen}\"\nmanagement_listen = \"off\"\ndrain_seconds = 2\n\
             {trusted}[store]\n{store}\n[log]\nlevel = \"warn\"\n"
        );
        std::fs::write(&config, text).expect("the configuration can be written");
        Self {
            folder: folder.to_owned(),
            config,
            issuer: issuer.to_owned(),
            listen,
            binary: binary.to_owned(),
        }
    }

    /// Adds Alice, and answers the app, which was registered with a secret of its own.
    ///
    /// # Panics
    /// When the program refuses.
    #[must_use]
    pub fn with_cast(&self) -> (Person, Registered) {
        let password = format!("{}\n", ALICE.password);
        self.admin(&["user", "add", ALICE.username, "--password-stdin"], &password);
        let redirect = ["--redirect-uri", MYSWEETAPP.redirect_uri, "--json"];
        let said = self.admin(&[&["client", "add", MYSWEETAPP.id], &redirect[..]].concat(), "");
        let json: Value = serde_json::from_str(&said).expect("it is JSON");
        let secret = json.get("client_secret").and_then(Value::as_str);
        let mut app = MYSWEETAPP;
        app.secret = String::from(secret.expect("the secret is shown once")).leak();
        (ALICE, app)
    }

    /// Runs a command on it, with something on standard input.
    fn admin(&self, arguments: &[&str], input: &str) -> String {
        let mut child = self
            .command(arguments)
            .arg("--config")
            .arg(&self.config)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program runs");
        let mut pipe = child.stdin.take().expect("a pipe");
        pipe.write_all(input.as_bytes()).expect("it listens");
        drop(pipe);
        let output = child.wait_with_output().expect("it ends");
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {told}");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.binary);
        command.args(arguments).stdin(Stdio::null());
        command
            .env_remove("VALETKEY_MASTER_KEY")
            .env_remove("VALETKEY_STORE_URL")
            .env_remove("VALETKEY_LOG");
        command
    }

    /// The server as others reach it.
    #[must_use]
    pub fn site(&self) -> Site {
        Site::wire(&self.issuer, self.listen)
    }

    /// Starts a server on it, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn serve(&self) -> Node {
        self.serve_by(&[]).await
    }

    /// The same by another program, as `ip netns exec NAME`.
    ///
    /// # Panics
    /// When it does not become ready.
    pub async fn serve_by(&self, by: &[&str]) -> Node {
        let mut node = self.spawn_by(by);
        for _ in 0..LOOKS {
            if self.is_ready().await {
                return node;
            }
            assert!(node.is_running(), "the server ended early: {}", self.told());
            tokio::time::sleep(BETWEEN_LOOKS).await;
        }
        panic!("the server never was ready: {}", self.told())
    }

    /// Starts a server on it, and does not wait.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn_by(&self, by: &[&str]) -> Node {
        let own = self.command(&[]);
        let mut command = match by.split_first() {
            None => own,
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command
                    .args(arguments)
                    .arg(own.get_program())
                    .stdin(Stdio::null());
                command
            }
        };
        let log = OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.log())
            .expect("the log can be written");
        let child = command
            .args(["serve", "--config"])
            .arg(&self.config)
            .stdout(Stdio::null())
            .stderr(log)
            .spawn();
        Node {
            child: child.expect("the program runs"),
        }
    }

    /// Whether a server is ready there.
    pub async fn is_ready(&self) -> bool {
        let site = self.site();
        let request = http::Request::get(site.url("/readyz", &[])).body(Vec::new());
        let sent = site.try_send(request.expect("it is a request"));
        let answer = tokio::time::timeout(Duration::from_secs(2), sent).await;
        matches!(answer, Ok(Ok(answer)) if answer.status == 200)
    }

    /// Where its log is.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.config.with_extension("log")
    }

    fn told(&self) -> String {
        std::fs::read_to_string(self.log()).unwrap_or_default()
    }
}

/// The other end of a link of two addresses (a /30): whoever calls a node in a namespace of its own.
fn caller_of(own: Ipv4Addr) -> Ipv4Addr {
    Ipv4Addr::from(u32::from(own) - 1)
}

/// Waits until somebody wants this program to end, so that it can end what it started.
///
/// # Panics
/// When the system has no signals to wait for.
pub async fn interrupted() {
    let mut terminate = signal(SignalKind::terminate()).expect("signals can be waited for");
    let mut interrupt = signal(SignalKind::interrupt()).expect("signals can be waited for");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Node {
    child: Child,
}

impl Node {
    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        self.ended().is_none()
    }

    /// How it ended, if it has.
    ///
    /// # Panics
    /// When the system does not say.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("it is our child")
    }

    /// Its process.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// SIGKILL: no chance to finish anything.
    pub fn kill9(self) {
        drop(self);
    }

    /// SIGTERM; whether it ended well.
    ///
    /// # Panics
    /// When there is no `kill`.
    #[must_use]
    pub fn stop(mut self) -> bool {
        let pid = self.child.id().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status();
        assert!(asked.expect("kill runs").success());
        self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
