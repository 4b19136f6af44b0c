//! `/revoke` (RFC 7009).

use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn a_refresh_token_ends_the_grant_and_an_access_token_ends_alone() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let api = server.app(cast::PHOTOS_API);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("photos.read"))
        .await;
    let tokens = app.redeems(&code).await.tokens();
    let fresh = app.refreshes(&tokens).await.tokens();

    assert_eq!(app.revokes(&tokens.access).await.status, 200);
    assert!(!api.finds_active(&tokens.access).await);
    assert!(api.finds_active(&fresh.access).await);

    assert_eq!(app.revokes(&fresh.refresh).await.status, 200);
    assert!(!api.finds_active(&fresh.access).await);
    app.refreshes(&fresh).await.is_refused_by(Rule::GrantRevoked);
}

#[tokio::test]
async fn another_clients_token_is_not_revoked() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("photos.read"))
        .await;
    let tokens = app.redeems(&code).await.tokens();
    for token in [&tokens.access, &tokens.refresh] {
        server
            .app(cast::OTHERAPP)
            .revokes(token)
            .await
            .is_refused_by(Rule::RevokeOtherClient);
    }
    assert!(server.app(cast::PHOTOS_API).finds_active(&tokens.access).await);
    app.refreshes(&tokens).await.tokens();
}

#[tokio::test]
async fn an_unknown_token_is_answered_like_a_known_one() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    for token in ["x", "vkr_AAAA", "a.b.c"] {
        let answer = app.revokes(token).await;
        assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, ""));
    }
}

#[tokio::test]
async fn an_opaque_token_can_be_revoked_too() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("openid calendar.read"))
        .await;
    let tokens = app.redeems(&code).await.tokens();
    assert!(tokens.access.starts_with("vka_"));
    assert_eq!(app.reads_userinfo(&tokens.access).await.status, 200);
    app.revokes(&tokens.access).await;
    assert_eq!(app.reads_userinfo(&tokens.access).await.status, 401);
}
