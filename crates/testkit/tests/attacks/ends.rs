//! What ends while something new is made of it: nothing new outlives it.

use http::Method;
use valetkey_model::ClientId;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE};
use valetkey_testkit::{TestServer, Tokens, cast};

const ROUNDS: usize = 15;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_migration_outlives_the_access_that_was_taken_away_while_it_was_made() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let app = server.app(cast::PRINTER);
    for _ in 0..ROUNDS {
        let alice = server.browser(cast::ALICE);
        let token = printer.is_allowed_by(&alice, "photos.read").await;
        let page = alice.get("/account", &[]).await;
        let migrating: Vec<_> = (0..3)
            .map(|_| {
                let (printer, token) = (printer.clone(), token.clone());
                tokio::spawn(async move {
                    let mut moved: Vec<Tokens> = Vec::new();
                    for _ in 0..8 {
                        let answer = printer.tries(printer.migrate(&token, &[])).await;
                        if answer.status == 200 {
                            moved.push(answer.tokens());
                        }
                    }
                    moved
                })
            })
            .collect();
        tokio::task::yield_now().await;
        alice.submits(&page, &[]).await;
        for moved in migrating {
            for tokens in moved.await.unwrap() {
                app.refreshes(&tokens).await.is_refused_by(Rule::GrantRevoked);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_exchanged_token_outlives_the_grant_that_ended_while_it_was_made() {
    let server = TestServer::start().await;
    let api = server.app(cast::PHOTOS_API);
    let app = server.app(cast::MYSWEETAPP);
    for _ in 0..ROUNDS {
        let alice = server.browser(cast::ALICE);
        let code = alice.allows(&app.asks_for("photos.read")).await;
        let tokens = app.redeems(&code).await.tokens();
        let (support, subject) = (server.app(cast::SUPPORT), tokens.access.clone());
        let exchanging = tokio::spawn(async move {
            let pairs = [
                ("grant_type", TOKEN_EXCHANGE),
                ("subject_token", subject.as_str()),
                ("subject_token_type", ACCESS_TOKEN_TYPE),
            ];
            let mut got = Vec::new();
            for _ in 0..12 {
                got.push(support.posts("/token", &pairs).await.member("access_token"));
            }
            got.retain(|token: &String| !token.is_empty());
            got
        });
        tokio::task::yield_now().await;
        app.revokes(&tokens.refresh).await;
        app.revokes(&tokens.access).await;
        let page = alice.get("/account", &[]).await;
        alice.submits(&page, &[]).await;
        for token in exchanging.await.unwrap() {
            assert!(!api.finds_active(&token).await);
        }
    }
}

#[tokio::test]
async fn every_kind_of_access_of_a_removed_client_ends() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let api = server.app(cast::PHOTOS_API);
    let printer = server.consumer(cast::PRINTER);
    let signing = printer.is_allowed_by(&alice, "photos.read").await;
    let temporary = printer.begins("photos.read").await;
    let tv = server.app(cast::TV);
    let begun = tv.shows_a_code("photos.read").await;
    alice.answers_the_device(&begun.user_code, "allow").await;
    let tokens = tv.polls(&begun).await.tokens();
    let waiting = tv.shows_a_code("photos.read").await;
    for gone in [cast::PRINTER, cast::TV] {
        let id = ClientId::parse(gone.id).unwrap();
        assert!(server.store.remove_client(&id).await.unwrap());
    }
    server.refresh().await;
    let signed = printer
        .asks(Method::GET, "https://photos.example/photos", &signing)
        .signed();
    let answer = api.posts("/oauth1/verify", &signed.to_verify()).await;
    assert_eq!(answer.member("rule"), Rule::OAuth1ConsumerUnknown.info().id);
    let answer = alice.answers_oauth1(&temporary.token, "allow").await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
    assert!(!api.finds_active(&tokens.access).await);
    assert_eq!(tv.polls(&waiting).await.error(), "invalid_client");
    let answer = alice.types_the_code(&waiting.user_code).await;
    assert_eq!(answer.status, 400, "{}", answer.text());
}
