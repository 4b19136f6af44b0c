//! What is encrypted for a client (OpenID Connect Core §10.2, §16.14): ID tokens and userinfo, signed first.

use serde_json::Value;
use valetkey_jose::jwe::{self, ContentEncryption, DecryptingKey, KeyManagement};
use valetkey_jose::{Algorithm, JwkSet, KeySet, jwt};
use valetkey_model::client::{ClientKeys, GrantType, SigningAlg};
use valetkey_model::relying_party::Encryption;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Answer, TestServer, Tokens, cast};

fn jwks(keys: &[&DecryptingKey]) -> ClientKeys {
    let keys = keys.iter().map(|key| key.public_jwk()).collect();
    ClientKeys::Jwks(serde_json::to_string(&JwkSet { keys }).unwrap())
}

fn how(alg: KeyManagement, enc: ContentEncryption) -> Option<Encryption> {
    Some(Encryption {
        alg: alg.as_str().to_owned(),
        enc: enc.as_str().to_owned(),
    })
}

async fn signers(server: &TestServer) -> KeySet {
    let text = server.site.get("/jwks", &[]).await.text();
    KeySet::from_jwks(&JwkSet::from_json(&text).unwrap())
}

async fn redeems(server: &TestServer) -> Answer {
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("openid profile"))
        .await;
    app.redeems(&code).await
}

/// Opens a token that is encrypted for the key, and checks what is signed inside.
fn opened(token: &str, key: &DecryptingKey, enc: ContentEncryption, signers: &KeySet) -> Value {
    let outside = jwe::Expect {
        algs: &[key.alg()],
        encs: &[enc],
    };
    let inside = jwt::Expect {
        algs: &Algorithm::ALL,
        typ: Some("JWT"),
    };
    let header = jwe::Unopened::parse(token).unwrap().header().clone();
    assert_eq!(header.kid.as_deref(), Some(key.kid()), "the key is named");
    jwe::decrypt_jwt::<Value>(token, (&[key], &outside), (signers, &inside))
        .unwrap()
        .claims
}

#[tokio::test]
async fn a_client_whose_keys_do_not_fit_gets_nothing_in_the_clear() {
    let server = TestServer::start().await;
    let rsa = DecryptingKey::generate(KeyManagement::RsaOaep256).unwrap();
    for keys in [
        None,
        Some(ClientKeys::Jwks(String::from("no keys"))),
        Some(jwks(&[])),
        Some(jwks(&[&rsa])),
        // Nobody answers there.
        Some(ClientKeys::JwksUri(String::from("https://127.0.0.1:1/jwks"))),
    ] {
        server
            .changes(cast::MYSWEETAPP, |client| {
                client.keys = keys;
                client.openid.id_token_encryption = how(KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
            })
            .await;
        let answer = redeems(&server).await;
        answer.is_refused_by(Rule::ClientEncryptionKeyMissing);
        assert!(answer.json().get("access_token").is_none());
    }
}

#[tokio::test]
async fn keys_that_do_not_fit_use_up_neither_a_code_nor_a_refresh_token() {
    let server = TestServer::start().await;
    let key = DecryptingKey::generate(KeyManagement::EcdhEs).unwrap();
    let keys = |keys| {
        server.changes(cast::MYSWEETAPP, |client| {
            client.keys = Some(keys);
            client.openid.id_token_encryption = how(KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
        })
    };
    keys(jwks(&[])).await;
    let app = server.app(cast::MYSWEETAPP);
    let alice = server.browser(cast::ALICE);
    let code = alice.allows(&app.asks_for("openid profile")).await;
    let refused = app.redeems(&code).await;
    refused.is_refused_by(Rule::ClientEncryptionKeyMissing);
    keys(jwks(&[&key])).await;
    let tokens = app.redeems(&code).await.tokens();

    keys(jwks(&[])).await;
    let refused = app.refreshes(&tokens).await;
    refused.is_refused_by(Rule::ClientEncryptionKeyMissing);
    // Long after a lost answer would be given again.
    server.clock.advance(3600);
    keys(jwks(&[&key])).await;
    let next = app.refreshes(&tokens).await.tokens();
    assert!(jwe::is_encrypted(&next.id));
}

/// The client is told in the fragment that it has no key, and gets nothing else.
fn is_told_to_the_client(answer: &Answer) {
    let error = Rule::AuthorizeEncryptionKeyMissing.info().error.as_str();
    assert_eq!(answer.fragment("error"), error, "{}", answer.text());
    assert_eq!(answer.fragment("state"), "the-state");
    assert_eq!(answer.fragment("iss"), cast::ISSUER);
    for absent in ["code", "id_token", "access_token"] {
        assert_eq!(answer.fragment(absent), "", "{absent}");
    }
    let there = answer.location().unwrap();
    assert!(there.starts_with(cast::MYSWEETAPP.redirect_uri), "{there}");
}

/// Registers MySweetApp with these keys, for encrypted ID tokens through the browser.
async fn wants_encrypted_id_tokens(server: &TestServer, keys: ClientKeys) {
    let change = |client: &mut valetkey_model::Client| {
        client.keys = Some(keys);
        client.grant_types.insert(GrantType::Implicit);
        client.openid.id_token_encryption = how(KeyManagement::EcdhEs, ContentEncryption::A256Gcm);
    };
    server.changes(cast::MYSWEETAPP, change).await;
}

#[tokio::test]
async fn a_silent_request_of_a_client_whose_keys_do_not_fit_is_answered_to_the_client() {
    let server = TestServer::start().await;
    let key = DecryptingKey::generate(KeyManagement::EcdhEs).unwrap();
    let keys = |keys| wants_encrypted_id_tokens(&server, keys);
    keys(jwks(&[&key])).await;
    let alice = server.browser(cast::ALICE);
    let asked = server.app(cast::MYSWEETAPP).asks_for("openid profile");
    let asked = asked.with("response_type", "id_token").and("nonce", "n");
    let answer = alice.answers(&asked, "allow").await;
    assert!(jwe::is_encrypted(&answer.fragment("id_token")));
    let grants = server.count("grants").await;

    // In a hidden frame nobody reads a page; the app would wait for ever (RFC 6749 §4.1.2.1).
    keys(jwks(&[])).await;
    let answer = alice.opens(&asked.and("prompt", "none")).await;
    is_told_to_the_client(&answer);
    assert_eq!(server.count("grants").await, grants);
    assert_eq!(server.refusals(Rule::AuthorizeEncryptionKeyMissing).await, 1);
}

#[tokio::test]
async fn keys_that_do_not_fit_leave_no_grant_where_the_id_token_goes_through_the_browser() {
    let server = TestServer::start().await;
    let key = DecryptingKey::generate(KeyManagement::EcdhEs).unwrap();
    let keys = |keys| wants_encrypted_id_tokens(&server, keys);
    keys(jwks(&[])).await;
    let alice = server.browser(cast::ALICE);
    let asked = |response_type| {
        let asked = server.app(cast::MYSWEETAPP).asks_for("openid profile");
        asked.with("response_type", response_type).and("nonce", "n")
    };
    for response_type in [
        "id_token",
        "id_token token",
        "code id_token",
        "code id_token token",
    ] {
        let answer = alice.answers(&asked(response_type), "allow").await;
        is_told_to_the_client(&answer);
        assert_eq!(server.count("grants").await, 0, "{response_type}");
        assert_eq!(server.count("consents").await, 0, "{response_type}");
    }
    assert_eq!(server.refusals(Rule::AuthorizeEncryptionKeyMissing).await, 4);

    keys(jwks(&[&key])).await;
    let answer = alice.answers(&asked("code id_token"), "allow").await;
    assert!(jwe::is_encrypted(&answer.fragment("id_token")));
    assert_eq!(server.count("grants").await, 1);
}

#[tokio::test]
async fn id_tokens_are_encrypted_in_every_way_that_is_advertised() {
    let server = TestServer::start().await;
    for alg in KeyManagement::ALL {
        let key = DecryptingKey::generate(alg).unwrap();
        for enc in ContentEncryption::ALL {
            server
                .changes(cast::MYSWEETAPP, |client| {
                    client.keys = Some(jwks(&[&key]));
                    client.openid.id_token_encryption = how(alg, enc);
                })
                .await;
            let tokens: Tokens = redeems(&server).await.tokens();
            assert!(jwe::is_encrypted(&tokens.id), "{alg} {enc}");
            let claims = opened(&tokens.id, &key, enc, &signers(&server).await);
            assert_eq!(claims["sub"], cast::ALICE.sub());
            assert_eq!(claims["aud"], cast::MYSWEETAPP.id);
        }
    }
}

#[tokio::test]
async fn userinfo_goes_out_signed_encrypted_or_both_as_the_client_registered() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let key = DecryptingKey::generate(KeyManagement::EcdhEs).unwrap();
    let enc = ContentEncryption::A256Gcm;
    let access = redeems(&server).await.tokens().access;
    let plain = app.reads_userinfo(&access).await;
    assert_eq!(plain.header("content-type"), "application/json");
    assert!(plain.text().starts_with("{\"sub\":"), "{}", plain.text());

    server
        .changes(cast::MYSWEETAPP, |client| {
            client.keys = Some(jwks(&[&key]));
            client.openid.userinfo_signed_response_alg = Some(SigningAlg::ES256);
        })
        .await;
    let signed = app.reads_userinfo(&access).await;
    assert_eq!(signed.header("content-type"), "application/jwt");
    let expect = jwt::Expect {
        algs: &[Algorithm::ES256],
        typ: None,
    };
    let claims = jwt::verify::<Value>(&signed.text(), &signers(&server).await, &expect)
        .unwrap()
        .claims;
    assert_eq!(claims["iss"], cast::ISSUER);
    assert_eq!(claims["aud"], cast::MYSWEETAPP.id);
    assert_eq!(claims["name"], "Alice Liddell");

    server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.userinfo_encryption = how(KeyManagement::EcdhEs, enc);
        })
        .await;
    let nested = app.reads_userinfo(&access).await;
    assert_eq!(nested.header("content-type"), "application/jwt");
    let inside = opened(&nested.text(), &key, enc, &signers(&server).await);
    assert_eq!(inside, claims);

    server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.userinfo_signed_response_alg = None;
        })
        .await;
    let encrypted = app.reads_userinfo(&access).await;
    let outside = jwe::Expect {
        algs: &[KeyManagement::EcdhEs],
        encs: &[enc],
    };
    let decrypted = jwe::decrypt(&encrypted.text(), &[&key], &outside).unwrap();
    assert_eq!(decrypted.header.cty, None, "plain claims, no JWT");
    let claims: Value = serde_json::from_slice(&decrypted.plaintext).unwrap();
    assert_eq!(claims, plain.json());
}
