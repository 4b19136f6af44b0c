//! The flow: what must stop it, each attack by its name, and how it goes.

use std::sync::Arc;

use valetkey_protocol::observe::{Event, Role, Step};
use valetkey_protocol::rule::Rule;

use super::super::observed::{Notebook, rules, token};
use super::super::{NOW, now, plain, refused};
use super::{CALLBACK, Photos, access, every_signing};
use crate::oauth1::{Callback, Client, Consumer, Pending, Provider, TokenCredentials};
use crate::{Error, HttpError, HttpRequest};

fn begin(client: &Client) -> Result<Pending, Error> {
    now(client.temporary_credentials(Callback::Url(CALLBACK), &[], NOW)).map(|(_, pending)| pending)
}

fn finish(client: &Client, query: &str) -> Result<TokenCredentials, Error> {
    let pending = begin(client).unwrap();
    now(client.finish(pending, query, NOW))
}

#[test]
fn session_fixation_a_callback_with_the_token_of_another_person_is_refused() {
    let photos = Arc::new(Photos::default());
    let client = photos.hmac_client();
    for query in [
        "oauth_token=of-mallory&oauth_verifier=v1",
        "oauth_token=t1x&oauth_verifier=v1",
        "oauth_token=&oauth_verifier=v1",
        "oauth_verifier=v1",
        "oauth_token=of-mallory&oauth_problem=permission_denied",
    ] {
        refused(finish(&client, query), Rule::ClientOAuth1TokenMismatch);
    }
    let to_token = photos
        .asked
        .lock()
        .unwrap()
        .iter()
        .filter(|read| read.protocol.verifier.is_some())
        .count();
    assert_eq!(to_token, 0, "no verifier left the app");
}

#[test]
fn session_fixation_of_1_0_a_server_that_does_not_confirm_the_callback_is_refused() {
    let photos = Arc::new(Photos::default());
    let client = photos.hmac_client();
    for body in [
        "oauth_token=t1&oauth_token_secret=s1",
        "oauth_token=t1&oauth_token_secret=s1&oauth_callback_confirmed=false",
        "oauth_token=t1&oauth_token_secret=s1&oauth_callback_confirmed=",
    ] {
        photos.answers(200, body);
        refused(begin(&client), Rule::ClientOAuth1CallbackUnconfirmed);
    }
}

#[test]
fn mix_up_what_one_provider_gave_out_does_not_go_to_another() {
    let photos = Arc::new(Photos::default());
    let pending = begin(&photos.hmac_client()).unwrap();
    let http = |request: HttpRequest| async move {
        Err::<_, HttpError>(HttpError::Request(request.uri().to_string()))
    };
    let consumer: Consumer = photos.hmac_client().consumer().clone();
    let other = Client::new(
        Arc::new(http),
        Provider::of_issuer("https://mallory.example"),
        consumer,
    );
    let query = "oauth_token=t1&oauth_verifier=v1";
    refused(
        now(other.finish(pending.clone(), query, NOW)),
        Rule::ClientOAuth1TokenMismatch,
    );
    refused(
        now(other.finish_with_verifier(pending, "v1", NOW)),
        Rule::ClientOAuth1TokenMismatch,
    );
}

#[test]
fn parameter_pollution_a_callback_that_says_a_thing_twice_is_not_read() {
    let client = Arc::new(Photos::default()).hmac_client();
    let outcome = finish(&client, "oauth_token=t1&oauth_verifier=v1&oauth_verifier=v2");
    assert!(matches!(outcome, Err(Error::Malformed { .. })), "{outcome:?}");
}

#[test]
fn a_callback_without_a_verifier_or_with_a_blank_one_and_nothing_typed_ask_the_server_for_nothing() {
    let photos = Arc::new(Photos::default());
    let client = photos.hmac_client();
    for blank in [
        "",
        "&oauth_verifier=",
        "&oauth_verifier=+",
        "&oauth_verifier=%C2%A0%0A",
    ] {
        let outcome = finish(&client, &format!("oauth_token=t1{blank}"));
        assert!(matches!(outcome, Err(Error::Malformed { .. })), "{outcome:?}");
    }
    let pending = begin(&client).unwrap();
    let outcome = now(client.finish_with_verifier(pending, " \n", NOW));
    assert!(matches!(outcome, Err(Error::Malformed { .. })), "{outcome:?}");
    let began = 5;
    assert_eq!(photos.asked.lock().unwrap().len(), began, "no verifier was sent");
}

#[test]
fn a_secret_is_not_asked_for_over_a_connection_that_others_read() {
    let http = |_: HttpRequest| async { Err::<_, HttpError>(HttpError::Timeout) };
    let consumer = Arc::new(Photos::default()).hmac_client().consumer().clone();
    let client = Client::new(
        Arc::new(http),
        Provider::of_issuer("http://photos.example"),
        consumer,
    );
    assert!(matches!(begin(&client), Err(Error::Config(_))));
}

#[test]
fn the_servers_word_for_an_error_is_passed_on_from_body_challenge_and_callback() {
    let photos = Arc::new(Photos::default());
    let client = photos.hmac_client();
    let said = |outcome: Result<Pending, Error>| match outcome.unwrap_err() {
        Error::Wire {
            error, description, ..
        } => (error, description),
        other => panic!("{other:?}"),
    };
    photos.answers(
        401,
        "oauth_problem=signature_invalid&oauth_problem_advice=look+here",
    );
    let advice = Some("look here".to_owned());
    assert_eq!(said(begin(&client)), ("signature_invalid".to_owned(), advice));
    let mut challenged = plain(401, "<p>No.</p>");
    let challenge = r#"OAuth realm="Photos", oauth_problem="nonce_used""#;
    challenged
        .headers_mut()
        .insert("www-authenticate", challenge.parse().unwrap());
    *photos.instead.lock().unwrap() = Some(challenged);
    assert_eq!(said(begin(&client)), ("nonce_used".to_owned(), None));
    let denied = finish(&client, "oauth_token=t1&oauth_problem=permission_denied").unwrap_err();
    assert!(matches!(&denied, Error::Wire { error, .. } if error == "permission_denied"));
    assert_eq!(denied.rule(), Some(Rule::ClientErrorResponse));
}

#[test]
fn an_answer_without_credentials_or_with_a_bare_status_is_an_error() {
    let photos = Arc::new(Photos::default());
    let client = photos.hmac_client();
    photos.answers(200, "<html>");
    assert!(matches!(begin(&client), Err(Error::Malformed { .. })));
    for status in [302, 400, 503] {
        photos.answers(status, "");
        assert!(matches!(begin(&client), Err(Error::Status { status: got, .. }) if got == status));
    }
    let pending = begin(&client).unwrap();
    photos.answers(200, "oauth_token=t2");
    let outcome = now(client.finish(pending, "oauth_token=t1&oauth_verifier=v1", NOW));
    assert!(matches!(outcome, Err(Error::Malformed { .. })));
}

#[test]
fn every_signature_method_walks_the_flow_and_gets_the_photo() {
    for signing in every_signing() {
        let photos = Arc::new(Photos::default());
        let client = photos.client(signing);
        let scope = [("scope", "photos.read +")];
        let begun = now(client.temporary_credentials(Callback::Url(CALLBACK), &scope, NOW));
        let (url, pending) = begun.unwrap();
        assert_eq!(
            url.as_str(),
            "https://photos.example/oauth1/authorize?oauth_token=t1"
        );
        assert_eq!(photos.asked().protocol.callback.as_deref(), Some(CALLBACK));
        assert_eq!(
            photos.asked().others,
            [("scope".to_owned(), "photos.read +".to_owned())]
        );
        // The session in which it was kept gives it back as it was.
        let kept = serde_json::to_string(&pending).unwrap();
        let pending: Pending = serde_json::from_str(&kept).unwrap();
        assert_eq!(pending.token(), "t1");
        let got = now(client.finish(pending, "?oauth_token=t1&oauth_verifier=v1", NOW)).unwrap();
        assert_eq!(got, access());
        let photo = now(client.get("https://photos.example/photos?size=a+b%2B", Some(&got), NOW)).unwrap();
        assert_eq!(photo.body(), b"a photo");
    }
}

#[test]
fn a_person_without_a_redirect_types_the_verifier() {
    let photos = Arc::new(Photos::default());
    let client = photos.hmac_client();
    let (_, pending) = now(client.temporary_credentials(Callback::OutOfBand, &[], NOW)).unwrap();
    assert_eq!(photos.asked().protocol.callback.as_deref(), Some("oob"));
    assert_eq!(
        now(client.finish_with_verifier(pending, " v1\n", NOW)).unwrap(),
        access()
    );
}

#[test]
fn an_observer_hears_what_was_signed_and_sees_no_secret() {
    let photos = Arc::new(Photos::default());
    let notebook = Arc::new(Notebook::default());
    let client = photos.hmac_client().with_observer(notebook.clone());
    finish(&client, "oauth_token=t1&oauth_verifier=v1").unwrap();
    let form = http::Request::put("https://photos.example/photos/1?tag=x")
        .body(Vec::new())
        .unwrap();
    now(client.send_signed(form, Some(&access()), NOW)).unwrap();
    let events = notebook.0.lock().unwrap();
    let [initiate, callback, exchange, call] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(
        (initiate.step, initiate.to),
        (Step::AuthorizationRequest, Role::AuthorizationServer)
    );
    assert_eq!(rules(initiate), [Rule::ClientOAuth1CallbackUnconfirmed]);
    assert_eq!(initiate.keys, [token("t1")]);
    assert_eq!(callback.keys, [token("t1")]);
    let checked = [
        Rule::ClientOAuth1TokenMismatch,
        Rule::ClientOAuth1TokenMismatch,
        Rule::ClientErrorResponse,
    ];
    assert_eq!(rules(callback), checked);
    assert_eq!(
        (exchange.step, &exchange.keys),
        (Step::TokenRequest, &vec![token("t1"), token("t2")])
    );
    assert_eq!(
        (call.step, call.line.as_str()),
        (Step::ResourceRequest, "PUT /photos/1")
    );
    assert_eq!(call.client_id.as_deref(), Some("printer"));
    let shown = |event: &Event, name: &str| {
        let found = event.parameters.iter().find(|parameter| parameter.name == name);
        found.unwrap_or_else(|| panic!("{name}: {event:?}")).clone()
    };
    let text = shown(call, "signature base string");
    assert!(
        !text.masked
            && text
                .value
                .starts_with("PUT&https%3A%2F%2Fphotos.example%2Fphotos%2F1&oauth_consumer_key")
    );
    assert!(text.value.ends_with("%26tag%3Dx"));
    for (event, name) in [
        (initiate, "oauth_signature"),
        (callback, "oauth_verifier"),
        (exchange, "oauth_verifier"),
    ] {
        assert!(shown(event, name).masked, "{name}");
    }
    let all = format!("{events:?}");
    assert!(!all.contains("s1+") && !all.contains("s2/") && !all.contains(super::SECRET));
}
