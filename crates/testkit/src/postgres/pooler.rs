//! PgBouncer in transaction mode, before a server that is there already.

use super::process::{self, Running};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use tokio_postgres::config::Host;

/// Where Debian has it.
const PROGRAM: &str = "/usr/sbin/pgbouncer";

/// PgBouncer. Dropping it ends it.
#[derive(Debug)]
pub struct Pooler {
    port: u16,
    running: Option<Running>,
    folder: TempDir,
}

impl Pooler {
    /// Where it is installed, if it is.
    #[must_use]
    pub fn program() -> Option<PathBuf> {
        Some(PathBuf::from(PROGRAM)).filter(|program| program.is_file())
    }

    /// Starts it before a server that asks its users for no password.
    #[must_use]
    pub fn before(program: &Path, server: &str) -> Self {
        let server: tokio_postgres::Config = server.parse().expect("it is a URL");
        let [Host::Tcp(host)] = server.get_hosts() else {
            panic!("the server has one host name");
        };
        let (port, folder) = (process::free_port(), process::folder());
        let file = |name: &str| folder.path().join(name).display().to_string();
        let users = format!("\"{}\" \"\"\n", server.get_user().unwrap_or("postgres"));
        process::write(&folder.path().join("users"), &users);
        let lines = [
            "[databases]".into(),
            format!(
                "* = host={host} port={}",
                server.get_ports().first().unwrap_or(&5432)
            ),
            "[pgbouncer]".into(),
            "listen_addr = 127.0.0.1".into(),
            format!("listen_port = {port}"),
            "unix_socket_dir =".into(),
            "pool_mode = transaction".into(),
            "auth_type = trust".into(),
            format!("auth_file = {}", file("users")),
            format!("pidfile = {}", file("pid")),
            "max_client_conn = 1000".into(),
            // Few, so that transactions of one client really land on the connections of others.
            "default_pool_size = 4".into(),
            String::new(),
        ];
        process::write(&folder.path().join("settings"), &lines.join("\n"));
        let mut pooler = Self {
            port,
            running: None,
            folder,
        };
        pooler.start(program);
        pooler
    }

    /// The URL of a database, by way of it.
    #[must_use]
    pub fn url_of(&self, user: &str, database: &str) -> String {
        format!("postgres://{user}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    fn start(&mut self, program: &Path) {
        let settings = self.folder.path().join("settings").display().to_string();
        let log = self.folder.path().join("log");
        let mut running = Running::watched(program, &[settings], &self.folder.path().join("pid"), &log);
        process::until("PgBouncer takes connections", || {
            let log = || std::fs::read_to_string(&log).unwrap_or_default();
            assert!(!running.has_ended(), "PgBouncer: {}", log());
            TcpStream::connect(("127.0.0.1", self.port)).is_ok()
        });
        self.running = Some(running);
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}
