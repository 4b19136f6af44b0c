//! Runs a command beside a fresh PostgreSQL server, and ends that after it:
//!
//! ```text
//! postgres-for-tests [--binaries FOLDER] [--pooler] COMMAND [ARGUMENT ..]
//! ```
//!
//! The command finds the server in `VALETKEY_TEST_POSTGRES`, PostgreSQL's programs in `VALETKEY_TEST_POSTGRES_BINARIES`,
//! and with `--pooler` the address of a PgBouncer in transaction mode in `VALETKEY_TEST_POSTGRES_POOLER`. The server does
//! not wait for the disk: it is for suites that crash nothing.
#![expect(
    clippy::expect_used,
    clippy::panic,
    reason = "for tests: what cannot be done ends it"
)]

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use valetkey_testkit::postgres::{self, Cluster, Pooler, Setup};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1).peekable();
    let (mut binaries, mut with_pooler) = (None, false);
    while let Some(option) = arguments.next_if(|argument| argument.to_string_lossy().starts_with("--")) {
        match option.to_str() {
            Some("--binaries") => binaries = arguments.next().map(PathBuf::from),
            Some("--pooler") => with_pooler = true,
            _ => panic!("no option is called {}", option.display()),
        }
    }
    let program = arguments.next().expect("name the command to run");
    let binaries = binaries
        .or_else(postgres::binaries)
        .expect("PostgreSQL is installed");
    let setup = Setup {
        without_fsync: true,
        ..Setup::default()
    };
    let cluster = Cluster::start_with(&binaries, setup);
    let pooler = with_pooler.then(|| {
        let program = Pooler::program().expect("PgBouncer is installed");
        Pooler::before(&program, &cluster.url())
    });
    let mut command = Command::new(program);
    command.args(arguments);
    command.env(postgres::SERVER_VARIABLE, cluster.url());
    command.env(postgres::BINARIES_VARIABLE, &binaries);
    if let Some(pooler) = &pooler {
        command.env(postgres::POOLER_VARIABLE, format!("127.0.0.1:{}", pooler.port()));
    }
    let status = command.status().expect("the command can be started");
    ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}
