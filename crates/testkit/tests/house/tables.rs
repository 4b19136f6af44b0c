//! The pages that go through a specification item by item name rules and tests; each of them exists.

use super::{files_below, nothing_found, text};
use std::collections::BTreeSet;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::Rule;

/// The pages.
const TABLES: [&str; 2] = ["docs/reference/openid.md", "docs/reference/rfc9700.md"];

/// Names of the specs that look like a test.
const METADATA: [&str; 7] = [
    "backchannel_logout_session_supported",
    "client_secret_expires_at",
    "code_challenge_methods_supported",
    "post_logout_redirect_uri",
    "registration_access_token",
    "registration_client_uri",
    "token_endpoint_auth_signing_alg",
];

/// A member of client metadata, or another name of the specs.
fn is_metadata(word: &str) -> bool {
    ClientMetadata::MEMBERS.contains(&word) || METADATA.contains(&word)
}

/// What stands in backticks in the rows of a page's tables, with its line.
fn named(page: &str) -> Vec<(usize, &str)> {
    page.lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with('|'))
        .flat_map(|(number, line)| {
            line.split('`')
                .skip(1)
                .step_by(2)
                .map(move |word| (number + 1, word))
        })
        .collect()
}

/// The names of all tests: Rust functions, and the titles of tests in JavaScript and Python.
fn tests() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for path in files_below("crates").into_iter().chain(files_below("interop")) {
        if !path
            .extension()
            .is_some_and(|extension| ["rs", "py", "mjs"].iter().any(|known| extension == *known))
        {
            continue;
        }
        for line in text(&path).lines().map(str::trim) {
            let after = ["fn ", "async fn ", "def "]
                .iter()
                .find_map(|keyword| line.strip_prefix(keyword));
            let name = after.and_then(|rest| rest.split_once('(')).map(|(name, _)| name);
            names.extend(name.map(str::to_owned));
        }
    }
    names
}

fn looks_like_a_test(word: &str) -> bool {
    word.matches('_').count() >= 3
        && word
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

#[test]
fn every_rule_and_every_test_that_a_table_names_exists() {
    let tests = tests();
    let mut missing = Vec::new();
    for table in TABLES {
        let page = text(table);
        let mut seen = 0;
        for (line, word) in named(&page) {
            let is_rule = word.starts_with("VK-");
            let is_missing = if is_rule {
                Rule::from_id(word).is_none()
            } else {
                looks_like_a_test(word) && !is_metadata(word) && !tests.contains(word)
            };
            seen += usize::from(is_rule || looks_like_a_test(word));
            if is_missing || word.contains('@') {
                missing.push(format!("{table}:{line}: {word}"));
            }
        }
        assert!(seen > 20, "{table} names rules and tests");
    }
    nothing_found("a table names what does not exist", &missing);
}
