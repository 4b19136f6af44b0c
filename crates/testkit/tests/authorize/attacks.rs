//! Attacks on the authorization endpoint (RFC 9700 §4), each by its name.

use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

/// Every answer that must not leave the server: an error page, and no way to anywhere.
fn is_a_page(answer: &valetkey_testkit::Answer) {
    assert_eq!(answer.status, 400);
    assert_eq!(answer.location(), None);
    assert!(answer.header("content-type").starts_with("text/html"));
}

#[tokio::test]
async fn redirect_uri_manipulation_is_never_followed() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    for uri in [
        "https://evil.example/callback",
        "https://app.example/callback/",
        "https://app.example/callback?x=1",
        "https://app.example/callback#x",
        "https://app.example/Callback",
        "https://APP.example/callback",
        "https://app.example:443/callback",
        "https://app.example/callback/../evil",
        "https://app.example/%63allback",
        "https://app.example.evil.example/callback",
        "https://app.example@evil.example/callback",
        "https://evil.example\\@app.example/callback",
        "http://app.example/callback",
        "https://app.example/callback ",
        "https://app.example/callback\r\nlocation: https://evil.example",
        "//app.example/callback",
        "/callback",
        "javascript:alert(1)",
        "data:text/html,x",
        "https://two.example/front",
    ] {
        let asked = app.asks_for("photos.read").with("redirect_uri", uri);
        is_a_page(&alice.get("/authorize", &asked.pairs()).await);
    }
    assert!(server.refusals(Rule::AuthorizeRedirectUriUnregistered).await >= 18);
}

#[tokio::test]
async fn only_the_port_of_a_native_apps_loopback_redirect_may_differ() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    for uri in [
        "http://127.0.0.1:50000/other",
        "http://127.0.0.2:50000/callback",
        "http://localhost:50000/callback",
        "https://127.0.0.1:50000/callback",
        "http://127.0.0.1:50000/callback?x=1",
        "http://127.0.0.1:50000@evil.example/callback",
        "http://127.0.0.1:99999/callback",
        "http://127.0.0.1.evil.example:50000/callback",
    ] {
        let asked = server
            .app(cast::MYSWEETCLI)
            .asks_for("photos.read")
            .with("redirect_uri", uri);
        is_a_page(&alice.get("/authorize", &asked.pairs()).await);
    }
}

#[tokio::test]
async fn an_open_redirector_is_not_made_of_a_bad_request() {
    let server = TestServer::start().await;
    let asked = server.app(cast::MYSWEETAPP).asks_for("photos.delete");
    let stranger = server.browser(cast::ALICE);
    // RFC 9700 §4.11.2: somebody who only followed a link is shown a page of ours first.
    let answer = stranger.opens(&asked).await;
    assert_eq!(answer.status, 200);
    assert!(answer.text().contains("id=\"login\""));
    assert_eq!(
        stranger.signs_in(&answer).await.parameter("error"),
        "invalid_scope"
    );

    for id in ["unknown", "", "mysweetapp\u{0}", "MySweetApp"] {
        let asked = server
            .app(cast::MYSWEETAPP)
            .asks_for("photos.read")
            .with("client_id", id);
        is_a_page(&stranger.get("/authorize", &asked.pairs()).await);
    }
}

#[tokio::test]
async fn repeated_parameters_are_refused_before_anything_else() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let asked = server.app(cast::MYSWEETAPP).asks_for("photos.read");
    for (name, value) in [
        ("redirect_uri", "https://evil.example/"),
        ("client_id", "otherapp"),
        ("state", "x"),
        ("scope", "openid"),
        ("code_challenge_method", "plain"),
    ] {
        is_a_page(
            &alice
                .get("/authorize", &asked.clone().and(name, value).pairs())
                .await,
        );
    }
    assert_eq!(server.refusals(Rule::AuthorizeParameterRepeated).await, 5);
}

#[tokio::test]
async fn pkce_downgrade_is_refused() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    for registered in [cast::MYSWEETAPP, cast::MYSWEETCLI, cast::MYSWEETSPA] {
        let asked = server.app(registered).asks_for("photos.read");
        for asked in [
            asked
                .clone()
                .without("code_challenge")
                .without("code_challenge_method"),
            asked.clone().with("code_challenge_method", "plain"),
            asked.clone().without("code_challenge_method"),
            asked.clone().with("code_challenge", "short"),
        ] {
            let answer = alice.answers(&asked, "allow").await;
            assert_eq!(answer.parameter("error"), "invalid_request");
            assert_eq!(answer.parameter("code"), "");
        }
    }
    // A client that need not use PKCE is held to it once it began.
    let old = server.app(cast::OLDAPP);
    let mut code = alice.allows(&old.asks_for("photos.read")).await;
    code.verifier.clear();
    old.redeems(&code).await.is_refused_by(Rule::CodeVerifierMissing);
}

#[tokio::test]
async fn mix_up_is_prevented_by_iss_in_every_response() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let good = alice.answers(&app.asks_for("photos.read"), "allow").await;
    let bad = alice.answers(&app.asks_for("photos.delete"), "allow").await;
    let cancelled = alice.answers(&app.asks_for("photos.write"), "cancel").await;
    let silent = alice
        .opens(&app.asks_for("calendar.read").with("prompt", "none"))
        .await;
    for answer in [good, bad, cancelled, silent] {
        assert_eq!(answer.parameter("iss"), cast::ISSUER);
    }
}

#[tokio::test]
async fn header_injection_through_state_stays_in_the_query() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let nasty = "x\r\nset-cookie: a=b\r\n\r\n<script>&code=forged&iss=https://evil.example#";
    let asked = server
        .app(cast::MYSWEETAPP)
        .asks_for("photos.read")
        .with("state", nasty);
    let answer = alice.answers(&asked, "allow").await;
    assert_eq!(answer.parameter("state"), nasty);
    assert_eq!(answer.parameter("iss"), cast::ISSUER);
    assert_eq!(answer.headers.get("set-cookie"), None);
    let callback = answer.callback();
    assert_eq!(
        callback.query_pairs().filter(|(name, _)| name == "code").count(),
        1
    );
    assert_eq!(
        (callback.fragment(), callback.host_str()),
        (None, Some("app.example"))
    );
}

#[tokio::test]
async fn tokens_are_not_given_in_the_front_channel_unless_the_client_was_allowed_them() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    for (kind, error) in [
        ("token", "unauthorized_client"),
        ("id_token", "unauthorized_client"),
        ("id_token token", "unauthorized_client"),
        ("code token", "unauthorized_client"),
        ("code id_token", "unauthorized_client"),
        ("none", "unsupported_response_type"),
        ("Code", "unsupported_response_type"),
    ] {
        let asked = server
            .app(cast::MYSWEETAPP)
            .asks_for("openid")
            .with("response_type", kind)
            .and("nonce", "n-1");
        let answer = alice.answers(&asked, "allow").await;
        assert_eq!(answer.returned("error"), error, "{kind}");
        assert_eq!(answer.returned("access_token"), "");
        assert_eq!(answer.returned("id_token"), "");
    }
}

#[tokio::test]
async fn a_person_is_never_sent_on_with_307_after_a_password() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let login = alice
        .opens(&server.app(cast::MYSWEETAPP).asks_for("photos.read"))
        .await;
    let answer = alice
        .submits(&login, &[("username", "alice"), ("password", "wonderland")])
        .await;
    assert_eq!(answer.status, 303);
}

#[tokio::test]
async fn a_post_with_the_request_in_its_body_is_the_same_request() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let asked = server.app(cast::MYSWEETAPP).asks_for("photos.read");
    // OpenID Connect Core §3.1.2.1; from the app's site, so cross-site.
    let headers = [
        ("origin", "https://app.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let answer = alice.post_with("/authorize", &asked.pairs(), &headers).await;
    assert!(alice.follows(answer).await.text().contains("id=\"login\""));
    let bad = asked.with("redirect_uri", "https://evil.example/");
    let answer = alice.post_with("/authorize", &bad.pairs(), &headers).await;
    is_a_page(&alice.follows(answer).await);
}

#[tokio::test]
async fn a_head_request_is_granted_nothing() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let alice = server.browser(cast::ALICE);
    alice.allows(&app.asks_for("photos.read")).await;

    let again = app.asks_for("photos.read");
    let head = http::Request::head(server.site.url("/authorize", &again.pairs()))
        .header("cookie", format!("vk_session={}", alice.cookie("vk_session")))
        .body(Vec::new())
        .unwrap();
    let answer = server.site.send(head).await;

    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), "GET, POST");
    assert!(!answer.headers.contains_key("location"));
}

#[tokio::test]
async fn parameters_that_cannot_be_read_are_refused_as_such_in_the_query_and_in_the_form() {
    let server = TestServer::start().await;
    let flood: Vec<String> = (0..200).map(|n| format!("p{n}=1")).collect();
    let long = format!("state={}", "x".repeat(40 * 1024));
    for (encoded, rule) in [
        (flood.join("&"), Rule::RequestTooLarge),
        ("client_id=%ff".to_owned(), Rule::TokenRequestNotForm),
        ("client_id=mysweetapp%00".to_owned(), Rule::ParameterNul),
        ("client_id=mysweetapp&state=a%00b".to_owned(), Rule::ParameterNul),
        (long, Rule::RequestTooLarge),
    ] {
        let before = server.refusals(rule).await;
        let form = http::Request::post(format!("{}/authorize", server.site.issuer))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(encoded.clone().into_bytes())
            .unwrap();
        let answer = server.site.send(form).await;
        assert!(answer.status.is_client_error(), "{rule:?}: {}", answer.status);
        assert_eq!(answer.location(), None);
        assert_eq!(server.refusals(rule).await, before + 1, "{rule:?}");
    }
    let before = server.refusals(Rule::TokenRequestNotForm).await;
    let query = http::Request::get(format!("{}/authorize?client_id=%ff", server.site.issuer));
    server.site.send(query.body(Vec::new()).unwrap()).await;
    assert_eq!(server.refusals(Rule::TokenRequestNotForm).await, before + 1);
}
