//! Reading what a provider told: refusals first.

use super::told::*;
use serde_json::{Value, json};
use uuid::Uuid;
use valetkey_model::UserId;
use valetkey_protocol::rule::{Rule, Trail};
use valetkey_protocol::time::Timestamp;

const NOW: Timestamp = Timestamp(1_795_355_010);

fn github() -> Mapping {
    let member = |name: &str| Some(name.to_owned());
    Mapping {
        subject: String::from("id"),
        username: member("login"),
        name: member("name"),
        email: member("email"),
        email_verified: None,
        picture: member("avatar_url"),
    }
}

fn read(claims: &Value, mapping: &Mapping) -> Told {
    told("x", claims, (mapping, true), &mut Trail::off()).unwrap()
}

fn openid(claims: &Value) -> Told {
    read(claims, &Mapping::openid())
}

#[test]
fn nobody_without_a_lasting_identifier() {
    let long = "x".repeat(256);
    for subject in [
        json!(null),
        json!(""),
        json!("  "),
        json!(1.5),
        json!(true),
        json!(["a"]),
        json!({"id": 1}),
        json!("a\nb"),
        json!(long),
    ] {
        let claims = json!({"sub": subject, "id": 1});
        let outcome = told("x", &claims, (&Mapping::openid(), true), &mut Trail::off());
        assert_eq!(
            outcome.unwrap_err().rule,
            Rule::UpstreamSubjectMissing,
            "{claims}"
        );
    }
    for claims in [json!([]), json!("sub"), json!({"data": {}})] {
        let nested = Mapping {
            subject: String::from("data.id"),
            ..github()
        };
        let outcome = told("x", &claims, (&nested, true), &mut Trail::off());
        assert_eq!(
            outcome.unwrap_err().rule,
            Rule::UpstreamSubjectMissing,
            "{claims}"
        );
    }
}

#[test]
fn an_address_counts_as_verified_only_where_the_provider_says_so_and_is_believed() {
    let mail = |verified: Value| json!({"sub": "1", "email": "a@b.example", "email_verified": verified});
    for doubtful in [json!(null), json!(false), json!("false"), json!(1), json!("yes")] {
        let told = openid(&mail(doubtful.clone()));
        assert_eq!(told.verified_email(), None, "{doubtful}");
        assert_eq!(told.email.as_deref(), Some("a@b.example"));
    }
    for sure in [json!(true), json!("true")] {
        assert_eq!(openid(&mail(sure)).verified_email(), Some("a@b.example"));
    }
    let doubted = told(
        "x",
        &mail(json!(true)),
        (&Mapping::openid(), false),
        &mut Trail::off(),
    )
    .unwrap();
    assert_eq!(doubted.verified_email(), None);
    assert_eq!(doubted.claims("a", NOW).email_verified, Some(false));
}

#[test]
fn what_is_no_address_no_plain_text_or_no_https_picture_is_left_out() {
    let claims = json!({
        "sub": "1", "name": "a\u{0}b", "preferred_username": 7, "given_name": "", "picture": "javascript:alert(1)",
        "email": "a@b@c", "email_verified": true,
    });
    let bare = openid(&claims);
    assert_eq!((bare.name, bare.username, bare.given_name), (None, None, None));
    assert_eq!(
        (bare.picture, bare.email, bare.email_verified),
        (None, None, false)
    );
    for odd in [
        "",
        "@",
        "a@",
        "@b",
        "a b@c",
        "a@b\r\nBcc: c",
        &format!("{}@b", "a".repeat(260)),
    ] {
        let told = openid(&json!({"sub": "1", "email": odd, "email_verified": true}));
        assert_eq!(told.email, None, "{odd:?}");
    }
    assert_eq!(
        openid(&json!({"sub": "1", "picture": "http://p.example/a"})).picture,
        None
    );
}

#[test]
fn openid_claims_are_read_by_their_names() {
    let told = openid(&json!({
        "sub": "24400320", "preferred_username": "j.doe", "name": "Jane Doe", "given_name": "Jane", "family_name": "Doe",
        "picture": "https://p.example/jane.jpg", "email": "jane@example.com", "email_verified": true,
    }));
    assert_eq!(told.subject, "24400320");
    assert_eq!(told.label(), "j.doe");
    let claims = told.claims("jane", NOW);
    assert_eq!(
        claims.preferred_username.as_deref(),
        Some("jane"),
        "the name that it has here"
    );
    assert_eq!(claims.given_name.as_deref(), Some("Jane"));
    assert_eq!(claims.family_name.as_deref(), Some("Doe"));
    assert_eq!(claims.picture.as_deref(), Some("https://p.example/jane.jpg"));
    assert_eq!(
        (claims.email.as_deref(), claims.email_verified),
        (Some("jane@example.com"), Some(true))
    );
    let user = UserId(Uuid::from_u128(1));
    let link = told.link(user, NOW);
    assert_eq!(
        (link.provider.as_str(), link.subject.as_str(), link.user),
        ("x", "24400320", user)
    );
}

#[test]
fn a_provider_with_names_of_its_own_is_read_by_a_mapping() {
    let claims = json!({
        "id": 583_231, "login": "octocat", "name": null, "email": "octocat@example.com",
        "avatar_url": "https://a.example/u/583231",
    });
    let told = read(&claims, &github());
    assert_eq!((told.subject.as_str(), told.label()), ("583231", "octocat"));
    assert_eq!((told.name.as_deref(), told.verified_email()), (None, None));
    let nested = Mapping {
        subject: String::from("data.id"),
        username: Some(String::from("data.screen.name")),
        ..github()
    };
    let told = read(
        &json!({"data": {"id": "9", "screen": {"name": "n"}}, "data.screen.name": "whole"}),
        &nested,
    );
    assert_eq!(
        (told.subject.as_str(), told.username.as_deref()),
        ("9", Some("whole"))
    );
}

#[test]
fn of_a_list_of_addresses_the_primary_one_counts() {
    let entry = |email: &str, primary: bool, verified: bool| json!({"email": email, "primary": primary, "verified": verified});
    assert_eq!(primary_email(&json!({})), None);
    assert_eq!(primary_email(&json!([])), None);
    assert_eq!(primary_email(&json!([entry("a@b.example", false, true)])), None);
    assert_eq!(primary_email(&json!([entry("nonsense", true, true)])), None);
    let list = json!([
        entry("old@b.example", false, true),
        entry("a@b.example", true, false)
    ]);
    assert_eq!(primary_email(&list), Some((String::from("a@b.example"), false)));
    let list = json!([entry("a@b.example", true, true)]);
    assert_eq!(primary_email(&list), Some((String::from("a@b.example"), true)));
}

#[test]
fn a_username_is_suggested_that_can_be_one() {
    let suggest = |username: Option<&str>, email: Option<&str>| {
        suggested_username(&openid(
            &json!({"sub": "1", "preferred_username": username, "email": email}),
        ))
    };
    for (username, email, suggested) in [
        (None, None, ""),
        (Some("Jane Doe"), None, "jane-doe"),
        (Some("jane@example.com"), None, "jane"),
        (None, Some("jane+x@example.com"), "janex"),
        (Some("..."), None, ""),
        (Some("j\u{202e}ane"), None, "jane"),
    ] {
        let got = suggest(username, email);
        assert_eq!(got, suggested);
        assert!(got.is_empty() || super::is_username(&got));
    }
}
