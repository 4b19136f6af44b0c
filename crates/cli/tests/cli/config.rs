//! A configuration that cannot be is refused before anything starts, with file, line and the way out.

use crate::support::{Home, done, refused, run, valetkey};
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn a_mistyped_key_is_refused_with_file_section_line_and_what_was_meant() {
    let home = Home::empty();
    home.write("[server]\nissuer = \"https://id.example.com\"\nlissten = \"127.0.0.1:0\"\n[store]\nfolder = \"data\"\n");
    let said = refused(home.admin(&["serve"]));
    assert_eq!(
        said,
        format!(
            "valetkey: {}:3: [server] has no key \"lissten\": did you mean \"listen\"?\n",
            home.config()
        )
    );
    assert!(!home.path("data").exists(), "nothing was begun");
}

#[test]
fn an_http_issuer_that_others_reach_is_refused() {
    let home = Home::empty();
    home.write("[server]\nissuer = \"http://id.example.com\"\n[store]\nfolder = \"data\"\n");
    let said = refused(home.admin(&["serve"]));
    assert!(
        said.contains(":2: [server] issuer:") && said.contains("use https"),
        "{said}"
    );
}

#[test]
fn plain_http_towards_other_machines_is_refused() {
    let home = Home::empty();
    home.write(
        "[server]\nissuer = \"https://id.example.com\"\nlisten = \"0.0.0.0:0\"\n[store]\nfolder = \"data\"\n",
    );
    let said = refused(home.admin(&["serve"]));
    assert!(
        said.contains("without TLS") && said.contains("[proxy] trusted"),
        "{said}"
    );
}

#[test]
fn a_missing_file_is_named_with_the_command_that_writes_one() {
    let home = Home::empty();
    for command in [&["serve"][..], &["serve", "--check"], &["user", "list"]] {
        let said = refused(home.admin(command));
        let file = home.config();
        assert_eq!(
            said,
            format!(
                "valetkey: {file} is not there; `valetkey serve --example > {file}` writes one to begin with\n"
            )
        );
    }
}

#[test]
fn admin_commands_read_the_same_file_with_the_same_care() {
    let home = Home::empty();
    home.write("[server]\nissuer = \"https://id.example.com\"\n[stor]\nfolder = \"data\"\n");
    let said = refused(home.admin(&["user", "list"]));
    assert!(
        said.contains(":3: no section is called \"stor\": did you mean [store]?"),
        "{said}"
    );
}

#[test]
fn the_example_that_the_program_prints_is_in_order() {
    let home = Home::empty();
    let example = done(run(&["serve", "--example"]));
    assert!(
        example.contains("\nfolder = \"/var/lib/valetkey\"\n"),
        "{example}"
    );
    home.write(&example.replace("/var/lib/valetkey", "data"));
    let said = done(home.admin(&["serve", "--check"]));
    assert!(said.contains("is in order"), "{said}");
}

/// A home whose master key file holds `text` with `mode`.
fn home_with_key(text: &str, mode: u32) -> Home {
    let home = Home::new();
    std::fs::write(home.path("master.key"), text).unwrap();
    std::fs::set_permissions(home.path("master.key"), std::fs::Permissions::from_mode(mode)).unwrap();
    home
}

#[test]
fn the_check_refuses_a_master_key_that_is_none() {
    for bad in ["", "c2hvcnQ=", &"A".repeat(44), "not base64 !!"] {
        let home = home_with_key(bad, 0o600);
        let said = refused(home.admin(&["serve", "--check"]));
        assert!(
            said.contains("master.key does not hold a master key") && said.contains("32 bytes in base64"),
            "{bad:?}: {said}"
        );
    }
    let home = home_with_key("", 0o600);
    std::fs::write(home.path("master.key"), [0xff; 32]).unwrap();
    let said = refused(home.admin(&["serve", "--check"]));
    assert!(
        said.contains("does not hold a master key"),
        "raw bytes are not base64: {said}"
    );
}

#[test]
fn the_check_refuses_a_master_key_that_everybody_may_read_and_takes_one_that_the_group_may() {
    let key = "A".repeat(43);
    for mode in [0o604, 0o602, 0o644] {
        let said = refused(home_with_key(&key, mode).admin(&["serve", "--check"]));
        assert!(
            said.contains("is open to everybody on this machine: chmod o-rwx"),
            "{mode:o}: {said}"
        );
    }
    for mode in [0o600, 0o400, 0o640] {
        let said = done(home_with_key(&key, mode).admin(&["serve", "--check"]));
        assert!(
            said.ends_with("is in order\n"),
            "{mode:o}: nothing is left to be made: {said}"
        );
    }
}

#[test]
fn the_check_refuses_a_missing_master_key_only_when_the_store_depends_on_it() {
    let home = Home::new();
    let said = done(home.admin(&["serve", "--check"]));
    assert!(said.contains("master.key is not there yet"), "{said}");
    assert!(
        !home.path("data").exists() && !home.path("master.key").exists(),
        "a check makes nothing"
    );
    home.add_person("alice", "wonderland");
    let said = done(home.admin(&["serve", "--check"]));
    assert!(said.contains("not there yet"), "a store without keys: {said}");
    home.serve().stop();
    done(home.admin(&["serve", "--check"]));
    std::fs::remove_file(home.path("master.key")).unwrap();
    let said = refused(home.admin(&["serve", "--check"]));
    assert!(
        said.contains("the master key is missing") && said.contains("backup"),
        "{said}"
    );
}

#[test]
fn the_check_refuses_a_master_key_that_no_start_could_make() {
    let home = Home::new();
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write(&text.replace(
        "[[resource]]",
        "[keys]\nmaster_key_file = \"nowhere/master.key\"\n[[resource]]",
    ));
    let said = refused(home.admin(&["serve", "--check"]));
    assert!(
        said.contains("[keys] master_key_file") && said.contains("folder is not there"),
        "{said}"
    );
}

#[test]
fn the_check_reads_the_master_key_of_the_environment() {
    let home = Home::new();
    let check = |key: &str| {
        let mut command = valetkey();
        command.args(["serve", "--check", "--config", &home.config()]);
        command.env("VALETKEY_MASTER_KEY", key).output().unwrap()
    };
    let said = refused(check("short"));
    assert!(
        said.contains("VALETKEY_MASTER_KEY does not hold a master key") && !said.contains("short"),
        "{said}"
    );
    done(check(&"A".repeat(43)));
}
