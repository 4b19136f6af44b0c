//! How far a command is, on standard error: a bar where somebody looks, and a line now and then where nobody does.

use crate::output;
use std::io::{IsTerminal as _, Write as _};

const BAR_WIDTH: u64 = 24;
/// Without a terminal, so many lines at most.
const LINES: u64 = 10;

/// The progress of one command, which may have several parts.
pub(super) struct Progress {
    on_terminal: bool,
    doing: &'static str,
    total: u64,
    done: u64,
    /// What was shown last: a hundredth on a terminal, else a tenth.
    shown: Option<u64>,
}

impl Progress {
    /// On this process's standard error.
    pub(super) fn new() -> Self {
        Self {
            on_terminal: std::io::stderr().is_terminal(),
            doing: "",
            total: 0,
            done: 0,
            shown: None,
        }
    }

    /// Begins a part of so many things.
    pub(super) fn begin(&mut self, doing: &'static str, total: u64) {
        (self.doing, self.total, self.done, self.shown) = (doing, total, 0, None);
    }

    /// So many more are done.
    pub(super) fn advance(&mut self, what: &str, count: usize) {
        self.at(what, self.done.saturating_add(count as u64), self.total);
    }

    /// So many of so many are done.
    pub(super) fn at(&mut self, what: &str, done: u64, total: u64) {
        (self.done, self.total) = (done, total.max(done));
        let parts = if self.on_terminal { 100 } else { LINES };
        let part = parts * self.done / self.total.max(1);
        if self.shown == Some(part) {
            return;
        }
        self.shown = Some(part);
        let line = line(self.doing, what, self.done, self.total);
        if self.on_terminal {
            write(&format!("\r{} {line}\u{1b}[K", bar(self.done, self.total)));
        } else {
            output::tell(&line);
        }
    }

    /// The part is over: the bar goes.
    pub(super) fn end(&mut self) {
        if self.shown.take().is_some() && self.on_terminal {
            write("\r\u{1b}[K");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.end();
    }
}

fn bar(done: u64, total: u64) -> String {
    let full = (BAR_WIDTH * done / total.max(1)).min(BAR_WIDTH);
    let signs = (0..BAR_WIDTH).map(|place| if place < full { '#' } else { '-' });
    format!("[{}]", signs.collect::<String>())
}

fn line(doing: &str, what: &str, done: u64, total: u64) -> String {
    let percent = 100 * done / total.max(1);
    format!("{doing}: {percent:>3} % ({done} of {total}) {what}")
        .trim_end()
        .to_owned()
}

/// Nobody is left to tell when this fails.
fn write(text: &str) {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_full_as_the_work_is_done() {
        assert_eq!(bar(0, 10), "[------------------------]");
        assert_eq!(bar(5, 10), "[############------------]");
        assert_eq!(bar(10, 10), "[########################]");
        assert_eq!(bar(0, 0), "[------------------------]");
    }

    #[test]
    fn a_line_says_what_is_done_and_how_far() {
        assert_eq!(
            line("copying", "grants", 50, 200),
            "copying:  25 % (50 of 200) grants"
        );
        assert_eq!(line("checking", "", 0, 0), "checking:   0 % (0 of 0)");
    }
}
