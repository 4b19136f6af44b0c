//! APIs that ask: opaque access tokens, and JWTs that are checked online.

use super::tokens;
use axum::Router;
use axum::routing::get;
use std::sync::Arc;
use valetkey_protocol::secret::ClientSecret;
use valetkey_resource_server::ResourceServer;
use valetkey_testkit::{Site, TestServer, cast};

fn secret() -> ClientSecret {
    ClientSecret::new(cast::PHOTOS_API.secret)
}

/// The Calendar API, whose tokens are opaque; it asks about each one every time.
fn calendar(server: &TestServer) -> Site {
    let clock = server.clock.clone();
    let guard = ResourceServer::builder(cast::CALENDAR, cast::ISSUER)
        .http(Arc::new(server.site.clone()))
        .introspect(cast::PHOTOS_API.id, secret())
        .online(0)
        .clock(move || clock.timestamp())
        .build()
        .unwrap();
    let router = Router::new().route(
        "/events",
        get(|| async { "tea at six" }).layer(guard.require("calendar.read")),
    );
    Site::router(cast::CALENDAR, router)
}

#[tokio::test]
async fn an_opaque_token_opens_its_own_api_and_no_other() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let opaque = tokens(&alice, &app, "openid calendar.read").await.access;
    let jwt = tokens(&alice, &app, "openid photos.read").await.access;
    assert!(opaque.starts_with("vka_"), "{opaque}");
    assert!(!opaque.contains('.'));
    let calendar = calendar(&server);

    assert_eq!(calendar.get_with_token("/events", &opaque).await.status, 200);
    assert!(server.app(cast::PHOTOS_API).finds_active(&opaque).await);
    let introspected = server
        .app(cast::PHOTOS_API)
        .posts("/introspect", &[("token", &opaque)])
        .await;
    assert_eq!(introspected.member("aud"), cast::CALENDAR);
    assert_eq!(introspected.member("sub"), cast::ALICE.sub());
    assert_eq!(app.reads_userinfo(&opaque).await.status, 200);

    assert_eq!(calendar.get_with_token("/events", &jwt).await.status, 401);
    assert_eq!(server.photos().shows(&opaque).await.status, 401);
    assert!(!server.app(cast::OTHERAPP).finds_active(&opaque).await);
    let mut bent = opaque.clone();
    let last = bent.pop().unwrap();
    bent.push(if last == 'A' { 'B' } else { 'A' });
    bent.replace_range(10..11, if &bent[10..11] == "A" { "B" } else { "A" });
    assert_eq!(calendar.get_with_token("/events", &bent).await.status, 401);
}

#[tokio::test]
async fn an_opaque_token_stops_with_its_grant_by_itself_and_by_time() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let backup = server.app(cast::PHOTO_BACKUP);
    let calendar = calendar(&server);
    let scope = "openid calendar.read offline_access";

    let first = tokens(&alice, &app, scope).await;
    assert_eq!(
        calendar.get_with_token("/events", &first.access).await.status,
        200
    );
    assert_eq!(app.revokes(&first.refresh).await.status, 200);
    assert_eq!(
        calendar.get_with_token("/events", &first.access).await.status,
        401
    );

    let own = backup
        .asks_for_itself(&[("scope", "calendar.read")])
        .await
        .tokens();
    assert_eq!(calendar.get_with_token("/events", &own.access).await.status, 200);
    assert_eq!(backup.revokes(&own.access).await.status, 200);
    assert_eq!(calendar.get_with_token("/events", &own.access).await.status, 401);

    let last = tokens(&alice, &app, scope).await;
    server.clock.advance(299);
    assert_eq!(calendar.get_with_token("/events", &last.access).await.status, 200);
    server.clock.advance(1);
    assert_eq!(calendar.get_with_token("/events", &last.access).await.status, 401);
}

#[tokio::test]
async fn a_revoked_jwt_stops_at_once_where_the_api_asks_and_at_its_end_where_it_does_not() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let asks = server.photos_with(&Arc::default(), |builder| {
        builder.jwt().introspect(cast::PHOTOS_API.id, secret()).online(0)
    });
    let alone = server.photos();
    let got = tokens(&alice, &app, "openid photos.read offline_access").await;
    assert_eq!(asks.shows(&got.access).await.status, 200);
    assert_eq!(alone.shows(&got.access).await.status, 200);

    assert_eq!(app.revokes(&got.refresh).await.status, 200);
    assert_eq!(asks.shows(&got.access).await.status, 401);
    assert_eq!(alone.shows(&got.access).await.status, 200);
    // With the half minute that clocks may differ.
    server.clock.advance(300 + 30);
    assert_eq!(alone.shows(&got.access).await.status, 401);
}

#[tokio::test]
async fn access_that_a_person_takes_away_on_the_account_page_ends_at_the_api_that_asks() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let calendar = calendar(&server);
    let got = tokens(&alice, &app, "openid calendar.read offline_access").await;
    let page = alice.get("/account", &[]).await;
    let csrf = page.text();
    let csrf = csrf.split("name=\"csrf\" value=\"").nth(1).unwrap();
    let csrf = csrf.split('"').next().unwrap();
    let fields = [("client_id", cast::MYSWEETAPP.id), ("csrf", csrf)];
    let answer = alice.post("/account/apps/revoke", &fields).await;
    assert!(answer.status.is_redirection() || answer.status == 200);
    assert_eq!(calendar.get_with_token("/events", &got.access).await.status, 401);
}
