//! Tokens that only the authorization server can tell about (RFC 7662).

use std::sync::atomic::Ordering;

use serde_json::json;
use valetkey_protocol::rule::Rule;

use super::{API, Api, ISSUER, NOW, World, active};

#[tokio::test]
async fn a_token_that_the_server_calls_inactive_is_refused() {
    let world = World::new();
    let api = Api::new(world.introspecting());
    for answer in [json!({"active": false}), active(json!({"active": false}))] {
        world.says(answer);
        api.refuses("opaque", Rule::AccessTokenInactive).await;
    }
}

#[tokio::test]
async fn an_active_refresh_token_opens_nothing() {
    let world = World::new();
    let api = Api::new(world.introspecting());
    for kind in ["refresh_token", "N_A"] {
        world.says(active(json!({"token_type": kind})));
        api.refuses("opaque", Rule::AccessTokenInactive).await;
    }
}

#[tokio::test]
async fn an_active_token_for_another_api_or_of_another_issuer_is_refused() {
    let world = World::new();
    let api = Api::new(world.introspecting());
    for aud in [json!(null), json!("https://mail.example"), json!(["mysweetapp"])] {
        world.says(active(json!({"aud": aud})));
        api.refuses("opaque", Rule::AccessTokenAudience).await;
    }
    world.says(active(json!({"iss": "https://evil.example"})));
    api.refuses("opaque", Rule::AccessTokenIssuer).await;
    world.says(active(json!({"exp": NOW})));
    api.refuses("opaque", Rule::AccessTokenExpired).await;
    world.says(active(json!({"nbf": NOW + 31})));
    api.refuses("opaque", Rule::AccessTokenNotYetValid).await;
    world.says(active(json!({"scope": "photos.write"})));
    api.refuses("opaque", Rule::AccessTokenScope).await;
    world.says(active(json!({"iss": null, "aud": ["https://mail.example", API]})));
    api.show("other").await.is_alice();
}

#[tokio::test]
async fn an_answer_is_trusted_for_ten_seconds_and_no_longer() {
    let world = World::new();
    let api = Api::new(world.introspecting());
    world.says(active(json!({})));
    api.show("opaque").await.is_alice();
    world.says(json!({"active": false}));
    world.wait(9);
    api.show("opaque").await.is_alice();
    world.wait(1);
    api.refuses("opaque", Rule::AccessTokenInactive).await;
    assert_eq!(world.asked("/introspect"), 2);
}

#[tokio::test]
async fn a_remembered_answer_does_not_outlive_its_token() {
    let world = World::new();
    let api = Api::new(world.introspecting().online(600));
    world.says(active(json!({})));
    api.show("opaque").await.is_alice();
    world.wait(300);
    api.refuses("opaque", Rule::AccessTokenExpired).await;
}

#[tokio::test]
async fn online_at_zero_asks_every_time_and_access_taken_back_ends_at_once() {
    let world = World::new();
    let api = Api::new(world.introspecting().jwt().online(0));
    let token = world.token(json!({}));
    world.says(active(json!({})));
    api.show(&token).await.is_alice();
    api.show(&token).await.is_alice();
    assert_eq!(world.asked("/introspect"), 2);
    world.says(json!({"active": false}));
    api.refuses(&token, Rule::AccessTokenInactive).await;
    world.down.store(true, Ordering::SeqCst);
    api.show(&token).await.is_unavailable();
}

#[tokio::test]
async fn online_trusts_an_answer_about_a_jwt_for_as_long_as_it_says() {
    let world = World::new();
    let api = Api::new(world.introspecting().jwt().online(30));
    let token = world.token(json!({}));
    world.says(active(json!({})));
    api.show(&token).await.is_alice();
    world.says(json!({"active": false}));
    world.wait(29);
    api.show(&token).await.is_alice();
    world.wait(1);
    api.refuses(&token, Rule::AccessTokenInactive).await;
}

#[tokio::test]
async fn without_online_a_jwt_is_not_asked_about_and_an_opaque_token_is() {
    let world = World::new();
    let api = Api::new(world.introspecting().jwt());
    world.says(active(json!({})));
    api.show(&world.token(json!({}))).await.is_alice();
    assert_eq!(world.asked("/introspect"), 0);
    api.show("opaque").await.is_alice();
    assert_eq!(world.asked("/introspect"), 1);
}

#[tokio::test]
async fn a_forged_jwt_is_refused_without_asking_even_where_opaque_tokens_are_asked_about() {
    let world = World::new();
    let api = Api::new(world.introspecting().jwt().online(0));
    world.says(active(json!({})));
    api.refuses("eyJhbGciOiJub25lIn0.e30.AA", Rule::AccessTokenAlgorithm)
        .await;
    assert_eq!(world.asked("/introspect"), 0);
}

#[tokio::test]
async fn without_jwt_every_token_is_asked_about() {
    let world = World::new();
    let api = Api::new(world.introspecting());
    world.says(json!({"active": false}));
    api.refuses(&world.token(json!({})), Rule::AccessTokenInactive)
        .await;
    assert_eq!((world.asked("/introspect"), world.asked("/jwks")), (1, 0));
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_makes_the_api_unavailable() {
    let world = World::new();
    let api = Api::new(world.introspecting());
    for answer in [
        json!([]),
        json!({}),
        json!({"active": "true"}),
        active(json!({"client_id": null})),
    ] {
        world.says(answer);
        api.show("opaque").await.is_unavailable();
    }
    world.down.store(true, Ordering::SeqCst);
    api.show("opaque").await.is_unavailable();
}

#[tokio::test]
async fn the_subject_of_a_client_that_acts_for_itself_is_the_client() {
    let world = World::new();
    let api = Api::new(world.introspecting());
    world.says(active(json!({"sub": null, "iss": ISSUER})));
    assert_eq!(api.show("opaque").await.body, "mysweetapp mysweetapp photos.read");
}
