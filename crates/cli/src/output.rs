//! What people and scripts read: plain tables, or JSON with `--json`. The only place that writes to standard output.

use crate::failure::{Failure, Outcome};
use serde::Serialize;
use std::io::{ErrorKind, Write as _};
use valetkey_protocol::time::Timestamp;

/// Writes the text to standard output. A reader that went away (`| head`) is no failure.
pub(crate) fn print(text: &str) -> Outcome {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::system("standard output")(error)),
        _ => Ok(()),
    }
}

/// Writes one JSON document.
pub(crate) fn print_json(value: &impl Serialize) -> Outcome {
    let text = serde_json::to_string_pretty(value).map_err(|error| Failure::refused(error.to_string()))?;
    print(&format!("{text}\n"))
}

/// Tells what went wrong, on standard error.
pub(crate) fn complain(failure: &Failure) {
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "valetkey: {failure}");
}

/// Tells how things go, on standard error.
pub(crate) fn tell(text: &str) {
    // With standard error closed there is nobody left to tell.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Columns as wide as their widest cell; control characters, which could rule the terminal, are left out.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> = rows
        .iter()
        .map(|row| row.iter().map(|cell| clean(cell)).collect())
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let line: String = cells.map(|(cell, width)| format!("{cell:<width$}  ")).collect();
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// The text without control characters.
pub(crate) fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}

/// The text in lines of at most `width` bytes, where its words allow that.
pub(crate) fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let full = lines
            .last()
            .is_some_and(|line| !line.is_empty() && line.len() + 1 + word.len() > width);
        if full {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
    }
    lines
}

/// A moment as people read it.
pub(crate) fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.0).map_or_else(|_| at.to_string(), |at| at.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_rule_the_terminal() {
        let table = table(&[vec!["a\u{1b}[2J".into(), "b\nc".into()]]);
        assert_eq!(table, "a[2J  bc\n");
    }

    #[test]
    fn columns_are_aligned_and_lines_end_without_blanks() {
        let rows = [
            vec!["id".into(), "name".into()],
            vec!["a".into(), "Ä".into()],
            vec!["abc".into(), String::new()],
        ];
        assert_eq!(table(&rows), "id   name\na    Ä\nabc\n");
    }

    #[test]
    fn a_moment_is_told_in_utc() {
        assert_eq!(moment(Timestamp(0)), "1970-01-01T00:00:00Z");
    }
}
