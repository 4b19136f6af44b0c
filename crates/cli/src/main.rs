//! The binary `valetkey`: the only place that puts the parts together, reads the environment and prints.

mod commands;
mod config;
mod failure;
mod files;
mod logs;
mod master_key;
mod output;
mod place;
mod run;
mod seed;
mod tls;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(commands::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::FAILURE
        }
    }
}
