//! What the programs that make and judge histories have in common: their words on standard output, and the status that they
//! end with: 0 when all holds, 1 when something must not have been, 2 when they did not get so far.

use super::check::{Limits, check};
use super::reading;
use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

/// Says a line.
pub fn say(text: &str) {
    // Whoever closed the pipe does not want to be told.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Says why there is no verdict.
#[must_use]
pub fn gives_up(why: &str) -> ExitCode {
    say(why);
    ExitCode::from(2)
}

/// Reads the files of one history, checks it and says the report. `linger_micros` is for how long after its connection broke a
/// request may still be worked on.
#[must_use]
pub fn judges(files: &[&Path], linger_micros: i64) -> ExitCode {
    let mut texts = Vec::new();
    for file in files {
        match std::fs::read_to_string(file) {
            Ok(text) => texts.push((called(file, files.len()), text)),
            Err(error) => return gives_up(&format!("{}: {error}", file.display())),
        }
    }
    let history = match reading::read(&texts, linger_micros) {
        Ok(history) => history,
        Err(problem) => {
            return gives_up(&format!("{}:{}: {}", problem.file, problem.line, problem.why));
        }
    };
    let report = check(&history, &Limits::default());
    say(report.to_string().trim_end());
    if report.violations.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

/// How the report calls a file: a single one needs no folder.
fn called(file: &Path, of: usize) -> String {
    let name = file.file_name().filter(|_| of == 1);
    name.map_or_else(
        || file.display().to_string(),
        |name| name.to_string_lossy().into_owned(),
    )
}
