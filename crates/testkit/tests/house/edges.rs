//! Which crate may import which. The table is the architecture: `protocol` is what the specs say, `model` what we
//! remember, `rules` what we decide, `store` how we remember it, `server` how we talk; everything points downwards.

use super::{metadata, nothing_found};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Each crate with the workspace crates it may depend on. A crate that is not here fails the test.
const ALLOWED: [(&str, &[&str]); 12] = [
    ("valetkey-jose", &[]),
    ("valetkey-protocol", &[]),
    ("valetkey-model", &["valetkey-protocol"]),
    (
        "valetkey-rules",
        &["valetkey-jose", "valetkey-protocol", "valetkey-model"],
    ),
    ("valetkey-store", &["valetkey-protocol", "valetkey-model"]),
    (
        "valetkey-store-sqlite",
        &["valetkey-protocol", "valetkey-model", "valetkey-store"],
    ),
    (
        "valetkey-store-postgres",
        &["valetkey-protocol", "valetkey-model", "valetkey-store"],
    ),
    (
        "valetkey-server",
        &[
            "valetkey-jose",
            "valetkey-protocol",
            "valetkey-model",
            "valetkey-rules",
            "valetkey-store",
            "valetkey-client",
        ],
    ),
    (
        "valetkey-resource-server",
        &["valetkey-jose", "valetkey-protocol", "valetkey-client"],
    ),
    ("valetkey-client", &["valetkey-jose", "valetkey-protocol"]),
    (
        "valetkey-demo",
        &["valetkey-client", "valetkey-resource-server", "valetkey-protocol"],
    ),
    (
        "valetkey",
        &[
            "valetkey-jose",
            "valetkey-protocol",
            "valetkey-model",
            "valetkey-rules",
            "valetkey-store",
            "valetkey-store-sqlite",
            "valetkey-store-postgres",
            "valetkey-server",
            "valetkey-demo",
            "valetkey-client",
            "valetkey-resource-server",
        ],
    ),
];

/// Edges that tests alone may have.
const ALLOWED_IN_TESTS: [(&str, &str); 1] = [("valetkey-server", "valetkey-store-sqlite")];

/// The crates that decide and describe, without a socket, a clock or a database.
const PURE: [&str; 4] = [
    "valetkey-jose",
    "valetkey-protocol",
    "valetkey-model",
    "valetkey-rules",
];

/// What a pure crate must not reach, not even through another crate.
const IMPURE: [&str; 26] = [
    "async-std",
    "axum",
    "axum-core",
    "chrono",
    "deadpool-postgres",
    "diesel",
    "h2",
    "hyper",
    "hyper-util",
    "jiff",
    "libsqlite3-sys",
    "mio",
    "rand",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "time",
    "tokio",
    "tokio-postgres",
    "tokio-rustls",
    "tower",
    "tower-http",
    "ureq",
];

fn names() -> BTreeMap<&'static str, &'static str> {
    let packages = metadata()["packages"]
        .as_array()
        .expect("metadata lists packages");
    packages
        .iter()
        .map(|package| (string(&package["id"]), string(&package["name"])))
        .collect()
}

fn string(value: &'static Value) -> &'static str {
    value.as_str().expect("metadata says it as a string")
}

/// The edges that leave a node, each with whether it is there for tests only.
fn edges(node: &'static Value) -> Vec<(&'static str, bool)> {
    let deps = node["deps"].as_array().expect("a node lists its edges");
    deps.iter()
        .map(|dep| {
            let kinds = dep["dep_kinds"].as_array().expect("an edge has kinds");
            (
                string(&dep["pkg"]),
                kinds.iter().all(|kind| kind["kind"] == "dev"),
            )
        })
        .collect()
}

fn nodes() -> BTreeMap<&'static str, &'static Value> {
    let nodes = metadata()["resolve"]["nodes"]
        .as_array()
        .expect("metadata resolves");
    nodes.iter().map(|node| (string(&node["id"]), node)).collect()
}

#[test]
fn every_edge_between_our_crates_is_in_the_table() {
    let names = names();
    let members: BTreeSet<&str> = metadata()["workspace_members"]
        .as_array()
        .expect("members")
        .iter()
        .map(string)
        .collect();
    let table: BTreeMap<&str, &[&str]> = ALLOWED.into_iter().collect();
    let mut found = Vec::new();
    for (id, node) in nodes() {
        let name = names[id];
        if !members.contains(id) || name == "valetkey-testkit" {
            continue;
        }
        let Some(allowed) = table.get(name) else {
            found.push(format!("{name} is not in the table"));
            continue;
        };
        for (to, tests_only) in edges(node) {
            let to_name = names[to];
            let ours = members.contains(to) && to_name != name;
            let in_tests = tests_only && ALLOWED_IN_TESTS.contains(&(name, to_name));
            if ours && !allowed.contains(&to_name) && !in_tests {
                found.push(format!("{name} must not import {to_name}"));
            }
        }
    }
    nothing_found("an edge outside the table", &found);
}

#[test]
fn the_crates_that_decide_reach_no_socket_no_clock_and_no_database() {
    let names = names();
    let nodes = nodes();
    let mut found = Vec::new();
    for pure in PURE {
        let start = names
            .iter()
            .find(|(_, name)| **name == pure)
            .expect("the crate is in the workspace")
            .0;
        let mut seen = BTreeSet::from([*start]);
        let mut open = vec![*start];
        while let Some(id) = open.pop() {
            for (to, tests_only) in edges(nodes[id]) {
                if !tests_only && seen.insert(to) {
                    open.push(to);
                }
            }
        }
        let reached: BTreeSet<&str> = seen.iter().map(|id| names[id]).collect();
        found.extend(
            IMPURE
                .iter()
                .filter(|name| reached.contains(*name))
                .map(|name| format!("{pure} reaches {name}")),
        );
    }
    nothing_found("a pure crate reaches the world", &found);
}
