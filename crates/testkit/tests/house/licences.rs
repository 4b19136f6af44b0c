//! Every package that we ship or test with may be used under a licence that `deny.toml` allows (SPDX expressions).

use super::{metadata, nothing_found, text};

/// The licences that `deny.toml` allows.
fn allowed() -> Vec<String> {
    let deny: toml::Table = text("deny.toml").parse().expect("deny.toml is TOML");
    let list = deny["licenses"]["allow"]
        .as_array()
        .expect("[licenses] has an allow list");
    list.iter()
        .map(|id| id.as_str().expect("a licence is a string").to_owned())
        .collect()
}

/// Whether an SPDX expression can be satisfied with the allowed licences. `AND` binds tighter than `OR`.
fn satisfied(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words, allowed)
}

type Words<'a, 'b> = &'a mut std::iter::Peekable<std::str::SplitWhitespace<'b>>;

fn either(words: Words<'_, '_>, allowed: &[String]) -> bool {
    let mut holds = both(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        holds |= both(words, allowed);
    }
    holds
}

fn both(words: Words<'_, '_>, allowed: &[String]) -> bool {
    let mut holds = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        holds &= one(words, allowed);
    }
    holds
}

fn one(words: Words<'_, '_>, allowed: &[String]) -> bool {
    let Some(word) = words.next() else { return false };
    if word == "(" {
        let holds = either(words, allowed);
        return words.next() == Some(")") && holds;
    }
    let mut id = word.to_owned();
    if words.next_if_eq(&"WITH").is_some() {
        id = format!("{id} WITH {}", words.next().unwrap_or_default());
    }
    allowed.contains(&id)
}

#[test]
fn an_expression_is_read_as_spdx_means_it() {
    let allowed = ["MIT".to_owned(), "ISC".to_owned()];
    assert!(!satisfied("", &allowed));
    assert!(!satisfied("GPL-3.0-only", &allowed));
    assert!(!satisfied("MIT AND GPL-3.0-only", &allowed));
    assert!(!satisfied("MIT WITH Some-exception", &allowed));
    assert!(!satisfied("ISC AND (GPL-3.0-only OR Zlib)", &allowed));
    assert!(satisfied("GPL-3.0-only OR MIT AND ISC", &allowed));
    assert!(satisfied("ISC AND (GPL-3.0-only OR MIT)", &allowed));
}

#[test]
fn every_package_has_a_licence_that_we_allow() {
    let allowed = allowed();
    let packages = metadata()["packages"]
        .as_array()
        .expect("metadata lists packages");
    let used: Vec<&str> = metadata()["resolve"]["nodes"]
        .as_array()
        .expect("metadata resolves")
        .iter()
        .filter_map(|node| node["id"].as_str())
        .collect();
    let found: Vec<String> = packages
        .iter()
        .filter(|package| package["id"].as_str().is_some_and(|id| used.contains(&id)))
        .filter(|package| !satisfied(package["license"].as_str().unwrap_or_default(), &allowed))
        .map(|package| {
            format!(
                "{} {}: {}",
                package["name"], package["version"], package["license"]
            )
        })
        .collect();
    nothing_found("licences that deny.toml does not allow", &found);
}
