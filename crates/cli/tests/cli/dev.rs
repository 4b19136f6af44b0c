//! `valetkey dev`: three parts on three ports of the loopback interface, and nothing left behind.

use crate::http::{form, get, post};
use crate::support::{Process, done, refused, run, run_with, valetkey};
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use tempfile::TempDir;

/// A running `dev` whose temporary folder is made below `temporary`.
struct Dev {
    process: Process,
    port: u16,
}

impl Dev {
    fn start(arguments: &[&str], temporary: &Path) -> Self {
        let mut command = valetkey();
        command.arg("dev").args(arguments).env("TMPDIR", temporary);
        let mut process = Process::start(command, false);
        process.line(|line| line.contains("Ctrl-C ends it"));
        let first = process
            .said
            .iter()
            .find(|line| line.contains("Authorization server"))
            .expect("the table names it");
        let (_, rest) = first.split_once("http://localhost:").expect("an address");
        let port = rest
            .split(' ')
            .next()
            .and_then(|port| port.parse().ok())
            .expect("a port");
        Self { process, port }
    }

    fn at(&self, after: u16) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port + after))
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder)
        .expect("the folder can be read")
        .next()
        .is_none()
}

#[test]
fn everything_is_ready_when_the_table_is_printed() {
    let temporary = TempDir::new().unwrap();
    let dev = Dev::start(&["--port", "0"], temporary.path());
    let table = dev.process.said.join("\n");
    for word in [
        "Start here",
        "alice  wonderland",
        "bob    builder",
        "mysweetapp-secret",
        "mysweetcli",
        "mysweetspa",
        "photo-backup-secret",
        "photos-api-secret",
        "/inspector",
    ] {
        assert!(table.contains(word), "{word} in\n{table}");
    }
    let issuer = format!("http://localhost:{}", dev.port);
    let metadata = get(dev.at(0), "/.well-known/openid-configuration").json();
    assert_eq!(metadata["issuer"], issuer);
    assert_eq!(get(dev.at(1), "/photos").status, 401);
    assert_eq!(get(dev.at(2), "/").status, 200);
    assert_eq!(get(dev.at(0), "/inspector").status, 200);
    // The redirect URIs follow the port: MySweetApp sends the browser to an authorization request that is accepted.
    let callback = format!("http://localhost:{}/callback", dev.port + 2);
    let ask = form(&[
        ("response_type", "code"),
        ("client_id", "mysweetapp"),
        ("redirect_uri", &callback),
        ("scope", "openid photos.read"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    let answer = get(dev.at(0), &format!("/authorize?{ask}"));
    assert!(
        answer.status == 303 && answer.header("location").contains("/login"),
        "{answer:?}"
    );
}

#[test]
fn the_port_moves_all_three() {
    let temporary = TempDir::new().unwrap();
    let first = Dev::start(&["--port", "0"], temporary.path());
    let port = first.port;
    drop(first);
    let second = Dev::start(&["--port", &port.to_string()], temporary.path());
    assert_eq!(second.port, port);
    let table = second.process.said.join("\n");
    for after in 0..3 {
        assert!(
            table.contains(&format!("http://localhost:{}", port + after)),
            "{table}"
        );
    }
    let token = post(
        second.at(0),
        "/token",
        "grant_type=client_credentials&client_id=photo-backup&client_secret=photo-backup-secret&scope=photos.read",
    );
    assert_eq!(token.status, 200, "{token:?}");
    let access = token.json()["access_token"].as_str().expect("a token").to_owned();
    let bearer = format!("Bearer {access}");
    let photos = crate::http::send(second.at(1), "GET /photos", &[("authorization", &bearer)], "");
    assert!(photos.status == 200 && photos.json().is_array(), "{photos:?}");
}

#[test]
fn a_taken_port_is_named_with_the_option_that_helps() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let temporary = TempDir::new().unwrap();
    let output = valetkey()
        .args(["dev", "--port", &port.to_string()])
        .env("TMPDIR", temporary.path())
        .output()
        .unwrap();
    let said = refused(output);
    assert!(
        said.contains(&format!("port {port} is taken")) && said.contains("--port"),
        "{said}"
    );
    assert!(is_empty(temporary.path()), "nothing is left behind");
}

#[test]
fn dev_refuses_to_listen_on_anything_but_loopback() {
    for address in ["0.0.0.0", "::", "192.0.2.1"] {
        let said = refused(run(&["dev", "--port", "0", "--listen", address]));
        assert!(said.contains("stays on loopback"), "{said}");
    }
}

/// What the kernel says: every listening socket of the process is on loopback.
#[cfg(target_os = "linux")]
#[test]
fn no_socket_of_dev_can_be_reached_from_another_machine() {
    let temporary = TempDir::new().unwrap();
    let dev = Dev::start(&["--port", "0"], temporary.path());
    let ports: Vec<String> = (0..3).map(|after| format!("{:04X}", dev.port + after)).collect();
    let (v4, v6) = (
        std::fs::read_to_string("/proc/net/tcp").unwrap(),
        std::fs::read_to_string("/proc/net/tcp6").unwrap_or_default(),
    );
    let mut found = 0;
    for line in v4.lines().chain(v6.lines()).skip(1) {
        let columns: Vec<&str> = line.split_whitespace().collect();
        let Some((address, port)) = columns.get(1).and_then(|local| local.split_once(':')) else {
            continue;
        };
        if columns.get(3) == Some(&"0A") && ports.iter().any(|other| other == port) {
            assert!(
                address == "0100007F" || address == "00000000000000000000000001000000",
                "{line}"
            );
            found += 1;
        }
    }
    assert!(found >= 3, "{found} listening sockets were found");
}

#[test]
fn the_temporary_folder_goes_with_the_process_however_it_is_asked_to_end() {
    for signal in ["TERM", "INT", "HUP"] {
        let temporary = TempDir::new().unwrap();
        let mut dev = Dev::start(&["--port", "0"], temporary.path());
        assert!(!is_empty(temporary.path()));
        dev.process.signal(signal);
        assert!(dev.process.ended().success(), "{signal}");
        assert!(is_empty(temporary.path()), "{signal}");
    }
}

#[test]
fn kept_data_is_there_again_with_what_somebody_changed() {
    let (temporary, kept) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let folder = kept.path().join("data");
    let folder = folder.to_str().unwrap();
    let mut dev = Dev::start(&["--port", "0", "--data", folder], temporary.path());
    assert!(is_empty(temporary.path()));
    done(run_with(
        &["user", "passwd", "alice", "--password-stdin", "--data", folder],
        "looking-glass\n",
    ));
    done(run(&["client", "remove", "mysweetcli", "--data", folder]));
    let keys = get(dev.at(0), "/jwks").body;
    dev.process.signal("TERM");
    assert!(dev.process.ended().success());
    let dev = Dev::start(&["--port", "0", "--data", folder], temporary.path());
    assert_eq!(get(dev.at(0), "/jwks").body, keys, "the keys are the same");
    let clients = done(run(&["client", "list", "--data", folder]));
    assert!(
        clients.contains("mysweetcli"),
        "who is missing comes back: {clients}"
    );
    let issuer = format!("http://localhost:{}", dev.port);
    let mut browser = crate::http::Browser::new(dev.at(0), &issuer);
    let ask = form(&[
        ("response_type", "code"),
        ("client_id", "mysweetcli"),
        ("redirect_uri", "http://127.0.0.1:7/callback"),
        ("scope", "openid"),
        ("code_challenge", "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"),
        ("code_challenge_method", "S256"),
    ]);
    let back = browser.authorize(&format!("/authorize?{ask}"), "alice", "looking-glass");
    assert!(
        back.starts_with("http://127.0.0.1:7/callback?") && back.contains("code="),
        "{back}"
    );
}

#[test]
fn a_server_does_not_run_on_the_data_of_dev() {
    let (temporary, home) = (TempDir::new().unwrap(), crate::support::Home::new());
    let data = home.path("data");
    let mut dev = Dev::start(
        &["--port", "0", "--data", data.to_str().unwrap()],
        temporary.path(),
    );
    dev.process.signal("TERM");
    assert!(dev.process.ended().success());
    let said = refused(home.admin(&["serve"]));
    assert!(said.contains("everybody knows its passwords"), "{said}");
}

#[test]
fn metrics_are_served_where_they_are_asked_for() {
    let temporary = TempDir::new().unwrap();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dev = Dev::start(
        &["--port", "0", "--metrics-port", &free.port().to_string()],
        temporary.path(),
    );
    get(dev.at(0), "/jwks");
    assert!(get(free, "/metrics").body.contains("valetkey_requests_total"));
    assert_eq!(get(dev.at(0), "/metrics").status, 404, "never on the public port");
}
