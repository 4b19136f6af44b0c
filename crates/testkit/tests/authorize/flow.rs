//! The six steps of RFC 6749 §1.2, and the pages that come or do not come.

use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn an_app_reads_alices_photos_without_ever_seeing_her_password() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let alice = server.browser(cast::ALICE);

    let code = alice.allows(&app.asks_for("photos.read")).await;
    let tokens = app.redeems(&code).await.tokens();
    let answer = server.photos().shows(&tokens.access).await;

    assert_eq!(answer.status, 200);
    assert_eq!(answer.member("of"), cast::ALICE.sub());
    assert!(tokens.id.is_empty(), "nobody asked for an ID token");
}

#[tokio::test]
async fn a_public_app_needs_pkce_alone() {
    let server = TestServer::start().await;
    for registered in [cast::MYSWEETCLI, cast::MYSWEETSPA] {
        let app = server.app(registered);
        let code = server
            .browser(cast::ALICE)
            .allows(&app.asks_for("openid photos.read"))
            .await;
        let tokens = app.redeems(&code).await.tokens();
        assert_eq!(server.photos().shows(&tokens.access).await.status, 200);
        assert!(!tokens.id.is_empty());
    }
}

#[tokio::test]
async fn a_native_app_may_listen_on_any_port_of_the_loopback_interface() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETCLI);
    let asked = app
        .asks_for("photos.read")
        .with("redirect_uri", "http://127.0.0.1:51004/callback");
    let answer = server.browser(cast::ALICE).answers(&asked, "allow").await;
    assert_eq!(answer.callback().port(), Some(51004));
    app.redeems(&asked.code_from(&answer)).await.tokens();
}

#[tokio::test]
async fn a_native_app_comes_back_on_its_private_use_scheme_and_is_asked_about_each_time() {
    let server = TestServer::start().await;
    let scheme = "com.example.sweet:/callback";
    server
        .changes(cast::MYSWEETCLI, |client| {
            client.redirect_uris = vec![RedirectUri::parse(scheme).unwrap()];
        })
        .await;
    let app = server.app(cast::MYSWEETCLI);
    let asked = app.asks_for("photos.read").with("redirect_uri", scheme);
    let alice = server.browser(cast::ALICE);
    let answer = alice.answers(&asked, "allow").await;
    assert!(
        answer
            .callback()
            .as_str()
            .starts_with("com.example.sweet:/callback?")
    );
    app.redeems(&asked.code_from(&answer)).await.tokens();

    let silent = alice.opens(&asked.clone().with("prompt", "none")).await;
    assert_eq!(silent.parameter("error"), "consent_required");
    let other = asked.with("redirect_uri", "com.example.sour:/callback");
    assert_eq!(alice.opens(&other).await.status, 400);
}

#[tokio::test]
async fn whoever_cancels_gives_nothing() {
    let server = TestServer::start().await;
    let asked = server.app(cast::MYSWEETAPP).asks_for("photos.read");
    let answer = server.browser(cast::ALICE).answers(&asked, "cancel").await;
    assert_eq!(answer.parameter("error"), "access_denied");
    assert_eq!(answer.parameter("code"), "");
    assert_eq!(answer.parameter("state"), "the-state");
    assert_eq!(answer.parameter("iss"), cast::ISSUER);
}

#[tokio::test]
async fn what_was_allowed_once_is_not_asked_again() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let asked = server.app(cast::MYSWEETAPP).asks_for("openid photos.read");
    let silent = asked.clone().with("prompt", "none");
    assert_eq!(alice.opens(&silent).await.parameter("error"), "login_required");

    alice.allows(&asked).await;
    asked.code_from(&alice.opens(&asked).await);
    silent.code_from(&alice.opens(&silent).await);

    let wider = server
        .app(cast::MYSWEETAPP)
        .asks_for("openid photos.read photos.write");
    assert!(alice.opens(&wider).await.text().contains("id=\"allow\""));
    assert_eq!(
        alice
            .opens(&wider.with("prompt", "none"))
            .await
            .parameter("error"),
        "consent_required"
    );
}

#[tokio::test]
async fn an_app_may_ask_for_a_fresh_sign_in_and_then_sees_when_it_was() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    alice.allows(&app.asks_for("openid")).await;
    server.clock.advance(600);

    for asked in [
        app.asks_for("openid").with("max_age", "60"),
        app.asks_for("openid").with("prompt", "login"),
    ] {
        assert!(
            alice.opens(&asked).await.text().contains("id=\"login\""),
            "the session is too old"
        );
        let tokens = app.redeems(&alice.allows(&asked).await).await.tokens();
        let payload = tokens.id.split('.').nth(1).expect("a JWT has three parts");
        let claims: serde_json::Value =
            serde_json::from_slice(&valetkey_jose::b64::decode_url(payload).unwrap()).unwrap();
        assert_eq!(claims["auth_time"], server.clock.timestamp().0);
        server.clock.advance(600);
    }
}

#[tokio::test]
async fn nothing_is_lost_in_a_restart() {
    let server = TestServer::start().await;
    let (tokens, unused, session) = {
        let alice = server.browser(cast::ALICE);
        let app = server.app(cast::MYSWEETAPP);
        let asked = app.asks_for("openid photos.read");
        let tokens = app.redeems(&alice.allows(&asked).await).await.tokens();
        (tokens, alice.allows(&asked).await, alice.cookie("vk_session"))
    };

    let server = server.restart().await;

    let app = server.app(cast::MYSWEETAPP);
    let alice = server.browser(cast::ALICE);
    alice.plant_cookie("__Host-vk_session", &session);
    assert!(
        alice
            .get("/account", &[])
            .await
            .text()
            .contains("The app mysweetapp"),
        "still signed in"
    );
    app.redeems(&unused).await.tokens();
    assert_eq!(server.photos().shows(&tokens.access).await.status, 200);
    let fresh = app.refreshes(&tokens).await.tokens();
    assert!(server.app(cast::PHOTOS_API).finds_active(&fresh.access).await);
    let asked = app.asks_for("openid photos.read");
    asked.code_from(&alice.opens(&asked).await);
}
