//! Clients as relying parties on the command line, and the tokens with which apps register themselves.

use crate::clients::{PUBLIC_KEY, client, json, shown};
use crate::http::{Answer, send};
use crate::support::{Home, Served, done, refused};
use serde_json::{Value, json as value};

/// What would not work, or not safely; each with a word of the reason.
const BAD: [(&str, &str); 17] = [
    (
        "--logo-uri http://app.example/logo.png",
        "VK-REGISTER-URI-NOT-HTTPS",
    ),
    ("--tos-uri javascript:alert(1)", "VK-REGISTER-URI-NOT-HTTPS"),
    (
        "--initiate-login-uri http://app.example/login",
        "VK-REGISTER-INITIATE-LOGIN-URI",
    ),
    ("--request-uri http://app.example/r", "VK-REGISTER-REQUEST-URI"),
    (
        "--post-logout-redirect-uri https://app.example/bye#x",
        "VK-REGISTER-POST-LOGOUT-URI",
    ),
    (
        "--frontchannel-logout-uri https://evil.example/front",
        "VK-REGISTER-FRONTCHANNEL-LOGOUT-URI",
    ),
    (
        "--backchannel-logout-uri ftp://app.example/",
        "VK-REGISTER-BACKCHANNEL-LOGOUT-URI",
    ),
    ("--backchannel-logout-session", "VK-REGISTER-LOGOUT-SESSION"),
    ("--subject-type secret", "public, pairwise"),
    (
        "--subject-type pairwise --redirect-uri https://other.example/cb",
        "VK-REGISTER-SECTOR-MISSING",
    ),
    (
        "--id-token-encryption-enc A256GCM",
        "VK-REGISTER-ENCRYPTION-ALG-MISSING",
    ),
    ("--id-token-encryption-alg RSA1_5", "VK-REGISTER-ALGORITHM"),
    ("--userinfo-encryption-alg ECDH-ES", "VK-REGISTER-KEYS-MISSING"),
    ("--response-type id_token", "VK-REGISTER-RESPONSE-TYPE-GRANT"),
    ("--default-acr 3", "VK-REGISTER-DEFAULT-ACR"),
    ("--jwks-uri http://app.example/jwks", "VK-REGISTER-URI-NOT-HTTPS"),
    (
        "--jwks-uri https://app.example/jwks --jwks x.json",
        "cannot be used with",
    ),
];

#[test]
fn the_rules_of_registration_hold_for_an_operators_clients_too() {
    let home = Home::new();
    for (words, says) in BAD {
        let said = refused(client(&home, &format!("add a --redirect-uri URI {words}")));
        assert!(said.contains(says), "{words}: {said}");
    }
    assert_eq!(json(&done(client(&home, "list --json"))), json("[]"));
    done(client(&home, "add a --redirect-uri URI"));
    let before = shown(&home, "a");
    for (words, says) in BAD.iter().filter(|(words, _)| !words.contains("--redirect-uri")) {
        let said = refused(client(&home, &format!("set a {words}")));
        assert!(said.contains(says), "{words}: {said}");
    }
    for (words, says) in [
        ("--unset logo_ury", "did you mean \"logo_uri\"?"),
        ("--unset client_name", "cannot be taken away"),
        ("--unset scope", "cannot be taken away"),
        ("--redirect-uri http://app.example/cb", "plain http"),
    ] {
        let said = refused(client(&home, &format!("set a {words}")));
        assert!(said.contains(says), "{words}: {said}");
    }
    assert_eq!(shown(&home, "a"), before, "nothing was changed by halves");
}

#[test]
fn what_a_client_is_as_a_relying_party_is_added_changed_and_taken_away_member_by_member() {
    let home = Home::new();
    let keys = home.path("keys.json");
    std::fs::write(&keys, PUBLIC_KEY).unwrap();
    let words = format!(
        "add a --redirect-uri URI --auth-method client_secret_basic --jwks {} --id-token-encryption-alg ECDH-ES \
         --post-logout-redirect-uri https://app.example/bye --subject-type pairwise --userinfo-alg ES256 \
         --backchannel-logout-uri https://app.example/back --backchannel-logout-session --logo-uri \
         https://app.example/logo.png --default-max-age 60 --default-acr 2 --contact ops@app.example",
        keys.display()
    );
    done(client(&home, &words));
    let there = shown(&home, "a");
    for (member, expected) in [
        ("post_logout_redirect_uris", value!(["https://app.example/bye"])),
        ("subject_type", value!("pairwise")),
        ("id_token_encrypted_response_alg", value!("ECDH-ES")),
        ("id_token_encrypted_response_enc", value!("A128CBC-HS256")),
        ("userinfo_signed_response_alg", value!("ES256")),
        ("backchannel_logout_uri", value!("https://app.example/back")),
        ("backchannel_logout_session_required", value!(true)),
        ("logo_uri", value!("https://app.example/logo.png")),
        ("default_max_age", value!(60)),
        ("default_acr_values", value!(["2"])),
        ("contacts", value!(["ops@app.example"])),
        ("response_types", value!(["code"])),
        ("token_endpoint_auth_method", value!("client_secret_basic")),
    ] {
        assert_eq!(there[member], expected, "{member}");
    }
    assert_eq!(there["jwks"]["keys"][0]["kid"], "a");
    let table = done(client(&home, "show a"));
    assert!(
        table.contains("backchannel logout uri") && table.contains("https://app.example/back"),
        "{table}"
    );
    assert!(
        !table.contains("require auth time"),
        "what is usual is not told: {table}"
    );
    done(client(
        &home,
        "set a --unset backchannel_logout_uri,default_max_age --tos-uri https://app.example/tos --name Photos --id-token-alg ES256",
    ));
    let after = shown(&home, "a");
    for gone in [
        "backchannel_logout_uri",
        "backchannel_logout_session_required",
        "default_max_age",
    ] {
        assert!(after.get(gone).is_none(), "{gone}");
    }
    assert_eq!(after["tos_uri"], "https://app.example/tos");
    assert_eq!(after["client_name"], "Photos");
    assert_eq!(after["id_token_signed_response_alg"], "ES256");
    assert_eq!(after["logo_uri"], there["logo_uri"], "the rest stays");
    assert_eq!(after["jwks"], there["jwks"]);
    done(client(&home, "set a --jwks-uri https://app.example/jwks"));
    let moved = shown(&home, "a");
    assert_eq!(moved["jwks_uri"], "https://app.example/jwks");
    assert!(moved.get("jwks").is_none());
}

#[test]
fn response_types_that_nobody_named_follow_what_the_client_is_allowed() {
    let home = Home::new();
    done(client(&home, "add a --redirect-uri URI"));
    done(client(&home, "allow a implicit"));
    let all = shown(&home, "a")["response_types"].as_array().unwrap().len();
    assert_eq!(all, 7);
    done(client(&home, "set a --logo-uri https://app.example/l.png"));
    assert_eq!(shown(&home, "a")["response_types"].as_array().unwrap().len(), 7);
    done(home.admin(&["client", "set", "a", "--response-type", "id_token code"]));
    assert_eq!(shown(&home, "a")["response_types"], value!(["code id_token"]));
    done(client(&home, "set a --unset response_types"));
    assert_eq!(shown(&home, "a")["response_types"].as_array().unwrap().len(), 7);
}

fn register(served: &Served, token: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [
        ("authorization", authorization.as_str()),
        ("content-type", "application/json"),
    ];
    let body = value!({"redirect_uris": ["http://127.0.0.1/cb"], "application_type": "native"}).to_string();
    send(served.address, "POST /register", &headers, &body)
}

#[test]
fn an_app_registers_itself_with_a_token_of_the_operator_until_it_is_taken_back() {
    let home = Home::new();
    let said = done(home.admin(&["registration-token"]));
    assert!(said.contains("[registration] mode is off"), "{said}");
    let config = std::fs::read_to_string(home.config()).unwrap();
    home.write(&format!(
        "{config}[registration]\nmode = \"initial_access_token\"\n"
    ));
    let token = |more: &[&str]| {
        json(&done(
            home.admin(&[&["registration-token", "--json"], more].concat()),
        ))
    };
    let made: Value = token(&["--ttl-hours", "1"]);
    let text = made["initial_access_token"].as_str().unwrap();
    assert!(text.starts_with("vki_"), "{text}");
    assert_eq!(made["registration_endpoint"], "http://localhost:8080/register");
    refused(home.admin(&["registration-token", "--ttl-hours", "0"]));
    let served = home.serve();
    assert_eq!(register(&served, "vki_forged").status, 401);
    let registered = register(&served, text);
    assert_eq!(registered.status, 201, "{registered:?}");
    let id = registered.json()["client_id"].as_str().unwrap().to_owned();
    let there = shown(&home, &id);
    assert_eq!(there["registration"]["initial_access_token"], made["id"]);
    assert!(done(client(&home, &format!("show {id}"))).contains("by itself, with the initial access token"));
    done(home.admin(&["registration-token", "--revoke", made["id"].as_str().unwrap()]));
    let late = register(&served, text);
    assert_eq!(
        (late.status, late.json()["error"].clone()),
        (401, value!("invalid_token"))
    );
    let other = token(&[]);
    assert_eq!(
        register(&served, other["initial_access_token"].as_str().unwrap()).status,
        201
    );
    served.stop();
}
