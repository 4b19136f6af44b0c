//! Rows as stores write them: for every table, and for every column that may be without a value, both.

use crate::transfer::{Row, TABLES, Table, Value};

pub(super) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub(super) fn uuid(last: u8) -> Value {
    let mut bytes = vec![0; 16];
    bytes[15] = last;
    Value::Bytes(bytes)
}

fn hash(byte: u8) -> Value {
    Value::Bytes(vec![byte; 32])
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

/// One row, by its columns' names; every other column has no value.
fn named(table: &Table, values: &[(&str, Value)]) -> Row {
    for (name, _) in values {
        assert!(table.columns.contains(name), "{} has no {name}", table.name);
    }
    let value = |column: &&str| values.iter().find(|(name, _)| name == column);
    let columns = table.columns.iter();
    columns
        .map(|column| value(column).map_or(Value::Null, |(_, value)| value.clone()))
        .collect()
}

/// The row of that name.
pub(super) fn row(table: &Table, name: &str) -> Row {
    let found = rows(table.name).into_iter().find(|(found, _)| *found == name);
    named(table, &found.unwrap().1)
}

/// Every table with its rows, in the order of the tables.
pub(super) fn every_row() -> Vec<(&'static Table, Vec<Row>)> {
    let of = |table: &'static Table| {
        let made = rows(table.name).into_iter();
        let made: Vec<Row> = made.map(|(_, values)| named(table, &values)).collect();
        assert!(!made.is_empty(), "no rows for {}", table.name);
        (table, made)
    };
    TABLES.iter().map(of).collect()
}

type Named = Vec<(&'static str, Vec<(&'static str, Value)>)>;

const AT: Value = Value::Integer(1_790_000_000);
const LATER: Value = Value::Integer(1_800_000_000);
const YES: Value = Value::Integer(1);
const NO: Value = Value::Integer(0);

fn rows(table: &str) -> Named {
    match table {
        "clients" => clients(),
        "grants" => grants(),
        "devices" => devices(),
        "outbox" => outbox(),
        "users" | "totp" | "recovery_codes" | "passkeys" | "links" | "sessions" => people(table),
        _ => small(table),
    }
}

fn client(id: &str) -> Vec<(&'static str, Value)> {
    vec![
        ("id", text(id)),
        ("name", text("An app, \"quoted\"\n日本")),
        ("application_type", text("web")),
        ("redirect_uris", text("[\"https://app.example/cb\"]")),
        ("post_logout_redirect_uris", text("[]")),
        ("grant_types", text("[\"authorization_code\"]")),
        ("scope", text("openid photos.read")),
        ("resources", text("[]")),
        ("introspects", text("[]")),
        ("id_token_signed_response_alg", text("ES256")),
        ("require_pkce", YES),
        ("openid", text("{ \"b\":1,  \"a\":2 }")),
        ("presentation", text("{}")),
        ("created_at", AT),
    ]
}

fn clients() -> Named {
    let with = |id: &str, more: Vec<(&'static str, Value)>| [client(id), more].concat();
    vec![
        (
            "clients 1",
            with(
                "app",
                vec![
                    ("auth_method", text("client_secret_basic")),
                    ("secret_hash", hash(1)),
                    ("oauth1", NO),
                    ("inspect_until", LATER),
                ],
            ),
        ),
        (
            "clients 2",
            with(
                "moves",
                vec![
                    ("auth_method", text("client_secret_jwt")),
                    ("secret_sealed", bytes(&[0, 255, 0])),
                    ("oauth1", YES),
                    ("oauth1_secret_sealed", bytes(b"sealed")),
                    ("oauth1_rsa_public_key", bytes(b"key")),
                    ("oauth1_token_ttl_seconds", Value::Integer(86_400)),
                    ("oauth1_retires_at", LATER),
                    ("exchange_subjects", text("[\"app\"]")),
                    ("exchange_may_impersonate", NO),
                    ("registration", text("{\"updated_at\":1}")),
                    ("jwks", text("{\"keys\":[]}")),
                ],
            ),
        ),
        (
            "clients 3",
            with(
                "relies",
                vec![
                    ("auth_method", text("none")),
                    ("oauth1", NO),
                    ("jwks_uri", text("https://relies.example/jwks")),
                ],
            ),
        ),
    ]
}

fn people(table: &str) -> Named {
    match table {
        "users" => vec![
            (
                "users 1",
                vec![
                    ("id", uuid(1)),
                    ("username", text("Alice")),
                    ("username_key", text("alice")),
                    ("password_hash", text("$argon2id$hash")),
                    ("claims", text("{\"name\":\"Alice\"}")),
                    ("created_at", AT),
                    ("email_key", text("alice@example.com")),
                ],
            ),
            (
                "users 2",
                vec![
                    ("id", uuid(2)),
                    ("username", text("Ärmel")),
                    ("username_key", text("ärmel")),
                    ("claims", text("{}")),
                    ("created_at", AT),
                ],
            ),
        ],
        "totp" => vec![(
            "totp 1",
            vec![
                ("user_id", uuid(1)),
                ("secret_sealed", bytes(b"sealed")),
                ("created_at", AT),
                ("last_step", Value::Integer(59_666_666)),
            ],
        )],
        "recovery_codes" => vec![
            ("codes 1", vec![("user_id", uuid(1)), ("hash", hash(2))]),
            ("codes 2", vec![("user_id", uuid(1)), ("hash", hash(200))]),
        ],
        "passkeys" => vec![
            ("passkeys 1", passkey(b"\xc0\xff\xee", NO, Value::Null)),
            ("passkeys 2", passkey(b"\xc0\xff", YES, LATER)),
        ],
        "links" => vec![(
            "links 1",
            vec![
                ("provider", text("github")),
                ("subject", text("42")),
                ("user_id", uuid(2)),
                ("label", text("")),
                ("created_at", AT),
            ],
        )],
        _ => vec![(
            "sessions 1",
            vec![
                ("id", uuid(11)),
                ("sid", uuid(12)),
                ("user_id", uuid(1)),
                ("auth_time", AT),
                ("amr", text("[\"pwd\"]")),
                ("acr", text("1")),
                ("address", text("2001:db8::7")),
                ("user_agent", text("A browser")),
                ("created_at", AT),
                ("expires_at", LATER),
            ],
        )],
    }
}

fn passkey(id: &[u8], backed_up: Value, used: Value) -> Vec<(&'static str, Value)> {
    vec![
        ("id", bytes(id)),
        ("user_id", uuid(1)),
        ("name", text("Phone")),
        ("public_key", bytes(b"key")),
        ("sign_count", Value::Integer(4_294_967_295)),
        ("backed_up", backed_up),
        ("transports", text("[\"internal\"]")),
        ("created_at", AT),
        ("last_used_at", used),
    ]
}

fn grant(id: u8, state: &str, more: Vec<(&'static str, Value)>) -> Vec<(&'static str, Value)> {
    let common = vec![
        ("id", uuid(id)),
        ("client_id", text("app")),
        ("user_id", uuid(1)),
        ("scope", text("openid")),
        ("resources", text("[]")),
        ("auth_time", AT),
        ("amr", text("[\"pwd\"]")),
        ("created_at", AT),
        ("expires_at", Value::Integer(253_402_300_799)),
        ("state", text(state)),
        ("granted_by", text("authorization_code")),
        ("acr", text("1")),
    ];
    [common, more].concat()
}

fn grants() -> Named {
    vec![
        (
            "grants 1",
            grant(
                21,
                "code_issued",
                vec![
                    ("session_id", uuid(11)),
                    ("sid", uuid(12)),
                    ("offline", NO),
                    ("nonce", text("n-1")),
                    ("redirect_uri", text("http://127.0.0.1:5000/cb")),
                    ("redirect_uri_was_given", YES),
                    ("code_challenge", text("challenge")),
                    ("code_expires_at", LATER),
                    ("claims", text("{\"userinfo\":{\"nickname\":null}}")),
                ],
            ),
        ),
        (
            "grants 2",
            grant(
                22,
                "active",
                vec![
                    ("offline", YES),
                    ("generation", Value::Integer(7)),
                    ("rotated_at", AT),
                    ("idle_expires_at", LATER),
                    ("migrated_from", uuid(23)),
                ],
            ),
        ),
        (
            "grants 3",
            grant(
                23,
                "revoked",
                vec![
                    ("offline", YES),
                    ("generation", Value::Integer(7)),
                    ("rotated_at", AT),
                    ("revoked_why", text("refresh_token_reused")),
                    ("revoked_at", AT),
                ],
            ),
        ),
    ]
}

fn devices() -> Named {
    let device = |id: u8, state: &str, more: Vec<(&'static str, Value)>| {
        let common = vec![
            ("id", uuid(id)),
            ("client_id", text("app")),
            ("user_code_key", text(&format!("code-{id}"))),
            ("scope", text("")),
            ("resources", text("[]")),
            ("asked_from", text("203.0.113.7")),
            ("created_at", AT),
            ("expires_at", LATER),
            ("state", text(state)),
        ];
        [common, more].concat()
    };
    vec![
        ("devices 1", device(31, "pending", vec![])),
        (
            "devices 2",
            device(32, "approved", vec![("polled_at", AT), ("grant_id", uuid(22))]),
        ),
    ]
}

fn outbox() -> Named {
    let waits = |id: &str, kind: &str, more: Vec<(&'static str, Value)>| {
        let common = vec![
            ("id", text(id)),
            ("kind", text(kind)),
            ("attempts", Value::Integer(3)),
            ("created_at", AT),
            ("next_at", AT),
            ("expires_at", LATER),
        ];
        [common, more].concat()
    };
    let logout = vec![
        ("client_id", text("relies")),
        ("sub", text("bob")),
        ("sid", uuid(14)),
    ];
    vec![
        ("outbox 1", waits("logout", "back_channel_logout", logout)),
        (
            "outbox 2",
            waits("mail-1", "mail", vec![("sealed", bytes(b"letter"))]),
        ),
    ]
}

fn small(table: &str) -> Named {
    let key = |kid: &str, retired: Value, expires: Value| {
        vec![
            ("kid", text(kid)),
            ("alg", text("ES256")),
            ("sealed", bytes(&[0, 255])),
            ("created_at", AT),
            ("retired_at", retired),
            ("expires_at", expires),
        ]
    };
    match table {
        "participants" => vec![(
            "participants 1",
            vec![
                ("sid", uuid(12)),
                ("client_id", text("relies")),
                ("sub", text("alice")),
            ],
        )],
        "consents" => vec![(
            "consents 1",
            vec![
                ("user_id", uuid(1)),
                ("client_id", text("app")),
                ("scope", text("openid")),
                ("resources", text("[]")),
                ("granted_at", AT),
            ],
        )],
        "revoked_tokens" => vec![("tokens 1", vec![("jti", text("jti-1")), ("expires_at", LATER)])],
        "nonces" => vec![("nonces 1", vec![("key", text("1 n")), ("expires_at", LATER)])],
        "attempts" => vec![(
            "attempts 1",
            vec![
                ("key", text("key")),
                ("failures", Value::Integer(4)),
                ("window_ends_at", LATER),
            ],
        )],
        "signing_keys" => vec![
            ("keys 1", key("kid-1", Value::Null, Value::Null)),
            ("keys 2", key("kid-0", AT, LATER)),
        ],
        _ => Vec::new(),
    }
}
