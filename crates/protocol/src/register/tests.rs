//! Types are strict, unknown members are not; what is stored is told.

use super::*;
use serde_json::json;

fn parse(value: &Value) -> Result<Request, Unreadable> {
    Request::parse(value.to_string().as_bytes())
}

/// Every member with a value of its type.
fn full() -> Map<String, Value> {
    let mut members = Map::new();
    for name in ClientMetadata::MEMBERS {
        let value = match *name {
            "redirect_uris"
            | "response_types"
            | "grant_types"
            | "contacts"
            | "default_acr_values"
            | "request_uris"
            | "post_logout_redirect_uris" => json!(["a", "b"]),
            "jwks" => json!({"keys": []}),
            "default_max_age" => json!(60),
            "require_auth_time" | "require_signed_request_object" => json!(true),
            flag if flag.ends_with("_session_required") => json!(true),
            _ => json!("a text"),
        };
        members.insert((*name).to_owned(), value);
    }
    members
}

#[test]
fn what_is_no_json_object_is_refused() {
    for bad in [
        "",
        "[]",
        "\"a\"",
        "1",
        "null",
        "{",
        "{\"a\":1}x",
        "a=b",
        "[\"https://a.example\"]",
    ] {
        let refused = Request::parse(bad.as_bytes());
        assert!(matches!(refused, Err(Unreadable::NotObject(_))), "{bad}");
    }
}

#[test]
fn a_member_that_stands_twice_is_refused() {
    let twice = br#"{"client_name":"A","client_name":"B"}"#;
    assert!(matches!(Request::parse(twice), Err(Unreadable::NotObject(_))));
}

#[test]
fn each_member_of_another_type_is_refused_by_its_name() {
    for member in ClientMetadata::MEMBERS {
        for wrong in [json!(1.5), json!([1]), json!([["a"]])] {
            let refused = parse(&json!({*member: wrong})).unwrap_err();
            let names_it = matches!(refused, Unreadable::Type { member: named, .. } if named == *member);
            assert!(names_it, "{member}: {refused}");
        }
    }
    for (member, wrong) in [
        ("redirect_uris", json!("https://a.example/cb")),
        ("client_name", json!(["A"])),
        ("default_max_age", json!("60")),
        ("require_auth_time", json!("true")),
        ("jwks", json!("{\"keys\":[]}")),
        ("client_id", json!(7)),
        ("client_secret", json!({})),
    ] {
        assert!(parse(&json!({member: wrong})).is_err(), "{member}");
    }
}

#[test]
fn members_that_nobody_knows_and_those_with_a_language_are_ignored() {
    let request = parse(&json!({
        "client_name": "Photos", "client_name#ja": 7, "logo_uri#fr": "x", "tls_client_certificate_bound": [], "x": {"y": 1},
    }));
    let expected = ClientMetadata {
        client_name: Some("Photos".into()),
        ..ClientMetadata::default()
    };
    assert_eq!(request.unwrap().metadata, expected);
}

#[test]
fn null_says_nothing() {
    let all: Map<String, Value> = full().into_iter().map(|(name, _)| (name, Value::Null)).collect();
    assert_eq!(
        parse(&Value::Object(all)).unwrap().metadata,
        ClientMetadata::default()
    );
}

#[test]
fn every_member_comes_back_as_it_was_said() {
    let request = parse(&Value::Object(full())).unwrap();
    assert_eq!(request.metadata.to_members(), full());
    assert_eq!(ClientMetadata::from_members(full()).unwrap(), request.metadata);
    let mut empty = ClientMetadata::default();
    assert_eq!(empty.to_members(), Map::new());
    empty.overlay(request.metadata.clone());
    assert_eq!(empty, request.metadata);
    empty.overlay(ClientMetadata::default());
    assert_eq!(empty, request.metadata);
}

#[test]
fn an_update_is_told_apart_by_its_reserved_members() {
    let request = parse(&json!({"client_id": "c", "client_secret": "s"})).unwrap();
    assert_eq!(request.reserved.client_id.as_deref(), Some("c"));
    assert_eq!(request.reserved.client_secret, Some(ClientSecret::new("s")));
    assert_eq!(request.reserved.not_to_be_sent, None);
    for name in SERVERS_OWN {
        let request = parse(&json!({name: 0})).unwrap();
        assert_eq!(request.reserved.not_to_be_sent, Some(name));
    }
    assert!(!format!("{request:?}").contains("\"s\""));
}

fn response(client_secret: Option<&str>) -> Value {
    let response = Response {
        client_id: "c".into(),
        client_id_issued_at: Timestamp(7),
        client_secret: client_secret.map(ClientSecret::new),
        registration_access_token: Some(RegistrationAccessToken::new("t")),
        registration_client_uri: Some("https://as.example/register/c".into()),
        metadata: ClientMetadata {
            client_name: Some("Photos".into()),
            require_auth_time: Some(false),
            ..ClientMetadata::default()
        },
    };
    assert!(!format!("{response:?}").contains("\"t\""));
    serde_json::from_str(&response.to_json()).unwrap()
}

#[test]
fn an_answer_holds_what_is_stored_and_a_secret_says_that_it_never_expires() {
    let expected = json!({
        "client_id": "c", "client_id_issued_at": 7, "client_secret": "s", "client_secret_expires_at": 0,
        "registration_access_token": "t", "registration_client_uri": "https://as.example/register/c",
        "client_name": "Photos", "require_auth_time": false,
    });
    assert_eq!(response(Some("s")), expected);
    let without = response(None);
    assert!(without.get("client_secret").is_none() && without.get("client_secret_expires_at").is_none());
}
