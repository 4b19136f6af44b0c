//! `valetkey backup` and `restore`: a backup of a server under load holds what was answered, and serves again.

use crate::http::Browser;
use crate::serve::{authorization_request, redeem, refresh, text};
use crate::support::{Home, Served, done, refused, run};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

const ISSUER: &str = "http://localhost:8080";
const WRITERS: usize = 4;

fn at(home: &Home, name: &str) -> String {
    home.path(name).to_str().expect("UTF-8").to_owned()
}

fn back_up(home: &Home, name: &str) -> std::process::Output {
    home.admin(&["backup", "--to", &at(home, name)])
}

/// The same server on another folder, with the same master key.
fn on_folder(home: &Home, folder: &str) -> String {
    let config = std::fs::read_to_string(home.config()).expect("a configuration");
    let changed = config.replace("folder = \"data\"", &format!("folder = \"{folder}\""));
    std::fs::write(home.path("restored.toml"), changed).expect("it can be written");
    at(home, "restored.toml")
}

/// One person who asks for grants again and again, and every refresh token that was answered.
fn ask_for_grants(address: SocketAddr, stop: &AtomicBool, answered: &Mutex<Vec<String>>) {
    let mut browser = Browser::new(address, ISSUER);
    while !stop.load(Ordering::SeqCst) {
        let back = browser.authorize(&authorization_request(), "alice", "wonderland");
        let token = text(&redeem(address, &back), "refresh_token");
        answered.lock().expect("nobody panicked").push(token);
    }
}

#[test]
fn a_backup_of_a_server_under_load_holds_everything_that_was_answered_before() {
    let home = Home::new();
    home.add_person("alice", "wonderland");
    home.add_app("app");
    let served = home.serve();
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(Vec::new())));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| {
            let (address, stop, answered) = (served.address, stop.clone(), answered.clone());
            std::thread::spawn(move || ask_for_grants(address, &stop, &answered))
        })
        .collect();
    let so_far = || answered.lock().expect("nobody panicked").clone();
    crate::support::until(|| (so_far().len() >= 5 * WRITERS).then_some(()));
    let before = so_far();
    let told = done(back_up(&home, "backup"));
    crate::support::until(|| (so_far().len() > before.len() + WRITERS).then_some(()));
    stop.store(true, Ordering::SeqCst);
    for writer in writers {
        writer.join().expect("every request was answered");
    }
    served.stop();
    assert!(
        told.contains("answered before this began") && told.contains("master key"),
        "{told}"
    );
    let mode = std::fs::metadata(home.path("backup"))
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);

    let told = done(run(&[
        "restore",
        "--from",
        &at(&home, "backup"),
        "--to",
        &at(&home, "restored"),
    ]));
    assert!(told.contains("revoke it again"), "{told}");
    let served = Served::start(&on_folder(&home, "restored"));
    for token in &before {
        text(&refresh(served.address, token), "access_token");
    }
    served.stop();
}

#[test]
fn a_backup_overwrites_nothing() {
    let home = Home::new();
    home.add_person("alice", "wonderland");
    std::fs::write(home.path("there"), "precious").expect("a file");
    let told = refused(back_up(&home, "there"));
    assert!(
        told.contains("there is there already, and nothing is overwritten"),
        "{told}"
    );
    assert_eq!(
        std::fs::read_to_string(home.path("there")).expect("a file"),
        "precious"
    );
    let told = refused(back_up(&home, "no/folder"));
    assert!(told.contains("no/folder"), "{told}");
}

#[test]
fn without_data_there_is_nothing_to_back_up() {
    let home = Home::new();
    let told = refused(back_up(&home, "backup"));
    assert!(told.contains("is not there"), "{told}");
    assert!(
        !home.path("data").exists() && !home.path("backup").exists(),
        "nothing was made"
    );
}

#[test]
fn a_backup_goes_back_into_an_empty_folder_alone() {
    let home = Home::new();
    home.add_person("alice", "wonderland");
    done(back_up(&home, "backup"));
    home.add_person("bob", "looking-glass");
    let restore = |to: &str| run(&["restore", "--from", &at(&home, "backup"), "--to", &at(&home, to)]);
    let told = refused(restore("data"));
    assert!(
        told.contains("is there already, and nothing is overwritten"),
        "{told}"
    );
    let people = done(home.admin(&["user", "list"]));
    assert!(people.contains("bob"), "{people}");
    done(restore("restored"));
    let people = done(run(&["user", "list", "--config", &on_folder(&home, "restored")]));
    assert!(people.contains("alice") && !people.contains("bob"), "{people}");
}

#[test]
fn a_file_that_is_damaged_or_no_backup_is_refused_before_anything_is_made() {
    let home = Home::new();
    home.add_person("alice", "wonderland");
    done(back_up(&home, "backup"));
    let whole = std::fs::read(home.path("backup")).expect("a file");
    std::fs::write(home.path("half"), &whole[..whole.len() / 2]).expect("a file");
    let restore = |from: &str| {
        run(&[
            "restore",
            "--from",
            &at(&home, from),
            "--to",
            &at(&home, "restored"),
        ])
    };
    for from in ["half", "valetkey.toml", "nowhere"] {
        let told = refused(restore(from));
        assert!(told.contains(from), "{told}");
    }
    assert!(!home.path("restored").exists());
}

#[test]
fn the_master_key_that_is_at_hand_is_tried_on_what_was_restored() {
    let home = Home::new();
    home.serve().stop();
    done(back_up(&home, "backup"));
    let restore = |to: &str, key: &str| {
        std::fs::create_dir(home.path(to)).expect("a folder");
        let file = home.path(to).join("master.key");
        std::fs::write(&file, key).expect("a key");
        std::fs::set_permissions(&file, PermissionsExt::from_mode(0o600)).expect("a mode");
        run(&["restore", "--from", &at(&home, "backup"), "--to", &at(&home, to)])
    };
    let key = std::fs::read_to_string(home.path("master.key")).expect("the key");
    let told = done(restore("right", &key));
    assert!(told.contains("The master key opens its"), "{told}");
    let told = refused(restore("wrong", &"A".repeat(43)));
    assert!(
        told.contains("is back in") && told.contains("not the one it was made with"),
        "{told}"
    );
}

#[test]
fn a_store_in_postgresql_is_backed_up_by_postgresql() {
    let home = Home::empty();
    home.write(
        "[server]\nissuer = \"http://localhost:8080\"\nlisten = \"127.0.0.1:0\"\n\
         [store]\nurl = \"postgres://valetkey:s3cret@127.0.0.1:9/valetkey\"\n",
    );
    let told = refused(back_up(&home, "backup"));
    assert!(told.contains("pg_dump") && !told.contains("s3cret"), "{told}");
}
