//! Clients that are removed or changed while their tokens live and their requests are under way.

use valetkey_model::ClientId;
use valetkey_model::client::GrantType;
use valetkey_testkit::{TestServer, cast};

fn id(registered: cast::Registered) -> ClientId {
    ClientId::parse(registered.id).unwrap()
}

#[tokio::test]
async fn every_token_of_a_removed_client_stops_counting() {
    let server = TestServer::start().await;
    let api = server.app(cast::PHOTOS_API);
    let backup = server.app(cast::PHOTO_BACKUP);
    let own = backup
        .asks_for_itself(&[("scope", "photos.read")])
        .await
        .member("access_token");
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("openid photos.read"))
        .await;
    let of_alice = app.redeems(&code).await.tokens();
    assert!(api.finds_active(&own).await && api.finds_active(&of_alice.access).await);

    for gone in [cast::PHOTO_BACKUP, cast::MYSWEETAPP] {
        assert!(server.store.remove_client(&id(gone)).await.unwrap());
    }
    server.refresh().await;
    assert!(!api.finds_active(&own).await);
    assert!(!api.finds_active(&of_alice.access).await);
    assert_eq!(app.reads_userinfo(&of_alice.access).await.status, 401);
    assert_eq!(app.refreshes(&of_alice).await.error(), "invalid_client");
}

#[tokio::test]
async fn a_token_of_a_client_that_may_not_act_for_itself_any_more_stops_counting() {
    let server = TestServer::start().await;
    let api = server.app(cast::PHOTOS_API);
    let own = server
        .app(cast::PHOTO_BACKUP)
        .asks_for_itself(&[("scope", "photos.read")])
        .await
        .member("access_token");
    let mut client = server
        .store
        .find_client(&id(cast::PHOTO_BACKUP))
        .await
        .unwrap()
        .unwrap();
    client.grant_types.remove(&GrantType::ClientCredentials);
    server.store.update_client(client).await.unwrap();
    server.refresh().await;
    assert!(!api.finds_active(&own).await);
}

#[tokio::test]
async fn a_redirect_uri_taken_away_during_sign_in_or_consent_gets_neither_code_nor_error() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let good = app.asks_for("photos.read");
    let bad = good.clone().with("response_type", "token");
    let alice = server.browser(cast::ALICE);
    let consent = alice.opens(&good).await;
    let consent = alice.signs_in(&consent).await;
    let bob = server.browser(cast::BOB);
    let login = bob.opens(&bad).await;

    let mut client = server
        .store
        .find_client(&id(cast::MYSWEETAPP))
        .await
        .unwrap()
        .unwrap();
    client.redirect_uris.clear();
    server.store.update_client(client).await.unwrap();
    server.refresh().await;
    for answer in [
        alice.submits(&consent, &[("answer", "allow")]).await,
        alice.submits(&consent, &[("answer", "cancel")]).await,
        bob.signs_in(&login).await,
    ] {
        assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
    }
    server.store.remove_client(&id(cast::MYSWEETAPP)).await.unwrap();
    server.refresh().await;
    assert_eq!(bob.signs_in(&login).await.location(), None);
}
