//! Clients that prove themselves by a signed assertion (RFC 7523): what is wrong with one is refused, whichever endpoint
//! it is shown to, and a good one counts once.

mod confusion;
mod replay;

use valetkey_protocol::client_auth::JWT_BEARER;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn client_assertions_are_verified() {
    let server = TestServer::start().await;
    for registered in [cast::HS_BACKUP, cast::KEY_BACKUP] {
        let good = || server.assertion(registered);
        let now = server.clock.timestamp().0;
        for (rule, assertion) in [
            (Rule::ClientAssertionSubject, good().with("iss", "otherapp")),
            (
                Rule::ClientAssertionAudience,
                good().with("aud", "https://other.example"),
            ),
            (Rule::ClientAssertionExpired, good().with("exp", now - 31)),
            (Rule::ClientAssertionExpired, good().with("iat", now + 31)),
            (Rule::ClientAssertionExpired, good().with("nbf", now + 31)),
            (Rule::ClientAssertionMalformed, good().without("jti")),
            (Rule::ClientAssertionMalformed, good().with("jti", "")),
            (Rule::ClientAssertionMalformed, good().without("exp")),
            (Rule::ClientAssertionMalformed, good().without("aud")),
        ] {
            let answer = server.asserts(&assertion.signed()).await;
            assert!(server.refusals(rule).await > 0, "{rule:?}: {}", answer.text());
            answer.is_refused_by(rule);
        }
        let signed = good().signed();
        let bent = crate::bent(&signed);
        server
            .asserts(&bent)
            .await
            .is_refused_by(Rule::ClientAssertionSignature);
        // The bent one used nothing up.
        server.asserts(&signed).await.tokens();
    }
}

#[tokio::test]
async fn an_assertion_that_lives_for_longer_than_the_server_allows_is_refused() {
    let server = TestServer::start().await;
    let now = server.clock.timestamp().0;
    // An hour, and the half minute that clocks may differ by.
    let last = now + 3600 + 30;
    for (exp, is_good) in [(last + 1, false), (last, true), (i64::MAX, false)] {
        let assertion = server.assertion(cast::KEY_BACKUP).with("exp", exp).signed();
        let answer = server.asserts(&assertion).await;
        assert_eq!(answer.status == 200, is_good, "{exp}: {}", answer.text());
    }
}

#[tokio::test]
async fn an_assertion_beside_a_secret_is_two_methods() {
    let server = TestServer::start().await;
    let assertion = server.assertion(cast::KEY_BACKUP).signed();
    let secret = [("client_secret", cast::PHOTO_BACKUP.secret)];
    let answer = server.asserts_with(&assertion, &secret).await;
    answer.is_refused_by(Rule::ClientAuthTwoMethods);
    let basic = server.app(cast::PHOTO_BACKUP).basic();
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", assertion.as_str()),
    ];
    let headers = [("authorization", basic.as_str())];
    let answer = server.site.post_with("/token", &pairs, &headers).await;
    answer.is_refused_by(Rule::ClientAuthTwoMethods);
}

#[tokio::test]
async fn a_client_with_assertions_has_no_other_way_and_one_without_has_not_this() {
    let server = TestServer::start().await;
    let pairs = [
        ("grant_type", "client_credentials"),
        ("client_id", cast::HS_BACKUP.id),
        ("client_secret", cast::HS_BACKUP.secret),
    ];
    let answer = server.site.post("/token", &pairs).await;
    answer.is_refused_by(Rule::ClientAuthMethodNotRegistered);
    let of_another = server
        .assertion(cast::KEY_BACKUP)
        .with("iss", "photo-backup")
        .with("sub", "photo-backup");
    let answer = server.asserts(&of_another.signed()).await;
    answer.is_refused_by(Rule::ClientAuthMethodNotRegistered);
}

#[tokio::test]
async fn a_key_that_was_taken_out_of_the_registration_opens_nothing() {
    let server = TestServer::start().await;
    let assertion = server.assertion(cast::KEY_BACKUP);
    server.asserts(&assertion.signed()).await.tokens();
    let other = valetkey_jose::SigningKey::generate(valetkey_jose::Algorithm::ES256).unwrap();
    let jwks = serde_json::json!({ "keys": [other.public_jwk()] }).to_string();
    server
        .changes(cast::KEY_BACKUP, |client| {
            client.keys = Some(valetkey_model::client::ClientKeys::Jwks(jwks));
        })
        .await;
    let next = server.assertion(cast::KEY_BACKUP);
    server
        .asserts(&next.signed())
        .await
        .is_refused_by(Rule::ClientAssertionKeyUnknown);
    server.asserts(&next.signed_by(&other)).await.tokens();
}

#[tokio::test]
async fn an_assertion_proves_a_client_at_revocation_and_introspection_too() {
    let server = TestServer::start().await;
    let token = server
        .asserts(&server.assertion(cast::KEY_BACKUP).signed())
        .await
        .tokens()
        .access;
    for path in ["/introspect", "/revoke"] {
        let assertion = server.assertion(cast::KEY_BACKUP).signed();
        let pairs = [
            ("token", token.as_str()),
            ("client_assertion_type", JWT_BEARER),
            ("client_assertion", &assertion),
        ];
        let answer = server.site.post(path, &pairs).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.text());
        let again = server.site.post(path, &pairs).await;
        again.is_refused_by(Rule::ClientAssertionReplayed);
    }
    assert!(!server.app(cast::PHOTOS_API).finds_active(&token).await);
}

#[tokio::test]
async fn clients_of_the_library_prove_themselves_by_both_kinds_of_assertion() {
    use valetkey_client::{Client, ClientAuthentication, Registration};
    let server = TestServer::start().await;
    let secret = valetkey_protocol::secret::ClientSecret::new(cast::HS_BACKUP.secret);
    for (id, authentication) in [
        (cast::HS_BACKUP.id, ClientAuthentication::ClientSecretJwt(secret)),
        (
            cast::KEY_BACKUP.id,
            ClientAuthentication::PrivateKeyJwt(cast::key_backup_key()),
        ),
    ] {
        let registration = Registration {
            issuer: cast::ISSUER.into(),
            client_id: id.into(),
            authentication,
            redirect_uri: None,
        };
        let http = std::sync::Arc::new(server.site.clone());
        let client = Client::discover(http, registration).await.unwrap();
        let now = server.clock.timestamp();
        for _ in 0..2 {
            let tokens = client.client_credentials("photos.read", None, now).await.unwrap();
            let photos = server.photos().shows(tokens.access_token.expose()).await;
            assert_eq!(photos.status, 200);
        }
    }
}
