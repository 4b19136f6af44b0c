//! Refresh tokens (RFC 6749 §6, RFC 9700 §4.14), attacks by name.

use valetkey_protocol::rule::Rule;
use valetkey_server::listen::Limits;
use valetkey_testkit::{App, Site, TestServer, Tokens, cast};

async fn signed_in(server: &TestServer, app: &App) -> Tokens {
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("openid photos.read offline_access"))
        .await;
    app.redeems(&code).await.tokens()
}

#[tokio::test]
async fn refresh_token_reuse_after_the_window_ends_the_grant() {
    for registered in [cast::MYSWEETAPP, cast::MYSWEETCLI, cast::MYSWEETSPA] {
        let server = TestServer::start().await;
        let app = server.app(registered);
        let first = signed_in(&server, &app).await;
        let second = app.refreshes(&first).await.tokens();
        server.clock.advance(31);

        app.refreshes(&first)
            .await
            .is_refused_by(Rule::RefreshTokenReused);

        app.refreshes(&second).await.is_refused_by(Rule::GrantRevoked);
        assert!(!server.app(cast::PHOTOS_API).finds_active(&second.access).await);
    }
}

#[tokio::test]
async fn a_retry_within_the_window_gets_the_same_successor_so_that_a_lost_answer_logs_nobody_out() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let first = signed_in(&server, &app).await;
    let second = app.refreshes(&first).await.tokens();
    server.clock.advance(29);
    let again = app.refreshes(&first).await.tokens();
    assert_eq!(again.refresh, second.refresh);
    let third = app.refreshes(&again).await.tokens();
    assert_ne!(third.refresh, second.refresh);
}

#[tokio::test]
async fn refresh_token_reuse_two_generations_back_is_theft_even_within_the_window() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let first = signed_in(&server, &app).await;
    let second = app.refreshes(&first).await.tokens();
    let third = app.refreshes(&second).await.tokens();
    app.refreshes(&first)
        .await
        .is_refused_by(Rule::RefreshTokenReused);
    app.refreshes(&third).await.is_refused_by(Rule::GrantRevoked);
}

#[tokio::test]
async fn another_clients_refresh_token_is_refused_and_stays_good_for_its_own() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let tokens = signed_in(&server, &app).await;
    for thief in [cast::OTHERAPP, cast::MYSWEETCLI] {
        server
            .app(thief)
            .refreshes(&tokens)
            .await
            .is_refused_by(Rule::RefreshTokenOtherClient);
    }
    app.refreshes(&tokens).await.tokens();
}

#[tokio::test]
async fn a_refresh_token_that_lies_idle_expires_and_rotation_never_outlives_the_grant() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let tokens = signed_in(&server, &app).await;
    server.clock.advance(14 * 24 * 3600 + 1);
    app.refreshes(&tokens)
        .await
        .is_refused_by(Rule::RefreshTokenExpired);

    // RFC 10017: a single-page app's tokens have a lifetime that rotation does not extend.
    let spa = server.app(cast::MYSWEETSPA);
    let mut tokens = signed_in(&server, &spa).await;
    for _ in 0..3 {
        server.clock.advance(8 * 3600 - 60);
        tokens = spa.refreshes(&tokens).await.tokens();
    }
    server.clock.advance(3600);
    assert_eq!(spa.refreshes(&tokens).await.error(), "invalid_grant");
}

#[tokio::test]
async fn a_refresh_may_narrow_the_scope_and_never_widen_it() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let tokens = signed_in(&server, &app).await;
    let wider = app
        .refreshes_with(&tokens.refresh, &[("scope", "openid photos.read photos.write")])
        .await;
    wider.is_refused_by(Rule::TokenScopeWidened);
    let narrow = app
        .refreshes_with(&tokens.refresh, &[("scope", "photos.read")])
        .await
        .tokens();
    assert_eq!(narrow.json["scope"], "photos.read");
    // RFC 6749 §6: the next one may have the full scope again.
    let full = app.refreshes(&narrow).await.tokens();
    assert!(full.json["scope"].as_str().unwrap().contains("openid"));
}

#[tokio::test]
async fn a_refreshed_id_token_keeps_who_and_when() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let first = signed_in(&server, &app).await;
    server.clock.advance(120);
    let second = app.refreshes(&first).await.tokens();
    let claims = |token: &str| -> serde_json::Value {
        let payload = token.split('.').nth(1).unwrap();
        serde_json::from_slice(&valetkey_jose::b64::decode_url(payload).unwrap()).unwrap()
    };
    let (before, after) = (claims(&first.id), claims(&second.id));
    for name in ["iss", "sub", "aud", "auth_time"] {
        assert_eq!(before[name], after[name], "{name}");
    }
    assert_eq!(after["iat"].as_i64(), Some(server.clock.timestamp().0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parallel_refreshes_of_one_token_all_get_the_same_successor() {
    let server = TestServer::start().await;
    let (address, task) = server.listen(Limits::default()).await;
    let app = App::at(Site::wire(cast::ISSUER, address), cast::MYSWEETAPP);
    let tokens = signed_in(&server, &server.app(cast::MYSWEETAPP)).await;
    let mut attempts = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let (app, tokens) = (app.clone(), tokens.clone());
        attempts.spawn(async move { app.refreshes(&tokens).await.tokens().refresh });
    }
    let mut successors = attempts.join_all().await;
    successors.sort_unstable();
    successors.dedup();
    assert_eq!(successors.len(), 1);
    task.abort();
}
