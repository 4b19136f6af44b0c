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

/// Many small texts are made and dropped for one answer (docs/decisions/0034-performance.md).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match commands::run(commands::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output::complain(&failure);
            ExitCode::FAILURE
        }
    }
}
