//! `mysweetcli`: MySweetApp for the terminal. What it does stands in the library; here it meets the machine.

use clap::Parser as _;
use std::process::ExitCode;
use valetkey_demo::mysweetcli::{Here, Machine as _, Options, run};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let options = Options::parse();
    match run(&options, &Here).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            Here.complain(&format!("mysweetcli: {problem}"));
            ExitCode::FAILURE
        }
    }
}
