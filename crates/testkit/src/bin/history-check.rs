//! `history-check FILE..`: reads histories (one JSON object a line) and prints what must not have been. Ends with 1 when there
//! was anything, with 2 when it cannot read a file.

use std::io::{Result, Write as _};
use std::process::ExitCode;
use valetkey_testkit::history::check::{Limits, check};
use valetkey_testkit::history::reading;

/// For how long after its connection broke a request may still be worked on, where no kill ended it.
const LINGER_MICROS: i64 = 30_000_000;

fn main() -> Result<ExitCode> {
    let mut files = Vec::new();
    for name in std::env::args().skip(1) {
        let text = std::fs::read_to_string(&name)?;
        files.push((name, text));
    }
    let mut out = std::io::stdout().lock();
    if files.is_empty() {
        writeln!(out, "usage: history-check FILE..")?;
        return Ok(ExitCode::from(2));
    }
    let history = match reading::read(&files, LINGER_MICROS) {
        Ok(history) => history,
        Err(problem) => {
            writeln!(out, "{}:{}: {}", problem.file, problem.line, problem.why)?;
            return Ok(ExitCode::from(2));
        }
    };
    let report = check(&history, &Limits::default());
    write!(out, "{report}")?;
    Ok(if report.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
