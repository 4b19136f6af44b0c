//! What an operator takes from a client while somebody is in the middle of it.

use valetkey_model::client::GrantType;
use valetkey_protocol::rule::Rule;
use valetkey_server::clock::Clock as _;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn implicit_that_is_switched_off_while_the_person_reads_gives_no_token() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let asked = server
        .app(cast::OLDSPA)
        .asks_for("photos.read")
        .with("response_type", "token");
    let login = alice.opens(&asked).await;
    let consent = alice.signs_in(&login).await;
    assert!(consent.text().contains("id=\"allow\""));
    server
        .changes(cast::OLDSPA, |client| {
            client.grant_types.remove(&GrantType::Implicit);
        })
        .await;
    let answer = alice.submits(&consent, &[("answer", "allow")]).await;
    let token = answer
        .location()
        .map(|_| answer.returned("access_token"))
        .unwrap_or_default();
    assert_eq!(token, "", "{:?}", answer.location());
    assert!(server.refusals(Rule::AuthorizeGrantTypeNotAllowed).await > 0);
}

#[tokio::test]
async fn a_device_grant_that_is_switched_off_gives_no_token() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    let alice = server.browser(cast::ALICE);
    let answered = tv.shows_a_code("photos.read").await;
    alice.answers_the_device(&answered.user_code, "allow").await;
    let waiting = tv.shows_a_code("photos.read").await;
    server
        .changes(cast::TV, |client| {
            client.grant_types.remove(&GrantType::DeviceCode);
        })
        .await;
    for begun in [&answered, &waiting] {
        let poll = tv.polls(begun).await;
        poll.is_refused_by(Rule::TokenGrantTypeNotAllowed);
    }
    let page = alice.types_the_code(&waiting.user_code).await;
    assert_eq!(page.status, 400, "nobody is asked for what cannot come of it");
}

#[tokio::test]
async fn oauth_1_that_is_switched_off_while_the_person_reads_gives_nothing() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins("photos.read").await;
    let login = alice.opens_oauth1(&temporary.token).await;
    let consent = alice.signs_in(&login).await;
    server.changes(cast::PRINTER, |client| client.oauth1 = None).await;
    let answer = alice.submits(&consent, &[("answer", "allow")]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
    let answer = printer.tries(printer.redeem(&temporary, "x")).await;
    answer.is_refused_by(Rule::OAuth1NotAllowed);
}

#[tokio::test]
async fn a_consumer_that_retires_while_the_person_reads_gets_no_verifier() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let printer = server.consumer(cast::PRINTER);
    let end = server.clock.now().plus_seconds(10);
    server
        .changes(cast::PRINTER, |client| {
            if let Some(oauth1) = &mut client.oauth1 {
                oauth1.retires_at = Some(end);
            }
        })
        .await;
    let temporary = printer.begins("photos.read").await;
    let login = alice.opens_oauth1(&temporary.token).await;
    let consent = alice.signs_in(&login).await;
    server.clock.advance(10);
    let answer = alice.submits(&consent, &[("answer", "allow")]).await;
    assert_eq!((answer.status.as_u16(), answer.location()), (400, None));
}
