//! The command line holds together, and its reference pages are fresh.

use super::Cli;
use clap::CommandFactory as _;
use std::path::PathBuf;

fn repository(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the switch that writes the pages is an environment variable"
)]
fn fresh(path: &str, expected: &str) {
    let file = repository(path);
    if std::env::var("VALETKEY_WRITE_DOCS").is_ok() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, expected).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is stale; VALETKEY_WRITE_DOCS=1 cargo test -p valetkey writes it"
    );
}

#[test]
fn the_command_line_holds_together() {
    Cli::command().debug_assert();
}

#[test]
fn no_option_takes_a_password_or_a_secret() {
    fn look(command: &clap::Command) {
        for option in command
            .get_arguments()
            .filter(|option| option.get_action().takes_values())
        {
            let name = option.get_id().as_str();
            assert!(
                !name.contains("password") && !name.contains("secret"),
                "{} {name}",
                command.get_name()
            );
        }
        command.get_subcommands().for_each(look);
    }
    look(&Cli::command());
}

#[test]
fn the_command_line_reference_is_fresh() {
    fresh("docs/reference/cli.md", &super::reference::page());
}

#[test]
fn the_configuration_reference_is_fresh() {
    fresh("docs/reference/config.md", &crate::config::reference::page());
}

#[test]
fn the_example_configuration_is_fresh() {
    fresh("docs/guide/valetkey.toml", &crate::config::reference::example());
}
