//! What clients are allowed, how they prove who they are, and what people gave them.

use crate::http::{form, post};
use crate::support::{Home, done, everything_below, refused, secret_in, until};
use serde_json::Value;
use valetkey_model::grant::{Active, GrantState, GrantedBy, RevokedWhy};
use valetkey_model::{ClientId, Grant, GrantId, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::{ClientSecret, OAuth1Secret};
use valetkey_rules::{NEVER, Purpose, SecretKeys};
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::random::{self, SystemRandom};
use valetkey_store::{ClientStore as _, GrantStore as _};
use valetkey_store_sqlite::{OpenOptions, SqliteStore};

const CALLBACK: &str = "https://app.example/callback";
pub(crate) const PUBLIC_KEY: &str = r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","kid":"a"}"#;
const RSA_KEY: &str = include_str!("fixtures/consumer.pub.pem");

/// A command's answer in JSON.
pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Runs `valetkey client` with words that are set apart by blanks; `URI` is a redirect URI that works.
pub(crate) fn client(home: &Home, words: &str) -> std::process::Output {
    let words = format!("client {words}");
    let words: Vec<&str> = words
        .split(' ')
        .map(|word| if word == "URI" { CALLBACK } else { word })
        .collect();
    home.admin(&words)
}

pub(crate) fn shown(home: &Home, id: &str) -> Value {
    json(&done(client(home, &format!("show {id} --json"))))
}

fn store(home: &Home) -> SqliteStore {
    SqliteStore::open(&home.path("data"), OpenOptions::guest()).expect("the store opens")
}

/// The keys that the server of this home seals secrets with.
fn secret_keys(home: &Home) -> SecretKeys {
    let text = std::fs::read_to_string(home.path("master.key")).expect("a master key");
    let bytes = valetkey_jose::b64::decode_url(text.trim()).expect("base64");
    SecretKeys::new(&bytes.try_into().expect("32 bytes"))
}

/// Arguments of `client add`, and what the refusal says.
const BAD: [(&str, &str); 18] = [
    ("a --allow implicit", "needs --redirect-uri"),
    (
        "a --type web --grant-type client_credentials --allow implicit",
        "implicit needs --redirect-uri",
    ),
    (
        "a --type single-page --redirect-uri URI --allow password",
        "password is not for an app that runs in the browser",
    ),
    (
        "a --type single-page --redirect-uri URI --allow oauth1",
        "consumer secret",
    ),
    ("a --type service --allow password", "for password use --type web"),
    ("a --type service --allow implicit", "for implicit use --type web"),
    (
        "a --type service --allow device_code",
        "for device_code use --type web",
    ),
    ("a --type service --allow oauth1", "for oauth1 use --type web"),
    (
        "a --type native --redirect-uri URI --allow token_exchange",
        "only for a client with a secret",
    ),
    (
        "a --type native --redirect-uri URI --auth-method client_secret_jwt",
        "cannot keep a secret",
    ),
    ("a --redirect-uri URI --impersonate", "--allow token_exchange"),
    (
        "a --redirect-uri URI --exchange-for nobody --allow token_exchange",
        "no client is called \"nobody\"",
    ),
    (
        "a --redirect-uri URI --auth-method private_key_jwt",
        "needs --jwks FILE",
    ),
    ("a --redirect-uri URI --jwks /nowhere/x.json", "/nowhere/x.json"),
    ("a --redirect-uri URI --allow devicecode", "device_code"),
    ("a --type service --redirect-uri URI", "--redirect-uri is for"),
    (
        "a --type native --allow device_code --redirect-uri URI --grant-type client_credentials",
        "only for a client with a secret",
    ),
    (
        "a --type native --grant-type refresh_token --allow token_exchange",
        "refresh_token comes from",
    ),
];

#[test]
fn what_could_not_work_or_not_safely_is_not_allowed() {
    let home = Home::new();
    for (words, says) in BAD {
        let said = refused(client(&home, &format!("add {words}")));
        assert!(said.contains(says), "{words}: {said}");
    }
    assert_eq!(json(&done(client(&home, "list --json"))), json("[]"));
}

#[test]
fn a_private_key_in_the_file_of_public_keys_is_refused_loudly_and_kept_nowhere() {
    let home = Home::new();
    let secret = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";
    let private = PUBLIC_KEY.replace("\"kid\"", &format!("\"d\":\"{secret}\",\"kid\""));
    let file = home.path("keys.json");
    let add = format!(
        "add a --redirect-uri URI --auth-method private_key_jwt --jwks {}",
        file.display()
    );
    for text in [private.clone(), format!("{{\"keys\":[{PUBLIC_KEY},{private}]}}")] {
        std::fs::write(&file, text).unwrap();
        let said = refused(client(&home, &add));
        assert!(
            said.contains("PRIVATE key") && said.contains("Nothing was registered"),
            "{said}"
        );
        assert!(!said.contains(secret), "{said}");
    }
    std::fs::write(&file, format!("{{\"keys\":[{PUBLIC_KEY}]}}")).unwrap();
    let added = json(&done(client(&home, &format!("{add} --json"))));
    assert_eq!(added["token_endpoint_auth_method"], "private_key_jwt");
    assert_eq!(added["jwks"]["keys"][0]["kid"], "a");
    assert!(added.get("client_secret").is_none(), "{added}");
    std::fs::write(&file, private).unwrap();
    let said = refused(client(&home, &format!("jwks a {}", file.display())));
    assert!(said.contains("PRIVATE key"), "{said}");
    let said = refused(client(&home, "secret a"));
    assert!(said.contains("client jwks a FILE"), "{said}");
    std::fs::write(&file, PUBLIC_KEY.replace("\"kid\":\"a\"", "\"kid\":\"b\"")).unwrap();
    done(client(&home, &format!("jwks a {}", file.display())));
    assert_eq!(shown(&home, "a")["jwks"]["keys"][0]["kid"], "b");
}

#[test]
fn the_reason_against_implicit_and_password_is_shown_where_they_are_allowed_and_ever_after() {
    let home = Home::new();
    home.add_app("app");
    let quiet = done(client(&home, "show app"));
    assert!(!quiet.contains("(!)"), "{quiet}");
    for (what, section, instead) in [
        ("implicit", "section-2.1.2", "authorization code grant with PKCE"),
        ("password", "section-2.4", "device_code"),
    ] {
        let said = done(client(&home, &format!("allow app {what}")));
        let link = format!("https://www.rfc-editor.org/rfc/rfc9700#{section}");
        let flat = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            flat.contains(&link) && flat.contains("Instead:") && flat.contains(instead),
            "{said}"
        );
        assert_eq!(said.matches("(!)").count(), 1, "only what was asked for: {said}");
        let text = done(client(&home, "show app"));
        assert!(
            text.contains(&format!("{what}(!)")) && text.contains(&link),
            "{text}"
        );
        let warnings = shown(&home, "app")["warnings"].clone();
        let warned = |warning: &Value| warning["about"] == what && warning["url"] == link.as_str();
        assert!(warnings.as_array().unwrap().iter().any(warned), "{warnings}");
    }
    done(client(&home, "allow app implicit,password --off"));
    assert_eq!(done(client(&home, "show app")), quiet, "as if nothing had been");
    assert!(shown(&home, "app").get("warnings").is_none());
}

#[test]
fn the_reason_is_shown_by_client_add_too() {
    let home = Home::new();
    let said = done(client(
        &home,
        "add page --type single-page --redirect-uri URI --allow implicit",
    ));
    assert!(
        said.contains("implicit(!)") && said.contains("rfc9700#section-2.1.2"),
        "{said}"
    );
    let said = done(client(&home, "add old --allow password --json"));
    assert_eq!(json(&said)["warnings"][0]["spec"], "RFC 9700 §2.4");
}

#[test]
fn a_device_needs_no_redirect_uri() {
    let home = Home::new();
    let tv = json(&done(client(
        &home,
        "add tv --type native --allow device_code --json",
    )));
    assert_eq!(
        tv["grant_types"],
        json("[\"refresh_token\",\"urn:ietf:params:oauth:grant-type:device_code\"]")
    );
    assert_eq!(tv["redirect_uris"], json("[]"));
    let said = refused(client(&home, "allow tv authorization_code"));
    assert!(said.contains("needs --redirect-uri"), "{said}");
    done(client(
        &home,
        "allow tv authorization_code --redirect-uri com.example.tv:/back",
    ));
    assert_eq!(
        shown(&home, "tv")["redirect_uris"],
        json("[\"com.example.tv:/back\"]")
    );
    let said = refused(client(&home, "allow tv device_code authorization_code --off"));
    assert!(said.contains("refresh_token comes from"), "{said}");
    done(client(
        &home,
        "allow tv urn:ietf:params:oauth:grant-type:device_code --off",
    ));
}

#[test]
fn a_client_exchanges_the_tokens_of_those_that_were_named() {
    let home = Home::new();
    home.add_app("app");
    let said = refused(client(
        &home,
        "add hub --type service --allow token_exchange --exchange-for ap",
    ));
    assert!(said.contains("did you mean \"app\"?"), "{said}");
    let hub = json(&done(client(
        &home,
        "add hub --type service --allow token_exchange --exchange-for app --json",
    )));
    assert_eq!(
        hub["exchange"],
        json("{\"subjects\":[\"app\"],\"may_impersonate\":false}")
    );
    done(client(&home, "allow hub token_exchange --impersonate"));
    assert_eq!(
        shown(&home, "hub")["exchange"],
        json("{\"subjects\":[\"app\"],\"may_impersonate\":true}")
    );
    let said = refused(client(&home, "allow hub token_exchange --off --impersonate"));
    assert!(said.contains("give something"), "{said}");
    done(client(&home, "allow hub token_exchange --off"));
    assert!(shown(&home, "hub").get("exchange").is_none());
}

#[test]
fn a_secret_for_assertions_is_sealed_and_shown_once() {
    let home = Home::new();
    let secret_of = |output| secret_in(&done(output));
    let add = "add robot --type service --scope photos.read --auth-method client_secret_jwt --json";
    let first = secret_of(client(&home, add));
    let second = secret_of(client(&home, "secret robot --json"));
    assert_ne!(first, second);
    assert!(!done(client(&home, "show robot --json")).contains(&second));
    let kept = everything_below(&home.path("data"));
    assert!(!kept.windows(second.len()).any(|part| part == second.as_bytes()));
    let robot = ClientId::parse("robot").unwrap();
    let found = block_on(async { store(&home).find_client(&robot).await })
        .unwrap()
        .unwrap();
    let valetkey_model::client::Authentication::ClientSecretJwt { secret } = found.authentication else {
        panic!("{found:?}");
    };
    let opened: ClientSecret = secret_keys(&home)
        .open(Purpose::ClientSecretJwt, &robot, &secret)
        .expect("sealed for this client, under this home's key");
    assert_eq!(opened.expose(), second);
    home.serve().stop();
}

#[test]
fn nothing_is_sealed_under_a_foreign_master_key() {
    let home = Home::new();
    home.add_app("app");
    done(client(&home, "allow app oauth1"));
    done(client(&home, "oauth1 app --new-secret"));
    std::fs::write(home.path("master.key"), format!("{}A", "B".repeat(42))).unwrap();
    let said = refused(client(&home, "oauth1 app --new-secret"));
    assert!(said.contains("does not open with this master key"), "{said}");
    std::fs::remove_file(home.path("master.key")).unwrap();
    let said = refused(client(&home, "oauth1 app --new-secret"));
    assert!(said.contains("the master key is missing"), "{said}");
    assert!(!home.path("master.key").exists());
}

fn oauth1_secret(home: &Home, id: &str) -> String {
    let id = ClientId::parse(id).unwrap();
    let found = block_on(async { store(home).find_client(&id).await })
        .unwrap()
        .unwrap();
    let sealed = found.oauth1.unwrap().secret.unwrap();
    let opened: OAuth1Secret = secret_keys(home).open(Purpose::OAuth1, &id, &sealed).unwrap();
    opened.expose().to_owned()
}

#[test]
fn a_consumer_secret_is_made_or_taken_over_and_never_an_argument() {
    let home = Home::new();
    home.add_app("app");
    let said = refused(client(&home, "oauth1 app --new-secret"));
    assert!(said.contains("client allow app oauth1"), "{said}");
    let said = done(client(&home, "allow app oauth1"));
    assert!(
        said.contains("client oauth1 app --new-secret") && said.contains("(!) oauth1"),
        "{said}"
    );
    assert!(said.contains("--retires"), "{said}");
    let said = refused(client(&home, "oauth1 app"));
    assert!(said.contains("--new-secret"), "{said}");
    let said = refused(client(&home, "oauth1 app --new-secret --secret-stdin"));
    assert!(said.contains("cannot be used with"), "{said}");
    let made = json(&done(client(&home, "oauth1 app --new-secret --json")));
    let made = made["oauth1"]["consumer_secret"]
        .as_str()
        .expect("shown once")
        .to_owned();
    assert_eq!(oauth1_secret(&home, "app"), made);
    assert!(!done(client(&home, "show app --json")).contains(&made));
    let take_over =
        |secret: &str| home.admin_input(&["client", "oauth1", "app", "--secret-stdin", "--json"], secret);
    for (bad, word) in [
        ("", "16 characters"),
        ("short\n", "16 characters"),
        ("has a \u{1b}[2J character\n", "control"),
    ] {
        let said = refused(take_over(bad));
        assert!(said.contains(word), "{bad:?}: {said}");
    }
    let taken = done(take_over("kd94hf93k423kf44\r\n"));
    assert!(
        !taken.contains("kd94hf93k423kf44"),
        "whoever gave it knows it: {taken}"
    );
    assert_eq!(oauth1_secret(&home, "app"), "kd94hf93k423kf44");
    let kept = everything_below(&home.path("data"));
    assert!(!kept.windows(16).any(|part| part == b"kd94hf93k423kf44"));
}

#[test]
fn an_rsa_key_is_public_and_long_enough() {
    let home = Home::new();
    home.add_app("app");
    done(client(&home, "allow app oauth1"));
    let file = home.path("key.pem");
    let give = || client(&home, &format!("oauth1 app --rsa-key {} --json", file.display()));
    let certificate = include_str!("fixtures/localhost.pem");
    let private = include_str!("fixtures/localhost.key");
    for (bad, word) in [
        ("", "no public RSA key"),
        (certificate, "certificate"),
        (private, "PRIVATE key"),
    ] {
        std::fs::write(&file, bad).unwrap();
        let said = refused(give());
        assert!(said.contains(word), "{said}");
    }
    std::fs::write(&file, RSA_KEY).unwrap();
    let side = json(&done(give()))["oauth1"].clone();
    assert_eq!(side["rsa_key_sha256"].as_str().unwrap().len(), 43);
    assert_eq!(side["has_secret"], false);
    let said = refused(client(&home, "oauth1 app --no-rsa-key --rsa-key x"));
    assert!(said.contains("cannot be used with"), "{said}");
    done(client(&home, "oauth1 app --no-rsa-key"));
    assert!(shown(&home, "app")["oauth1"]["rsa_key_sha256"].is_null());
}

#[test]
fn lifetime_and_retirement_are_set_and_taken_back() {
    let home = Home::new();
    home.add_app("app");
    done(client(&home, "allow app oauth1"));
    for bad in [
        "--retires 2027-02-30",
        "--retires soon",
        "--token-ttl-seconds 0",
        "--token-ttl-seconds -1",
    ] {
        refused(client(&home, &format!("oauth1 app {bad}")));
    }
    done(client(
        &home,
        "oauth1 app --retires 2027-01-01 --token-ttl-seconds 3600",
    ));
    let side = shown(&home, "app")["oauth1"].clone();
    assert_eq!(
        (&side["token_ttl_seconds"], &side["retires_at"]),
        (&Value::from(3600), &Value::from(1_798_761_600))
    );
    let text = done(client(&home, "show app"));
    assert!(
        text.contains("3600 seconds") && text.contains("2027-01-01T00:00:00Z"),
        "{text}"
    );
    done(client(&home, "oauth1 app --until-revoked --no-retirement"));
    let side = shown(&home, "app")["oauth1"].clone();
    assert!(side["token_ttl_seconds"].is_null() && side["retires_at"].is_null());
    done(client(&home, "allow app oauth1 --off"));
    assert!(shown(&home, "app").get("oauth1").is_none());
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(future)
}

/// Adds people and gives the client a grant of each, in this way, so many seconds ago.
fn give(home: &Home, id: &str, people: &[UserId], by: GrantedBy, seconds_ago: i64) -> Vec<GrantId> {
    let at = SystemClock.now().plus_seconds(-seconds_ago);
    let store = store(home);
    let insert = |user: UserId| {
        let grant = Grant {
            id: GrantId(random::uuid(&SystemClock, &SystemRandom)),
            client: ClientId::parse(id).unwrap(),
            user,
            session: None,
            by,
            migrated_from: None,
            scope: Scope::parse("photos.read").unwrap(),
            resources: std::collections::BTreeSet::new(),
            offline: true,
            auth_time: at,
            amr: Vec::new(),
            acr: Acr::OneFactor,
            sid: None,
            claims: ClaimsRequest::default(),
            nonce: None,
            created_at: at,
            expires_at: NEVER,
            state: GrantState::Active(Active {
                generation: 1,
                rotated_at: at,
                idle_expires_at: NEVER,
            }),
        };
        let named = grant.id;
        block_on(store.insert_grant(grant, None)).expect("the grant is stored");
        named
    };
    people.iter().copied().map(insert).collect()
}

fn person(home: &Home, username: &str) -> UserId {
    let added = json(&done(
        home.admin_with(&["user", "add", username, "--json"], "a good password"),
    ));
    serde_json::from_value(added["sub"].clone()).expect("a sub")
}

#[test]
fn who_has_moved_is_counted_by_people() {
    let home = Home::new();
    home.add_app("app");
    let said = refused(client(&home, "migration app"));
    assert!(said.contains("never used OAuth 1.0a"), "{said}");
    done(client(&home, "allow app oauth1"));
    let said = done(client(&home, "migration app"));
    assert!(said.contains("nobody has given it anything"), "{said}");
    let people = ["alice", "bob", "carol"].map(|name| person(&home, name));
    give(&home, "app", &people, GrantedBy::OAuth1, 100);
    give(&home, "app", &people[..1], GrantedBy::Migration, 50);
    give(&home, "app", &people[..1], GrantedBy::Migration, 10);
    let counted = json(&done(client(&home, "migration app --json")));
    assert_eq!(
        (&counted["people"], &counted["moved"]),
        (&Value::from(3), &Value::from(1))
    );
    assert_eq!(counted["may_migrate"], true);
    done(client(&home, "oauth1 app --retires 2999-01-01"));
    let said = done(client(&home, "migration app"));
    assert!(said.contains("1 of 3 people moved to OAuth 2"), "{said}");
    let bar = format!("[{}{}] 33 %", "#".repeat(13), ".".repeat(27));
    assert!(
        said.contains(&bar) && said.contains("ends on 2999-01-01"),
        "{said}"
    );
    done(client(&home, "allow app refresh_token --off"));
    let said = done(client(&home, "migration app"));
    assert!(said.contains("client allow app refresh_token"), "{said}");
}

#[test]
fn a_wave_of_device_code_phishing_is_taken_back_and_nothing_else() {
    let home = Home::new();
    home.add_app("tv");
    home.add_app("other");
    let alice = [person(&home, "alice")];
    let phished = give(&home, "tv", &alice, GrantedBy::DeviceCode, 60);
    let kept: Vec<GrantId> = [
        give(&home, "tv", &alice, GrantedBy::DeviceCode, 100_000),
        give(&home, "tv", &alice, GrantedBy::AuthorizationCode, 60),
        give(&home, "other", &alice, GrantedBy::DeviceCode, 60),
    ]
    .concat();
    for bad in [
        "--since yesterday",
        "--since 7",
        "--by mail",
        "--since 2026-02-30",
    ] {
        refused(client(&home, &format!("revoke-grants tv {bad}")));
    }
    let said = refused(client(&home, "revoke-grants television"));
    assert!(said.contains("no client is called"), "{said}");
    let said = done(client(&home, "revoke-grants tv --by device_code --since 12h"));
    assert!(
        said.contains("1 grant to tv by device_code since ") && said.contains("300 seconds"),
        "{said}"
    );
    let state = |id: &GrantId| {
        block_on(async { store(&home).find_grant(*id).await })
            .unwrap()
            .unwrap()
            .state
    };
    assert!(matches!(
        state(&phished[0]),
        GrantState::Revoked {
            why: RevokedWhy::ByAdmin,
            ..
        }
    ));
    assert!(kept.iter().all(|id| matches!(state(id), GrantState::Active(_))));
    let again = json(&done(client(
        &home,
        "revoke-grants tv --by device_code --since 12h --json",
    )));
    assert_eq!(
        (&again["revoked"], &again["by"]),
        (&Value::from(0), &Value::from("device_code"))
    );
    let all = json(&done(client(&home, "revoke-grants tv --json")));
    assert_eq!((&all["revoked"], &all["since"]), (&Value::from(2), &Value::Null));
    assert!(matches!(state(&kept[2]), GrantState::Active(_)));
}

#[test]
fn a_grant_type_works_while_it_is_allowed_and_no_longer() {
    let home = Home::new();
    home.add_person("alice", "wonderland");
    done(client(
        &home,
        "add old --type native --redirect-uri com.example.old:/back",
    ));
    let served = home.serve();
    let ask = || {
        let fields = [
            ("grant_type", "password"),
            ("client_id", "old"),
            ("username", "alice"),
            ("password", "wonderland"),
        ];
        post(served.address, "/token", &form(&fields))
    };
    let answer = ask();
    assert_eq!(
        (answer.status, &answer.json()["error"]),
        (400, &Value::from("unauthorized_client"))
    );
    done(client(&home, "allow old password"));
    until(|| (ask().status == 200).then_some(()));
    done(client(&home, "revoke-grants old --by password"));
    done(client(&home, "allow old password --off"));
    until(|| (ask().json()["error"] == "unauthorized_client").then_some(()));
}
