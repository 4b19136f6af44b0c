//! `/account`: which apps have access, and taking it away.

mod kinds;

use valetkey_protocol::rule::Rule;
use valetkey_protocol::secret::ClientSecret;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn access_that_alice_takes_away_ends_at_once() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let asked = app.asks_for("openid photos.read offline_access");
    let tokens = app.redeems(&alice.allows(&asked).await).await.tokens();
    let photos = server.photos_with(&std::sync::Arc::default(), |builder| {
        builder
            .jwt()
            .introspect(cast::PHOTOS_API.id, ClientSecret::new(cast::PHOTOS_API.secret))
            .online(0)
    });
    assert_eq!(photos.shows(&tokens.access).await.status, 200);

    let page = alice.get("/account", &[]).await;
    assert!(page.text().contains("id=\"revoke-mysweetapp\"") && page.text().contains("Use photos.read"));
    let after = alice.submits(&page, &[]).await;
    let page = alice.follows(after).await;
    assert!(!page.text().contains("mysweetapp"));

    assert_eq!(photos.shows(&tokens.access).await.status, 401);
    assert_eq!(app.reads_userinfo(&tokens.access).await.status, 401);
    app.refreshes(&tokens).await.is_refused_by(Rule::GrantRevoked);
    assert!(
        alice.opens(&asked).await.text().contains("id=\"allow\""),
        "the app must ask again"
    );
}

#[tokio::test]
async fn a_code_that_is_still_out_ends_with_the_access() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let code = alice.allows(&app.asks_for("photos.read")).await;
    let page = alice.get("/account", &[]).await;
    alice.submits(&page, &[]).await;
    assert_eq!(app.redeems(&code).await.error(), "invalid_grant");
}

#[tokio::test]
async fn taking_access_away_by_csrf_is_refused() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let tokens = app
        .redeems(&alice.allows(&app.asks_for("photos.read")).await)
        .await
        .tokens();
    let bob = server.browser(cast::BOB);
    let csrf_of_bob = {
        let page = bob.signs_in_for_the_account().await;
        assert!(page.text().contains("bob"));
        let app = server.app(cast::MYSWEETAPP);
        bob.allows(&app.asks_for("photos.read")).await;
        bob.get("/account", &[]).await.form().hidden.remove(0).1
    };
    for csrf in ["", "guess", csrf_of_bob.as_str()] {
        let answer = alice
            .post(
                "/account/apps/revoke",
                &[("client_id", "mysweetapp"), ("csrf", csrf)],
            )
            .await;
        assert_eq!(answer.status, 403, "{csrf:?}");
    }
    app.refreshes(&tokens).await.tokens();
}

#[tokio::test]
async fn nobody_sees_or_ends_what_another_allowed() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.browser(cast::ALICE), server.browser(cast::BOB));
    let (app, other) = (server.app(cast::MYSWEETAPP), server.app(cast::OTHERAPP));
    let tokens = app
        .redeems(&alice.allows(&app.asks_for("photos.read")).await)
        .await
        .tokens();
    bob.allows(&other.asks_for("photos.read")).await;
    let page = bob.get("/account", &[]).await;
    assert!(!page.text().contains("mysweetapp"));
    let csrf = page.form().hidden.remove(0).1;
    bob.post(
        "/account/apps/revoke",
        &[("client_id", "mysweetapp"), ("csrf", &csrf)],
    )
    .await;
    app.refreshes(&tokens).await.tokens();
}
