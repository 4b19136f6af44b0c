//! Request objects by value and by reference (Core §6, RFC 9101), over a real connection.

use super::{NONCE, asks};
use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock, Mutex};
use valetkey_jose::hash::sha256;
use valetkey_jose::{Algorithm, JwkSet, SigningKey, b64};
use valetkey_model::client::ClientKeys;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Asked, Browser, TestServer, cast};

static KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::ES256).unwrap());
static NEXT: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::PS256).unwrap());

fn jwks(key: &SigningKey) -> String {
    let keys = vec![key.public_jwk()];
    serde_json::to_string(&JwkSet { keys }).unwrap()
}

/// The parameters of a request, as claims; `state` says that they stood inside.
fn claims(asked: &Asked) -> Value {
    let mut claims = json!({"iss": cast::MYSWEETAPP.id, "aud": cast::ISSUER});
    for (name, value) in asked.pairs() {
        claims[name] = Value::from(value);
    }
    claims["state"] = "inside".into();
    claims
}

fn object(key: &SigningKey, claims: &Value) -> String {
    key.sign_jwt("oauth-authz-req+jwt", claims).unwrap()
}

/// What OAuth 2.0 wants outside too (Core §6.1).
fn outside(server: &TestServer) -> Asked {
    let all = asks(server, "code", "openid");
    ["redirect_uri", "nonce", "code_challenge", "code_challenge_method"]
        .into_iter()
        .fold(all, Asked::without)
        .with("state", "outside")
}

async fn has_key(server: &TestServer, key: &SigningKey) {
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.keys = Some(ClientKeys::Jwks(jwks(key)));
        })
        .await;
}

#[tokio::test]
async fn a_request_object_that_is_not_signed_by_the_client_is_refused_at_the_plain_redirect_uri() {
    let server = TestServer::start().await;
    has_key(&server, &KEY).await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let asked = asks(&server, "code", "openid");
    let header = b64::encode_url(br#"{"alg":"none"}"#);
    let payload = b64::encode_url(claims(&asked).to_string().as_bytes());
    let unsigned = format!("{header}.{payload}.");
    for bad in [unsigned, object(&NEXT, &claims(&asked)), String::from("x")] {
        let answer = alice.opens(&asked.clone().and("request", &bad)).await;
        assert_eq!(answer.parameter("error"), "invalid_request_object");
        assert_eq!(answer.parameter("state"), "the-state");
        let nowhere = outside(&server).and("request", &bad);
        let page = alice.opens(&nowhere).await;
        assert_eq!((page.status.as_u16(), page.location()), (400, None));
        assert!(page.text().contains("invalid_request_object"));
    }
}

#[tokio::test]
async fn a_nul_that_a_client_signed_is_refused() {
    let server = TestServer::start().await;
    has_key(&server, &KEY).await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let asked = asks(&server, "code", "openid");
    for name in ["nonce", "state"] {
        let mut claims = claims(&asked);
        claims[name] = "a\0b".into();
        let answer = alice
            .opens(&asked.clone().and("request", &object(&KEY, &claims)))
            .await;
        assert_eq!(answer.parameter("error"), "invalid_request_object", "{name}");
    }
}

#[tokio::test]
async fn what_a_client_signed_is_what_it_asks_for() {
    let server = TestServer::start().await;
    has_key(&server, &KEY).await;
    let alice = server.browser(cast::ALICE);
    let meant = asks(&server, "code", "openid profile");
    let asked = outside(&server).and("request", &object(&KEY, &claims(&meant)));
    let answer = alice.answers(&asked, "allow").await;
    assert_eq!(answer.parameter("state"), "inside");
    let code = asked.with("state", "inside").code_from(&answer);
    let code = valetkey_testkit::Code {
        redirect_uri: cast::MYSWEETAPP.redirect_uri.to_owned(),
        verifier: valetkey_testkit::VERIFIER.to_owned(),
        ..code
    };
    let tokens = server.app(cast::MYSWEETAPP).redeems(&code).await.tokens();
    assert_eq!(tokens.json["scope"], "openid profile");
    let claims = super::id_token(&server, &tokens.id).await;
    assert_eq!(claims["nonce"], NONCE);
}

#[tokio::test]
async fn a_client_that_must_sign_is_not_heard_otherwise() {
    let server = TestServer::start().await;
    has_key(&server, &KEY).await;
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.require_signed_request_object = true;
        })
        .await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let asked = asks(&server, "code", "openid");
    assert_eq!(alice.opens(&asked).await.parameter("error"), "invalid_request");
    let signed = asked.clone().and("request", &object(&KEY, &claims(&asked)));
    let answer = alice.answers(&signed.and("max_age", "0"), "allow").await;
    assert!(
        !answer.parameter("code").is_empty(),
        "what stood outside was not heard"
    );
}

/// A site of the client: its request object and its keys, and how often each was asked for.
struct ClientSite {
    url: String,
    served: Arc<Mutex<Served>>,
}

#[derive(Default)]
struct Served {
    object: String,
    jwks: String,
    objects: u32,
    key_sets: u32,
}

impl ClientSite {
    async fn start() -> Self {
        let served = Arc::new(Mutex::new(Served::default()));
        let (one, two) = (served.clone(), served.clone());
        let object = move || {
            let mut served = one.lock().unwrap();
            served.objects += 1;
            std::future::ready(served.object.clone())
        };
        let jwks = move || {
            let mut served = two.lock().unwrap();
            served.key_sets += 1;
            std::future::ready(served.jwks.clone())
        };
        let router = Router::new()
            .route("/request.jwt", get(object))
            .route("/long", get(|| async { "x".repeat(70_000) }))
            .route("/jwks", get(jwks));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, served }
    }

    fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    fn serves(&self, object: &str, jwks: &str) {
        let mut served = self.served.lock().unwrap();
        served.object = object.to_owned();
        served.jwks = jwks.to_owned();
    }

    fn counts(&self) -> (u32, u32) {
        let served = self.served.lock().unwrap();
        (served.objects, served.key_sets)
    }
}

async fn with_site() -> (TestServer, ClientSite) {
    let site = ClientSite::start().await;
    let server = TestServer::start_with(|settings| {
        settings.outbound.allow_private = vec!["127.0.0.1".parse().unwrap()];
    })
    .await;
    let (object, long, keys) = (site.at("/request.jwt"), site.at("/long"), site.at("/jwks"));
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.request_uris = vec![object, long, String::from("https://127.0.0.1:1/r")];
            client.keys = Some(ClientKeys::JwksUri(keys));
        })
        .await;
    (server, site)
}

#[tokio::test]
async fn an_address_that_is_not_registered_is_not_fetched() {
    let (server, site) = with_site().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let other = format!("{}?x=1", site.at("/request.jwt"));
    for uri in [other.as_str(), "http://169.254.169.254/", "file:///etc/passwd"] {
        let asked = asks(&server, "code", "openid").and("request_uri", uri);
        assert_eq!(
            alice.opens(&asked).await.parameter("error"),
            "invalid_request_uri"
        );
    }
    assert_eq!(site.counts(), (0, 0));
}

#[tokio::test]
async fn an_address_that_does_not_answer_or_answers_too_much_is_refused() {
    let (server, site) = with_site().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    for uri in [site.at("/long"), String::from("https://127.0.0.1:1/r")] {
        let asked = asks(&server, "code", "openid").and("request_uri", &uri);
        let answer = alice.opens(&asked).await;
        assert_eq!(answer.parameter("error"), "invalid_request_uri", "{uri}");
    }
}

#[tokio::test]
async fn a_request_by_reference_is_fetched_and_so_are_the_keys_also_new_ones() {
    let (server, site) = with_site().await;
    let alice = server.browser(cast::ALICE);
    let meant = asks(&server, "code", "openid");
    let asked = outside(&server).and("request_uri", &site.at("/request.jwt"));
    site.serves(&object(&KEY, &claims(&meant)), &jwks(&KEY));
    let answer = alice.answers(&asked, "allow").await;
    assert_eq!(answer.parameter("state"), "inside");
    assert_eq!(site.counts(), (1, 1));

    // Another request at the same address, signed by a key that is new.
    let mut other = claims(&meant);
    other["state"] = "next".into();
    site.serves(&object(&NEXT, &other), &jwks(&NEXT));
    let answer = alice.answers(&asked, "allow").await;
    assert_eq!(answer.parameter("state"), "next");
    assert_eq!(site.counts(), (2, 2));
}

#[tokio::test]
async fn a_request_whose_address_says_which_content_it_means_is_fetched_once() {
    let (server, site) = with_site().await;
    let alice = server.browser(cast::ALICE);
    let meant = asks(&server, "code", "openid");
    site.serves(&object(&KEY, &claims(&meant)), &jwks(&KEY));
    for (fragment, fetched) in [("#one", 1), ("#one", 1), ("#two", 2)] {
        let uri = format!("{}{fragment}", site.at("/request.jwt"));
        let asked = outside(&server).and("request_uri", &uri);
        let answer = alice.answers(&asked, "allow").await;
        assert_eq!(answer.parameter("state"), "inside");
        assert_eq!(site.counts().0, fetched, "{fragment}");
    }
}

#[tokio::test]
async fn reflection_a_stranger_at_one_address_leaves_others_theirs_and_waits_a_minute() {
    let (server, site) = with_site().await;
    let meant = asks(&server, "code", "openid");
    site.serves(&object(&KEY, &claims(&meant)), &jwks(&KEY));
    let asked = meant.and("request_uri", &site.at("/request.jwt"));
    let stranger = server.browser(cast::BOB);
    stranger.signs_in_for_the_account().await;
    let mut last = stranger.opens(&asked).await;
    let mut fetched = 0;
    while site.counts().0 > fetched {
        fetched = site.counts().0;
        last = stranger.opens(&asked).await;
    }
    assert_eq!(last.parameter("error"), "temporarily_unavailable");
    assert_eq!(last.parameter("state"), "the-state");
    assert_eq!(server.refusals(Rule::RequestUriTooOften).await, 1);

    let elsewhere = Browser::at(server.site.from_address([192, 0, 2, 7]), cast::ALICE);
    let answer = elsewhere.answers(&asked, "allow").await;
    assert_eq!(answer.parameter("state"), "inside");
    server.clock.advance(60);
    let answer = stranger.answers(&asked, "allow").await;
    assert_eq!(answer.parameter("state"), "inside");
}

#[tokio::test]
async fn a_person_whom_nobody_can_send_back_is_told_how_long_to_wait() {
    let (server, site) = with_site().await;
    let meant = asks(&server, "code", "openid");
    site.serves(&object(&KEY, &claims(&meant)), &jwks(&KEY));
    // Where to send the answer stands in the request object alone, which is not fetched any more.
    let asked = outside(&server).and("request_uri", &site.at("/request.jwt"));
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let mut page = alice.opens(&asked).await;
    let mut fetched = 0;
    while site.counts().0 > fetched {
        fetched = site.counts().0;
        page = alice.opens(&asked).await;
    }
    assert_eq!((page.status.as_u16(), page.location()), (503, None));
    assert_eq!(page.header("retry-after"), "60");
    let text = page.text();
    assert!(text.contains("asked for too often"), "{text}");
    assert!(text.contains("temporarily_unavailable"), "{text}");
    assert!(
        !text.contains("in a way that this server does not answer"),
        "{text}"
    );

    let never_good = alice
        .opens(&asked.clone().and("display", "page").and("display", "page"))
        .await;
    assert_eq!(never_good.status, 400, "{}", never_good.text());
    assert_eq!(never_good.header("retry-after"), "");

    server.clock.advance(45);
    assert_eq!(alice.opens(&asked).await.header("retry-after"), "15");
    server.clock.advance(15);
    let answer = alice.answers(&asked, "allow").await;
    assert_eq!(answer.parameter("state"), "inside");
}

#[tokio::test]
async fn denial_of_service_a_fragment_that_is_the_hash_is_answered_although_strangers_use_up_all_fetches() {
    let (server, site) = with_site().await;
    let meant = asks(&server, "code", "openid");
    let request = object(&KEY, &claims(&meant));
    site.serves(&request, &jwks(&KEY));
    let at = |fragment: &str| {
        let uri = format!("{}#{fragment}", site.at("/request.jwt"));
        meant.clone().and("request_uri", &uri)
    };
    for host in 1..=3 {
        let stranger = Browser::at(server.site.from_address([192, 0, 2, host]), cast::BOB);
        for number in 0..20 {
            stranger.opens(&at(&format!("{host}-{number}"))).await;
        }
    }
    assert_eq!(site.counts().0, 60);
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let refused = alice.opens(&at("nobody-knows-this")).await;
    assert_eq!(refused.parameter("error"), "temporarily_unavailable");
    let hash = b64::encode_url(&sha256(request.as_bytes()));
    let answer = alice.answers(&at(&hash), "allow").await;
    assert_eq!(answer.parameter("state"), "inside");
    assert_eq!(site.counts().0, 60);
}
