//! Flows of OAuth 1.0a: what must not leak first, then how they are tied together and shown beside OAuth 2.

use super::base_string::{BASE_STRING, hidden, shown};
use super::generation::Generation;
use super::outcome::Outcome;
use super::tests::{get, text_of};
use super::*;
use valetkey_protocol::oauth1::base_string;
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::rule::{Check, Refusal, Rule};
use valetkey_protocol::time::Timestamp;

const INITIATE: &str = "http://localhost:8080/oauth1/initiate";

fn event(step: Step, (from, to): (Role, Role), title: &str, line: &str, keys: Vec<Key>) -> Event {
    Event {
        at: Timestamp(1_795_355_010),
        from,
        to,
        step,
        title: title.to_owned(),
        line: line.to_owned(),
        client_id: Some(String::from("mysweetapp")),
        parameters: Vec::new(),
        checks: Vec::new(),
        keys,
    }
}

const TO_SERVER: (Role, Role) = (Role::Client, Role::AuthorizationServer);
const TO_CLIENT: (Role, Role) = (Role::AuthorizationServer, Role::Client);
const TO_API: (Role, Role) = (Role::Client, Role::ResourceServer);
const FROM_API: (Role, Role) = (Role::ResourceServer, Role::Client);
const API_ASKS: (Role, Role) = (Role::ResourceServer, Role::AuthorizationServer);
const API_IS_TOLD: (Role, Role) = (Role::AuthorizationServer, Role::ResourceServer);

fn grant() -> Key {
    Key::Grant(String::from("g"))
}

/// Ties an answer to its request.
fn request() -> Key {
    Key::Interaction(String::from("request 1"))
}

fn token(hash: &str) -> Key {
    Key::Token(hash.to_owned())
}

fn of(uri: &str, pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<(String, String)> = pairs
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    base_string("POST", uri, &pairs).unwrap()
}

fn temporary_request() -> Event {
    let mut told = event(
        Step::Other,
        TO_SERVER,
        "Temporary credentials request",
        "POST /oauth1/initiate",
        vec![request()],
    );
    let callback = "http://localhost:8082/oauth1/callback";
    let text = of(INITIATE, &[("oauth_callback", callback), ("oauth_nonce", "n1")]);
    told.parameters = vec![
        Parameter::named("oauth_consumer_key", "mysweetapp"),
        Parameter::named("oauth_signature", "c2lnbmF0dXJlLXNpZ25hdHVyZS1zaWduYXR1cmU="),
        Parameter::plain(BASE_STRING, text),
    ];
    told
}

/// The API asks about the signature of the call that it got.
fn signature_to_check() -> Event {
    let photos = of(
        "http://localhost:8083/photos",
        &[("oauth_token", "vko_x"), ("size", "large")],
    );
    let mut told = event(
        Step::Other,
        API_ASKS,
        "Signature to check",
        "POST /oauth1/verify",
        vec![grant()],
    );
    told.parameters = vec![Parameter::plain(BASE_STRING, photos)];
    told
}

/// What the endpoints and the API tell of one flow, in order.
fn oauth1_flow() -> Vec<Event> {
    let (other, temporary, lasting) = (Step::Other, token("temporary"), token("lasting"));
    let asked = Step::AuthorizationRequest;
    let mut flow = vec![temporary_request()];
    let rest = [
        (
            other,
            TO_CLIENT,
            "Temporary credentials",
            "200 OK",
            vec![request(), grant(), temporary.clone()],
        ),
        (
            asked,
            TO_SERVER,
            "Authorization",
            "GET /oauth1/authorize",
            vec![temporary],
        ),
        (
            Step::AuthorizationGrant,
            TO_CLIENT,
            "Verifier",
            "303 See Other",
            vec![grant()],
        ),
        (
            Step::TokenRequest,
            TO_SERVER,
            "Token credentials request",
            "POST /oauth1/token",
            vec![grant()],
        ),
        (
            Step::TokenResponse,
            TO_CLIENT,
            "Token credentials",
            "200 OK",
            vec![grant(), lasting.clone()],
        ),
        (
            Step::ResourceRequest,
            TO_API,
            "Signed API call",
            "GET /photos",
            vec![lasting.clone()],
        ),
        (other, API_IS_TOLD, "Signature checked", "200 OK", vec![grant()]),
        (
            Step::ResourceResponse,
            FROM_API,
            "Resource response",
            "200 OK",
            vec![lasting],
        ),
    ];
    flow.extend(rest.map(|(step, way, title, line, keys)| event(step, way, title, line, keys)));
    flow.insert(7, signature_to_check());
    flow
}

fn oauth2_flow() -> Vec<Event> {
    let key = || vec![Key::State(String::from("s"))];
    vec![
        event(
            Step::AuthorizationRequest,
            TO_SERVER,
            "Authorization request",
            "GET /authorize",
            key(),
        ),
        event(
            Step::AuthorizationGrant,
            TO_CLIENT,
            "Authorization response",
            "303 See Other",
            key(),
        ),
        event(
            Step::TokenRequest,
            TO_SERVER,
            "Token request",
            "POST /token",
            key(),
        ),
        event(Step::TokenResponse, TO_CLIENT, "Token response", "200 OK", key()),
        event(
            Step::ResourceRequest,
            TO_API,
            "Resource request",
            "GET /photos",
            key(),
        ),
        event(
            Step::ResourceResponse,
            FROM_API,
            "Resource response",
            "200 OK",
            key(),
        ),
    ]
}

fn with(flows: &[Vec<Event>]) -> Arc<Inspector> {
    let inspector = Inspector::new(10);
    for event in flows.concat() {
        inspector.observe(event);
    }
    inspector
}

#[tokio::test]
async fn a_verifier_in_a_base_string_is_hidden_wherever_it_stands() {
    let secret = "the-verifier-that-nobody-may-read";
    let text = of(INITIATE, &[("oauth_verifier", secret), ("oauth_nonce", "n1")]);
    let mut told = temporary_request();
    told.parameters = vec![Parameter::plain(BASE_STRING, text.clone())];
    told.checks = vec![Check {
        rule: Rule::OAuth1SignatureInvalid,
        refused: Some(Refusal::new(
            Rule::OAuth1SignatureInvalid,
            text,
            "another signature",
        )),
    }];
    let inspector = with(&[vec![told]]);
    let html = text_of(get(&inspector, "/inspector/flows/1").await).await;
    assert!(
        !html.contains("nobody-may-read") && html.contains("secret, hidden"),
        "{html}"
    );
    assert!(html.contains(">n1<"));
}

#[tokio::test]
async fn a_base_string_that_cannot_be_read_is_hidden_entirely() {
    let mut told = temporary_request();
    let hostile = "GET&http%3A%2F%2Fa%2F&oauth_verifier=the-verifier-that-nobody-may-read<script>";
    told.parameters = vec![Parameter::plain(BASE_STRING, hostile)];
    let inspector = with(&[vec![told]]);
    let html = text_of(get(&inspector, "/inspector/flows/1").await).await;
    assert!(
        !html.contains("nobody-may-read") && !html.contains("<script>"),
        "{html}"
    );
    assert!(html.contains("secret, hidden"));
}

#[test]
fn a_base_string_without_secrets_is_kept_to_the_letter() {
    let text = of(
        "http://example.com/request",
        &[("b5", "=%3D"), ("a3", "a"), ("c@", ""), ("a2", "r b")],
    );
    assert_eq!(hidden(&text).as_deref(), Some(text.as_str()));
    assert_eq!(shown(&text).unwrap().pieces.concat(), text);
    assert_eq!(hidden("no base string"), None);
}

#[test]
fn a_base_string_is_broken_at_each_ampersand_and_read_as_a_table() {
    let shown = shown(&of(INITIATE, &[("a", "x&y"), ("b", "")])).unwrap();
    assert_eq!(
        shown.pieces,
        [
            "POST&",
            "http%3A%2F%2Flocalhost%3A8080%2Foauth1%2Finitiate&",
            "a%3Dx%2526y%26",
            "b%3D"
        ],
        "an & within a value is no place to break"
    );
    assert_eq!(
        (shown.method.as_str(), shown.address.as_str()),
        ("POST", INITIATE)
    );
    let signed: Vec<(&str, &str)> = shown
        .parameters
        .iter()
        .map(|signed| (signed.name.as_str(), signed.value.as_str()))
        .collect();
    assert_eq!(signed, [("a", "x&y"), ("b", "")]);
}

#[test]
fn a_flow_of_oauth_1_is_tied_together_from_the_temporary_token_to_the_photos() {
    let inspector = with(&[oauth1_flow()]);
    let flows = inspector.flows();
    assert_eq!(flows.len(), 1, "{flows:#?}");
    assert_eq!(flows[0].messages.len(), 10);
    assert_eq!(Generation::of(&flows[0]), Generation::OAuth1);
    assert_eq!(Outcome::of(&flows[0]), Outcome::Complete);
    for hash in ["temporary", "lasting"] {
        assert_eq!(inspector.find_token(hash), Some(FlowId(1)));
    }
    assert_eq!(inspector.find_token("another"), None);
}

/// What the library of the app tells of the request that it signed, after the answer.
fn told_by_the_app(nonce: &str) -> Event {
    let mut told = event(
        Step::AuthorizationRequest,
        TO_SERVER,
        "Request for temporary credentials signed",
        "POST initiate",
        Vec::new(),
    );
    told.parameters = vec![
        Parameter::named("oauth_nonce", nonce),
        Parameter::plain(BASE_STRING, of("http://elsewhere/", &[("oauth_nonce", nonce)])),
    ];
    told
}

#[test]
fn what_the_app_signed_and_what_the_server_received_are_one_message_with_both_base_strings() {
    let inspector = with(&[oauth1_flow(), vec![told_by_the_app("n1"), told_by_the_app("n2")]]);
    let flows = inspector.flows();
    let counts: Vec<usize> = flows.iter().map(|flow| flow.messages.len()).collect();
    assert_eq!(counts, [1, 10], "another nonce is another request");
    let first = &flows[1].messages[0];
    assert!(first.told_twice && first.event.title == "Temporary credentials request");
    let names = first.event.parameters.iter().map(|told| told.name.as_str());
    let both = names.filter(|name| name.starts_with(BASE_STRING)).count();
    assert_eq!(both, 2);
}

#[test]
fn nonce_replay_a_second_request_with_the_same_nonce_stays_a_message_of_its_own() {
    let mut again = temporary_request();
    again.checks = vec![Check {
        rule: Rule::OAuth1NonceUsed,
        refused: Some(Refusal::plain(Rule::OAuth1NonceUsed)),
    }];
    let flows = with(&[oauth1_flow(), vec![again]]).flows();
    assert_eq!(flows[0].messages.len(), 11);
}

#[tokio::test]
async fn an_app_finds_its_flow_by_the_hash_of_its_temporary_token() {
    let inspector = with(&[oauth1_flow()]);
    let found = get(&inspector, "/inspector/find?token_sha256=temporary").await;
    assert_eq!(found.headers()["location"], "/inspector/flows/1");
    assert_eq!(
        get(&inspector, "/inspector/find?token_sha256=x").await.status(),
        404
    );
}

#[tokio::test]
async fn a_flow_of_oauth_1_is_told_in_its_own_words() {
    let inspector = with(&[oauth1_flow()]);
    let html = text_of(get(&inspector, "/inspector/flows/1").await).await;
    for told in words::STEPS_OAUTH1 {
        assert!(
            html.contains(told.happens) && html.contains(told.safe),
            "{}",
            told.name
        );
    }
    assert!(!html.contains(words::STEPS[0].happens));
    assert!(html.contains("Signature base string") && html.contains("/inspector/side-by-side?right=1"));
    assert!(
        text_of(get(&inspector, "/inspector").await)
            .await
            .contains(">OAuth 1.0a<")
    );
}

#[test]
fn a_problem_in_the_answer_stops_a_flow() {
    let mut flow = oauth1_flow();
    flow.truncate(4);
    flow[3].parameters = vec![Parameter::plain("oauth_problem", "permission_denied")];
    let flows = with(&[flow]).flows();
    let stopped = Outcome::Refused {
        step: Some(2),
        rule: None,
    };
    assert_eq!(Outcome::of(&flows[0]), stopped);
}

#[test]
fn a_device_that_is_told_to_wait_has_neither_its_token_nor_a_refusal() {
    let mut flow = oauth2_flow();
    flow.truncate(4);
    flow[2].checks = vec![Check {
        rule: Rule::DeviceAuthorizationPending,
        refused: Some(Refusal::plain(Rule::DeviceAuthorizationPending)),
    }];
    flow[3].line = String::from("400 Bad Request");
    flow[3].parameters = vec![Parameter::plain("error", "authorization_pending")];
    let flows = with(&[flow]).flows();
    assert_eq!(Outcome::of(&flows[0]), Outcome::Running(2));
}

#[test]
fn a_grant_that_the_person_carries_over_is_given_once_the_token_is() {
    let shown = (Role::AuthorizationServer, Role::ResourceOwner);
    let mut flow = oauth1_flow();
    flow[3] = event(
        Step::AuthorizationGrant,
        shown,
        "Verifier shown",
        "200 OK",
        vec![grant()],
    );
    let reached = |flow: &[Event]| {
        let flows = with(&[flow.to_vec()]).flows();
        outcome::reached(&flows[0], Step::AuthorizationGrant)
    };
    assert!(!reached(&flow[..5]) && reached(&flow));
}

#[test]
fn a_step_that_a_grant_type_does_not_have_says_why() {
    let of = |name: &str, value: &str, keep: &[usize]| {
        let mut flow: Vec<Event> = keep.iter().map(|at| oauth2_flow()[*at].clone()).collect();
        flow[0].parameters = vec![Parameter::plain(name, value)];
        with(&[flow]).flows().remove(0)
    };
    let asked = |flow: &Flow| outcome::left_out(flow, Step::AuthorizationRequest);
    let redeemed = |flow: &Flow| outcome::left_out(flow, Step::TokenRequest);
    for grant_type in [
        "client_credentials",
        "password",
        "urn:ietf:params:oauth:grant-type:token-exchange",
    ] {
        let flow = of("grant_type", grant_type, &[2, 3]);
        assert!(
            asked(&flow).is_some() && redeemed(&flow).is_none(),
            "{grant_type}"
        );
    }
    let implicit = of("response_type", "token", &[0, 1]);
    assert!(asked(&implicit).is_none() && redeemed(&implicit).is_some());
    let code = of("grant_type", "authorization_code", &[2, 3]);
    assert_eq!((asked(&code), redeemed(&code)), (None, None));
}

#[tokio::test]
async fn the_last_flow_of_each_protocol_stands_side_by_side_aligned_by_the_steps() {
    let inspector = with(&[oauth1_flow(), oauth2_flow()]);
    let html = text_of(get(&inspector, "/inspector/side-by-side").await).await;
    assert_eq!(html.matches("<section class=\"pair\"").count(), 7);
    for apart in words::APART {
        assert!(html.contains(apart.differs) && html.contains(apart.oauth1) && html.contains(apart.oauth2));
    }
    let place = |text: &str| html.find(text).unwrap_or_else(|| panic!("{text}"));
    assert!(place("Flow 2:") < place("Flow 1:"), "OAuth 2 stands left");
    assert!(place("Temporary credentials request") < place("id=\"step-1\""));
    let call = place("id=\"step-5\"")..place("id=\"step-6\"");
    assert!(
        call.contains(&place("Signature to check")),
        "the question belongs to the API call"
    );
    assert!(call.contains(&place("http://localhost:8083/photos")));
    assert!(
        !html.contains("<script") && !html.contains(" style="),
        "it reads without a script"
    );
}

#[tokio::test]
async fn two_chosen_flows_stand_in_the_same_order_however_they_were_asked_for() {
    let inspector = with(&[oauth1_flow(), oauth2_flow()]);
    for path in [
        "/inspector/side-by-side?left=1&right=2",
        "/inspector/side-by-side?left=2&right=1",
    ] {
        let html = text_of(get(&inspector, path).await).await;
        assert!(html.find("Flow 2:") < html.find("Flow 1:"), "{path}");
    }
    for path in [
        "/inspector/side-by-side?left=9",
        "/inspector/side-by-side?right=x",
    ] {
        assert_eq!(get(&inspector, path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn a_page_with_one_flow_or_none_says_what_is_missing() {
    let html = text_of(get(&Inspector::new(1), "/inspector/side-by-side").await).await;
    assert_eq!(html.matches("No flow yet").count(), 2);
    let html = text_of(get(&with(&[oauth2_flow()]), "/inspector/side-by-side").await).await;
    assert_eq!(html.matches("No flow yet").count(), 1);
    assert!(html.contains("Connect an app by OAuth 1.0a"));
}
