//! A configuration that cannot be is refused before anything starts, with file, line and the way out.

use crate::support::{Home, done, refused, run};

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
fn a_missing_file_is_named() {
    let home = Home::empty();
    let said = refused(home.admin(&["serve"]));
    assert!(said.contains("valetkey.toml: No such file"), "{said}");
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
    home.write(&done(run(&["serve", "--example"])));
    let said = done(home.admin(&["serve", "--check"]));
    assert!(said.contains("is in order"), "{said}");
}
