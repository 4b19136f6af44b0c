//! The crates that `deny.toml` bans are never built, and every package comes from the one registry.
//! `cargo deny` says the same and more where it is installed; this runs everywhere.
//! (The lock file also names optional crates that nobody switches on, so bans look at what is built.)

use super::{nothing_found, root, text};
use std::process::Command;

fn banned() -> Vec<String> {
    let deny: toml::Table = text("deny.toml").parse().expect("deny.toml is TOML");
    let list = deny["bans"]["deny"].as_array().expect("[bans] has a deny list");
    list.iter()
        .map(|ban| ban["crate"].as_str().expect("a ban names a crate").to_owned())
        .collect()
}

/// The packages that a build of everything here would compile, on this platform.
fn built() -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--workspace",
            "--offline",
            "--locked",
            "--edges",
            "all",
            "--prefix",
            "none",
        ])
        .args(["--format", "{p}"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo tree: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).expect("cargo speaks UTF-8");
    let mut names: Vec<String> = text
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    names.sort_unstable();
    names.dedup();
    assert!(names.iter().any(|name| name == "tokio"), "the tree is complete");
    names
}

fn locked() -> Vec<toml::Table> {
    let lock: toml::Table = text("Cargo.lock").parse().expect("Cargo.lock is TOML");
    let packages = lock["package"].as_array().expect("Cargo.lock lists packages");
    packages
        .iter()
        .map(|package| package.as_table().expect("a package is a table").clone())
        .collect()
}

#[test]
fn no_banned_crate_is_built() {
    let banned = banned();
    for name in ["openssl", "native-tls", "ring", "rsa", "chrono"] {
        assert!(banned.iter().any(|ban| ban == name), "deny.toml bans {name}");
    }
    let found: Vec<String> = built().into_iter().filter(|name| banned.contains(name)).collect();
    nothing_found("banned crates are built", &found);
}

#[test]
fn every_package_comes_from_one_registry_with_a_checksum() {
    let locked = locked();
    let mut sources: Vec<&str> = locked
        .iter()
        .filter_map(|package| package.get("source")?.as_str())
        .collect();
    sources.sort_unstable();
    sources.dedup();
    assert_eq!(sources.len(), 1, "{sources:?}");
    assert!(sources[0].starts_with("registry+"), "{sources:?}");
    let found: Vec<String> = locked
        .iter()
        .filter(|package| package.contains_key("source") && !package.contains_key("checksum"))
        .map(|package| package["name"].to_string())
        .collect();
    nothing_found("packages without a checksum", &found);
}
