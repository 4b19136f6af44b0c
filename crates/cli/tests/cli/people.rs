//! Accounts from the operator's side: invitations, addresses, lost second factors, beside a running server that sends letters.

use crate::http::Browser;
use crate::support::{Home, done, everything_below, refused, until};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// A mail server that takes everything.
fn mail_server() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it has an address").port();
    let letters = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&letters);
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let mut stream = BufReader::new(stream);
            let say = |stream: &mut BufReader<std::net::TcpStream>, text: &str| {
                let _ = stream.get_mut().write_all(format!("{text}\r\n").as_bytes());
            };
            say(&mut stream, "220 ready");
            let mut line = String::new();
            while matches!(stream.read_line(&mut line), Ok(1..)) {
                if line.starts_with("DATA") {
                    say(&mut stream, "354 go on");
                    let mut letter = String::new();
                    while !letter.ends_with("\r\n.\r\n") && matches!(stream.read_line(&mut letter), Ok(1..)) {
                    }
                    kept.lock()
                        .unwrap()
                        .push(letter.replace("=\r\n", "").replace("=3D", "="));
                }
                say(&mut stream, "250 yes");
                line.clear();
            }
        }
    });
    (port, letters)
}

fn home(accounts: &str) -> (Home, Arc<Mutex<Vec<String>>>) {
    let (port, letters) = mail_server();
    let home = Home::empty();
    home.write(&format!(
        "[server]\nissuer = \"http://localhost:8080\"\nlisten = \"127.0.0.1:0\"\nmanagement_listen = \"127.0.0.1:0\"\n\
         [store]\nfolder = \"data\"\n[accounts]\n{accounts}\n\
         [mail]\nsmtp_host = \"localhost\"\nsmtp_port = {port}\ntls = \"none\"\nfrom = \"no-reply@id.example\"\n\
         [log]\nlevel = \"debug\"\n"
    ));
    (home, letters)
}

#[test]
fn nobody_is_invited_who_is_there_or_whom_no_letter_reaches() {
    let (home, _letters) = home("sign_up = \"invited\"");
    home.add_person("alice", "wonderland");
    done(home.admin(&["user", "set-email", "alice", "alice@example.com", "--verified"]));
    let said = refused(home.admin(&["user", "invite", "alice@example.com"]));
    assert!(said.contains("has an account already"), "{said}");
    let said = refused(home.admin(&["user", "invite", "alice"]));
    assert!(said.contains("is not an e-mail address"), "{said}");
    refused(home.admin(&["user", "invite", "a@example.com", "--ttl-hours", "0"]));
}

#[test]
fn an_invitation_is_sent_by_the_running_server_and_opens_an_account_and_its_token_is_nowhere_kept() {
    let (home, letters) = home("sign_up = \"invited\"");
    let served = home.serve();
    let invited = json(&done(home.admin(&[
        "user",
        "invite",
        "carol@example.com",
        "--json",
    ])));
    let link = invited["link"].as_str().expect("a link").to_owned();
    assert_eq!(
        (&invited["letter"], &invited["email"]),
        (&Value::Bool(true), &Value::from("carol@example.com"))
    );
    let letter = until(|| letters.lock().unwrap().first().cloned());
    assert!(
        letter.contains("To: carol@example.com") && letter.contains(&link),
        "{letter}"
    );

    let path = link.strip_prefix("http://localhost:8080").expect("this server");
    let mut browser = Browser::new(served.address, "http://localhost:8080");
    let page = browser.open(path);
    assert_eq!(page.status, 200, "{page:?}");
    let hidden = |name: &str| {
        let (_, rest) = page
            .body
            .split_once(&format!("name=\"{name}\" value=\""))
            .expect(name);
        rest.split('"').next().expect("a value").to_owned()
    };
    let (flow, token) = (hidden("flow"), hidden("invitation"));
    let fields = [
        ("flow", flow.as_str()),
        ("invitation", &token),
        ("username", "carol"),
        ("password", "seven lanterns over quiet harbours"),
    ];
    let answer = browser.submit("/sign-up", &fields);
    assert_eq!(answer.status, 303, "{answer:?}");
    let shown = json(&done(home.admin(&["user", "show", "carol", "--json"])));
    assert_eq!(shown["claims"]["email_verified"], true);
    assert_eq!(shown["sessions"], 1);
    assert_eq!(shown["second_factor"], false);
    let told = done(home.admin(&["user", "show", "carol"]));
    assert!(
        told.contains("carol@example.com") && !told.contains("argon2"),
        "{told}"
    );
    let log = served.stop().join("\n");
    assert!(log.contains("/sign-up") && !log.contains(&token), "{log}");
    let kept = everything_below(&home.path("data"));
    assert!(!kept.windows(40).any(|window| window == &token.as_bytes()[..40]));
}

#[test]
fn an_address_is_set_by_the_operators_word() {
    let (home, _letters) = home("");
    home.add_person("alice", "wonderland");
    home.add_person("bob", "builder-1");
    let said = refused(home.admin(&["user", "set-email", "alice", "nonsense"]));
    assert!(said.contains("is not an e-mail address"), "{said}");
    let said = refused(home.admin(&["user", "set-email", "carol", "carol@example.com"]));
    assert!(said.contains("nobody is called"), "{said}");
    let set = done(home.admin(&[
        "user",
        "set-email",
        "alice",
        "alice@example.com",
        "--verified",
        "--json",
    ]));
    assert_eq!(json(&set)["claims"]["email_verified"], true);
    let said = refused(home.admin(&["user", "set-email", "bob", "alice@example.com", "--verified"]));
    assert!(said.contains("is the verified address of alice"), "{said}");
    let said = done(home.admin(&["user", "set-email", "bob", "bob@example.com"]));
    assert!(said.contains("not verified"), "{said}");
}

#[test]
fn who_has_no_second_factor_loses_none() {
    let (home, letters) = home("");
    home.add_person("alice", "wonderland");
    let said = done(home.admin(&["user", "reset-second-factor", "alice"]));
    assert!(said.contains("alice had no one-time codes"), "{said}");
    let view = json(&done(home.admin(&[
        "user",
        "reset-second-factor",
        "alice",
        "--passkeys",
        "--json",
    ])));
    assert_eq!(view["codes_removed"], false);
    assert_eq!(view["passkeys_removed"], Value::Array(Vec::new()));
    assert!(letters.lock().unwrap().is_empty());
    refused(home.admin(&["user", "reset-second-factor", "bob"]));
}

#[test]
fn a_second_factor_that_was_lost_is_taken_away_and_its_owner_hears_of_it() {
    use valetkey_model::{Passkey, SealedSecret, Totp, UserId};
    use valetkey_protocol::time::Timestamp;
    use valetkey_store::{FactorStore as _, PasskeyStore as _};
    use valetkey_store_sqlite::{OpenOptions, SqliteStore};
    let (home, letters) = home("");
    let served = home.serve();
    home.add_person("alice", "wonderland");
    done(home.admin(&["user", "set-email", "alice", "alice@example.com", "--verified"]));
    let show = || json(&done(home.admin(&["user", "show", "alice", "--json"])));
    let sub = show()["sub"].as_str().expect("a sub").parse().expect("a UUID");
    let (user, created_at) = (UserId(sub), Timestamp(1_800_000_000));
    let totp = Totp {
        user,
        secret: SealedSecret(vec![1]),
        created_at,
        last_step: 0,
    };
    let passkey = Passkey {
        id: vec![1],
        user,
        name: String::from("Phone"),
        public_key: vec![2],
        sign_count: 0,
        backed_up: false,
        transports: Vec::new(),
        created_at,
        last_used_at: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let store = SqliteStore::open(&home.path("data"), OpenOptions::guest()).expect("it opens");
        store.put_totp(totp, Vec::new()).await.expect("the store answers");
        store.insert_passkey(passkey).await.expect("the store answers");
    });
    assert_eq!(
        (&show()["second_factor"], &show()["passkeys"][0]["name"]),
        (&Value::Bool(true), &Value::from("Phone"))
    );
    let said = done(home.admin(&["user", "reset-second-factor", "alice"]));
    assert!(
        said.contains("without one-time codes now") && said.contains("still sign in: Phone"),
        "{said}"
    );
    assert_eq!(show()["second_factor"], false);
    let view = json(&done(home.admin(&[
        "user",
        "reset-second-factor",
        "alice",
        "--passkeys",
        "--json",
    ])));
    assert_eq!(view["passkeys_removed"][0]["name"], "Phone");
    assert_eq!(show()["passkeys"], Value::Array(Vec::new()));
    until(|| (letters.lock().unwrap().len() == 2).then_some(()));
    assert!(
        letters
            .lock()
            .unwrap()
            .iter()
            .all(|letter| letter.contains("To: alice@example.com"))
    );
    served.stop();
}

#[test]
fn an_invitation_for_a_server_that_takes_none_says_so() {
    let home = Home::new();
    let said = done(home.admin(&["user", "invite", "carol@example.com"]));
    assert!(
        said.contains("[accounts] sign_up is off") && said.contains("hand the link over"),
        "{said}"
    );
}
