//! What the commands write: answers to stdout, complaints and warnings to stderr. A closed pipe is no error.

use crate::Outcome;
use serde::Serialize;
use std::io::Write;

/// Writes to stdout, with a newline.
pub(crate) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever closed the pipe does not want to read on.
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

/// Writes to stderr, with a newline.
pub(crate) fn complain(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Writes JSON to stdout.
pub(crate) fn say_json(value: &impl Serialize) -> Outcome {
    say(&serde_json::to_string_pretty(value)?);
    Ok(())
}
