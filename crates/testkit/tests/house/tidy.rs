//! Sizes and habits: file length, module comments, lints that nobody may switch off, nothing from the author's machine.
//!
//! Function length and argument count are clippy's; here only that no crate leaves clippy's rules.

use super::{files_below, nothing_found, root, shown, text};
use std::path::{Path, PathBuf};

/// The longest a production file may be.
const FILE_LINES: usize = 500;
/// The longest a test module may be inside the file that it tests.
const INLINE_TEST_LINES: usize = 200;

fn rust_files() -> Vec<PathBuf> {
    let mut files = files_below("crates");
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    assert!(files.len() > 40, "the search finds the sources");
    files
}

fn is_test(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name == "tests.rs"
        || name.ends_with("_tests.rs")
        || path.components().any(|part| part.as_os_str() == "tests")
}

/// Every text file that is ours.
fn text_files() -> Vec<(PathBuf, String)> {
    files_below(".")
        .into_iter()
        .filter_map(|path| std::fs::read_to_string(&path).ok().map(|text| (path, text)))
        .collect()
}

#[test]
fn no_production_file_is_longer_than_five_hundred_lines() {
    let found: Vec<String> = rust_files()
        .iter()
        .filter(|path| !is_test(path))
        .map(|path| (path, text(path).lines().count()))
        .filter(|(_, lines)| *lines > FILE_LINES)
        .map(|(path, lines)| format!("{} has {lines} lines", shown(path)))
        .collect();
    nothing_found("split these files", &found);
}

#[test]
fn long_tests_stand_in_a_file_of_their_own() {
    let found: Vec<String> = rust_files()
        .iter()
        .filter(|path| !is_test(path))
        .filter_map(|path| {
            let text = text(path);
            let lines: Vec<&str> = text.lines().collect();
            let start = lines
                .windows(2)
                .position(|pair| pair == ["#[cfg(test)]", "mod tests {"])?;
            let length = lines.len() - start;
            (length > INLINE_TEST_LINES).then(|| format!("{} has {length} lines of tests", shown(path)))
        })
        .collect();
    nothing_found("move these tests to a sibling file", &found);
}

#[test]
fn every_module_opens_by_saying_what_it_answers_for() {
    let found: Vec<String> = rust_files()
        .iter()
        .filter(|path| !text(path).trim_start().starts_with("//! "))
        .map(|path| shown(path))
        .collect();
    nothing_found("these modules do not open with `//!`", &found);
}

#[test]
fn no_lint_is_switched_off_in_silence() {
    let marks = [concat!("#[al", "low("), concat!("#![al", "low(")];
    nothing_found("use #[expect(.., reason = \"..\")]", &lines_with(&marks));
}

#[test]
fn nothing_is_left_to_be_done_later() {
    let marks = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("to", "do!("),
        concat!("unimpl", "emented!("),
    ];
    nothing_found("finish these", &lines_with(&marks));
}

fn lines_with(marks: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for path in rust_files() {
        for (number, line) in text(&path).lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                found.push(format!("{}:{}: {}", shown(&path), number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn nothing_names_the_machine_it_was_written_on_or_a_registry() {
    let marks = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("/ho", "me/"),
        concat!("/Us", "ers/"),
        concat!("/tm", "p/t/"),
        concat!("registry.npm", "js"),
        concat!("npm", "js.org"),
        concat!("npm", "js.com"),
        concat!("py", "pi.org"),
        concat!("python", "hosted"),
        concat!("index.crates", ".io"),
        concat!("static.crates", ".io"),
        concat!("proxy.go", "lang.org"),
        concat!("deb.de", "bian.org"),
    ];
    let mut found = Vec::new();
    for (path, text) in text_files() {
        for (number, line) in text.lines().enumerate() {
            if let Some(mark) = marks.iter().find(|mark| line.contains(*mark)) {
                found.push(format!("{}:{}: {mark}", shown(&path), number + 1));
            }
        }
    }
    nothing_found("take these out", &found);
}

#[test]
fn every_crate_obeys_the_workspace_lints() {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root().join("crates")).expect("crates/ can be read") {
        let manifest = entry.expect("an entry can be read").path().join("Cargo.toml");
        let parsed: toml::Table = text(&manifest).parse().expect("a manifest is TOML");
        if parsed
            .get("lints")
            .and_then(|lints| lints.get("workspace"))
            .and_then(toml::Value::as_bool)
            != Some(true)
        {
            found.push(shown(&manifest));
        }
    }
    nothing_found("add `[lints] workspace = true`", &found);
}

#[test]
fn clippy_holds_the_line_on_functions() {
    let clippy: toml::Table = text("clippy.toml").parse().expect("clippy.toml is TOML");
    assert_eq!(
        clippy
            .get("too-many-lines-threshold")
            .and_then(toml::Value::as_integer),
        Some(70)
    );
    assert_eq!(
        clippy
            .get("too-many-arguments-threshold")
            .and_then(toml::Value::as_integer),
        Some(6)
    );
    let workspace: toml::Table = text("Cargo.toml").parse().expect("Cargo.toml is TOML");
    let lints = &workspace["workspace"]["lints"]["clippy"];
    for lint in [
        "unwrap_used",
        "expect_used",
        "panic",
        "indexing_slicing",
        "todo",
        "print_stdout",
        "allow_attributes",
        "too_many_lines",
        "too_many_arguments",
        "disallowed_methods",
    ] {
        assert_eq!(
            lints.get(lint).and_then(toml::Value::as_str),
            Some("deny"),
            "{lint}"
        );
    }
}
