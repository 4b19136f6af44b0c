//! The speed table of Valetkey: `scripts/bench` builds and runs it. docs/reference/performance.md says what it measures.

mod arguments;
mod browser;
mod generator;
mod hash;
mod histogram;
mod installation;
mod lines;
mod party;
mod peer;
mod process;
mod run;
mod seed;
mod table;
mod wire;
mod workloads;
mod yardstick;

use arguments::{Arguments, Length};
use std::error::Error;
use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let done = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        // The processes that this program starts on the server's core.
        ["yardstick", address] => serve_yardstick(address),
        ["hash", millis] => tell_hash(millis),
        _ => measure(words),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve_yardstick(address: &str) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let address = address.parse()?;
    run::block_on(async move {
        yardstick::serve(address)
            .await
            .map_err(|error| error.to_string().into())
    })?;
    Ok(ExitCode::SUCCESS)
}

fn tell_hash(millis: &str) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let (rate, cpu_micros) = hash::limit(Duration::from_millis(millis.parse()?))?;
    println!("{rate} {cpu_micros}");
    Ok(ExitCode::SUCCESS)
}

fn measure(words: Vec<String>) -> Result<ExitCode, Box<dyn Error + Send + Sync>> {
    let arguments = Arguments::read(words.into_iter())?;
    let (json, length) = (arguments.json.clone(), arguments.length);
    let table = run::run(arguments)?;
    match length {
        Length::Smoke => print!("{}", table.smoke()),
        Length::Quick | Length::Usual | Length::Full => print!("{}", table.text()),
    }
    if let Some(file) = json {
        std::fs::write(file, serde_json::to_string_pretty(&table)?)?;
    }
    Ok(if table.broken.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
