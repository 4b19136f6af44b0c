//! Keys and metadata: when they are fetched, how often, and what happens when the authorization server is down.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::json;
use valetkey_jose::{Algorithm, SigningKey};
use valetkey_protocol::rule::Rule;

use super::{World, claims};

const METADATA: &str = "/.well-known/oauth-authorization-server";

fn signed_by(key: &SigningKey) -> String {
    key.sign_jwt("at+jwt", &claims(json!({"exp": super::NOW + 100_000})))
        .unwrap()
}

fn new_key() -> Arc<SigningKey> {
    Arc::new(SigningKey::generate(Algorithm::ES256).unwrap())
}

#[tokio::test]
async fn a_flood_of_unknown_keys_fetches_the_key_set_a_few_times_only() {
    let world = World::new();
    let api = world.jwt();
    for _ in 0..50 {
        api.refuses(&signed_by(&new_key()), Rule::AccessTokenKeyUnknown)
            .await;
    }
    assert_eq!(world.asked("/jwks"), 5);
    api.show(&world.token(json!({}))).await.is_alice();
    world.wait(10);
    for _ in 0..50 {
        api.refuses(&signed_by(&new_key()), Rule::AccessTokenKeyUnknown)
            .await;
    }
    assert_eq!(world.asked("/jwks"), 6);
    assert_eq!(world.asked(METADATA), 1);
}

#[tokio::test]
async fn the_same_unknown_key_is_asked_for_once_a_minute() {
    let world = World::new();
    let api = world.jwt();
    let token = signed_by(&new_key());
    for _ in 0..10 {
        api.refuses(&token, Rule::AccessTokenKeyUnknown).await;
    }
    assert_eq!(world.asked("/jwks"), 1);
    world.wait(60);
    api.refuses(&token, Rule::AccessTokenKeyUnknown).await;
    assert_eq!(world.asked("/jwks"), 2);
}

#[tokio::test]
async fn a_new_key_of_the_server_is_found_at_once() {
    let world = World::new();
    let api = world.jwt();
    api.show(&world.token(json!({}))).await.is_alice();
    let next = new_key();
    world.keys.lock().unwrap().push(Arc::clone(&next));
    api.show(&signed_by(&next)).await.is_alice();
    assert_eq!(world.asked("/jwks"), 2);
}

#[tokio::test]
async fn a_key_that_the_server_withdrew_is_forgotten_when_the_set_is_old() {
    let world = World::new();
    let api = world.jwt();
    let old = world.key();
    api.show(&signed_by(&old)).await.is_alice();
    *world.keys.lock().unwrap() = vec![new_key()];
    world.wait(600);
    let another_of_old = old
        .sign_jwt("at+jwt", &claims(json!({"jti": "t2", "exp": super::NOW + 1000})))
        .unwrap();
    api.refuses(&another_of_old, Rule::AccessTokenKeyUnknown).await;
}

#[tokio::test]
async fn requests_at_the_same_time_share_one_fetch() {
    let world = World::new();
    let api = world.jwt();
    let tokens: Vec<_> = (0..20)
        .map(|n| world.token(json!({"jti": n.to_string()})))
        .collect();
    let mut all = tokio::task::JoinSet::new();
    for token in tokens {
        let router = api.router.clone();
        all.spawn(async move {
            use tower::ServiceExt as _;
            let request = http::Request::get("/photos").header("authorization", format!("Bearer {token}"));
            router
                .oneshot(request.body(axum::body::Body::empty()).unwrap())
                .await
                .unwrap()
                .status()
        });
    }
    assert!(all.join_all().await.iter().all(|status| *status == 200));
    assert_eq!((world.asked(METADATA), world.asked("/jwks")), (1, 1));
}

#[tokio::test]
async fn a_server_that_is_down_from_the_start_makes_the_api_unavailable_and_is_not_hammered() {
    let world = World::new();
    let api = world.jwt();
    world.down.store(true, Ordering::SeqCst);
    for _ in 0..20 {
        api.show(&world.token(json!({}))).await.is_unavailable();
    }
    assert_eq!(world.asked(METADATA), 1);
    world.down.store(false, Ordering::SeqCst);
    world.wait(5);
    api.show(&world.token(json!({}))).await.is_alice();
}

#[tokio::test]
async fn known_keys_serve_for_an_hour_while_the_server_is_down() {
    let world = World::new();
    let api = world.jwt();
    let token = |jti: &str| {
        let claims = claims(json!({"jti": jti, "exp": super::NOW + 100_000}));
        world.key().sign_jwt("at+jwt", &claims).unwrap()
    };
    api.show(&token("a")).await.is_alice();
    world.down.store(true, Ordering::SeqCst);
    world.wait(3599);
    api.show(&token("b")).await.is_alice();
    // An unknown key is not refused for good: nobody could be asked about it.
    world.wait(-1000);
    api.show(&signed_by(&new_key())).await.is_unavailable();
    world.wait(1001);
    api.show(&token("c")).await.is_unavailable();
}

#[tokio::test]
async fn metadata_of_another_issuer_is_not_used() {
    let world = World::new();
    let api = world.jwt();
    *world.claimed_issuer.lock().unwrap() = "https://evil.example".to_owned();
    api.show(&world.token(json!({}))).await.is_unavailable();
    assert_eq!(world.asked("/jwks"), 0);
}

#[tokio::test]
async fn a_checked_token_is_remembered_until_it_expires() {
    let world = World::new();
    let api = world.jwt();
    let token = world.token(json!({}));
    api.show(&token).await.is_alice();
    world.down.store(true, Ordering::SeqCst);
    world.wait(299);
    api.show(&token).await.is_alice();
    world.wait(1);
    api.refuses(&token, Rule::AccessTokenExpired).await;
    api.refuses(&token, Rule::AccessTokenExpired).await;
}
