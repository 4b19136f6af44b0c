//! `/introspect` (RFC 7662).

use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn who_may_not_know_learns_as_little_as_of_a_token_that_does_not_exist() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("openid photos.read"))
        .await;
    let tokens = app.redeems(&code).await.tokens();
    let stranger = server.app(cast::PHOTO_BACKUP);
    for token in [tokens.access.as_str(), &tokens.refresh, "x", "a.b.c", "vka_x"] {
        let answer = stranger.posts("/introspect", &[("token", token)]).await;
        assert_eq!(answer.text(), "{\"active\":false}", "{token}");
    }
    // An ID token is no access token, and a refresh token is nothing for an API.
    let api = server.app(cast::PHOTOS_API);
    assert!(!api.finds_active(&tokens.id).await);
    assert!(!api.finds_active(&tokens.refresh).await);
    assert!(app.finds_active(&tokens.refresh).await);
}

#[tokio::test]
async fn the_api_learns_who_may_do_what_and_until_when() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    for scope in ["photos.read", "calendar.read"] {
        let code = server.browser(cast::ALICE).allows(&app.asks_for(scope)).await;
        let tokens = app.redeems(&code).await.tokens();
        let answer = server
            .app(cast::PHOTOS_API)
            .posts("/introspect", &[("token", &tokens.access)])
            .await
            .json();
        assert_eq!(answer["active"], true);
        assert_eq!(answer["scope"], scope);
        assert_eq!(answer["sub"], cast::ALICE.sub());
        assert_eq!(answer["client_id"], "mysweetapp");
        assert_eq!(answer["iss"], cast::ISSUER);
        assert_eq!(answer["exp"].as_i64(), Some(server.clock.timestamp().0 + 300));
        server.clock.advance(300);
        assert!(!server.app(cast::PHOTOS_API).finds_active(&tokens.access).await);
    }
}
