//! `/oauth1/token`: token credentials (RFC 5849 §2.3), and how long they last.

use super::{opens, opens_nothing};
use http::Method;
use valetkey_protocol::oauth1::TokenCredentials;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::time::Timestamp;
use valetkey_testkit::{Consumer, Signed, Temporary, TestServer, cast};

/// A signed request for the photos.
fn asks_for_photos(consumer: &Consumer, token: &TokenCredentials) -> Signed {
    consumer
        .asks(Method::GET, "https://photos.example/photos", token)
        .signed()
}

async fn allowed(server: &TestServer, consumer: &Consumer) -> (Temporary, String) {
    let temporary = consumer.begins("photos.read").await;
    let alice = server.browser(cast::ALICE);
    let answer = alice.answers_oauth1(&temporary.token, "allow").await;
    let verifier = consumer.verifier_from(&temporary, &answer);
    (temporary, verifier)
}

#[tokio::test]
async fn temporary_credentials_shown_again_take_the_access_back() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let (temporary, verifier) = allowed(&server, &printer).await;
    let token = printer
        .tries(printer.redeem(&temporary, &verifier))
        .await
        .credentials();
    opens(&server, &asks_for_photos(&printer, &token)).await;
    // Who does not know the verifier cannot take anything back.
    printer
        .tries(printer.redeem(&temporary, "guess"))
        .await
        .is_refused_by(Rule::OAuth1TokenUsed);
    opens(&server, &asks_for_photos(&printer, &token)).await;
    printer
        .tries(printer.redeem(&temporary, &verifier))
        .await
        .is_refused_by(Rule::OAuth1TokenUsed);
    opens_nothing(
        &server,
        &asks_for_photos(&printer, &token),
        Rule::OAuth1TokenRevoked,
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_redemptions_one_wins() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    for _ in 0..5 {
        let (temporary, verifier) = allowed(&server, &printer).await;
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (printer, signed) = (printer.clone(), printer.redeem(&temporary, &verifier).signed());
            crowd.spawn(async move { printer.sends(signed).await });
        }
        let answers = crowd.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 7));
        for answer in lost {
            answer.is_refused_by(Rule::OAuth1TokenUsed);
        }
    }
}

#[tokio::test]
async fn token_credentials_last_until_they_are_taken_back() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    server.clock.advance(20 * 365 * 24 * 3600);
    server.forget_expired().await;
    opens(&server, &asks_for_photos(&printer, &token)).await;

    let page = alice.signs_in_for_the_account().await;
    assert!(page.text().contains("until you take it back"), "{}", page.text());
    assert!(page.text().contains("OAuth 1.0a"));
    alice.submits(&page, &[]).await;
    let signed = asks_for_photos(&printer, &token);
    opens_nothing(&server, &signed, Rule::OAuth1TokenRevoked).await;
}

#[tokio::test]
async fn token_credentials_outlive_the_session_that_gave_them() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let alice = server.browser(cast::ALICE);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    let page = alice.get("/logout", &[]).await;
    alice.submits(&page, &[]).await;
    opens(&server, &asks_for_photos(&printer, &token)).await;
}

#[tokio::test]
async fn token_credentials_with_a_lifetime_end_with_it() {
    let server = TestServer::start().await;
    server
        .changes(cast::PRINTER, |client| {
            client.oauth1.as_mut().unwrap().token_ttl_seconds = Some(3600);
        })
        .await;
    let printer = server.consumer(cast::PRINTER);
    let token = printer
        .is_allowed_by(&server.browser(cast::ALICE), "photos.read")
        .await;
    server.clock.advance(3599);
    opens(&server, &asks_for_photos(&printer, &token)).await;
    server.clock.advance(1);
    let signed = asks_for_photos(&printer, &token);
    opens_nothing(&server, &signed, Rule::OAuth1TokenExpired).await;
}

#[tokio::test]
async fn a_retired_token_opens_nothing() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let token = printer
        .is_allowed_by(&server.browser(cast::ALICE), "photos.read")
        .await;
    server
        .changes(cast::PRINTER, |client| {
            client.oauth1.as_mut().unwrap().retires_at = Some(Timestamp(1_800_000_100));
        })
        .await;
    opens(&server, &asks_for_photos(&printer, &token)).await;
    server.clock.advance(100);
    let signed = asks_for_photos(&printer, &token);
    opens_nothing(&server, &signed, Rule::OAuth1TokenExpired).await;
    // Off altogether, its signatures are not even looked at.
    server.changes(cast::PRINTER, |client| client.oauth1 = None).await;
    let signed = asks_for_photos(&printer, &token);
    opens_nothing(&server, &signed, Rule::OAuth1NotAllowed).await;
}

#[tokio::test]
async fn token_credentials_survive_a_restart() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let token = printer
        .is_allowed_by(&server.browser(cast::ALICE), "photos.read")
        .await;
    let (temporary, verifier) = allowed(&server, &printer).await;
    drop(printer);
    let server = server.restart().await;
    let printer = server.consumer(cast::PRINTER);
    opens(&server, &asks_for_photos(&printer, &token)).await;
    let _ = printer
        .tries(printer.redeem(&temporary, &verifier))
        .await
        .credentials();
}

#[tokio::test]
async fn no_secret_of_oauth_1_stands_in_the_database() {
    let server = TestServer::start_in_a_folder().await;
    let printer = server.consumer(cast::PRINTER);
    let (temporary, verifier) = allowed(&server, &printer).await;
    let token = printer
        .tries(printer.redeem(&temporary, &verifier))
        .await
        .credentials();
    for entry in std::fs::read_dir(server.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in [
            temporary.secret.as_str(),
            &temporary.token,
            &verifier,
            &token.token,
            token.secret.expose(),
            cast::PRINTER.secret,
        ] {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}
