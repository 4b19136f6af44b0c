//! `valetkey`: the command line, and the only place that puts server, store and demo together.

mod commands;
mod config;
mod dev;
mod listening;
mod logs;
mod master_key;
mod output;
mod password;
mod place;
mod seed;
mod stop;
mod table;
mod tls;

use clap::Parser;
use std::process::ExitCode;

/// Valetkey: an OAuth and OpenID Connect authorization server that explains itself.
#[derive(Debug, Parser)]
#[command(name = "valetkey", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: commands::Command,
}

/// Why a command ended without doing its work, in words for whoever typed it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(says: impl Into<String>) -> Self {
        Self(says.into())
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// What a command answers.
pub(crate) type Outcome<T = ()> = Result<T, Failure>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(says)) => {
            output::complain(&format!("valetkey: {says}"));
            ExitCode::FAILURE
        }
    }
}

fn run(command: commands::Command) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(command.run())
}
