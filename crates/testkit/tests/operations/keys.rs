//! Rotation of the signing keys: an overlap, other processes, and the algorithm that a client chose.

use super::node::{MASTER_KEY, Node};
use super::tokens;
use serde_json::Value;
use valetkey_jose::{Algorithm, JoseError, JwkSet, KeySet, jwt};
use valetkey_model::client::SigningAlg;
use valetkey_model::{ClientId, StoredKey};
use valetkey_protocol::time::Timestamp;
use valetkey_rules::policy::TokenFormat;
use valetkey_server::keys::{self, KeyError};
use valetkey_store::Store;
use valetkey_testkit::{Site, TestServer, Tokens, cast};

const OVERLAP: i64 = 3_600;

fn header(token: &str) -> jwt::Header {
    jwt::Unverified::parse(token).unwrap().header().clone()
}

pub(crate) fn kid(token: &str) -> String {
    header(token).kid.unwrap()
}

pub(crate) async fn published(site: &Site) -> KeySet {
    let text = site.get("/jwks", &[]).await.text();
    KeySet::from_jwks(&JwkSet::from_json(&text).unwrap())
}

pub(crate) fn verified(token: &str, keys: &KeySet) -> Result<Value, JoseError> {
    let expect = jwt::Expect {
        algs: &Algorithm::ALL,
        typ: None,
    };
    jwt::verify::<Value>(token, keys, &expect).map(|verified| verified.claims)
}

/// Alice gets tokens at the one server, Bob at the other.
async fn at_both(first: &TestServer, second: &Node) -> (Tokens, Tokens) {
    let (here, there) = (first.app(cast::MYSWEETAPP), second.app(cast::MYSWEETAPP));
    (
        tokens(&first.browser(cast::ALICE), &here, "openid").await,
        tokens(&second.browser(cast::BOB), &there, "openid").await,
    )
}

/// What `valetkey key rotate` does.
async fn rotate(store: &dyn Store, alg: Algorithm, now: Timestamp) -> String {
    keys::rotate(store, &MASTER_KEY, alg, now, OVERLAP).await.unwrap()
}

#[tokio::test]
async fn rotating_with_another_master_key_is_refused_and_changes_nothing() {
    let server = TestServer::start().await;
    let before = server.store.list_keys().await.unwrap();
    let now = server.clock.timestamp();
    let refused = keys::rotate(server.store.as_ref(), &[7; 32], Algorithm::ES256, now, OVERLAP).await;
    assert!(
        matches!(refused, Err(KeyError::WrongMasterKey { .. })),
        "{refused:?}"
    );
    assert_eq!(server.store.list_keys().await.unwrap(), before);
}

#[tokio::test]
async fn an_api_that_wants_rs256_gets_it_and_takes_it() {
    let server = TestServer::start_with(|settings| {
        let photos = settings.policy.resources.iter_mut();
        let photos = photos.filter(|api| api.indicator.as_str() == cast::PHOTOS);
        photos.for_each(|api| api.token_format = TokenFormat::Jwt(SigningAlg::RS256));
    })
    .await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let got = tokens(&alice, &app, "openid photos.read").await;
    let head = header(&got.access);
    assert_eq!(
        (head.alg.as_str(), head.typ.as_deref()),
        ("RS256", Some("at+jwt"))
    );
    assert!(verified(&got.access, &published(&server.site).await).is_ok());
    assert_eq!(server.photos().shows(&got.access).await.status, 200);
    let api = server.app(cast::PHOTOS_API);
    assert!(api.finds_active(&got.access).await);
    assert_eq!(app.reads_userinfo(&got.access).await.status, 200);
}

#[tokio::test]
async fn a_key_of_an_algorithm_that_only_a_newer_node_knows_stops_nobody() {
    let server = TestServer::start().await;
    let now = server.clock.timestamp();
    let newer = StoredKey {
        kid: String::from("newer"),
        alg: String::from("ML-DSA-44"),
        sealed: vec![1; 64],
        created_at: now,
        retired_at: None,
        expires_at: None,
    };
    assert!(server.store.insert_first_key(newer).await.unwrap());
    server.refresh().await;
    rotate(server.store.as_ref(), Algorithm::ES256, now).await;
    server.refresh().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let got = tokens(&alice, &app, "openid photos.read").await;
    assert!(verified(&got.access, &published(&server.site).await).is_ok());
}

#[tokio::test]
async fn after_a_rotation_new_tokens_carry_the_new_keys_and_the_old_tokens_still_verify() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let (photos, api) = (server.photos(), server.app(cast::PHOTOS_API));
    let old = tokens(&alice, &app, "openid photos.read").await;
    assert_eq!(photos.shows(&old.access).await.status, 200);

    let now = server.clock.timestamp();
    let access_kid = rotate(server.store.as_ref(), Algorithm::ES256, now).await;
    let id_kid = rotate(server.store.as_ref(), Algorithm::RS256, now).await;
    server.refresh().await;
    let new = tokens(&alice, &app, "openid photos.read").await;
    assert_eq!((kid(&new.access), kid(&new.id)), (access_kid, id_kid));
    assert_ne!(kid(&new.access), kid(&old.access));
    assert_ne!(kid(&new.id), kid(&old.id));

    // The last second in which the old access token lives.
    server.clock.advance(299);
    let keys = published(&server.site).await;
    assert_eq!(keys.len(), 4);
    for token in [&old.access, &old.id, &new.access, &new.id] {
        verified(token, &keys).unwrap();
    }
    for token in [&old.access, &new.access] {
        assert_eq!(app.reads_userinfo(token).await.status, 200);
        assert!(api.finds_active(token).await);
        assert_eq!(
            photos.shows(token).await.status,
            200,
            "an API with the old keys in its cache"
        );
    }
}

#[tokio::test]
async fn when_the_overlap_is_over_the_old_key_leaves_and_what_it_signed_verifies_no_more() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let old = tokens(&alice, &app, "openid").await;
    let now = server.clock.timestamp();
    rotate(server.store.as_ref(), Algorithm::RS256, now).await;
    server.refresh().await;
    let new = tokens(&alice, &app, "openid").await;

    server.clock.advance(OVERLAP - 1);
    server.forget_expired().await;
    server.refresh().await;
    verified(&old.id, &published(&server.site).await).unwrap();

    server.clock.advance(1);
    server.forget_expired().await;
    server.refresh().await;
    let keys = published(&server.site).await;
    assert_eq!(verified(&old.id, &keys), Err(JoseError::UnknownKey));
    verified(&new.id, &keys).unwrap();
    assert_eq!(server.store.list_keys().await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_rotation_by_another_process_is_noticed_by_every_server() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    let (old, _) = at_both(&first, &second).await;

    let new = rotate(second.store.as_ref(), Algorithm::ES256, second.clock.timestamp()).await;
    first.refresh().await;
    second.server.refresh().await;

    let (here, there) = at_both(&first, &second).await;
    assert_eq!((kid(&here.access), kid(&there.access)), (new.clone(), new));
    assert_ne!(kid(&here.access), kid(&old.access));
    // Each takes what the other signed.
    assert_eq!(
        second
            .app(cast::MYSWEETAPP)
            .reads_userinfo(&here.access)
            .await
            .status,
        200
    );
    assert_eq!(
        first
            .app(cast::MYSWEETAPP)
            .reads_userinfo(&there.access)
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_client_gets_its_id_tokens_by_the_algorithm_that_it_chose() {
    let server = TestServer::start().await;
    let id = ClientId::parse(cast::MYSWEETAPP.id).unwrap();
    let mut client = server.store.find_client(&id).await.unwrap().unwrap();
    client.id_token_signed_response_alg = SigningAlg::ES256;
    assert!(server.store.update_client(client).await.unwrap());
    server.refresh().await;

    let keys = published(&server.site).await;
    for (registered, alg) in [(cast::MYSWEETAPP, "ES256"), (cast::OTHERAPP, "RS256")] {
        let alice = server.browser(cast::ALICE);
        let tokens = tokens(&alice, &server.app(registered), "openid").await;
        assert_eq!(header(&tokens.id).alg, alg);
        assert_eq!(verified(&tokens.id, &keys).unwrap()["aud"], registered.id);
    }
}

const DAY: i64 = 24 * 3_600;

#[tokio::test]
async fn a_key_that_has_signed_for_long_enough_is_exchanged_and_what_it_signed_still_verifies() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let before = server.store.list_keys().await.unwrap();
    server.clock.advance(90 * DAY - 1);
    server.rotate_keys().await;
    assert_eq!(server.store.list_keys().await.unwrap(), before, "not yet");

    server.clock.advance(1);
    server.rotate_keys().await;
    server.clock.advance(60);
    server.rotate_keys().await;
    let after = server.store.list_keys().await.unwrap();
    assert_eq!(after.len(), 4, "each of the two gets one successor");
    server.clock.advance(keys::ANNOUNCED_SECONDS - 61);
    server.refresh().await;
    let announced = published(&server.site).await;
    assert_eq!(announced.len(), 4);
    let old = tokens(&alice, &app, "openid").await;
    assert!(
        before.iter().any(|key| key.kid == kid(&old.id)),
        "the old key signs to the end"
    );

    server.clock.advance(1);
    server.refresh().await;
    let new = tokens(&alice, &app, "openid").await;
    for (new, old) in [(&new.id, &old.id), (&new.access, &old.access)] {
        assert_ne!(kid(new), kid(old));
        assert!(
            announced.get(&kid(new)).is_some(),
            "who kept the key set knows it already"
        );
    }

    // For the whole session an ID token may come back as a hint.
    let policy = cast::policy();
    let overlap = keys::overlap_seconds(&policy, 3_600);
    assert!(overlap > policy.session_ttl_seconds);
    server.clock.advance(overlap - 1);
    server.forget_expired().await;
    server.refresh().await;
    verified(&old.id, &published(&server.site).await).unwrap();
    server.clock.advance(1);
    server.forget_expired().await;
    server.refresh().await;
    let published = published(&server.site).await;
    assert_eq!(verified(&old.id, &published), Err(JoseError::UnknownKey));
    verified(&new.id, &published).unwrap();
}

#[tokio::test]
async fn of_many_nodes_that_notice_an_old_key_one_exchanges_it() {
    let first = TestServer::start().await;
    let (second, third) = (Node::beside(&first).await, Node::beside(&first).await);
    first.clock.advance(90 * DAY);
    tokio::join!(
        first.rotate_keys(),
        second.server.rotate_keys(),
        third.server.rotate_keys()
    );
    let keys = first.store.list_keys().await.unwrap();
    assert_eq!(keys.len(), 4, "{keys:?}");
    let next = keys.iter().filter(|key| key.retired_at.is_none());
    let next: Vec<&str> = next.map(|key| key.kid.as_str()).collect();
    assert_eq!(next.len(), 2);
    first.refresh().await;
    second.server.refresh().await;
    first.clock.advance(keys::ANNOUNCED_SECONDS);
    first.refresh().await;
    second.server.refresh().await;
    let (here, there) = at_both(&first, &second).await;
    for token in [&here.access, &here.id, &there.access, &there.id] {
        assert!(next.contains(&kid(token).as_str()));
    }
}

#[tokio::test]
async fn a_key_that_is_rotated_by_hand_signs_at_once_even_while_another_is_announced() {
    let server = TestServer::start().await;
    server.clock.advance(90 * DAY);
    server.rotate_keys().await;
    let by_hand = rotate(server.store.as_ref(), Algorithm::RS256, server.clock.timestamp()).await;
    server.refresh().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    assert_eq!(kid(&tokens(&alice, &app, "openid").await.id), by_hand);
    server.clock.advance(keys::ANNOUNCED_SECONDS);
    server.refresh().await;
    assert_eq!(kid(&tokens(&alice, &app, "openid").await.id), by_hand);
}

#[tokio::test]
async fn an_operator_who_rotates_by_hand_alone_is_left_alone() {
    let server = TestServer::start_with(|settings| settings.key_rotation.after_seconds = None).await;
    let before = server.store.list_keys().await.unwrap();
    server.clock.advance(3_650 * DAY);
    server.rotate_keys().await;
    assert_eq!(server.store.list_keys().await.unwrap(), before);
}

#[tokio::test]
async fn a_key_that_one_node_made_on_first_use_signs_on_every_node() {
    let first = TestServer::start().await;
    let second = Node::beside(&first).await;
    first
        .changes(cast::MYSWEETAPP, |client| {
            client.id_token_signed_response_alg = SigningAlg::Ed25519
        })
        .await;
    second.server.refresh().await;
    let (here, there) = at_both(&first, &second).await;
    assert_eq!(
        kid(&here.id),
        kid(&there.id),
        "also before the second node has looked"
    );
    assert_eq!(first.store.list_keys().await.unwrap().len(), 3);
}
