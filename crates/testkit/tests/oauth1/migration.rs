//! From OAuth 1.0a to OAuth 2: token credentials exchanged by a request that they sign (RFC 8693).

use super::{opens, opens_nothing};
use http::Method;
use valetkey_protocol::oauth1::TokenCredentials;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, OAUTH1_TOKEN_TYPE, TOKEN_EXCHANGE};
use valetkey_testkit::{Consumer, TestServer, cast};

async fn begun(server: &TestServer, scope: &str) -> (Consumer, TokenCredentials) {
    let printer = server.consumer(cast::PRINTER);
    let token = printer.is_allowed_by(&server.browser(cast::ALICE), scope).await;
    (printer, token)
}

#[tokio::test]
async fn a_token_alone_proves_nothing() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server, "photos.read").await;
    let pairs = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", token.token.as_str()),
        ("subject_token_type", OAUTH1_TOKEN_TYPE),
    ];
    // Neither without anything, nor with the secrets of OAuth 2.
    for answer in [
        server.site.post("/token", &pairs).await,
        server.app(cast::PRINTER).posts("/token", &pairs).await,
        server.app(cast::OTHERAPP).posts("/token", &pairs).await,
    ] {
        answer.is_refused_by(Rule::ExchangeProofMissing);
    }
    // Signed with other credentials than those that are exchanged.
    let bob = server.browser(cast::BOB);
    let of_bob = printer.is_allowed_by(&bob, "photos.read").await;
    let mut draft = printer.migrate(&token, &[]);
    draft.protocol.token = Some(of_bob.token.clone());
    of_bob.secret.expose().clone_into(&mut draft.token_secret);
    printer
        .tries(draft)
        .await
        .is_refused_by(Rule::ExchangeProofMissing);
    let mut draft = printer.migrate(&token, &[]);
    draft.token_secret = "guess".into();
    let answer = printer.tries(draft).await;
    assert_eq!(
        (answer.status.as_u16(), answer.error().as_str()),
        (401, "invalid_client")
    );
}

#[tokio::test]
async fn token_credentials_of_another_consumer_migrate_nothing() {
    let server = TestServer::start().await;
    let (_, token) = begun(&server, "photos.read").await;
    let other = server.consumer(cast::OTHERPRINTER);
    let answer = other.tries(other.migrate(&token, &[])).await;
    assert_eq!(answer.error(), "invalid_client", "{}", answer.text());
    assert_eq!(server.refusals(Rule::OAuth1TokenOtherConsumer).await, 1);
}

#[tokio::test]
async fn a_secret_in_the_body_beside_the_signature_is_two_methods() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server, "photos.read").await;
    let more = [
        ("client_id", cast::PRINTER.id),
        ("client_secret", cast::PRINTER.secret),
    ];
    printer
        .tries(printer.migrate(&token, &more))
        .await
        .is_refused_by(Rule::ClientAuthTwoMethods);
    let more = [("client_id", cast::OTHERPRINTER.id)];
    printer
        .tries(printer.migrate(&token, &more))
        .await
        .is_refused_by(Rule::ClientAuthIdsDiffer);
}

#[tokio::test]
async fn scope_widening_by_migration_is_refused() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server, "photos.read").await;
    for wider in [
        "photos.write",
        "photos.read photos.write",
        "openid",
        "photos.read offline_access",
    ] {
        let answer = printer.tries(printer.migrate(&token, &[("scope", wider)])).await;
        assert_eq!(answer.error(), "invalid_scope", "{wider}");
    }
    let moved = printer.tries(printer.migrate(&token, &[])).await.tokens();
    assert_eq!(server.photos().adds(&moved.access).await.status, 403);
    let app = server.app(cast::PRINTER);
    app.refreshes_with(&moved.refresh, &[("scope", "photos.write")])
        .await
        .is_refused_by(Rule::TokenScopeWidened);
}

#[tokio::test]
async fn a_captured_migration_cannot_be_repeated() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server, "photos.read").await;
    let signed = printer.migrate(&token, &[]).signed();
    printer.sends(signed.clone()).await.tokens();
    printer.sends(signed).await;
    assert_eq!(server.refusals(Rule::OAuth1NonceUsed).await, 1);
}

#[tokio::test]
async fn access_that_was_taken_back_does_not_migrate() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    let moved = printer.tries(printer.migrate(&token, &[])).await.tokens();
    let page = alice.get("/account", &[]).await;
    assert!(page.text().contains("moved from OAuth 1.0a"), "{}", page.text());
    alice.submits(&page, &[]).await;
    let answer = printer.tries(printer.migrate(&token, &[])).await;
    assert_eq!(answer.status, 401, "{}", answer.text());
    assert_eq!(server.refusals(Rule::OAuth1TokenRevoked).await, 1);
    // What moved before is taken back with it.
    let app = server.app(cast::PRINTER);
    app.refreshes(&moved).await.is_refused_by(Rule::GrantRevoked);
    assert!(!server.app(cast::PHOTOS_API).finds_active(&moved.access).await);
}

#[tokio::test]
async fn a_migration_may_be_repeated_until_the_consumer_retires() {
    let server = TestServer::start().await;
    let (printer, token) = begun(&server, "photos.read photos.write").await;
    server
        .changes(cast::PRINTER, |client| {
            client.oauth1.as_mut().unwrap().retires_at = Some(Timestamp(1_800_000_100));
        })
        .await;
    let app = server.app(cast::PRINTER);
    let answer = printer.tries(printer.migrate(&token, &[])).await;
    assert_eq!(answer.member("issued_token_type"), ACCESS_TOKEN_TYPE);
    let first = answer.tokens();
    let narrow = [("scope", "photos.read")];
    let second = printer.tries(printer.migrate(&token, &narrow)).await.tokens();
    assert_ne!(first.refresh, second.refresh);
    assert_eq!(server.photos().adds(&first.access).await.status, 200);
    assert_eq!(server.photos().adds(&second.access).await.status, 403);
    // One does not end the other, nor the old one.
    let signed = printer
        .asks(Method::GET, "https://photos.example/photos", &token)
        .signed();
    opens(&server, &signed).await;

    server.clock.advance(100);
    printer
        .tries(printer.migrate(&token, &[]))
        .await
        .is_refused_by(Rule::ExchangeMigrationNotAllowed);
    let signed = printer
        .asks(Method::GET, "https://photos.example/photos", &token)
        .signed();
    opens_nothing(&server, &signed, Rule::OAuth1TokenExpired).await;
    // Who has moved goes on.
    for moved in [first, second] {
        let next = app.refreshes(&moved).await.tokens();
        assert_eq!(server.photos().shows(&next.access).await.status, 200);
    }
}
