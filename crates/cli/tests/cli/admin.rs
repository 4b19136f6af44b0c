//! People, clients and keys, while a server runs and without one.

use crate::http::{Browser, form, get, post, send};
use crate::support::{Home, Served, done, everything_below, refused, run, run_with, secret_in, until};
use serde_json::Value;

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Tries a password; 303 is a success.
fn sign_in(served: &Served, username: &str, password: &str) -> u16 {
    let mut browser = Browser::new(served.address, "http://localhost:8080");
    let page = browser.open("/login");
    assert_eq!(page.status, 200, "{page:?}");
    let (_, rest) = page
        .body
        .split_once("name=\"flow\" value=\"")
        .expect("the form has its hidden field");
    let flow = rest.split('"').next().expect("a value").to_owned();
    browser
        .submit(
            "/login",
            &[("flow", &flow), ("username", username), ("password", password)],
        )
        .status
}

#[test]
fn a_password_is_never_an_argument() {
    let home = Home::new();
    let said = refused(home.admin(&["user", "add", "alice", "--password", "wonderland"]));
    assert!(said.contains("unexpected argument '--password'"), "{said}");
    let said = refused(home.admin(&["user", "add", "alice", "wonderland"]));
    assert!(said.contains("unexpected argument"), "{said}");
    let said = refused(home.admin(&["user", "add", "alice"]));
    assert!(
        said.contains("--password-stdin"),
        "no terminal, no password: {said}"
    );
    assert_eq!(json(&done(home.admin(&["user", "list", "--json"]))), json("[]"));
}

#[test]
fn a_password_that_is_too_short_is_refused() {
    let home = Home::new();
    let said = refused(home.admin_with(&["user", "add", "alice"], "1234567"));
    assert!(said.contains("at least 8 characters"), "{said}");
    assert!(!said.contains("1234567"), "{said}");
}

#[test]
fn a_person_comes_changes_the_password_and_goes_while_the_server_runs() {
    let home = Home::new();
    let served = home.serve();
    assert_ne!(sign_in(&served, "alice", "wonderland"), 303);
    let added = done(home.admin_with(
        &["user", "add", "alice", "--name", "Alice", "--json"],
        "wonderland",
    ));
    assert!(
        !added.contains("wonderland") && !added.contains("argon2"),
        "{added}"
    );
    assert_eq!(json(&added)["claims"]["name"], "Alice");
    assert_eq!(sign_in(&served, "alice", "wonderland"), 303);
    let said = refused(home.admin_with(&["user", "add", "ALICE"], "wonderland"));
    assert!(said.contains("exists already"), "{said}");
    done(home.admin_with(&["user", "passwd", "alice"], "looking-glass"));
    assert_ne!(sign_in(&served, "alice", "wonderland"), 303);
    assert_eq!(sign_in(&served, "alice", "looking-glass"), 303);
    done(home.admin(&["user", "remove", "alice"]));
    assert_ne!(sign_in(&served, "alice", "looking-glass"), 303);
    let said = refused(home.admin(&["user", "remove", "alice"]));
    assert!(said.contains("nobody is called \"alice\""), "{said}");
    let log = served.stop().join("\n");
    assert!(
        !log.contains("wonderland") && !log.contains("looking-glass"),
        "{log}"
    );
}

#[test]
fn claims_that_nobody_defined_are_refused() {
    let home = Home::new();
    let file = home.path("claims.json");
    std::fs::write(&file, "{\"locale\": \"en\", \"adress\": {}}").unwrap();
    let file = file.to_str().unwrap();
    let said = refused(home.admin_with(&["user", "add", "alice", "--claims", file], "wonderland"));
    assert!(said.contains("\"adress\" is no standard claim"), "{said}");
}

#[test]
fn a_clients_secret_is_shown_once_and_kept_nowhere() {
    let home = Home::new();
    let secret = home.add_service("backup");
    assert_eq!(secret.len(), 43, "256 bits in base64url");
    for shown in [
        home.admin(&["client", "show", "backup"]),
        home.admin(&["client", "show", "backup", "--json"]),
        home.admin(&["client", "list", "--json"]),
    ] {
        assert!(!done(shown).contains(&secret));
    }
    let kept = everything_below(&home.path("data"));
    assert!(
        !kept
            .windows(secret.len())
            .any(|window| window == secret.as_bytes())
    );
}

#[test]
fn a_client_works_is_given_a_new_secret_and_goes_while_the_server_runs() {
    let home = Home::new();
    let served = home.serve();
    let ask = |secret: &str| {
        let fields = [
            ("grant_type", "client_credentials"),
            ("scope", "photos.read"),
            ("client_id", "backup"),
            ("client_secret", secret),
        ];
        post(served.address, "/token", &form(&fields)).status
    };
    assert_eq!(ask("anything"), 401);
    let first = home.add_service("backup");
    assert_eq!(ask(&first), 200, "a new client works at once");
    let second = secret_in(&done(home.admin(&["client", "secret", "backup", "--json"])));
    until(|| (ask(&first) == 401).then_some(()));
    assert_eq!(ask(&second), 200);
    done(home.admin(&["client", "remove", "backup"]));
    until(|| (ask(&second) == 401).then_some(()));
    let said = refused(home.admin(&["client", "show", "backup"]));
    assert!(said.contains("no client is called \"backup\""), "{said}");
    let log = served.stop().join("\n");
    assert!(!log.contains(&first) && !log.contains(&second), "{log}");
}

/// Arguments of `client add`, set apart by `|`, and what the refusal says. `URI` is a redirect URI that works.
const BAD: [(&str, &str); 18] = [
    ("a|--type|web", "needs --redirect-uri"),
    ("a b|URI", "printable ASCII"),
    (
        "0192f0c1-2345-7890-abcd-ef0123456789|URI",
        "must not look like a UUID",
    ),
    ("a|--redirect-uri|http://app.example/callback", "plain http"),
    ("a|--redirect-uri|https://app.example/#x", "no fragment"),
    ("a|--redirect-uri|https://app.example/*", "a wildcard"),
    ("a|--redirect-uri|com.example.app:/callback", "--type native"),
    (
        "a|--type|single-page|--auth-method|client_secret_basic|URI",
        "cannot keep a secret",
    ),
    ("a|--type|native|--no-pkce|URI", "must use PKCE"),
    ("a|--public|--no-pkce|URI", "must use PKCE"),
    ("a|--type|service|--public", "needs a secret"),
    (
        "a|--type|service|--grant-type|authorization_code|URI",
        "--type web",
    ),
    ("a|--grant-type|refresh_token", "--grant-type authorization_code"),
    (
        "a|--public|--grant-type|client_credentials",
        "only for a client with a secret",
    ),
    (
        "a|URI|--scope|openid photos.raed",
        "did you mean \"photos.read\"?",
    ),
    (
        "a|URI|--resource|https://photo.example",
        "did you mean \"https://photos.example\"?",
    ),
    (
        "a|URI|--public|--introspects|https://photos.example",
        "--introspects needs a secret",
    ),
    ("a|URI|--inspect-for|100000", "--inspect-for"),
];

#[test]
fn a_registration_that_could_not_work_or_not_safely_is_refused_with_the_way_out() {
    let home = Home::new();
    for (arguments, word) in BAD {
        let arguments = arguments.replace("URI", "--redirect-uri|https://app.example/callback");
        let arguments: Vec<&str> = ["client", "add"]
            .into_iter()
            .chain(arguments.split('|'))
            .collect();
        let said = refused(home.admin(&arguments));
        assert!(said.contains(word), "{arguments:?}: {said}");
    }
    assert_eq!(json(&done(home.admin(&["client", "list", "--json"]))), json("[]"));
}

#[test]
fn each_type_of_client_gets_what_suits_it() {
    let home = Home::new();
    let add = |arguments: &[&str]| {
        json(&done(
            home.admin(&[&["client", "add"], arguments, &["--json"]].concat()),
        ))
    };
    let web = add(&[
        "web",
        "--redirect-uri",
        "https://app.example/callback",
        "--inspect-for",
        "5",
    ]);
    assert_eq!(web["token_endpoint_auth_method"], "any");
    assert_eq!(
        web["grant_types"],
        json("[\"authorization_code\",\"refresh_token\"]")
    );
    assert_eq!(web["scope"], "address email offline_access openid phone profile");
    assert_eq!(web["require_pkce"], true);
    assert!(web["inspect_until"].is_i64());
    let page = add(&[
        "page",
        "--type",
        "single-page",
        "--redirect-uri",
        "https://app.example/",
    ]);
    assert_eq!(page["token_endpoint_auth_method"], "none");
    assert!(page.get("client_secret").is_none());
    let native = add(&[
        "native",
        "--type",
        "native",
        "--redirect-uri",
        "com.example.app:/callback",
        "--id-token-alg",
        "ES256",
    ]);
    assert_eq!(native["id_token_signed_response_alg"], "ES256");
    let api = add(&[
        "api",
        "--type",
        "service",
        "--introspects",
        "https://photos.example",
    ]);
    assert_eq!(api["grant_types"], json("[]"));
    assert_eq!(api["introspects"], json("[\"https://photos.example\"]"));
    let said = done(home.admin(&[
        "client",
        "add",
        "old",
        "--no-pkce",
        "--redirect-uri",
        "https://old.example/callback",
    ]));
    assert!(said.contains("RFC 9700 §2.1.1"), "{said}");
    let said = refused(home.admin(&[
        "client",
        "add",
        "old",
        "--redirect-uri",
        "https://old.example/callback",
    ]));
    assert!(said.contains("exists already"), "{said}");
}

#[test]
fn the_key_for_a_client_is_published_before_anything_is_signed_with_it() {
    let home = Home::new();
    home.add_app("app");
    done(home.admin(&["client", "set", "app", "--id-token-alg", "ES384"]));
    let keys = done(home.admin(&["key", "list", "--json"]));
    assert!(keys.contains("ES384"), "{keys}");
}

#[test]
fn the_inspector_is_allowed_for_a_time_and_stopped() {
    let home = Home::new();
    home.add_app("app");
    let said = done(home.admin(&["client", "inspect", "app", "--for", "10"]));
    assert!(said.contains("records app until"), "{said}");
    let until = || json(&done(home.admin(&["client", "show", "app", "--json"])))["inspect_until"].clone();
    assert!(until().is_i64());
    done(home.admin(&["client", "inspect", "app", "--off"]));
    assert!(until().is_null());
}

#[test]
fn a_rotated_key_signs_at_once_and_the_old_one_stays_published() {
    let home = Home::new();
    let said = refused(home.admin(&["key", "rotate"]));
    assert!(said.contains("there are no keys yet"), "{said}");
    let served = home.serve();
    let published = || {
        let keys = get(served.address, "/jwks").json()["keys"]
            .as_array()
            .expect("keys")
            .clone();
        keys.iter()
            .map(|key| key["kid"].as_str().expect("a kid").to_owned())
            .collect::<Vec<_>>()
    };
    let before = published();
    assert_eq!(before.len(), 2, "one for ES256, one for RS256");
    let rotated = json(&done(home.admin(&["key", "rotate", "--alg", "ES256", "--json"])));
    let rotated = rotated.as_array().expect("a list");
    assert_eq!(rotated.len(), 3);
    let state = |state: &str| rotated.iter().filter(|key| key["state"] == state).count();
    assert_eq!((state("signs"), state("verifies")), (2, 1));
    let after = until(|| Some(published()).filter(|keys| keys.len() == 3));
    assert!(
        before.iter().all(|kid| after.contains(kid)),
        "{before:?} {after:?}"
    );
    let text = done(home.admin(&["key", "list"]));
    assert!(!text.to_lowercase().contains("private"), "{text}");
}

#[test]
fn a_lost_or_foreign_master_key_stops_everything_and_is_never_replaced() {
    let home = Home::new();
    home.serve().stop();
    let file = home.path("master.key");
    let kept = std::fs::read(&file).expect("the first start made a master key");
    std::fs::remove_file(&file).unwrap();
    for said in [
        refused(home.admin(&["serve"])),
        refused(home.admin(&["key", "rotate"])),
    ] {
        assert!(
            said.contains("the master key is missing") && said.contains("Restore the file"),
            "{said}"
        );
    }
    assert!(!file.exists());
    let foreign = format!("{}A", "B".repeat(42));
    std::fs::write(&file, &foreign).unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    for said in [refused(home.admin(&["key", "rotate"])), {
        let output = home.admin(&["serve"]);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }] {
        assert!(said.contains("does not open with this master key"), "{said}");
    }
    std::fs::write(&file, kept).unwrap();
    home.serve().stop();
}

#[test]
fn the_master_key_may_come_from_the_environment() {
    let home = Home::new();
    let mut command = crate::support::valetkey();
    command
        .args(["serve", "--config", &home.config()])
        .env("VALETKEY_MASTER_KEY", "A".repeat(43));
    let mut process = crate::support::Process::start(command, true);
    process.line(|line| line.contains("\"message\":\"ready\""));
    assert!(!home.path("master.key").exists());
    drop(process);
    let said = refused(home.admin(&["serve"]));
    assert!(said.contains("the master key is missing"), "{said}");
}

#[test]
fn the_data_of_dev_and_of_a_server_are_not_mixed_up() {
    let home = Home::new();
    home.add_person("carol", "a good password");
    let data = home.path("data");
    let data = data.to_str().unwrap();
    let said = refused(run(&["dev", "--port", "0", "--data", data]));
    assert!(said.contains("holds a server's data"), "{said}");
    let said = refused(run(&["user", "list", "--data", data]));
    assert!(said.contains("--config FILE"), "{said}");
    let said = refused(run(&["user", "list", "--data", "/nowhere/at/all"]));
    assert!(said.contains("holds no data yet"), "{said}");
    let said = refused(run_with(&["user", "list"], ""));
    assert!(said.contains("--config") && said.contains("--data"), "{said}");
}

#[test]
fn a_stranger_at_the_token_endpoint_learns_nothing_from_a_removed_client() {
    let home = Home::new();
    let served = home.serve();
    let ask = |id: &str| {
        let basic = format!("Basic {}", base64(&format!("{id}:secret")));
        send(
            served.address,
            "POST /token",
            &[("authorization", &basic)],
            "grant_type=client_credentials",
        )
    };
    home.add_service("there");
    let (there, gone) = (ask("there"), ask("gone"));
    assert_eq!((there.status, gone.status), (401, 401));
    assert_eq!(there.json()["error"], gone.json()["error"]);
}

fn base64(text: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in text.as_bytes().chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for index in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * index) & 63) as usize];
            out.push(if index <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    out
}
