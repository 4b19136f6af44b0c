//! ID tokens of the token endpoint (OpenID Connect Core §2, §3.1.3.3): every algorithm, every claim, and nothing that was
//! not asked for.

use serde_json::Value;
use valetkey_jose::{Algorithm, JwkSet, KeySet, hash, jwt};
use valetkey_model::client::SigningAlg;
use valetkey_testkit::{TestServer, cast};

/// The claims, when the token is signed by a published key with this algorithm and names the key.
async fn checked(server: &TestServer, token: &str, alg: Algorithm) -> Value {
    let text = server.site.get("/jwks", &[]).await.text();
    let keys = KeySet::from_jwks(&JwkSet::from_json(&text).unwrap());
    let expect = jwt::Expect {
        algs: &[alg],
        typ: Some("JWT"),
    };
    let verified = jwt::verify::<Value>(token, &keys, &expect).unwrap();
    assert!(verified.header.kid.is_some_and(|kid| keys.get(&kid).is_some()));
    verified.claims
}

#[tokio::test]
async fn each_client_gets_its_id_tokens_by_its_algorithm_and_a_missing_key_is_made_once() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    assert_eq!(server.store.list_keys().await.unwrap().len(), 2);
    for (chosen, alg) in [
        (SigningAlg::RS256, Algorithm::RS256),
        (SigningAlg::PS256, Algorithm::PS256),
        (SigningAlg::ES256, Algorithm::ES256),
        (SigningAlg::ES384, Algorithm::ES384),
        (SigningAlg::Ed25519, Algorithm::Ed25519),
    ] {
        server
            .changes(cast::MYSWEETAPP, |client| {
                client.id_token_signed_response_alg = chosen;
            })
            .await;
        for _ in 0..2 {
            let code = alice.allows(&app.asks_for("openid")).await;
            let tokens = app.redeems(&code).await.tokens();
            let claims = checked(&server, &tokens.id, alg).await;
            assert_eq!(claims["at_hash"], hash::left_half_b64(alg, &tokens.access));
        }
    }
    assert_eq!(server.store.list_keys().await.unwrap().len(), 5, "one of each");
}

#[tokio::test]
async fn keys_that_two_ask_for_at_once_are_made_once() {
    let server = TestServer::start().await;
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.id_token_signed_response_alg = SigningAlg::ES384;
        })
        .await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let first = alice.allows(&app.asks_for("openid")).await;
    let second = alice.allows(&app.asks_for("openid")).await;
    let (first, second) = tokio::join!(app.redeems(&first), app.redeems(&second));
    for answer in [first, second] {
        checked(&server, &answer.tokens().id, Algorithm::ES384).await;
    }
    assert_eq!(server.store.list_keys().await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_id_token_of_the_code_flow_says_who_when_and_how_and_nothing_of_the_profile() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let asked = app
        .asks_for("openid profile email address phone")
        .and("nonce", "n-1");
    let tokens = app.redeems(&alice.allows(&asked).await).await.tokens();
    let claims = checked(&server, &tokens.id, Algorithm::RS256).await;
    let names: Vec<&str> = claims.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "acr",
            "amr",
            "at_hash",
            "aud",
            "auth_time",
            "exp",
            "iat",
            "iss",
            "nonce",
            "sid",
            "sub"
        ]
    );
    assert_eq!(claims["iss"], cast::ISSUER);
    assert_eq!(claims["aud"], cast::MYSWEETAPP.id);
    assert_eq!(claims["sub"], cast::ALICE.sub());
    assert_eq!(claims["nonce"], "n-1");
    assert_eq!((&claims["acr"], &claims["amr"][0]), (&"1".into(), &"pwd".into()));
    let now = server.clock.timestamp();
    assert_eq!(claims["iat"], now.0);
}

#[tokio::test]
async fn a_refreshed_id_token_keeps_the_session_and_the_single_claims_but_not_the_nonce() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let asked = app
        .asks_for("openid offline_access")
        .and("nonce", "n-1")
        .and("prompt", "consent")
        .and("claims", r#"{"id_token":{"email":null}}"#);
    let first = app.redeems(&alice.allows(&asked).await).await.tokens();
    let before = checked(&server, &first.id, Algorithm::RS256).await;
    assert_eq!(before["email"], "alice@wonderland.example");
    server.clock.advance(120);
    let later = app.refreshes(&first).await.tokens();
    let after = checked(&server, &later.id, Algorithm::RS256).await;
    for kept in ["iss", "sub", "aud", "auth_time", "acr", "amr", "sid", "email"] {
        assert_eq!(after[kept], before[kept], "{kept}");
    }
    assert!(after.get("nonce").is_none());
    assert_ne!(after["iat"], before["iat"]);
    assert_ne!(after["at_hash"], before["at_hash"]);
}
