//! PostgreSQL servers of the tests' own: made in a temporary folder, on a free port of the loopback interface, as a user
//! that is not root (PostgreSQL refuses root), and ended with the test, whatever becomes of that.
//!
//! [`Cluster`] is a server with everything that can happen to one: stopped, killed, started again, with a synchronous
//! standby that is promoted. [`Database`] is one database of a server that is there already. [`Pooler`] is PgBouncer in
//! transaction mode. It is about servers alone: what is stored in them is the store's affair.

#[path = "../../../store-postgres/tests/support/database.rs"]
mod database;
mod pooler;
mod process;

pub use database::{
    Database, POOLER_VARIABLE, SERVER_VARIABLE, blocking, connected, pooled, run, server, try_to_run,
};
pub use pooler::Pooler;

use process::Running;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Names the folder with `initdb` and `postgres`, for the tests that start servers of their own.
pub const BINARIES_VARIABLE: &str = "VALETKEY_TEST_POSTGRES_BINARIES";
/// Where Debian has one folder for each version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The user of every cluster; may do everything.
const USER: &str = "valetkey";

/// How a cluster is made.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// The password that everybody has to show over TCP. Without one nobody is asked: that is many times faster.
    pub password: Option<&'static str>,
    /// A certificate chain and its key, as PEM, to offer TLS with.
    pub tls: Option<(String, String)>,
    /// Whether connections without TLS are refused.
    pub only_tls: bool,
    /// Whether what is committed survives the machine. Only suites that crash nothing may leave it out.
    pub without_fsync: bool,
    /// Where it listens, when not on 127.0.0.1 alone; use a password then.
    pub listen: Option<&'static str>,
    /// More settings, each a name and its value.
    pub settings: Vec<(&'static str, String)>,
}

/// One PostgreSQL server. Dropping it ends it and removes its data.
#[derive(Debug)]
pub struct Cluster {
    binaries: PathBuf,
    setup: Setup,
    port: u16,
    running: Option<Running>,
    folder: TempDir,
}

/// The folder with PostgreSQL's programs: the one that [`BINARIES_VARIABLE`] names, or the newest of Debian's.
#[must_use]
pub fn binaries() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os(BINARIES_VARIABLE) {
        return Some(PathBuf::from(named));
    }
    let versions = std::fs::read_dir(DEBIAN).ok()?.filter_map(Result::ok);
    let folders = versions.map(|version| version.path().join("bin"));
    folders
        .filter(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
        .max()
}

/// The first column of the first row, which is text.
pub async fn ask(url: &str, question: &str) -> String {
    let (client, _connection) = database::connected(url)
        .await
        .expect("the server takes connections");
    let row = client.query_one(question, &[]).await;
    row.unwrap_or_else(|error| panic!("{question}: {error}")).get(0)
}

impl Cluster {
    /// A fresh server that listens on loopback alone and asks nobody for a password.
    #[must_use]
    pub fn start(binaries: &Path) -> Self {
        Self::start_with(binaries, Setup::default())
    }

    /// A fresh server as the test wants it.
    #[must_use]
    pub fn start_with(binaries: &Path, setup: Setup) -> Self {
        let folder = process::folder();
        let mut cluster = Self {
            binaries: binaries.to_owned(),
            setup,
            port: process::free_port(),
            running: None,
            folder,
        };
        cluster.make();
        cluster.start_again();
        cluster
    }

    /// A synchronous standby: from now on the primary acknowledges no commit that this server has not on its disk.
    #[must_use]
    pub fn standby_of(primary: &Self) -> Self {
        let mut standby = Self {
            binaries: primary.binaries.clone(),
            setup: primary.setup.clone(),
            port: process::free_port(),
            running: None,
            folder: process::folder(),
        };
        let data = standby.data();
        let from = primary.url_of("postgres");
        let arguments = [
            "--write-recovery-conf",
            "--wal-method=stream",
            "--checkpoint=fast",
            "--pgdata",
        ];
        standby.does("pg_basebackup", |command| {
            command.args(arguments).arg(&data).arg("--dbname").arg(&from);
        });
        standby.start_again();
        primary.runs("ALTER SYSTEM SET synchronous_standby_names = '*'");
        primary.runs("SELECT pg_reload_conf()");
        process::until("the standby is synchronous", || {
            primary.asks("SELECT count(*)::text FROM pg_stat_replication WHERE sync_state = 'sync'") == "1"
        });
        standby
    }

    /// Makes a standby the primary; ready when it takes writes. Whoever follows may be connected all the while.
    pub fn promote(&self) {
        assert_eq!(
            self.asks("SELECT pg_promote(true, 60)::text"),
            "true",
            "it was a standby"
        );
        process::until("the standby became a primary", || {
            self.asks("SELECT pg_is_in_recovery()::text") == "false"
        });
    }

    /// Acknowledges commits by itself again, when the standby is gone for good.
    pub fn forgets_standbys(&self) {
        self.runs("ALTER SYSTEM SET synchronous_standby_names = ''");
        self.runs("SELECT pg_reload_conf()");
    }

    /// Ends it in order: sessions are cut off, the data is flushed.
    pub fn stop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }

    /// Kills it with SIGKILL, as a crash does.
    pub fn kill9(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill9();
        }
    }

    /// Starts it after [`stop`](Self::stop) or [`kill9`](Self::kill9), on the same port and data.
    pub fn start_again(&mut self) {
        assert!(self.running.is_none(), "it runs already");
        let mut arguments: Vec<String> = vec!["-D".into(), self.data().display().to_string()];
        for (name, value) in self.settings() {
            arguments.extend(["-c".into(), format!("{name}={value}")]);
        }
        let log = self.folder.path().join("log");
        let running = Running::start(&self.binaries.join("postgres"), &arguments, &self.data(), &log);
        self.running = Some(running);
    }

    /// The URL of its maintenance database; the user may do everything.
    #[must_use]
    pub fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// The URL of a database.
    #[must_use]
    pub fn url_of(&self, database: &str) -> String {
        let password = self
            .setup
            .password
            .map(|password| format!(":{password}"))
            .unwrap_or_default();
        format!("postgres://{USER}{password}@127.0.0.1:{}/{database}", self.port)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::LOCALHOST, self.port))
    }

    /// The folder with its Unix socket, for URLs with `host=`.
    #[must_use]
    pub fn socket_folder(&self) -> &Path {
        self.folder.path()
    }

    /// What it logged.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Runs one statement in the maintenance database.
    pub fn runs(&self, statement: &str) {
        database::blocking(database::run(&self.url(), statement));
    }

    /// The first column of the first row, which is text.
    #[must_use]
    pub fn asks(&self, question: &str) -> String {
        database::blocking(ask(&self.url(), question))
    }

    /// Makes an empty database, which goes with the cluster; its URL.
    pub fn database(&self, name: &str) -> String {
        self.runs(&format!("CREATE DATABASE {name}"));
        self.url_of(name)
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn make(&self) {
        let how = if self.setup.password.is_some() {
            "scram-sha-256"
        } else {
            "trust"
        };
        let password = self.folder.path().join("password");
        process::write(&password, self.setup.password.unwrap_or("unused"));
        // Order by a language where it can be had: a store that leans on the database's own order is found out.
        let orders: [&[&str]; 2] = [
            &["--locale-provider=icu", "--icu-locale=en-US", "--locale=C"],
            &["--locale=C"],
        ];
        let made = orders.iter().any(|order| {
            self.tries("initdb", |command| {
                command
                    .args(["-U", USER, "-A", how, "-E", "UTF8", "--no-sync"])
                    .args(*order);
                command.arg("--pwfile").arg(&password).arg("-D").arg(self.data());
            })
        });
        assert!(made, "initdb: {}", self.log());
        if let Some((chain, key)) = &self.setup.tls {
            process::write(&self.data().join("server.crt"), chain);
            process::write(&self.data().join("server.key"), key);
        }
        let host = if self.setup.only_tls { "hostssl" } else { "host" };
        let access =
            format!("local all all {how}\n{host} all all all {how}\n{host} replication all all {how}\n");
        process::write(&self.data().join("pg_hba.conf"), &access);
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let on = |on: bool| String::from(if on { "on" } else { "off" });
        let mut settings = vec![
            ("port", self.port.to_string()),
            (
                "listen_addresses",
                self.setup.listen.unwrap_or("127.0.0.1").into(),
            ),
            (
                "unix_socket_directories",
                self.folder.path().display().to_string(),
            ),
            ("max_connections", "200".into()),
            ("shared_buffers", "64MB".into()),
            ("ssl", on(self.setup.tls.is_some())),
            ("fsync", on(!self.setup.without_fsync)),
            ("full_page_writes", on(!self.setup.without_fsync)),
            ("wal_level", "replica".into()),
            ("hot_standby", "on".into()),
        ];
        settings.extend(self.setup.settings.iter().cloned());
        settings
    }

    /// Runs one of PostgreSQL's programs to its end.
    fn does(&self, program: &str, with: impl FnOnce(&mut std::process::Command)) {
        assert!(self.tries(program, with), "{program}: {}", self.log());
    }

    fn tries(&self, program: &str, with: impl FnOnce(&mut std::process::Command)) -> bool {
        let log = self.folder.path().join("log");
        process::ends_well(&self.binaries.join(program), &log, with)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop();
    }
}
