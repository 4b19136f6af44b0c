//! A server that speaks OAuth 2.0 and no OpenID Connect: no metadata, no ID token, answers of its own shape.

use std::sync::{Arc, Mutex};

use http::header::{ACCEPT, AUTHORIZATION, USER_AGENT};
use serde_json::json;
use valetkey_jose::{b64, hash};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::secret::ClientSecret;

use super::{CALLBACK, NOW, now, plain, refused};
use crate::{
    Ask, Client, ClientAuthentication, Endpoints, Error, HttpError, HttpRequest, Registration, Tokens,
};

const ISSUER: &str = "https://code.example";

fn endpoints() -> Endpoints {
    Endpoints {
        authorization: format!("{ISSUER}/login/oauth/authorize"),
        token: format!("{ISSUER}/login/oauth/access_token"),
        userinfo: Some("https://api.code.example/user".into()),
        ..Endpoints::default()
    }
}

struct Server {
    token_answer: Mutex<String>,
    user: Mutex<String>,
    /// The challenge of the request that is under way.
    challenge: Mutex<String>,
    asked: Mutex<Vec<String>>,
}

impl Server {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            token_answer: Mutex::new(
                json!({"access_token": "gho_1", "token_type": "bearer", "scope": "read:user,user:email"})
                    .to_string(),
            ),
            user: Mutex::new(json!({"id": 583_231, "login": "octo", "name": null}).to_string()),
            challenge: Mutex::default(),
            asked: Mutex::default(),
        })
    }

    fn client(self: &Arc<Self>, endpoints: Endpoints) -> Result<Client, Error> {
        let server = Arc::clone(self);
        let http = move |request: HttpRequest| {
            let answer = server.answer(&request);
            async move { Ok::<_, HttpError>(answer) }
        };
        let registration = Registration {
            issuer: ISSUER.to_owned(),
            client_id: "app".to_owned(),
            authentication: ClientAuthentication::SecretPost(ClientSecret::new("secret")),
            redirect_uri: Some(CALLBACK.to_owned()),
        };
        Client::with_endpoints(Arc::new(http), registration, endpoints)
    }

    fn answer(&self, request: &HttpRequest) -> crate::HttpResponse {
        self.asked.lock().unwrap().push(request.uri().to_string());
        assert!(
            request.headers()[USER_AGENT]
                .to_str()
                .unwrap()
                .starts_with("valetkey")
        );
        // Without this header the answer would be a form.
        assert_eq!(request.headers()[ACCEPT], "application/json");
        let bearer = || request.headers()[AUTHORIZATION].to_str().unwrap();
        match request.uri().path() {
            "/login/oauth/access_token" => {
                let params = Params::parse(request.body()).unwrap();
                assert_eq!(params.get("client_secret"), Some("secret"));
                let verifier = params.get("code_verifier").unwrap();
                let challenge = b64::encode_url(&hash::sha256(verifier.as_bytes()));
                assert_eq!(*self.challenge.lock().unwrap(), challenge);
                plain(200, &self.token_answer.lock().unwrap())
            }
            "/user" if bearer() == "Bearer gho_1" => plain(200, &self.user.lock().unwrap()),
            "/user/emails" if bearer() == "Bearer gho_1" => plain(200, r#"[{"email": "o@x.example"}]"#),
            _ => plain(401, "{}"),
        }
    }

    /// Goes there and comes back with `answer`, in which STATE stands for the state.
    fn sign_in(&self, client: &Client, answer: &str) -> Result<Tokens, Error> {
        let ask = Ask {
            scope: "read:user user:email",
            ..Ask::default()
        };
        let (url, pending) = client.begin(&ask).unwrap();
        let sent: std::collections::HashMap<_, _> = url.query_pairs().into_owned().collect();
        assert_eq!(sent["scope"], "read:user user:email");
        assert!(!sent.contains_key("nonce"));
        (*self.challenge.lock().unwrap()).clone_from(&sent["code_challenge"]);
        let answer = answer.replace("STATE", pending.state());
        now(client.finish(pending, &answer, NOW))
    }
}

#[test]
fn login_csrf_with_a_foreign_state_is_refused_without_openid_as_well() {
    let server = Server::new();
    let client = server.client(endpoints()).unwrap();
    for answer in ["code=c1&state=other", "code=c1"] {
        refused(server.sign_in(&client, answer), Rule::ClientStateMismatch);
    }
    assert!(server.asked.lock().unwrap().is_empty());
}

#[test]
fn mix_up_iss_is_checked_when_it_is_promised_and_whenever_it_is_there() {
    let server = Server::new();
    let silent = server.client(endpoints()).unwrap();
    let promising = server
        .client(Endpoints {
            sends_iss: true,
            ..endpoints()
        })
        .unwrap();
    let evil = "code=c1&state=STATE&iss=https%3A%2F%2Fevil.example";
    let own = "code=c1&state=STATE&iss=https%3A%2F%2Fcode.example";
    let none = "code=c1&state=STATE";
    for client in [&silent, &promising] {
        refused(server.sign_in(client, evil), Rule::ClientIssMismatch);
    }
    refused(server.sign_in(&promising, none), Rule::ClientIssMissing);
    assert!(server.asked.lock().unwrap().is_empty());
    assert!(server.sign_in(&promising, own).is_ok() && server.sign_in(&silent, own).is_ok());
    assert!(server.sign_in(&silent, none).is_ok());
}

#[test]
fn an_error_that_comes_with_status_200_is_an_error() {
    let server = Server::new();
    let client = server.client(endpoints()).unwrap();
    *server.token_answer.lock().unwrap() =
        json!({"error": "bad_verification_code", "error_description": "The code has expired."}).to_string();
    let outcome = server.sign_in(&client, "code=c1&state=STATE");
    assert!(matches!(outcome, Err(Error::Wire { error, .. }) if error == "bad_verification_code"));
    *server.token_answer.lock().unwrap() = "access_token=gho_1&token_type=bearer".into();
    let outcome = server.sign_in(&client, "code=c1&state=STATE");
    assert!(matches!(outcome, Err(Error::Malformed { .. })), "{outcome:?}");
}

#[test]
fn an_id_token_that_nothing_could_check_is_not_asked_for_and_not_believed() {
    let server = Server::new();
    let client = server.client(endpoints()).unwrap();
    let ask = Ask {
        scope: "openid",
        ..Ask::default()
    };
    assert!(matches!(client.begin(&ask), Err(Error::NotOffered(_))));
    *server.token_answer.lock().unwrap() =
        json!({"access_token": "gho_1", "token_type": "bearer", "id_token": "a.b.c"}).to_string();
    let tokens = server.sign_in(&client, "code=c1&state=STATE").unwrap();
    assert_eq!((tokens.id_token, tokens.id_claims), (None, None));
    assert!(matches!(
        now(client.verify_logout_token("a.b.c", NOW)),
        Err(Error::Refused(_) | Error::NotOffered(_))
    ));
}

#[test]
fn a_person_is_who_the_userinfo_endpoint_says_even_without_sub() {
    let server = Server::new();
    let client = server.client(endpoints()).unwrap();
    let tokens = server.sign_in(&client, "code=c1&state=STATE").unwrap();
    assert_eq!(tokens.expires_at, None);
    let person = now(client.userinfo_json(&tokens)).unwrap();
    assert_eq!(
        (&person["id"], &person["login"]),
        (&json!(583_231), &json!("octo"))
    );
    let emails = now(client.get_json("https://api.code.example/user/emails", &tokens)).unwrap();
    assert_eq!(emails[0]["email"], "o@x.example");
}

#[test]
fn an_answer_that_is_no_object_a_refusal_and_an_insecure_address_are_errors() {
    let server = Server::new();
    let client = server.client(endpoints()).unwrap();
    let mut tokens = server.sign_in(&client, "code=c1&state=STATE").unwrap();
    *server.user.lock().unwrap() = "[1]".into();
    let outcome = now(client.userinfo_json(&tokens));
    assert!(matches!(outcome, Err(Error::Malformed { .. })));
    let outcome = now(client.get_json("http://api.code.example/user/emails", &tokens));
    assert!(matches!(outcome, Err(Error::Config(_))));
    tokens.access_token = valetkey_protocol::secret::AccessToken::new("gho_2");
    let outcome = now(client.userinfo_json(&tokens));
    assert!(matches!(outcome, Err(Error::Status { status: 401, .. })));
    let without = Endpoints {
        userinfo: None,
        ..endpoints()
    };
    let client = server.client(without).unwrap();
    assert!(matches!(
        now(client.userinfo_json(&tokens)),
        Err(Error::NotOffered(_))
    ));
    assert!(matches!(
        client.end_session_url(None, None, None),
        Err(Error::NotOffered(_))
    ));
}

#[test]
fn an_endpoint_in_clear_text_is_refused_at_once() {
    let server = Server::new();
    let clear = || "http://code.example/x".to_owned();
    for endpoints in [
        Endpoints {
            authorization: clear(),
            ..endpoints()
        },
        Endpoints {
            token: clear(),
            ..endpoints()
        },
        Endpoints {
            userinfo: Some(clear()),
            ..endpoints()
        },
        Endpoints {
            revocation: Some(clear()),
            ..endpoints()
        },
        Endpoints {
            token: String::new(),
            ..endpoints()
        },
    ] {
        assert!(matches!(server.client(endpoints), Err(Error::Config(_))));
    }
}
