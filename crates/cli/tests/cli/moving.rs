//! `valetkey store copy`: an installation moves to another database and serves there, and nothing stops half way.

use crate::database::Database;
use crate::http::Browser;
use crate::serve::{authorization_request, redeem, refresh, text};
use crate::support::{Home, Process, Served, done, refused, run, valetkey};
use std::path::Path;
use std::process::Output;
use valetkey_store::transfer::{Row, TABLES, Table, Transfer, Value};
use valetkey_store_sqlite::SqliteStore;

const ISSUER: &str = "http://localhost:8080";

fn copy(from: &str, to: &str) -> Output {
    run(&["store", "copy", "--from", from, "--to", to])
}

fn at(home: &Home, name: &str) -> String {
    home.path(name).to_str().expect("UTF-8").to_owned()
}

/// A second configuration beside the first: the same server on another store, with the same master key.
fn also(home: &Home, name: &str, store: &str) -> String {
    let text = std::fs::read_to_string(home.config()).expect("the first one");
    let text = text.replace("folder = \"data\"", store);
    std::fs::write(home.path(name), text).expect("it can be written");
    at(home, name)
}

/// A server that somebody has used, stopped again. Answers their browser and a refresh token.
fn used(home: &Home) -> (Browser, String) {
    home.add_person("alice", "wonderland");
    home.add_app("app");
    let served = home.serve();
    let mut browser = Browser::new(served.address, ISSUER);
    let back = browser.authorize(&authorization_request(), "alice", "wonderland");
    let token = text(&redeem(served.address, &back), "refresh_token");
    served.stop();
    (browser, token)
}

/// The session and the token go on working on the store of that configuration; answers the next token.
fn goes_on(config: &str, browser: &Browser, token: &str) -> String {
    let served = Served::start(config);
    let mut same = Browser::new(served.address, ISSUER);
    same.cookies.clone_from(&browser.cookies);
    let account = same.open("/account");
    assert!(
        account.status == 200 && account.body.contains("alice"),
        "{account:?}"
    );
    let next = text(&refresh(served.address, token), "refresh_token");
    served.stop();
    next
}

fn nonces() -> &'static Table {
    TABLES
        .iter()
        .find(|table| table.name == "nonces")
        .expect("a table")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().expect("a runtime")
}

fn fill(folder: &Path, count: usize) {
    let store = SqliteStore::open_for_copy(folder).expect("a store");
    let row = |number: usize| -> Row { vec![Value::Text(format!("nonce {number:09}")), Value::Integer(1)] };
    runtime().block_on(async {
        for batch in (0..count).collect::<Vec<_>>().chunks(10_000) {
            let rows = batch.iter().map(|number| row(*number)).collect();
            store.write_rows(nonces(), rows).await.expect("rows");
        }
    });
}

fn count(folder: &Path) -> u64 {
    let store = SqliteStore::open_for_copy(folder).expect("a store");
    runtime().block_on(async {
        let mut snapshot = store.snapshot().await.expect("a snapshot");
        snapshot.count(nonces()).await.expect("a count")
    })
}

/// Starts a copy and kills it while it copies; tries with more rows when it was too quick for that.
fn kill_half_way(from: &Path, to: &str) -> usize {
    for thousands in [60, 240, 960] {
        fill(from, thousands * 1000);
        let mut command = valetkey();
        command.args(["store", "copy", "--to", to, "--from"]).arg(from);
        let mut process = Process::start(command, true);
        process.line(|line| line.starts_with("copying:  10 %") || line.starts_with("copying:  11 %"));
        process.signal("KILL");
        if !process.ended().success() {
            return thousands * 1000;
        }
    }
    panic!("every copy was whole before it was killed");
}

#[test]
fn a_server_goes_on_in_another_folder_as_if_nothing_had_happened() {
    let home = Home::new();
    let (browser, token) = used(&home);
    let new = also(&home, "new.toml", "folder = \"new\"");
    let told = done(copy(&home.config(), &new));
    assert!(told.contains("the same on both sides"), "{told}");
    assert!(told.contains("The master key opens its"), "{told}");
    assert!(told.contains("signing_keys") && told.contains("grants"), "{told}");
    goes_on(&new, &browser, &token);
}

#[test]
fn a_copy_that_is_there_already_is_not_made_again() {
    let home = Home::new();
    used(&home);
    let first = done(copy(&at(&home, "data"), &at(&home, "new")));
    let again = copy(&at(&home, "data"), &at(&home, "new"));
    let errors = String::from_utf8_lossy(&again.stderr).into_owned();
    assert_eq!(done(again), first);
    assert!(errors.contains("everything is there already"), "{errors}");
}

#[test]
fn a_store_that_a_server_writes_to_is_copied_only_for_a_rehearsal() {
    let home = Home::new();
    home.add_person("alice", "wonderland");
    let served = home.serve();
    let (from, to) = (home.config(), at(&home, "new"));
    let told = refused(copy(&from, &to));
    assert!(
        told.contains("in use by a server") && told.contains("--while-serving"),
        "{told}"
    );
    assert!(!home.path("new").exists(), "nothing was made");
    let told = done(run(&[
        "store",
        "copy",
        "--while-serving",
        "--from",
        &from,
        "--to",
        &to,
    ]));
    assert!(told.contains("the moment when this began"), "{told}");
    served.stop();
}

#[test]
fn a_server_does_not_start_on_a_store_that_is_being_copied_into_or_from() {
    let home = Home::new();
    used(&home);
    let new = also(&home, "new.toml", "folder = \"new\"");
    let store = SqliteStore::open_for_copy(&home.path("data")).expect("a store");
    let told = refused(copy(&home.config(), &new));
    assert!(told.contains("in use"), "{told}");
    drop(store);
    let target = SqliteStore::open_for_copy(&home.path("new")).expect("a store");
    let told = refused(copy(&home.config(), &new));
    assert!(told.contains("another process is using"), "{told}");
    drop(target);
    done(copy(&home.config(), &new));
}

#[test]
fn what_a_target_holds_is_left_alone() {
    let home = Home::new();
    used(&home);
    let other = Home::new();
    other.add_person("bob", "looking-glass");
    let told = refused(copy(&home.config(), &other.config()));
    assert!(
        told.contains("holds something else already (1 in users)"),
        "{told}"
    );
    assert!(
        told.contains("choose an empty place, or remove that folder"),
        "{told}"
    );
    let people = done(other.admin(&["user", "list"]));
    assert!(people.contains("bob") && !people.contains("alice"), "{people}");
}

#[test]
fn a_place_that_makes_no_sense_is_named() {
    let home = Home::new();
    used(&home);
    let data = at(&home, "data");
    let told = refused(copy(&at(&home, "nowhere"), &at(&home, "new")));
    assert!(told.contains("nowhere holds no store"), "{told}");
    let told = refused(copy(&at(&home, "nowhere.toml"), &at(&home, "new")));
    assert!(told.contains("nowhere.toml is not there"), "{told}");
    let told = refused(copy(&home.config(), &data));
    assert!(told.contains("the same place"), "{told}");
    assert!(!home.path("new").exists() && !home.path("nowhere").exists());
    std::fs::write(home.path("data").join("only-for-development"), "").expect("a mark");
    let told = refused(copy(&data, &at(&home, "new")));
    assert!(told.contains("everybody knows its passwords"), "{told}");
}

#[test]
fn another_master_key_is_refused_before_anything_is_copied() {
    let home = Home::new();
    used(&home);
    let new = also(
        &home,
        "new.toml",
        "folder = \"new\"\n[keys]\nmaster_key_file = \"other.key\"",
    );
    let key = home.path("other.key");
    std::fs::write(&key, "A".repeat(43)).expect("a key");
    std::fs::set_permissions(&key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("a mode");
    let told = refused(copy(&home.config(), &new));
    assert!(told.contains("other.key is another master key"), "{told}");
    assert!(!home.path("new").exists(), "nothing was made");
    std::fs::remove_file(&key).expect("it goes");
    let told = done(copy(&home.config(), &new));
    assert!(told.contains("The master key opens its"), "{told}");
}

#[test]
fn without_the_master_key_at_hand_it_is_called_to_mind() {
    let home = Home::new();
    used(&home);
    let told = done(copy(&at(&home, "data"), &at(&home, "new")));
    assert!(
        told.contains("with the master key of the old store alone"),
        "{told}"
    );
}

#[test]
fn a_killed_copy_serves_nobody_and_goes_on_when_it_is_started_again() {
    let home = Home::new();
    let new = also(&home, "new.toml", "folder = \"new\"");
    let rows = kill_half_way(&home.path("data"), &at(&home, "new"));
    let told = refused(run(&["serve", "--config", &new]));
    assert!(told.contains("is not finished"), "{told}");
    let told = refused(run(&["user", "list", "--config", &new]));
    assert!(told.contains("is not finished"), "{told}");
    let other = Home::new();
    other.add_person("bob", "looking-glass");
    let told = refused(copy(&other.config(), &at(&home, "new")));
    assert!(
        told.contains("unfinished copy from") && told.contains("remove that folder"),
        "{told}"
    );
    let there = count(&home.path("new"));
    assert!(0 < there && there < rows as u64, "{there} of {rows}");

    let output = copy(&at(&home, "data"), &at(&home, "new"));
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let told = done(output);
    assert!(errors.contains("going on with the copy"), "{errors}");
    assert!(
        told.contains(&format!("{rows} rows, the same on both sides")),
        "{told}"
    );
    assert_eq!(count(&home.path("new")), rows as u64);
    let answer: serde_json::Value = serde_json::from_str(&done(run(&[
        "store",
        "copy",
        "--json",
        "--from",
        &at(&home, "data"),
        "--to",
        &at(&home, "new"),
    ])))
    .expect("JSON");
    assert_eq!(answer["rows"], rows);
    assert_eq!(answer["keys_open"], false);
}

#[test]
fn a_password_in_a_url_is_told_to_nobody() {
    let home = Home::new();
    used(&home);
    let url = "postgres://valetkey:s3cret@127.0.0.1:9/valetkey";
    let told = refused(copy(&home.config(), url));
    assert!(told.contains("postgres://127.0.0.1:9/valetkey"), "{told}");
    assert!(told.contains("PGPASSWORD"), "how to hide it from others: {told}");
    assert!(!told.contains("s3cret"), "{told}");
    let told = refused(
        valetkey()
            .args(["store", "copy", "--from", &home.config(), "--to"])
            .arg("postgres://valetkey@127.0.0.1:9/valetkey")
            .env("PGPASSWORD", "s3cret")
            .output()
            .expect("the binary runs"),
    );
    assert!(!told.contains("s3cret") && !told.contains("note:"), "{told}");
}

#[test]
fn an_installation_moves_to_postgresql_serves_there_and_moves_back() {
    let Some(database) = Database::for_one_test() else {
        return;
    };
    let home = Home::new();
    let (browser, token) = used(&home);
    let store = format!("url = \"{}\"", database.url());
    let postgres = also(&home, "postgres.toml", &store);
    let told = done(copy(&home.config(), &postgres));
    assert!(told.contains("the same on both sides"), "{told}");
    assert!(told.contains("The master key opens its"), "{told}");
    let token = goes_on(&postgres, &browser, &token);

    let served = Served::start(&postgres);
    let back = also(&home, "back.toml", "folder = \"back\"");
    let told = refused(copy(&postgres, &back));
    assert!(told.contains("in use by valetkey"), "{told}");
    served.stop();
    done(copy(&postgres, &back));
    goes_on(&back, &browser, &token);
}

#[test]
fn a_database_that_holds_something_else_is_left_alone() {
    let Some(database) = Database::for_one_test() else {
        return;
    };
    let home = Home::new();
    used(&home);
    done(copy(&home.config(), &database.url()));
    done(copy(&home.config(), &database.url()));
    home.add_person("bob", "looking-glass");
    let told = refused(copy(&home.config(), &database.url()));
    assert!(told.contains("holds something else already"), "{told}");
    assert!(told.contains("drop that database"), "{told}");
}

#[test]
fn a_killed_copy_to_postgresql_goes_on_when_it_is_started_again() {
    let Some(database) = Database::for_one_test() else {
        return;
    };
    let home = Home::new();
    let postgres = also(&home, "postgres.toml", &format!("url = \"{}\"", database.url()));
    let rows = kill_half_way(&home.path("data"), &database.url());
    let told = refused(run(&["serve", "--config", &postgres]));
    assert!(told.contains("is not finished"), "{told}");
    let told = done(copy(&at(&home, "data"), &database.url()));
    assert!(
        told.contains(&format!("{rows} rows, the same on both sides")),
        "{told}"
    );
    done(copy(&database.url(), &at(&home, "back")));
    assert_eq!(count(&home.path("back")), rows as u64);
}
