//! Recording and showing flows: what must not leak or grow first.

use super::outcome::Outcome;
use super::*;
use crate::pages::{Brand, Site};
use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use axum::response::Response;
use tower::ServiceExt;
use valetkey_protocol::observe::{Key, Parameter, Role, Step};
use valetkey_protocol::rule::{Check, Refusal, Rule};
use valetkey_protocol::time::Timestamp;

fn event(step: Step, from: Role, to: Role, line: &str, keys: Vec<Key>) -> Event {
    Event {
        at: Timestamp(1_795_355_010),
        from,
        to,
        step,
        title: format!("{step:?}"),
        line: line.to_owned(),
        client_id: Some(String::from("mysweetapp")),
        parameters: Vec::new(),
        checks: Vec::new(),
        keys,
    }
}

fn state(text: &str) -> Key {
    Key::State(text.to_owned())
}

fn grant(text: &str) -> Key {
    Key::Grant(text.to_owned())
}

fn asked(keys: Vec<Key>) -> Event {
    event(
        Step::AuthorizationRequest,
        Role::Client,
        Role::AuthorizationServer,
        "GET /authorize",
        keys,
    )
}

fn callback(keys: Vec<Key>) -> Event {
    event(
        Step::AuthorizationGrant,
        Role::ResourceOwner,
        Role::Client,
        "GET redirect_uri",
        keys,
    )
}

fn token_request(keys: Vec<Key>) -> Event {
    event(
        Step::TokenRequest,
        Role::Client,
        Role::AuthorizationServer,
        "POST /token",
        keys,
    )
}

fn token_response(keys: Vec<Key>) -> Event {
    event(
        Step::TokenResponse,
        Role::AuthorizationServer,
        Role::Client,
        "200 OK",
        keys,
    )
}

fn resource_response(keys: Vec<Key>) -> Event {
    event(
        Step::ResourceResponse,
        Role::ResourceServer,
        Role::Client,
        "200 OK",
        keys,
    )
}

fn refused_by(rule: Rule) -> Vec<Check> {
    vec![Check {
        rule,
        refused: Some(Refusal::new(rule, "this", "that")),
    }]
}

fn outcome(inspector: &Inspector, id: u64) -> Outcome {
    Outcome::of(&inspector.flow(FlowId(id)).unwrap())
}

pub(super) async fn get(inspector: &Arc<Inspector>, path: &str) -> Response {
    let site = Site {
        brand: Brand {
            dev: true,
            ..Brand::default()
        },
        ..Site::default()
    };
    let router: axum::Router = routes(Arc::new(site), Arc::clone(inspector));
    router
        .oneshot(Request::get(path).body(Body::empty()).unwrap())
        .await
        .unwrap()
}

pub(super) async fn text_of(response: Response) -> String {
    let bytes = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[tokio::test]
async fn a_secret_that_somebody_forgot_to_mask_is_masked() {
    let inspector = Inspector::new(10);
    let mut told = token_request(vec![state("s")]);
    for name in [
        "client_secret",
        "Authorization",
        "code",
        "password",
        "refresh_token",
        "code_verifier",
    ] {
        told.parameters
            .push(Parameter::plain(name, "hunter2-hunter2-hunter2-hunter2"));
    }
    told.line = String::from("POST /token?code=hunter2-hunter2-hunter2-hunter2");
    inspector.observe(told);
    let html = text_of(get(&inspector, "/inspector/flows/1").await).await;
    assert!(!html.contains("hunter2"), "{html}");
    assert!(html.contains("secret, hidden") && html.contains("POST /token<"));
}

#[tokio::test]
async fn a_hostile_message_is_text() {
    let inspector = Inspector::new(10);
    let hostile = format!("</text><script>alert('1')</script>\u{202e}{}", "x".repeat(5_000));
    let mut told = asked(vec![state("s")]);
    told.client_id = Some(hostile.clone());
    told.title = hostile.clone();
    told.line = hostile.clone();
    told.parameters
        .push(Parameter::plain(hostile.clone(), hostile.clone()));
    told.checks = vec![Check {
        rule: Rule::AuthorizeRedirectUriUnregistered,
        refused: Some(Refusal::new(
            Rule::AuthorizeRedirectUriUnregistered,
            hostile.clone(),
            hostile,
        )),
    }];
    inspector.observe(told);
    for path in ["/inspector", "/inspector/flows/1"] {
        let html = text_of(get(&inspector, path).await).await;
        assert!(
            !html.contains("<script>") && !html.contains("alert('1')"),
            "{path}"
        );
        assert!(
            !html.contains('\u{202e}') && !html.contains(&"x".repeat(1_000)),
            "{path}"
        );
    }
}

#[test]
fn the_oldest_flow_gives_way_and_is_not_found_any_more() {
    let inspector = Inspector::new(3);
    for number in 0..10 {
        inspector.observe(asked(vec![state(&number.to_string())]));
    }
    let kept: Vec<u64> = inspector.flows().iter().map(|flow| flow.id.0).collect();
    assert_eq!(kept, [10, 9, 8], "newest first");
    assert_eq!(inspector.find("mysweetapp", "0"), None);
    assert_eq!(inspector.find("mysweetapp", "9"), Some(FlowId(10)));
    assert_eq!(inspector.lock().by_tie.len(), 3, "no tie outlives its flow");
}

#[test]
fn a_flow_that_never_ends_does_not_grow() {
    let inspector = Inspector::new(3);
    for number in 0..1_000 {
        inspector.observe(token_request(vec![grant("g"), Key::Token(number.to_string())]));
        inspector.observe(token_response(vec![grant("g")]));
    }
    let flow = inspector.flow(FlowId(1)).unwrap();
    assert_eq!(flow.messages.len() + flow.left_out, 2_000);
    assert_eq!(flow.messages.len(), MESSAGES_PER_FLOW);
    assert!(flow.ties.len() <= TIES_PER_FLOW && inspector.lock().by_tie.len() <= TIES_PER_FLOW);
}

#[test]
fn a_huge_message_is_cut() {
    let inspector = Inspector::new(3);
    let mut told = asked(vec![state("s")]);
    told.parameters = (0..1_000)
        .map(|n| Parameter::plain(n.to_string(), "é".repeat(10_000)))
        .collect();
    inspector.observe(told);
    let flow = inspector.flow(FlowId(1)).unwrap();
    let kept = &flow.messages[0].event.parameters;
    assert!(kept.len() <= 64 && kept.iter().all(|p| p.value.chars().count() <= 2_001));
}

#[test]
fn the_same_state_of_two_clients_is_two_flows() {
    let inspector = Inspector::new(10);
    inspector.observe(asked(vec![state("same")]));
    let mut other = asked(vec![state("same")]);
    other.client_id = Some(String::from("another"));
    inspector.observe(other);
    assert_eq!(inspector.flows().len(), 2);
    assert_eq!(inspector.find("another", "same"), Some(FlowId(2)));
    assert_eq!(inspector.find("nobody", "same"), None);
}

#[test]
fn who_tells_may_put_the_client_before_the_state() {
    let inspector = Inspector::new(10);
    inspector.observe(asked(vec![state("s")]));
    inspector.observe(callback(vec![state("mysweetapp s")]));
    assert_eq!(inspector.flows().len(), 1);
    assert_eq!(inspector.find("mysweetapp", "s"), Some(FlowId(1)));
}

#[test]
fn a_request_without_any_tie_and_its_answer_are_one_flow() {
    let inspector = Inspector::new(10);
    inspector.observe(token_request(Vec::new()));
    inspector.observe(token_response(vec![Key::Token("hash".into())]));
    let mut of_another = token_response(vec![Key::Token("another".into())]);
    of_another.client_id = Some(String::from("another"));
    inspector.observe(of_another);
    inspector.observe(resource_response(vec![Key::Token("hash".into())]));
    let counts: Vec<usize> = inspector.flows().iter().map(|flow| flow.messages.len()).collect();
    assert_eq!(counts, [1, 3]);
}

#[test]
fn what_the_browser_brings_back_is_the_second_half_of_the_authorization_response() {
    let inspector = Inspector::new(10);
    let mut sent = event(
        Step::AuthorizationGrant,
        Role::AuthorizationServer,
        Role::Client,
        "303 See Other",
        vec![state("s")],
    );
    sent.checks = vec![Check {
        rule: Rule::AuthorizeAccessDenied,
        refused: None,
    }];
    inspector.observe(sent);
    let mut brought = callback(vec![state("s")]);
    brought.checks = refused_by(Rule::ClientIssMismatch);
    inspector.observe(brought);
    let flow = inspector.flow(FlowId(1)).unwrap();
    assert_eq!(flow.messages.len(), 1);
    assert_eq!(flow.messages[0].event.checks.len(), 2);
    let refused = Outcome::Refused {
        step: Some(2),
        rule: Some(Rule::ClientIssMismatch),
    };
    assert_eq!(outcome(&inspector, 1), refused);
}

#[tokio::test]
async fn a_refusal_after_which_the_flow_went_on_stays_closed() {
    let inspector = Inspector::new(10);
    let mut wrong = token_request(vec![state("s")]);
    wrong.checks = refused_by(Rule::ClientSecretWrong);
    inspector.observe(wrong.clone());
    let html = text_of(get(&inspector, "/inspector/flows/1").await).await;
    assert_eq!(html.matches(" open>").count(), 1);
    wrong.checks = Vec::new();
    inspector.observe(token_response(vec![state("s")]));
    inspector.observe(wrong);
    let html = text_of(get(&inspector, "/inspector/flows/1").await).await;
    assert_eq!(html.matches(" open>").count(), 0);
}

#[tokio::test]
async fn questions_for_a_request_that_was_not_told_are_folded_and_not_moved_below_a_later_one() {
    let inspector = Inspector::new(10);
    let servers = (Role::ResourceServer, Role::AuthorizationServer);
    let told = |step, (from, to), line: &str| event(step, from, to, line, vec![grant("g")]);
    let question = |number: u8| told(Step::Other, servers, &format!("POST /introspect/{number}"));
    let answer = || told(Step::Other, (servers.1, servers.0), "200 OK");
    let request = |number: u8| {
        let way = (Role::Client, Role::ResourceServer);
        told(Step::ResourceRequest, way, &format!("GET /photos/{number}"))
    };
    for event in [
        question(1),
        answer(),
        request(1),
        resource_response(vec![grant("g")]),
    ] {
        inspector.observe(event);
    }
    for event in [question(2), answer(), question(3), answer(), request(3)] {
        inspector.observe(event);
    }
    let flow = inspector.flow(FlowId(1)).unwrap();
    let lines: Vec<&str> = flow.messages.iter().map(|m| m.event.line.as_str()).collect();
    assert_eq!(
        lines,
        [
            "GET /photos/1",
            "POST /introspect/1",
            "200 OK",
            "200 OK",
            "POST /introspect/2",
            "200 OK",
            "GET /photos/3",
            "POST /introspect/3",
            "200 OK"
        ]
    );
    let page = text_of(view::flow(&Brand::default(), &flow, true)).await;
    assert!(page.contains("2 messages left out"), "{page}");
    assert!(!page.contains("POST /introspect/2"), "{page}");
    assert!(page.contains("POST /introspect/3"), "{page}");
}

#[test]
fn fetching_keys_is_not_taken_for_the_answer_to_another_question() {
    let inspector = Inspector::new(10);
    for title in ["Introspection response", "Keys fetched", "Introspection checked"] {
        let mut told = event(
            Step::Other,
            Role::AuthorizationServer,
            Role::ResourceServer,
            "200 OK",
            vec![state("s")],
        );
        told.title = title.to_owned();
        inspector.observe(told);
    }
    let flow = inspector.flow(FlowId(1)).unwrap();
    let titles: Vec<&str> = flow
        .messages
        .iter()
        .map(|message| message.event.title.as_str())
        .collect();
    assert_eq!(titles, ["Introspection response", "Keys fetched"]);
}

#[tokio::test]
async fn a_long_flow_is_small_on_the_wire() {
    let inspector = Inspector::new(10);
    for number in 0..20 {
        let mut told = token_request(vec![grant("g")]);
        told.line = format!("POST /token/{number}");
        let checks = Rule::ALL.iter().take(20);
        told.checks = checks
            .map(|rule| Check {
                rule: *rule,
                refused: None,
            })
            .collect();
        inspector.observe(told);
    }
    let site = Site {
        brand: Brand {
            dev: true,
            ..Brand::default()
        },
        ..Site::default()
    };
    let router: axum::Router = routes(Arc::new(site), inspector);
    let asked = Request::get("/inspector/flows/1").header(header::ACCEPT_ENCODING, "gzip");
    let response = router.oneshot(asked.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(response.headers()[header::CONTENT_ENCODING], "gzip");
    let size = to_bytes(response.into_body(), 1 << 20).await.unwrap().len();
    assert!(size < 20 * 1024, "{size} bytes");
}

#[test]
fn checks_told_of_an_answer_belong_to_it() {
    let inspector = Inspector::new(10);
    inspector.observe(token_response(vec![state("s")]));
    let mut note = token_response(vec![state("s")]);
    note.line = String::new();
    note.checks = vec![Check {
        rule: Rule::IdTokenNonce,
        refused: None,
    }];
    inspector.observe(note);
    assert_eq!(inspector.flow(FlowId(1)).unwrap().messages.len(), 1);
}

#[test]
fn an_api_asks_about_the_token_after_it_got_the_request() {
    let inspector = Inspector::new(10);
    let question = |line: &str, from: Role, to: Role| event(Step::Other, from, to, line, vec![state("s")]);
    inspector.observe(token_response(vec![state("s")]));
    inspector.observe(question(
        "POST /introspect",
        Role::ResourceServer,
        Role::AuthorizationServer,
    ));
    inspector.observe(question(
        "200 OK",
        Role::AuthorizationServer,
        Role::ResourceServer,
    ));
    inspector.observe(event(
        Step::ResourceRequest,
        Role::Client,
        Role::ResourceServer,
        "GET /photos",
        vec![state("s")],
    ));
    inspector.observe(resource_response(vec![state("s")]));
    let flow = inspector.flow(FlowId(1)).unwrap();
    let lines: Vec<&str> = flow
        .messages
        .iter()
        .map(|message| message.event.line.as_str())
        .collect();
    assert_eq!(
        lines,
        ["200 OK", "GET /photos", "POST /introspect", "200 OK", "200 OK"]
    );
    let orders: Vec<u64> = flow.messages.iter().map(|message| message.order).collect();
    assert!(orders.is_sorted(), "{orders:?}");
}

#[test]
fn messages_are_joined_by_any_key_they_share() {
    let inspector = Inspector::new(10);
    inspector.observe(asked(vec![state("s"), Key::Interaction("i".into())]));
    inspector.observe(event(
        Step::AuthorizationGrant,
        Role::AuthorizationServer,
        Role::ResourceOwner,
        "303",
        vec![
            Key::Interaction("i".into()),
            grant("g"),
            Key::Token("hash".into()),
        ],
    ));
    inspector.observe(token_request(vec![Key::Token("hash".into())]));
    inspector.observe(resource_response(vec![grant("g")]));
    assert_eq!(inspector.flows().len(), 1);
    assert_eq!(inspector.flow(FlowId(1)).unwrap().messages.len(), 4);
}

#[test]
fn a_message_known_to_two_flows_makes_them_one_in_order() {
    let inspector = Inspector::new(10);
    inspector.observe(asked(vec![state("s")]));
    inspector.observe(token_request(vec![grant("g")]));
    inspector.observe(event(
        Step::AuthorizationGrant,
        Role::ResourceOwner,
        Role::Client,
        "GET /callback",
        vec![state("s"), grant("g")],
    ));
    let flows = inspector.flows();
    assert_eq!(flows.len(), 1);
    let orders: Vec<u64> = flows[0].messages.iter().map(|message| message.order).collect();
    assert_eq!(orders, [1, 2, 3]);
    inspector.observe(token_response(vec![grant("g")]));
    assert_eq!(
        inspector.flow(FlowId(1)).unwrap().messages.len(),
        4,
        "the ties of the younger lead to the older"
    );
}

#[test]
fn what_both_sides_tell_is_shown_once_with_all_that_either_knew() {
    let inspector = Inspector::new(10);
    let mut by_app = token_request(vec![state("s")]);
    by_app.line = String::from("POST http://localhost:8080/token");
    by_app.parameters = vec![Parameter::plain("grant_type", "authorization_code")];
    let mut by_server = token_request(vec![state("s"), grant("g")]);
    by_server.parameters = vec![
        Parameter::plain("grant_type", "authorization_code"),
        Parameter::plain("redirect_uri", "http://localhost:8082/callback"),
    ];
    by_server.checks = vec![Check {
        rule: Rule::CodeUnknown,
        refused: None,
    }];
    inspector.observe(by_app);
    inspector.observe(by_server);
    inspector.observe(token_response(vec![grant("g")]));
    inspector.observe(token_response(vec![state("s")]));
    let flow = inspector.flow(FlowId(1)).unwrap();
    assert_eq!(flow.messages.len(), 2);
    assert_eq!(flow.messages[0].event.parameters.len(), 2);
    assert_eq!(flow.messages[0].event.checks.len(), 1);
    inspector.observe(token_request(vec![grant("g")]));
    assert_eq!(
        inspector.flow(FlowId(1)).unwrap().messages.len(),
        3,
        "the next request is another message"
    );
}

#[test]
fn two_tries_that_were_both_judged_stay_two_messages() {
    let inspector = Inspector::new(10);
    for _ in 0..2 {
        let mut wrong = event(
            Step::Other,
            Role::ResourceOwner,
            Role::AuthorizationServer,
            "POST /login",
            vec![state("s")],
        );
        wrong.checks = refused_by(Rule::LoginCredentialsWrong);
        inspector.observe(wrong);
    }
    assert_eq!(inspector.flow(FlowId(1)).unwrap().messages.len(), 2);
}

#[test]
fn a_refused_flow_tells_the_step_and_the_rule() {
    let inspector = Inspector::new(10);
    inspector.observe(asked(vec![state("s")]));
    assert_eq!(outcome(&inspector, 1), Outcome::Running(1));
    let mut wrong = token_request(vec![state("s")]);
    wrong.checks = refused_by(Rule::CodePkceMismatch);
    inspector.observe(wrong);
    let mut answer = token_response(vec![state("s")]);
    answer.line = String::from("400 Bad Request");
    inspector.observe(answer);
    let refused = Outcome::Refused {
        step: Some(3),
        rule: Some(Rule::CodePkceMismatch),
    };
    assert_eq!(outcome(&inspector, 1), refused);
}

#[test]
fn a_wrong_password_does_not_stop_a_flow_that_went_on() {
    let inspector = Inspector::new(10);
    inspector.observe(asked(vec![state("s")]));
    let mut wrong = event(
        Step::Other,
        Role::ResourceOwner,
        Role::AuthorizationServer,
        "POST /login",
        vec![state("s")],
    );
    wrong.checks = refused_by(Rule::LoginCredentialsWrong);
    inspector.observe(wrong.clone());
    let refused = Outcome::Refused {
        step: None,
        rule: Some(Rule::LoginCredentialsWrong),
    };
    assert_eq!(outcome(&inspector, 1), refused);
    wrong.checks = vec![Check {
        rule: Rule::LoginCredentialsWrong,
        refused: None,
    }];
    inspector.observe(wrong);
    assert_eq!(outcome(&inspector, 1), Outcome::Running(1));
    inspector.observe(resource_response(vec![state("s")]));
    assert_eq!(outcome(&inspector, 1), Outcome::Complete);
}

#[tokio::test]
async fn a_refused_message_is_open_and_links_to_its_rule_and_section() {
    let inspector = Inspector::new(10);
    let mut wrong = asked(vec![state("s")]);
    wrong.checks = refused_by(Rule::AuthorizeRedirectUriUnregistered);
    inspector.observe(wrong);
    let html = text_of(get(&inspector, "/inspector/flows/1").await).await;
    let rule = Rule::AuthorizeRedirectUriUnregistered.info();
    assert!(html.contains("id=\"m1\" open>") && html.contains("class=\"stop\""));
    assert!(html.contains(&format!("href=\"/rules/{}\"", rule.id)) && html.contains(rule.url));
    assert!(html.contains("Refused at step 1") && html.contains(">this<") && html.contains(">that<"));
}

#[tokio::test]
async fn the_picture_has_four_lanes_and_numbers_the_message_that_makes_each_step() {
    let inspector = Inspector::new(10);
    inspector.observe(asked(vec![state("s")]));
    let signs_in = event(
        Step::AuthorizationGrant,
        Role::ResourceOwner,
        Role::AuthorizationServer,
        "POST /login",
        vec![state("s")],
    );
    inspector.observe(signs_in);
    assert_eq!(
        outcome(&inspector, 1),
        Outcome::Running(1),
        "signing in is not the grant"
    );
    inspector.observe(event(
        Step::AuthorizationGrant,
        Role::AuthorizationServer,
        Role::Client,
        "303 See Other",
        vec![state("s")],
    ));
    assert_eq!(outcome(&inspector, 1), Outcome::Running(2));
    let html = text_of(get(&inspector, "/inspector/flows/1").await).await;
    assert_eq!(html.matches("class=\"head-name\"").count(), 4);
    assert_eq!(html.matches("class=\"dot\"").count(), 2);
    assert_eq!(
        html.matches("class=\"message other\"").count(),
        1,
        "the sign-in is quieter"
    );
    assert_eq!(html.matches(">through the browser<").count(), 2);
    for told in words::STEPS {
        assert!(html.contains(told.happens) && html.contains(told.safe));
    }
}

#[tokio::test]
async fn a_page_asks_for_news_and_gets_nothing_until_there_is_some() {
    let inspector = Inspector::new(10);
    inspector.observe(asked(vec![state("s")]));
    let version = inspector.flow(FlowId(1)).unwrap().version;
    let path = format!("/inspector/flows/1?part={version}");
    assert_eq!(get(&inspector, &path).await.status(), 204);
    inspector.observe(token_request(vec![state("s")]));
    let part = text_of(get(&inspector, &path).await).await;
    assert!(part.starts_with("<div data-version=") && !part.contains("<html"));
    assert_eq!(
        get(&inspector, &format!("/inspector?part={}", inspector.changes()))
            .await
            .status(),
        204
    );
}

#[tokio::test]
async fn an_app_finds_its_own_flow_by_client_and_state() {
    let inspector = Inspector::new(10);
    inspector.observe(asked(vec![state("a b&c")]));
    let found = get(&inspector, "/inspector/find?client_id=mysweetapp&state=a+b%26c").await;
    assert_eq!(found.status(), 303);
    assert_eq!(found.headers()[header::LOCATION], "/inspector/flows/1");
    assert_eq!(
        get(&inspector, "/inspector/find?client_id=mysweetapp&state=x")
            .await
            .status(),
        404
    );
    assert_eq!(get(&inspector, "/inspector/find").await.status(), 404);
    assert_eq!(get(&inspector, "/inspector/flows/7").await.status(), 404);
    assert_eq!(get(&inspector, "/inspector/flows/..%2f").await.status(), 404);
}

#[tokio::test]
async fn the_inspector_runs_its_own_script_only_and_cannot_be_framed() {
    let response = get(&Inspector::new(1), "/inspector").await;
    let policy = response.headers()[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap()
        .to_owned();
    for part in [
        "default-src 'none'",
        "script-src 'self'",
        "connect-src 'self'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part}");
    }
    assert!(!policy.contains("unsafe"));
    let html = text_of(response).await;
    assert!(html.contains("No flow yet") && html.contains("<noscript>"));
    assert!(!html.contains("<script>") && !html.contains(" style="));
}
