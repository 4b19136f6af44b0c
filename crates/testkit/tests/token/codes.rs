//! Authorization codes at the token endpoint (RFC 6749 §4.1.3, RFC 9700 §4.5, §4.8), attacks by name.

use valetkey_protocol::rule::Rule;
use valetkey_server::listen::Limits;
use valetkey_testkit::{App, Browser, Site, TestServer, cast};

#[tokio::test]
async fn code_replay_is_refused_and_ends_every_token_of_the_first_use() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("openid photos.read"))
        .await;
    let tokens = app.redeems(&code).await.tokens();
    let fresh = app.refreshes(&tokens).await.tokens();

    app.redeems(&code).await.is_refused_by(Rule::CodeReplayed);

    for access in [&tokens.access, &fresh.access] {
        assert!(!server.app(cast::PHOTOS_API).finds_active(access).await);
        assert_eq!(app.reads_userinfo(access).await.status, 401);
    }
    app.refreshes(&fresh).await.is_refused_by(Rule::GrantRevoked);
}

#[tokio::test]
async fn the_code_of_another_client_is_useless_and_stays_good_for_its_own() {
    let server = TestServer::start().await;
    let code = server
        .browser(cast::ALICE)
        .allows(&server.app(cast::MYSWEETAPP).asks_for("photos.read"))
        .await;
    for thief in [cast::OTHERAPP, cast::MYSWEETCLI, cast::TWODOORS] {
        server
            .app(thief)
            .redeems(&code)
            .await
            .is_refused_by(Rule::CodeOtherClient);
    }
    server.app(cast::MYSWEETAPP).redeems(&code).await.tokens();
}

#[tokio::test]
async fn code_injection_without_the_verifier_is_refused() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let mut code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("photos.read"))
        .await;
    for (verifier, rule) in [
        ("", Rule::CodeVerifierMissing),
        ("too-short", Rule::CodeVerifierMalformed),
        (
            "aBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
            Rule::CodePkceMismatch,
        ),
        (
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            Rule::CodePkceMismatch,
        ),
    ] {
        verifier.clone_into(&mut code.verifier);
        app.redeems(&code).await.is_refused_by(rule);
    }
}

#[tokio::test]
async fn a_verifier_without_a_challenge_is_refused() {
    let server = TestServer::start().await;
    let app = server.app(cast::OLDAPP);
    let asked = app
        .asks_for("photos.read")
        .without("code_challenge")
        .without("code_challenge_method");
    let mut code = server.browser(cast::ALICE).allows(&asked).await;
    valetkey_testkit::VERIFIER.clone_into(&mut code.verifier);
    app.redeems(&code)
        .await
        .is_refused_by(Rule::CodeVerifierUnexpected);
    code.verifier.clear();
    app.redeems(&code).await.tokens();
}

#[tokio::test]
async fn a_code_lives_sixty_seconds() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let alice = server.browser(cast::ALICE);
    let (early, late) = (
        alice.allows(&app.asks_for("openid")).await,
        alice.allows(&app.asks_for("openid")).await,
    );
    server.clock.advance(59);
    app.redeems(&early).await.tokens();
    server.clock.advance(1);
    app.redeems(&late).await.is_refused_by(Rule::CodeExpired);
}

#[tokio::test]
async fn a_code_is_bound_to_its_redirect_uri() {
    let server = TestServer::start().await;
    let app = server.app(cast::TWODOORS);
    let mut code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("photos.read"))
        .await;
    let given = std::mem::replace(&mut code.redirect_uri, "https://two.example/back".into());
    app.redeems(&code)
        .await
        .is_refused_by(Rule::CodeRedirectUriMismatch);
    code.redirect_uri.clear();
    app.redeems(&code)
        .await
        .is_refused_by(Rule::CodeRedirectUriMismatch);
    code.redirect_uri = given;
    app.redeems(&code).await.tokens();
}

#[tokio::test]
async fn a_guessed_or_bent_code_is_unknown() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("photos.read"))
        .await;
    for guess in [
        "x".to_owned(),
        "vkc_AAAA".to_owned(),
        code.code.replace("vkc_", "vkr_"),
        code.code[..code.code.len() - 1].to_owned(),
        format!("{}A", code.code),
        code.code.chars().rev().collect(),
    ] {
        let bent = valetkey_testkit::Code {
            code: guess,
            ..code.clone()
        };
        app.redeems(&bent).await.is_refused_by(Rule::CodeUnknown);
    }
    app.redeems(&code).await.tokens();
}

#[tokio::test]
async fn repeated_parameters_are_refused() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("photos.read"))
        .await;
    for (name, value) in [
        ("code", "x"),
        ("grant_type", "refresh_token"),
        ("code_verifier", "x"),
        ("client_id", "a"),
    ] {
        let mut more = vec![(name, value)];
        if name == "client_id" {
            more.push((name, value));
        }
        app.redeems_with(&code, &more)
            .await
            .is_refused_by(Rule::TokenParameterRepeated);
    }
    app.redeems(&code).await.tokens();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_hundred_parallel_redemptions_exactly_one_wins() {
    let server = TestServer::start().await;
    let (address, task) = server.listen(Limits::default()).await;
    let site = Site::wire(cast::ISSUER, address);
    let app = App::at(site.clone(), cast::MYSWEETAPP);
    let code = Browser::at(site, cast::ALICE)
        .allows(&app.asks_for("openid photos.read"))
        .await;

    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..200 {
        let (app, code) = (app.clone(), code.clone());
        attempts.spawn(async move { app.redeems(&code).await });
    }
    let answers = attempts.join_all().await;

    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
    assert_eq!((won.len(), lost.len()), (1, 199));
    assert!(
        lost.iter().all(|answer| answer.error() == "invalid_grant"),
        "{:?}",
        lost.first()
    );
    // A replay ended what the winner got.
    assert!(
        !server
            .app(cast::PHOTOS_API)
            .finds_active(&won[0].tokens().access)
            .await
    );
    task.abort();
}

#[tokio::test]
async fn a_nul_in_a_parameter_is_refused_and_costs_the_code_nothing() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("photos.read"))
        .await;
    for (name, value) in [("resource", "a\0"), ("a\0", ""), ("scope", "\0")] {
        let answer = app.redeems_with(&code, &[(name, value)]).await;
        answer.is_refused_by(Rule::ParameterNul);
        assert_eq!(
            (answer.status, answer.error()),
            (400.try_into().unwrap(), "invalid_request".into())
        );
    }
    let tokens = app.redeems(&code).await.tokens();
    for path in ["/revoke", "/introspect"] {
        let answer = server
            .app(cast::PHOTOS_API)
            .posts(path, &[("token", "x\0")])
            .await;
        answer.is_refused_by(Rule::ParameterNul);
    }
    app.refreshes(&tokens).await.tokens();
}
