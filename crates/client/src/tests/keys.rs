//! The issuer's keys: fetched when they are needed, and not more often.

use std::sync::Arc;

use valetkey_jose::{Algorithm, SigningKey};
use valetkey_protocol::rule::Rule;

use super::{NOW, OPENID, World, now, refused};
use crate::Client;

fn new_key(world: &World) {
    *world.key.lock().unwrap() = Arc::new(SigningKey::generate(Algorithm::ES256).unwrap());
}

/// Every token names a key that is not known.
fn unknown_key(world: &World, client: &Client, seconds: i64) -> Option<Rule> {
    let stranger = SigningKey::generate(Algorithm::ES256).unwrap();
    let token = stranger
        .sign_jwt("logout+jwt", &serde_json::json!({"iss": "x"}))
        .unwrap();
    let before = world.asked("/jwks").len();
    let outcome = now(client.verify_logout_token(&token, NOW.plus_seconds(seconds)));
    assert!(world.asked("/jwks").len() <= before + 1);
    outcome.unwrap_err().rule()
}

#[test]
fn made_up_keys_do_not_make_the_client_a_nuisance_to_the_issuer() {
    let world = World::new();
    let client = world.client();
    for _ in 0..20 {
        let rule = unknown_key(&world, &client, 0);
        assert_eq!(rule, Some(Rule::ClientLogoutTokenSignature));
    }
    assert_eq!(world.asked("/jwks").len(), 5);
    unknown_key(&world, &client, 59);
    assert_eq!(world.asked("/jwks").len(), 5);
    unknown_key(&world, &client, 60);
    assert_eq!(world.asked("/jwks").len(), 6);
    // A clock that was set back must not lock the keys for ever.
    unknown_key(&world, &client, -1000);
    assert_eq!(world.asked("/jwks").len(), 7);
    // What is known meanwhile is known.
    world.sign_in(&client).unwrap();
    assert_eq!(world.asked("/jwks").len(), 7);
}

#[test]
fn new_keys_of_the_server_are_fetched_when_an_id_token_names_one() {
    let world = World::new();
    let client = world.client();
    world.sign_in(&client).unwrap();
    world.sign_in(&client).unwrap();
    assert_eq!(world.asked("/jwks").len(), 1);
    new_key(&world);
    world.sign_in(&client).unwrap();
    assert_eq!(world.asked("/jwks").len(), 2);
}

#[test]
fn a_key_that_comes_too_soon_after_too_many_is_known_a_minute_later() {
    let world = World::new();
    let client = world.client();
    for _ in 0..5 {
        new_key(&world);
        world.sign_in(&client).unwrap();
    }
    new_key(&world);
    refused(world.sign_in(&client), Rule::IdTokenSignature);
    let pending = world.begin(&client, &OPENID);
    assert!(now(client.finish(pending, &world.callback(), NOW.plus_seconds(60))).is_ok());
}
