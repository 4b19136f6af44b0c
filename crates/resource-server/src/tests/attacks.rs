//! Attacks on an API that takes JWTs, each by its name.

use std::sync::Arc;

use serde_json::json;
use valetkey_jose::{Algorithm, SigningKey, b64, hash};
use valetkey_protocol::rule::Rule;

use super::{API, NOW, World, claims};

/// A token with this header and payload, its signature made by `sign`.
fn forge(header: &str, payload: &str, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let input = format!(
        "{}.{}",
        b64::encode_url(header.as_bytes()),
        b64::encode_url(payload.as_bytes())
    );
    let signature = b64::encode_url(&sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// HMAC-SHA256 (RFC 2104), as an attacker would compute it; our own crates cannot.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut block = [0; 64];
    let key = if key.len() > 64 {
        hash::sha256(key).to_vec()
    } else {
        key.to_vec()
    };
    block[..key.len()].copy_from_slice(&key);
    let inner: Vec<u8> = block
        .iter()
        .map(|byte| byte ^ 0x36)
        .chain(message.iter().copied())
        .collect();
    let outer: Vec<u8> = block
        .iter()
        .map(|byte| byte ^ 0x5c)
        .chain(hash::sha256(&inner))
        .collect();
    hash::sha256(&outer).to_vec()
}

#[tokio::test]
async fn alg_none_is_refused_in_every_spelling() {
    let world = World::new();
    let api = world.jwt();
    for none in ["none", "None", "NONE", "nOnE"] {
        let header = json!({"alg": none, "typ": "at+jwt", "kid": world.key().kid()}).to_string();
        let with_signature = forge(&header, &claims(json!({})).to_string(), |_| vec![0; 64]);
        api.refuses(&with_signature, Rule::AccessTokenAlgorithm).await;
        let without = with_signature.rsplit_once('.').unwrap().0;
        assert_eq!(api.show(&format!("{without}.")).await.status, 401);
    }
}

#[tokio::test]
async fn algorithm_confusion_with_the_public_key_as_hmac_secret_is_refused() {
    let world = World::new();
    let api = world.jwt();
    let public = serde_json::to_string(&world.key().public_jwk()).unwrap();
    for typ in ["at+jwt", "JWT"] {
        let header = json!({"alg": "HS256", "typ": typ, "kid": world.key().kid()}).to_string();
        let token = forge(&header, &claims(json!({})).to_string(), |input| {
            hmac_sha256(public.as_bytes(), input)
        });
        api.refuses(&token, Rule::AccessTokenAlgorithm).await;
    }
    assert_eq!(world.asked("/jwks"), 0, "such a token makes nobody fetch keys");
}

#[tokio::test]
async fn a_token_that_names_another_algorithm_than_its_keys_is_refused() {
    let world = World::new();
    let api = world.jwt();
    let key = world.key();
    let header = json!({"alg": "ES384", "typ": "at+jwt", "kid": key.kid()}).to_string();
    let token = forge(&header, &claims(json!({})).to_string(), |input| {
        key.sign(input).unwrap()
    });
    api.refuses(&token, Rule::AccessTokenAlgorithm).await;
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_used() {
    let world = World::new();
    let api = world.jwt();
    let own = SigningKey::generate(Algorithm::ES256).unwrap();
    let header = json!({
        "alg": "ES256", "typ": "at+jwt", "kid": world.key().kid(), "jwk": own.public_jwk(),
        "jku": "https://evil.example/jwks",
    });
    let token = forge(&header.to_string(), &claims(json!({})).to_string(), |input| {
        own.sign(input).unwrap()
    });
    api.refuses(&token, Rule::AccessTokenSignature).await;
    assert_eq!(world.asked("/jwks"), 1);
}

#[tokio::test]
async fn an_id_token_is_no_access_token() {
    let world = World::new();
    let api = world.jwt();
    for typ in ["JWT", "id_token+jwt", "logout+jwt"] {
        let token = world.key().sign_jwt(typ, &claims(json!({}))).unwrap();
        api.refuses(&token, Rule::AccessTokenType).await;
    }
    assert_eq!(world.asked("/jwks"), 0, "such a token makes nobody fetch keys");
}

#[tokio::test]
async fn a_tampered_token_is_refused() {
    let world = World::new();
    let api = world.jwt();
    let good = world.token(json!({}));
    let parts: Vec<_> = good.split('.').collect();
    let payload = b64::encode_url(
        claims(json!({"scope": "photos.read photos.write"}))
            .to_string()
            .as_bytes(),
    );
    let tampered = format!("{}.{payload}.{}", parts[0], parts[2]);
    api.refuses(&tampered, Rule::AccessTokenSignature).await;
    api.show(&good).await.is_alice();
}

#[tokio::test]
async fn a_token_for_another_api_is_refused() {
    let world = World::new();
    let api = world.jwt();
    for aud in [
        json!("https://mail.example"),
        json!([]),
        json!(["https://photos.example/"]),
        json!("mysweetapp"),
    ] {
        api.refuses(&world.token(json!({"aud": aud})), Rule::AccessTokenAudience)
            .await;
    }
    let among_others = world.token(json!({"aud": ["https://mail.example", API]}));
    api.show(&among_others).await.is_alice();
}

#[tokio::test]
async fn a_token_of_another_issuer_is_refused_even_with_a_good_signature() {
    let world = World::new();
    let api = world.jwt();
    for iss in [
        "https://evil.example",
        "https://login.example/",
        "https://LOGIN.example",
    ] {
        api.refuses(&world.token(json!({"iss": iss})), Rule::AccessTokenIssuer)
            .await;
    }
}

#[tokio::test]
async fn an_expired_token_is_refused_from_the_very_second_of_exp() {
    let world = World::new();
    let api = world.jwt();
    api.refuses(&world.token(json!({"exp": NOW})), Rule::AccessTokenExpired)
        .await;
    api.show(&world.token(json!({"exp": NOW + 1}))).await.is_alice();
}

#[tokio::test]
async fn a_token_from_the_future_is_refused_beyond_the_leeway() {
    let world = World::new();
    let api = world.jwt();
    for claim in ["nbf", "iat"] {
        api.refuses(
            &world.token(json!({claim: NOW + 31})),
            Rule::AccessTokenNotYetValid,
        )
        .await;
        api.show(&world.token(json!({claim: NOW + 30}))).await.is_alice();
    }
}

#[tokio::test]
async fn a_token_without_a_claim_that_rfc_9068_requires_is_refused() {
    let world = World::new();
    let api = world.jwt();
    for claim in ["iss", "sub", "aud", "exp", "iat", "jti", "client_id"] {
        api.refuses(&world.token(json!({claim: null})), Rule::AccessTokenMalformed)
            .await;
    }
    api.refuses(&world.token(json!({"exp": "never"})), Rule::AccessTokenMalformed)
        .await;
}

#[tokio::test]
async fn an_opaque_token_is_refused_where_only_jwts_are_taken() {
    let world = World::new();
    let api = world.jwt();
    for token in ["vka_opaque", "a.b", "a.b.c.d.e", "..", "a.b.c"] {
        api.refuses(token, Rule::AccessTokenMalformed).await;
    }
    assert_eq!(world.asked("/jwks"), 0);
}

#[tokio::test]
async fn a_token_signed_with_an_unpublished_key_is_refused() {
    let world = World::new();
    let api = world.jwt();
    let own = SigningKey::generate(Algorithm::ES256).unwrap();
    let token = own.sign_jwt("at+jwt", &claims(json!({}))).unwrap();
    api.refuses(&token, Rule::AccessTokenKeyUnknown).await;
}

#[tokio::test]
async fn an_algorithm_that_the_api_does_not_list_is_refused() {
    let world = World::new();
    world
        .keys
        .lock()
        .unwrap()
        .push(Arc::new(SigningKey::generate(Algorithm::Ed25519).unwrap()));
    let api = super::Api::new(world.builder().jwt().algorithms([Algorithm::Ed25519]));
    api.refuses(&world.token(json!({})), Rule::AccessTokenAlgorithm)
        .await;
    let listed = Arc::clone(&world.keys.lock().unwrap()[1]);
    api.show(&listed.sign_jwt("at+jwt", &claims(json!({}))).unwrap())
        .await
        .is_alice();
}
