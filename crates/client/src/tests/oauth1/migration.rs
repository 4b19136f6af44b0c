//! From OAuth 1.0a to OAuth 2: no secret in the request, and the words of either protocol in a refusal.

use std::sync::{Arc, Mutex};

use serde_json::json;
use valetkey_protocol::oauth1::Collected;
use valetkey_protocol::observe::Step;
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::secret::{ClientSecret, OAuth1Secret};
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, OAUTH1_TOKEN_TYPE};

use super::super::observed::{Notebook, token};
use super::super::{ISSUER, NOW, World, now, plain, refused};
use super::{SECRET, access, check};
use crate::oauth1::{Consumer, Signing};
use crate::{Client, ClientAuthentication, Error, Exchanged, HttpRequest, Registration};

/// A server whose token endpoint answers with this, to a request that is signed well.
struct Server {
    status: u16,
    body: String,
    asked: Mutex<Vec<(Collected, Params)>>,
}

impl Server {
    fn new(status: u16, body: impl ToString) -> Arc<Self> {
        Arc::new(Self {
            status,
            body: body.to_string(),
            asked: Mutex::default(),
        })
    }

    /// A client with a secret, which must stay at home.
    fn client(self: &Arc<Self>) -> Client {
        let (server, world) = (Arc::clone(self), World::new());
        let http = move |request: HttpRequest| {
            let answer = if request.uri().path() == "/token" {
                let read = (check(&request, "s2/"), Params::parse(request.body()).unwrap());
                server.asked.lock().unwrap().push(read);
                Ok(plain(server.status, &server.body))
            } else {
                world.answer(&request)
            };
            async move { answer }
        };
        let registration = Registration {
            issuer: ISSUER.to_owned(),
            client_id: "printer".to_owned(),
            authentication: ClientAuthentication::SecretPost(ClientSecret::new("of OAuth 2")),
            redirect_uri: None,
        };
        now(Client::discover(Arc::new(http), registration)).unwrap()
    }
}

fn migrate(client: &Client, scope: &str) -> Result<Exchanged, Error> {
    let consumer = Consumer {
        key: "printer".to_owned(),
        signing: Signing::HmacSha256(OAuth1Secret::new(SECRET)),
    };
    now(client.migrate(&consumer, &access(), scope, NOW))
}

#[test]
fn a_refusal_is_passed_on_in_the_words_of_the_protocol_that_refused() {
    for (status, body, word) in [
        (400, r#"{"error":"invalid_scope"}"#, "invalid_scope"),
        (
            401,
            "oauth_problem=token_revoked&oauth_problem_advice=gone",
            "token_revoked",
        ),
    ] {
        let outcome = migrate(&Server::new(status, body).client(), "");
        assert!(
            matches!(outcome, Err(Error::Wire { ref error, .. }) if error == word),
            "{outcome:?}"
        );
    }
    let outcome = migrate(&Server::new(503, "").client(), "");
    assert!(
        matches!(outcome, Err(Error::Status { status: 503, .. })),
        "{outcome:?}"
    );
    let answer = json!({"access_token": "at", "token_type": "mac", "issued_token_type": ACCESS_TOKEN_TYPE});
    refused(
        migrate(&Server::new(200, answer).client(), ""),
        Rule::TokenTypeNotBearer,
    );
}

#[test]
fn the_credentials_are_exchanged_by_a_signed_request_without_a_secret() {
    let answer = json!({
        "access_token": "at2", "token_type": "Bearer", "refresh_token": "rt2", "scope": "photos.read",
        "issued_token_type": ACCESS_TOKEN_TYPE,
    });
    let server = Server::new(200, answer);
    let notebook = Arc::new(Notebook::default());
    let client = server.client().with_observer(notebook.clone());
    let moved = migrate(&client, "photos.read").unwrap();
    assert_eq!(moved.tokens.refresh_token.unwrap().expose(), "rt2");
    assert_eq!(moved.tokens.scope.to_string(), "photos.read");
    let asked = server.asked.lock().unwrap();
    let (signed, form) = &asked[0];
    assert_eq!(signed.protocol.token.as_deref(), Some("t2"));
    let names: Vec<&str> = form.pairs().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["grant_type", "subject_token", "subject_token_type", "scope"]
    );
    assert_eq!(form.get("subject_token_type"), Some(OAUTH1_TOKEN_TYPE));
    let events = notebook.0.lock().unwrap();
    assert_eq!(events.len(), 1);
    assert_eq!(
        (events[0].step, events[0].keys.as_slice()),
        (Step::TokenRequest, &[token("t2"), token("at2")][..])
    );
    assert_eq!(events[0].client_id.as_deref(), Some("printer"));
}
