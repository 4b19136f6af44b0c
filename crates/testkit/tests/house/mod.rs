//! Checks on the repository itself: sizes, edges between crates, licences, links. They start no server.

mod bans;
mod edges;
mod fuzzed;
mod licences;
mod links;
mod tables;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Folders that hold no source of ours.
const SKIPPED: [&str; 7] = [
    "target",
    "node_modules",
    ".git",
    ".venv",
    "__pycache__",
    "screenshots",
    "corpus",
];

/// The root of the repository.
fn root() -> &'static Path {
    static ROOT: OnceLock<PathBuf> = OnceLock::new();
    ROOT.get_or_init(|| {
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .canonicalize()
            .expect("the repository is there")
    })
}

/// Every file below a folder of the repository, in a stable order.
fn files_below(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(here) = open.pop() {
        for entry in std::fs::read_dir(&here).expect("a folder of the repository can be read") {
            let entry = entry.expect("an entry can be read");
            let kind = entry.file_type().expect("an entry has a kind");
            if kind.is_dir() && !SKIPPED.contains(&entry.file_name().to_string_lossy().as_ref()) {
                open.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    found
}

/// A path as people write it: from the root of the repository.
fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

/// A file's text.
fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", shown(&path)))
}

/// What `cargo metadata` says of this workspace on this platform.
fn metadata() -> &'static serde_json::Value {
    static METADATA: OnceLock<serde_json::Value> = OnceLock::new();
    METADATA.get_or_init(|| {
        let version = Command::new("rustc").arg("-vV").output().expect("rustc runs");
        let version = String::from_utf8(version.stdout).expect("rustc speaks UTF-8");
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .expect("rustc names its host");
        let output = Command::new(env!("CARGO"))
            .args([
                "metadata",
                "--format-version",
                "1",
                "--offline",
                "--locked",
                "--filter-platform",
                host,
            ])
            .current_dir(root())
            .output()
            .expect("cargo runs");
        assert!(
            output.status.success(),
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).expect("cargo metadata answers JSON")
    })
}

/// Fails with every finding on a line of its own.
fn nothing_found(what: &str, found: &[String]) {
    assert!(found.is_empty(), "{what}:\n  {}", found.join("\n  "));
}
