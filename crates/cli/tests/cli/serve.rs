//! `valetkey serve`: it says when it is ready, ends in good order, and a restart loses nothing.

use crate::http::{Answer, Browser, connect, form, get, post};
use crate::support::{Home, Served, refused, until};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

const ISSUER: &str = "http://localhost:8080";
/// RFC 7636 appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const REDIRECT_URI: &str = "http://127.0.0.1:4711/app";

pub(crate) fn authorization_request() -> String {
    let ask = form(&[
        ("response_type", "code"),
        ("client_id", "app"),
        ("redirect_uri", REDIRECT_URI),
        ("scope", "openid offline_access"),
        ("code_challenge", CHALLENGE),
        ("code_challenge_method", "S256"),
    ]);
    format!("/authorize?{ask}")
}

pub(crate) fn redeem(address: SocketAddr, back: &str) -> Answer {
    let code = url::Url::parse(back).expect("an address");
    let code = code
        .query_pairs()
        .find(|(name, _)| name == "code")
        .expect("a code")
        .1
        .into_owned();
    let fields = [
        ("grant_type", "authorization_code"),
        ("client_id", "app"),
        ("code", &code),
        ("redirect_uri", REDIRECT_URI),
        ("code_verifier", VERIFIER),
    ];
    post(address, "/token", &form(&fields))
}

pub(crate) fn refresh(address: SocketAddr, token: &str) -> Answer {
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", "app"),
        ("refresh_token", token),
    ];
    post(address, "/token", &form(&fields))
}

pub(crate) fn text(answer: &Answer, name: &str) -> String {
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()[name]
        .as_str()
        .unwrap_or_else(|| panic!("no {name}: {answer:?}"))
        .to_owned()
}

#[test]
fn a_restart_loses_nothing() {
    let home = Home::new();
    home.add_person("alice", "wonderland");
    home.add_app("app");
    let served = home.serve();
    let mut browser = Browser::new(served.address, ISSUER);
    let used = browser.authorize(&authorization_request(), "alice", "wonderland");
    let tokens = redeem(served.address, &used);
    let rotated = text(
        &refresh(served.address, &text(&tokens, "refresh_token")),
        "refresh_token",
    );
    let access = text(&tokens, "access_token");
    let unused = browser.authorize(&authorization_request(), "alice", "wonderland");
    let log = served.stop();

    let served = home.serve();
    let mut same = Browser::new(served.address, ISSUER);
    same.cookies.clone_from(&browser.cookies);
    let account = same.open("/account");
    assert!(
        account.status == 200 && account.body.contains("alice"),
        "the session is there: {account:?}"
    );
    let again = refresh(served.address, &rotated);
    text(&again, "access_token");
    text(&redeem(served.address, &unused), "access_token");
    let bearer = format!("Bearer {access}");
    let who = crate::http::send(served.address, "GET /userinfo", &[("authorization", &bearer)], "");
    assert_eq!(who.status, 200, "{who:?}");
    assert_eq!(
        redeem(served.address, &used).json()["error"],
        "invalid_grant",
        "a used code is still used"
    );

    let log = [log, served.stop()].concat().join("\n");
    for secret in [&rotated, &access, "wonderland", VERIFIER] {
        assert!(!log.contains(secret), "{log}");
    }
}

/// Sends the head of a token request and waits until the server asks for its body: from then on it is under way.
fn begin_request(served: &Served, length: usize) -> TcpStream {
    let mut stream = connect(served.address);
    let head = format!(
        "POST /token HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nexpect: 100-continue\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("the head can be sent");
    let mut asked = [0; 25];
    stream
        .read_exact(&mut asked)
        .expect("the server asks for the body");
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream
}

#[test]
fn a_request_that_is_under_way_when_sigterm_comes_is_answered() {
    let home = Home::new();
    let mut served = home.serve();
    let body = "grant_type=authorization_code&client_id=nobody";
    let mut stream = begin_request(&served, body.len());
    served.process.signal("TERM");
    until(|| TcpStream::connect(served.address).is_err().then_some(()));
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(Answer::parse(&answer).status, 401, "{answer}");
    assert!(served.process.ended().success());
}

#[test]
fn a_request_that_never_ends_does_not_keep_the_process() {
    let home = Home::new();
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write(&text.replace("[store]", "drain_seconds = 0\n[store]"));
    let mut served = home.serve();
    let _stream = begin_request(&served, 1000);
    served.process.signal("INT");
    assert!(served.process.ended().success());
}

#[test]
fn the_log_is_json_and_says_once_that_the_server_is_ready() {
    let home = Home::new();
    let served = home.serve();
    assert_eq!(get(served.address, "/readyz").status, 200);
    assert_eq!(
        get(served.address, "/metrics").status,
        404,
        "metrics are for operators"
    );
    assert!(get(served.management, "/metrics").body.contains("valetkey_"));
    assert_eq!(get(served.management, "/readyz").status, 200);
    let log = served.stop();
    let lines: Vec<serde_json::Value> = log
        .iter()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect();
    let ready: Vec<_> = lines.iter().filter(|line| line["message"] == "ready").collect();
    assert_eq!(ready.len(), 1, "{lines:#?}");
    assert_eq!(ready[0]["issuer"], ISSUER);
    assert_eq!(lines.last().unwrap()["message"], "stopped");
    assert!(
        lines.iter().all(|line| line["level"] == "INFO"),
        "nothing to warn of: {lines:#?}"
    );
}

#[test]
fn a_management_address_that_others_may_reach_is_warned_of() {
    let home = Home::new();
    let text = std::fs::read_to_string(home.config()).unwrap();
    // An address for documentation (RFC 5737): no machine has it, so nothing is opened, and the start ends here.
    home.write(&text.replace(
        "management_listen = \"127.0.0.1:0\"",
        "management_listen = \"192.0.2.1:0\"",
    ));
    let said = refused(home.admin(&["serve"]));
    let warning: serde_json::Value = serde_json::from_str(said.lines().next().unwrap()).unwrap();
    assert_eq!(warning["level"], "WARN", "{said}");
    assert_eq!(warning["management_listen"], "192.0.2.1:0", "{said}");
    assert!(
        warning["message"]
            .as_str()
            .unwrap()
            .contains("is not a loopback address"),
        "{said}"
    );
}

#[test]
fn only_one_server_uses_a_data_folder() {
    let home = Home::new();
    let _served = home.serve();
    let output = home.admin(&["serve"]);
    assert!(!output.status.success());
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("another process is using"), "{said}");
}

#[test]
fn a_taken_port_is_named_with_the_key_that_sets_it() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let home = Home::new();
    let text = std::fs::read_to_string(home.config()).unwrap();
    home.write(&text.replace(
        "listen = \"127.0.0.1:0\"\nmanagement",
        &format!("listen = \"{address}\"\nmanagement"),
    ));
    let said = refused(home.admin(&["serve"]));
    assert!(
        said.contains(&format!("port {} is taken", address.port())) && said.contains("[server] listen"),
        "{said}"
    );
}

#[test]
fn the_inspector_is_for_operators_and_for_clients_that_were_allowed() {
    let home = Home::new();
    home.add_app("app");
    let served = home.serve();
    assert_eq!(get(served.address, "/inspector").status, 404);
    assert_eq!(get(served.management, "/inspector").status, 200);
    get(served.address, &authorization_request());
    assert!(
        !get(served.management, "/inspector")
            .body
            .contains("/inspector/flows/"),
        "not allowed, not recorded"
    );
    crate::support::done(home.admin(&["client", "inspect", "app", "--for", "5"]));
    until(|| {
        get(served.address, &authorization_request());
        get(served.management, "/inspector")
            .body
            .contains("/inspector/flows/")
            .then_some(())
    });
}
