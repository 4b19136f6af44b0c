//! `history-check FILE..`: reads histories (one JSON object a line) and prints what must not have been. Ends with 1 when there
//! was anything, with 2 when it cannot read a file, with 3 when nobody was acknowledged anything.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use valetkey_testkit::history::program::{Proof, gives_up, judges};

/// For how long after its connection broke a request may still be worked on, where no kill ended it.
const LINGER_MICROS: i64 = 30_000_000;

fn main() -> ExitCode {
    let files: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if files.is_empty() {
        return gives_up("usage: history-check FILE..");
    }
    let files: Vec<&Path> = files.iter().map(PathBuf::as_path).collect();
    let anything = Proof::Acknowledged {
        grants: 1,
        refreshes: 0,
        afterwards: 0,
    };
    judges(&files, LINGER_MICROS, anything)
}
