//! `[store] url_file`: nodes over one PostgreSQL database, and commands beside them. Skipped without a server for tests.

use crate::database::Database;
use crate::http::{Browser, get};
use crate::serve::{authorization_request, redeem, refresh, text};
use crate::support::{Home, done, refused};

const ISSUER: &str = "http://localhost:8080";
const PASSWORD: &str = "hush-hush";

/// A node's own folder: its configuration and the file with the URL.
fn node(database: &Database) -> Home {
    use std::os::unix::fs::PermissionsExt as _;
    let home = Home::empty();
    // The server for tests asks nobody for it.
    let url = database.url().replacen('@', &format!(":{PASSWORD}@"), 1);
    std::fs::write(home.path("url"), url).unwrap();
    std::fs::set_permissions(home.path("url"), std::fs::Permissions::from_mode(0o600)).unwrap();
    home.write(
        "[server]\nissuer = \"http://localhost:8080\"\nlisten = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\n\
         [store]\nurl_file = \"url\"\npool_size = 4\n\
         [[resource]]\nindicator = \"https://photos.example\"\nname = \"Photos\"\nscopes = { \"photos.read\" = \"See your photos\" }\n",
    );
    home
}

fn check(home: &Home) -> std::process::Output {
    home.admin(&["serve", "--check"])
}

#[test]
fn two_nodes_over_one_database_are_one_server() {
    let Some(database) = Database::for_one_test() else {
        return;
    };
    let (here, there) = (node(&database), node(&database));
    assert!(done(check(&here)).contains("the first start makes it"));
    let first = here.serve();
    assert!(!done(check(&here)).contains("the first start makes it"));
    let missing = refused(check(&there));
    assert!(missing.contains("the master key is missing"), "{missing}");
    std::fs::copy(here.path("master.key"), there.path("master.key")).unwrap();
    done(check(&there));
    let second = there.serve();
    assert_eq!(
        get(first.address, "/jwks").body,
        get(second.address, "/jwks").body
    );

    there.add_person("alice", "wonderland");
    here.add_app("app");
    let mut browser = Browser::new(first.address, ISSUER);
    let back = browser.authorize(&authorization_request(), "alice", "wonderland");
    let tokens = redeem(second.address, &back);
    let next = refresh(first.address, &text(&tokens, "refresh_token"));
    let mut elsewhere = Browser::new(second.address, ISSUER);
    elsewhere.cookies.clone_from(&browser.cookies);
    assert!(
        elsewhere.open("/account").body.contains("alice"),
        "the session is everywhere"
    );
    assert_eq!(redeem(first.address, &back).json()["error"], "invalid_grant");
    let ended = refresh(second.address, &text(&next, "refresh_token"));
    assert_eq!(
        ended.json()["error"],
        "invalid_grant",
        "a replay at one node counts at the other"
    );

    let log = [first.stop(), second.stop()].concat().join("\n");
    assert!(!log.contains(PASSWORD), "{log}");
}

#[test]
fn a_node_without_the_master_key_or_with_another_one_does_not_start() {
    let Some(database) = Database::for_one_test() else {
        return;
    };
    let (here, there) = (node(&database), node(&database));
    here.serve().stop();
    let missing = refused(there.admin(&["serve"]));
    assert!(missing.contains("the master key is missing"), "{missing}");
    assert!(!there.path("master.key").exists());
    let own = Home::new();
    own.serve().stop();
    std::fs::copy(own.path("master.key"), there.path("master.key")).unwrap();
    let wrong = refused(there.admin(&["serve"]));
    assert!(
        wrong.contains("master key") && !wrong.contains(PASSWORD),
        "{wrong}"
    );
}

#[test]
fn a_database_that_cannot_be_reached_is_told_without_its_password() {
    let home = Home::empty();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    home.write(&format!(
        "[server]\nissuer = \"http://localhost:8080\"\n[store]\nurl = \"postgres://valetkey:{PASSWORD}@127.0.0.1:{port}/valetkey\"\n"
    ));
    for arguments in [&["serve"][..], &["serve", "--check"], &["user", "list"]] {
        let said = refused(home.admin(arguments));
        assert!(
            said.contains("the database cannot be opened") && !said.contains(PASSWORD),
            "{said}"
        );
    }
}
