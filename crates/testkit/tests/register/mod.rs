//! `/register`: clients that register themselves (OpenID Connect Registration, RFC 7591), and what becomes of them.

pub(crate) mod documents;
mod limits;
mod managing;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Request;
use serde_json::{Map, Value, json};
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_model::client::GrantType;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::register::RegistrationMode;
use valetkey_rules::register::token::{Initial, RegistrationKeys};
use valetkey_server::Settings;
use valetkey_testkit::{Answer, Site, TestServer, cast};

const CALLBACK: &str = "https://new.example/callback";

fn open(settings: &mut Settings) {
    settings.policy.registration.mode = RegistrationMode::Open;
    settings.policy.registration.requests_per_address = 1000;
}

async fn open_server() -> TestServer {
    TestServer::start_with(open).await
}

/// Sends JSON, with a bearer token unless that is empty.
async fn send(site: &Site, line: &str, token: &str, body: &Value) -> Answer {
    let (method, path) = line.split_once(' ').unwrap();
    let mut request = Request::builder().method(method).uri(site.url(path, &[]));
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let body = match body {
        Value::Null => Vec::new(),
        body => {
            request = request.header("content-type", "application/json; charset=utf-8");
            body.to_string().into_bytes()
        }
    };
    site.send(request.body(body).unwrap()).await
}

/// The least that works, with more members.
fn metadata(more: Value) -> Value {
    let mut members = Map::new();
    members.insert("redirect_uris".into(), json!([CALLBACK]));
    members.extend(more.as_object().unwrap().clone());
    Value::Object(members)
}

async fn register(server: &TestServer, more: Value) -> Answer {
    send(&server.site, "POST /register", "", &metadata(more)).await
}

/// What a registration answers that must succeed.
async fn registered(server: &TestServer, more: Value) -> Value {
    let answer = register(server, more).await;
    assert_eq!(answer.status, 201, "{}", answer.text());
    answer.json()
}

fn text<'a>(answer: &'a Value, member: &str) -> &'a str {
    answer[member].as_str().unwrap_or_default()
}

/// A page, and no redirect.
fn is_refused_page(answer: &Answer) {
    assert_eq!(
        (answer.status.as_u16(), answer.location()),
        (400, None),
        "{}",
        answer.text()
    );
}

fn basic(registered: &Value) -> String {
    let pair = format!(
        "{}:{}",
        text(registered, "client_id"),
        text(registered, "client_secret")
    );
    format!("Basic {}", STANDARD.encode(pair))
}

#[tokio::test]
async fn nobody_registers_where_the_operator_did_not_open_it() {
    let server = TestServer::start().await;
    register(&server, json!({}))
        .await
        .is_refused_by(Rule::RegisterOff);
    let document = server
        .site
        .get("/.well-known/openid-configuration", &[])
        .await
        .json();
    assert!(document.get("registration_endpoint").is_none());
    let opened = open_server().await;
    let document = opened
        .site
        .get("/.well-known/openid-configuration", &[])
        .await
        .json();
    assert_eq!(document["registration_endpoint"], "https://id.example/register");
}

/// Every member that holds texts, with a value that is taken.
fn texts_that_are_taken() -> Vec<(&'static str, Value)> {
    let address = "https://new.example/page";
    vec![
        ("redirect_uris", json!([CALLBACK, "https://new.example/other"])),
        ("response_types", json!(["code"])),
        ("grant_types", json!(["authorization_code"])),
        ("application_type", json!("web")),
        ("contacts", json!(["ada@new.example", "Bert"])),
        ("client_name", json!("New")),
        ("logo_uri", json!(address)),
        ("client_uri", json!(address)),
        ("policy_uri", json!(address)),
        ("tos_uri", json!(address)),
        ("jwks_uri", json!(address)),
        ("subject_type", json!("public")),
        ("id_token_signed_response_alg", json!("ES256")),
        ("userinfo_signed_response_alg", json!("ES256")),
        ("request_object_signing_alg", json!("ES256")),
        ("token_endpoint_auth_method", json!("client_secret_post")),
        ("default_acr_values", json!(["1"])),
        ("initiate_login_uri", json!(address)),
        ("request_uris", json!(["https://new.example/request"])),
        ("post_logout_redirect_uris", json!(["https://new.example/bye"])),
        ("frontchannel_logout_uri", json!(address)),
        ("backchannel_logout_uri", json!(address)),
        ("scope", json!("openid")),
        ("software_id", json!("new")),
        ("software_version", json!("1")),
    ]
}

/// Members that hold no text, or none that is taken by itself here.
const NO_TEXTS: [&str; 15] = [
    "jwks",
    // Fetched.
    "sector_identifier_uri",
    // For keys to encrypt to.
    "id_token_encrypted_response_alg",
    "id_token_encrypted_response_enc",
    "userinfo_encrypted_response_alg",
    "userinfo_encrypted_response_enc",
    "request_object_encryption_alg",
    "request_object_encryption_enc",
    // For assertions.
    "token_endpoint_auth_signing_alg",
    // Numbers and truth.
    "default_max_age",
    "require_auth_time",
    "require_signed_request_object",
    "frontchannel_logout_session_required",
    "backchannel_logout_session_required",
    // Signed by somebody who is trusted.
    "software_statement",
];

/// The same with a NUL at the end of its last text, and in its middle.
fn with_nul(value: &Value) -> [Value; 2] {
    let last = match value {
        Value::Array(texts) => texts.last().unwrap(),
        text => text,
    };
    let text = last.as_str().unwrap();
    let (start, end) = text.split_at(text.len() / 2);
    [format!("{text}\0"), format!("{start}\0{end}")].map(|nul| match value {
        Value::Array(texts) => {
            let before = texts[..texts.len() - 1].iter().cloned();
            before.chain([Value::String(nul)]).collect()
        }
        _ => Value::String(nul),
    })
}

#[tokio::test]
async fn a_nul_makes_client_metadata_unfit_that_is_taken_without_it() {
    let server = open_server().await;
    let taken = texts_that_are_taken();
    let mut judged: Vec<&str> = taken.iter().map(|(member, _)| *member).collect();
    judged.extend(NO_TEXTS);
    judged.sort_unstable();
    let mut members = ClientMetadata::MEMBERS.to_vec();
    members.sort_unstable();
    assert_eq!(judged, members);
    for (member, value) in taken {
        registered(&server, json!({ member: value })).await;
        for bad in with_nul(&value) {
            let answer = register(&server, json!({ member: bad })).await;
            assert_eq!(answer.status, 400, "{member}: {}", answer.text());
        }
    }
}

/// The name of a key is compared, and told again within JSON, where a NUL is written out. It is stored as such JSON.
#[tokio::test]
async fn a_nul_in_the_name_of_a_key_does_no_harm() {
    let server = open_server().await;
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let mut jwk = serde_json::to_value(key.public_jwk()).unwrap();
    jwk["kid"] = json!("\0");
    let own = registered(&server, json!({"jwks": {"keys": [jwk]}})).await;
    assert_eq!(own["jwks"]["keys"][0]["kid"], "\0");
    let line = format!("GET /register/{}", text(&own, "client_id"));
    let token = text(&own, "registration_access_token");
    let answer = send(&server.site, &line, token, &Value::Null).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.json()["jwks"], own["jwks"]);
    assert!(!answer.text().contains('\0'));
}

#[tokio::test]
async fn what_is_no_client_metadata_is_refused_in_the_words_of_the_spec() {
    let server = open_server().await;
    let form = server
        .site
        .post("/register", &[("redirect_uris", CALLBACK)])
        .await;
    form.is_refused_by(Rule::RegisterNotJson);
    for bad in [
        json!([]),
        json!("x"),
        json!({"redirect_uris": CALLBACK}),
        json!({"jwks": "x"}),
    ] {
        let answer = send(&server.site, "POST /register", "", &bad).await;
        answer.is_refused_by(Rule::RegisterNotJson);
    }
    for (bad, rule) in [
        (
            json!({"redirect_uris": ["https://new.example/cb#x"]}),
            Rule::RegisterRedirectUriInvalid,
        ),
        (
            json!({"redirect_uris": ["http://new.example/cb"]}),
            Rule::RegisterRedirectUriInvalid,
        ),
        (json!({"redirect_uris": []}), Rule::RegisterRedirectUriMissing),
        (
            json!({"initiate_login_uri": "http://new.example/login"}),
            Rule::RegisterInitiateLoginUri,
        ),
        (json!({"grant_types": ["password"]}), Rule::RegisterGrantType),
        (
            json!({"response_types": ["id_token"]}),
            Rule::RegisterFrontChannel,
        ),
        (
            json!({"software_statement": "e30"}),
            Rule::RegisterSoftwareStatement,
        ),
        (json!({"scope": "openid photos.read"}), Rule::RegisterScope),
    ] {
        let answer = register(&server, bad).await;
        answer.is_refused_by(rule);
        assert_eq!(answer.header("cache-control"), "no-store");
        let details = answer.json()["valetkey"].clone();
        assert_eq!(
            details["rule"],
            rule.id(),
            "the app is told what would have done: {details}"
        );
    }
    assert_eq!(server.store.count_registered_clients().await.unwrap(), 0);
    let wrong = send(&server.site, "GET /register", "", &Value::Null).await;
    wrong.is_refused_by(Rule::MethodNotAllowed);
}

#[tokio::test]
async fn a_registration_answers_201_with_all_that_is_stored_defaults_included() {
    let server = open_server().await;
    let answer = register(
        &server,
        json!({"client_name": "Holiday snaps", "client_name#fr": "Vacances"}),
    )
    .await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("cache-control"), "no-store");
    assert_eq!(answer.header("content-type"), "application/json");
    let mut told = answer.json();
    let now = server.clock.timestamp().0;
    for (member, expected) in [
        ("client_id_issued_at", json!(now)),
        ("client_secret_expires_at", json!(0)),
        (
            "registration_client_uri",
            json!(format!(
                "https://id.example/register/{}",
                text(&told, "client_id")
            )),
        ),
    ] {
        assert_eq!(told[member], expected, "{member}");
    }
    assert!(text(&told, "client_secret").len() == 43 && text(&told, "registration_access_token").len() > 40);
    for member in [
        "client_id",
        "client_secret",
        "client_secret_expires_at",
        "client_id_issued_at",
        "registration_access_token",
        "registration_client_uri",
    ] {
        told.as_object_mut().unwrap().remove(member);
    }
    let expected = json!({
        "redirect_uris": [CALLBACK], "response_types": ["code"], "grant_types": ["authorization_code"],
        "application_type": "web", "client_name": "Holiday snaps",
        "scope": "address email offline_access openid phone profile",
        "token_endpoint_auth_method": "client_secret_basic", "subject_type": "public",
        "id_token_signed_response_alg": "RS256", "require_auth_time": false,
        "require_signed_request_object": false,
    });
    assert_eq!(told, expected);
}

#[tokio::test]
async fn a_client_that_registered_itself_signs_people_in_with_pkce_and_its_own_secret() {
    let server = open_server().await;
    let client = registered(
        &server,
        json!({"client_name": "Holiday snaps", "grant_types": ["authorization_code", "refresh_token"]}),
    )
    .await;
    let alice = server.browser(cast::ALICE);
    let asked = server
        .app(cast::MYSWEETAPP)
        .asks_for("openid email offline_access")
        .with("client_id", text(&client, "client_id"))
        .with("redirect_uri", CALLBACK);
    let other = asked.clone().with("redirect_uri", "https://evil.example/");
    is_refused_page(&alice.opens(&other).await);
    let bare = asked
        .clone()
        .without("code_challenge")
        .without("code_challenge_method");
    let code = alice.allows(&asked).await;
    assert_eq!(
        alice.opens(&bare).await.parameter("error"),
        "invalid_request",
        "PKCE is required"
    );
    let fields = [
        ("grant_type", "authorization_code"),
        ("code", code.code.as_str()),
        ("redirect_uri", CALLBACK),
        ("code_verifier", code.verifier.as_str()),
    ];
    let stranger = [("authorization", "Basic YTpi")];
    let refused = server.site.post_with("/token", &fields, &stranger).await;
    assert_eq!(refused.error(), "invalid_client");
    let secret = basic(&client);
    let headers = [("authorization", secret.as_str())];
    let tokens = server.site.post_with("/token", &fields, &headers).await;
    assert_eq!(tokens.status, 200, "{}", tokens.text());
    let answer = tokens.json();
    assert!(
        answer["id_token"].is_string() && answer["refresh_token"].is_string(),
        "{answer}"
    );
}

#[tokio::test]
async fn each_way_to_prove_who_it_is_gets_what_it_needs_and_works() {
    let server = TestServer::start_with(|settings| {
        open(settings);
        let given = &mut settings.policy.registration;
        given.grant_types.insert(GrantType::ClientCredentials);
        given.scope = Scope::parse("openid photos.read").unwrap();
    })
    .await;
    let for_itself = |method: &str| json!({"token_endpoint_auth_method": method, "grant_types": ["client_credentials"], "scope": "photos.read"});
    let post = registered(&server, for_itself("client_secret_post")).await;
    let fields = [
        ("grant_type", "client_credentials"),
        ("client_id", text(&post, "client_id")),
        ("client_secret", text(&post, "client_secret")),
    ];
    let answer = server.site.post("/token", &fields).await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    let jwt = registered(&server, for_itself("client_secret_jwt")).await;
    assert!(!text(&jwt, "client_secret").is_empty());
    let id = valetkey_model::ClientId::parse(text(&jwt, "client_id")).unwrap();
    let stored = server.store.find_client(&id).await.unwrap().unwrap();
    let stored = serde_json::to_string(&stored).unwrap();
    assert!(!stored.contains(text(&jwt, "client_secret")), "it is kept sealed");
    let public = registered(&server, json!({"token_endpoint_auth_method": "none"})).await;
    for member in ["client_secret", "client_secret_expires_at"] {
        assert!(public.get(member).is_none(), "{member}");
    }
}

fn initial(seconds_from: Timestamp, seconds: i64) -> (String, String) {
    let initial = Initial {
        jti: format!("jti-{seconds}"),
        expires_at: seconds_from.plus_seconds(seconds),
    };
    let token = RegistrationKeys::new(&cast::MASTER_KEY).initial_token(&initial);
    (token, initial.jti)
}

#[tokio::test]
async fn with_an_initial_access_token_an_app_registers_until_it_expires_or_is_revoked() {
    let server = TestServer::start_with(|settings| {
        settings.policy.registration.mode = RegistrationMode::InitialAccessToken;
        settings.policy.registration.requests_per_address = 1;
    })
    .await;
    let now = server.clock.timestamp();
    let (token, jti) = initial(now, 600);
    let post = |token: String| {
        let site = server.site.clone();
        async move { send(&site, "POST /register", &token, &metadata(json!({}))).await }
    };
    let none = post(String::new()).await;
    assert_eq!(none.status, 401);
    assert!(
        none.header("www-authenticate").starts_with("Bearer"),
        "{}",
        none.text()
    );
    for bad in ["vki_x".to_owned(), format!("{token}x"), initial(now, 0).0] {
        let answer = post(bad).await;
        answer.is_refused_by(Rule::RegisterInitialTokenInvalid);
        assert!(answer.header("www-authenticate").contains("invalid_token"));
    }
    for _ in 0..3 {
        assert_eq!(
            post(token.clone()).await.status,
            201,
            "such a token is not counted by address"
        );
    }
    server
        .store
        .revoke_token(&jti, now.plus_seconds(600))
        .await
        .unwrap();
    post(token).await.is_refused_by(Rule::RegisterInitialTokenInvalid);
}
