//! A login that somebody else starts, who may mean ill.

use valetkey_protocol::rule::Rule;

use super::{ISSUER, refused};
use crate::{Error, ThirdPartyLogin};

const KNOWN: [&str; 2] = [ISSUER, "https://other.example/t"];
const APP: &str = "https://app.example";
const ISS: &str = "iss=https%3A%2F%2Flogin.example";

fn read(query: &str) -> Result<ThirdPartyLogin, Error> {
    ThirdPartyLogin::read(query, &KNOWN, APP)
}

#[test]
fn an_issuer_that_the_app_does_not_know_is_refused() {
    for query in [
        "",
        "iss=",
        "login_hint=alice",
        "iss=https%3A%2F%2Fevil.example",
        "iss=https%3A%2F%2Flogin.example%2F",
        "iss=https%3A%2F%2FLOGIN.example",
        "iss=https%3A%2F%2Fother.example",
    ] {
        refused(read(query), Rule::ClientLoginIssuerUnknown);
    }
    let nobody = ThirdPartyLogin::read("iss=", &[], APP);
    refused(nobody, Rule::ClientLoginIssuerUnknown);
}

#[test]
fn open_redirector_a_target_outside_the_app_is_refused() {
    for target in [
        "https://evil.example/",
        "https://app.example.evil.example/",
        "https://app.example@evil.example/",
        "https://app.example:8443/",
        "http://app.example/",
        "//evil.example/",
        "/inbox",
        "javascript:alert(1)",
        "data:text/html,x",
    ] {
        let target: String = url::form_urlencoded::byte_serialize(target.as_bytes()).collect();
        let outcome = read(&format!("{ISS}&target_link_uri={target}"));
        refused(outcome, Rule::ClientLoginTargetForeign);
    }
    // An app whose own address is none has no pages at all.
    let own = ThirdPartyLogin::read(&format!("{ISS}&target_link_uri=data%3Ax"), &KNOWN, "data:x");
    refused(own, Rule::ClientLoginTargetForeign);
}

#[test]
fn a_parameter_that_stands_twice_is_not_guessed_about() {
    let outcome = read(&format!("{ISS}&iss=https%3A%2F%2Fevil.example"));
    assert!(matches!(outcome, Err(Error::Malformed { .. })));
}

#[test]
fn a_known_issuer_and_a_page_of_the_app_are_taken_over() {
    let login = read(&format!(
        "{ISS}&login_hint=alice%40x&target_link_uri=https%3A%2F%2Fapp.example%2F%2Fevil.example%3Fa%3D1&new=1"
    ))
    .unwrap();
    assert_eq!(login.issuer, ISSUER);
    assert_eq!(login.login_hint.as_deref(), Some("alice@x"));
    // Whole, so that the path cannot be taken for another host.
    assert_eq!(
        login.target_link_uri.unwrap().as_str(),
        "https://app.example//evil.example?a=1"
    );
    assert_eq!(read(ISS).unwrap().target_link_uri, None);
}
