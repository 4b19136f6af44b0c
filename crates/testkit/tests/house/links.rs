//! What the documents point at exists: relative links, their anchors, and paths of the repository in backticks.

use super::{files_below, nothing_found, root, shown, text};
use std::path::{Path, PathBuf};

/// Documents that a reader looks for first.
const EXPECTED: [&str; 5] = [
    "README.md",
    "ARCHITECTURE.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
];
/// Backticked words that begin so are paths of the repository.
const FOLDERS: [&str; 6] = ["crates/", "docs/", "scripts/", "interop/", "fuzz/", ".ci/"];

fn documents() -> Vec<PathBuf> {
    let mut files = files_below(".");
    files.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    files
}

/// The text without fenced code.
fn prose(text: &str) -> String {
    let mut inside = false;
    text.lines()
        .filter(|line| {
            let fence = line.trim_start().starts_with("```");
            inside ^= fence;
            !inside && !fence
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// The targets of `[..](target)` and `![..](target)`.
fn targets(prose: &str) -> Vec<&str> {
    prose
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split_once(')'))
        .map(|(target, _)| target.split_whitespace().next().unwrap_or_default())
        .collect()
}

/// The anchors of a document's headings, as forges make them.
fn anchors(document: &str) -> Vec<String> {
    prose(document)
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            heading
                .chars()
                .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'))
                .map(|c| if c == ' ' { '-' } else { c })
                .collect()
        })
        .collect()
}

fn broken(document: &Path, target: &str) -> bool {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() {
        document.to_path_buf()
    } else {
        document.with_file_name("").join(file)
    };
    if !path.exists() {
        return true;
    }
    let markdown = path.extension().is_some_and(|extension| extension == "md");
    let explicit = format!("id=\"{anchor}\"");
    !anchor.is_empty()
        && markdown
        && !text(&path).contains(&explicit)
        && !anchors(&text(&path)).iter().any(|known| known == anchor)
}

#[test]
fn the_documents_a_reader_looks_for_are_there() {
    for name in EXPECTED {
        assert!(root().join(name).is_file(), "{name} is missing");
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut found = Vec::new();
    for document in documents() {
        for target in targets(&prose(&text(&document))) {
            let outside = target.contains("://") || target.starts_with("mailto:");
            if !outside && broken(&document, target) {
                found.push(format!("{}: {target}", shown(&document)));
            }
        }
    }
    nothing_found("broken links", &found);
}

#[test]
fn every_path_in_backticks_exists() {
    let mut found = Vec::new();
    for document in documents() {
        let prose = prose(&text(&document));
        for word in prose.split('`').skip(1).step_by(2) {
            let is_path = FOLDERS.iter().any(|folder| word.starts_with(folder));
            let is_pattern = word.contains(['*', '{', '<', ' ', ':', '…']);
            if is_path && !is_pattern && !root().join(word).exists() {
                found.push(format!("{}: {word}", shown(&document)));
            }
        }
    }
    nothing_found("paths that do not exist", &found);
}
