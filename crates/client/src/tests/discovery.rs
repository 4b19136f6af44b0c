//! Metadata: whose it is, and where it leads.

use std::sync::{Arc, Mutex};

use serde_json::json;
use valetkey_protocol::rule::Rule;

use super::{ISSUER, World, now, plain, refused};
use crate::{Client, ClientAuthentication, Error, HttpError, HttpRequest, Registration};

#[test]
fn metadata_of_another_issuer_is_refused() {
    for issuer in [
        "https://evil.example",
        "https://login.example/",
        "https://LOGIN.example",
        "",
    ] {
        let world = World::new();
        world.change(json!({"issuer": issuer}));
        refused(
            world.discover_as(ClientAuthentication::None),
            Rule::ClientMetadataIssuer,
        );
    }
}

#[test]
fn an_endpoint_in_clear_text_is_refused() {
    for endpoint in [
        "token_endpoint",
        "authorization_endpoint",
        "jwks_uri",
        "userinfo_endpoint",
        "revocation_endpoint",
        "end_session_endpoint",
    ] {
        let world = World::new();
        world.change(json!({endpoint: "http://login.example/x"}));
        let outcome = world.discover_as(ClientAuthentication::None);
        assert!(
            matches!(outcome, Err(Error::Config(_))),
            "{endpoint}: {outcome:?}"
        );
    }
}

fn discover(
    issuer: &str,
    answers: impl Fn(&str) -> (u16, String) + Send + Sync + 'static,
) -> (Result<Client, Error>, Vec<String>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&asked);
    let http = move |request: HttpRequest| {
        let url = request.uri().to_string();
        let (status, body) = answers(&url);
        log.lock().unwrap().push(url);
        async move { Ok::<_, HttpError>(plain(status, &body)) }
    };
    let registration = Registration {
        issuer: issuer.to_owned(),
        client_id: "a".to_owned(),
        authentication: ClientAuthentication::None,
        redirect_uri: None,
    };
    let outcome = now(Client::discover(Arc::new(http), registration));
    let asked = asked.lock().unwrap().clone();
    (outcome, asked)
}

#[test]
fn an_issuer_that_is_no_safe_url_is_refused_before_anything_is_sent() {
    for issuer in [
        "",
        "login.example",
        "http://login.example",
        "https://a.example?x=1",
        "https://a.example#x",
    ] {
        let (outcome, asked) = discover(issuer, |_| (200, "{}".into()));
        assert!(matches!(outcome, Err(Error::Config(_))), "{issuer}");
        assert!(asked.is_empty());
    }
}

#[test]
fn openid_discovery_serves_where_there_is_no_oauth_metadata() {
    let issuer = "https://a.example/tenant";
    let (outcome, asked) = discover(issuer, move |url| {
        if url.ends_with("/openid-configuration") {
            (200, json!({"issuer": issuer}).to_string())
        } else {
            (404, String::new())
        }
    });
    let client = outcome.unwrap();
    assert_eq!(
        asked,
        [
            "https://a.example/.well-known/oauth-authorization-server/tenant",
            "https://a.example/tenant/.well-known/openid-configuration",
        ]
    );
    assert!(matches!(
        client.begin(&crate::Ask::default()),
        Err(Error::NotOffered(_) | Error::Config(_))
    ));
    let (outcome, _) = discover(ISSUER, |_| (503, String::new()));
    assert_eq!(
        outcome.unwrap_err(),
        Error::Status {
            endpoint: "metadata",
            status: 503
        }
    );
}

#[test]
fn a_start_page_in_the_place_of_oauth_metadata_is_passed_over() {
    let (outcome, asked) = discover(ISSUER, |url| {
        if url.ends_with("/openid-configuration") {
            (200, json!({"issuer": ISSUER}).to_string())
        } else {
            (200, "<!doctype html><title>Welcome</title>".into())
        }
    });
    assert_eq!((outcome.unwrap().issuer(), asked.len()), (ISSUER, 2));
}
