//! `/oauth1/authorize`: the person's answer (RFC 5849 §2.2), on the same pages as OAuth 2.

use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn texts_that_are_no_temporary_credentials_show_a_page_and_go_nowhere() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let printer = server.consumer(cast::PRINTER);
    let token = printer.is_allowed_by(&alice, "photos.read").await;
    let temporary = printer.begins("photos.read").await;
    let cut = &temporary.token[..temporary.token.len() - 1];
    for text in ["", "x", "vkt_", cut, &token.token] {
        let answer = alice.answers_oauth1(text, "allow").await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, None), "{text}");
    }
    let twice = [("oauth_token", temporary.token.as_str()); 2];
    assert_eq!(alice.get("/oauth1/authorize", &twice).await.status, 400);
    assert_eq!(server.refusals(Rule::OAuth1AuthorizeTokenUnknown).await, 6);
}

#[tokio::test]
async fn temporary_credentials_that_are_too_old_are_not_answered_not_even_on_a_page_that_was_open() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins("photos.read").await;
    let login = alice.opens_oauth1(&temporary.token).await;
    let consent = alice.signs_in(&login).await;
    assert!(consent.text().contains("id=\"allow\""));
    server.clock.advance(600);
    let late = alice.submits(&consent, &[("answer", "allow")]).await;
    assert_eq!((late.status.as_u16(), late.location()), (400, None));
    let again = alice.answers_oauth1(&temporary.token, "allow").await;
    assert_eq!(again.status, 400);
}

#[tokio::test]
async fn a_callback_that_was_taken_away_meanwhile_gets_no_answer() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins("photos.read").await;
    let login = alice.opens_oauth1(&temporary.token).await;
    let consent = alice.signs_in(&login).await;
    server
        .changes(cast::PRINTER, |client| client.redirect_uris.clear())
        .await;
    for button in ["allow", "cancel"] {
        let answer = alice.submits(&consent, &[("answer", button)]).await;
        assert_eq!(
            (answer.status.as_u16(), answer.location()),
            (400, None),
            "{button}"
        );
    }
}

#[tokio::test]
async fn a_no_goes_back_as_one_and_gives_nothing() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins("photos.read").await;
    let answer = alice.answers_oauth1(&temporary.token, "cancel").await;
    assert!(
        answer
            .callback()
            .as_str()
            .starts_with("https://printer.example/ready?")
    );
    assert_eq!(answer.parameter("oauth_problem"), "permission_denied");
    assert_eq!(answer.parameter("oauth_token"), temporary.token);
    assert_eq!(answer.parameter("oauth_verifier"), "");
    printer
        .tries(printer.redeem(&temporary, "x"))
        .await
        .is_refused_by(Rule::OAuth1NotAuthorized);
}

#[tokio::test]
async fn who_is_signed_in_is_not_asked_to_sign_in_again_but_is_always_asked() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    alice.allows(&app.asks_for("photos.read")).await;
    let printer = server.consumer(cast::PRINTER);
    for _ in 0..2 {
        let temporary = printer.begins("photos.read").await;
        let page = alice.opens_oauth1(&temporary.token).await;
        let text = page.text();
        assert!(
            text.contains("id=\"allow\"") && text.contains("The app printer"),
            "{text}"
        );
        assert!(text.contains("lasts until you take it back"), "{text}");
        alice.submits(&page, &[("answer", "allow")]).await;
    }
}

#[tokio::test]
async fn without_a_callback_the_person_carries_the_verifier_over() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins_with("oob", "photos.read").await;
    let page = alice.answers_oauth1(&temporary.token, "allow").await;
    assert_eq!(page.status, 200);
    let text = page.text();
    let verifier = text
        .split("id=\"verifier\"")
        .nth(1)
        .and_then(|rest| rest.split('>').nth(1)?.split('<').next())
        .unwrap()
        .to_owned();
    assert_eq!(verifier.len(), 11, "{verifier}");
    let typed = verifier.to_lowercase().replace('-', " ");
    let token = printer
        .tries(printer.redeem(&temporary, &typed))
        .await
        .credentials();
    assert!(!token.token.is_empty());
}

#[tokio::test]
async fn a_no_without_a_callback_ends_on_a_page() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins_with("oob", "photos.read").await;
    let page = alice.answers_oauth1(&temporary.token, "cancel").await;
    assert!(page.text().contains("Nothing was allowed"), "{}", page.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_people_who_allow_it_at_the_same_moment_one_has_allowed_it() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    for _ in 0..8 {
        let temporary = printer.begins("photos.read").await;
        let mut asked = Vec::new();
        for person in [cast::ALICE, cast::BOB] {
            let browser = server.browser(person);
            let login = browser.opens_oauth1(&temporary.token).await;
            let consent = browser.signs_in(&login).await;
            asked.push((browser, consent));
        }
        let mut answers = tokio::task::JoinSet::new();
        for (browser, consent) in asked {
            answers.spawn(async move { browser.submits(&consent, &[("answer", "allow")]).await });
        }
        let answers = answers.join_all().await;
        let went: Vec<_> = answers
            .iter()
            .filter(|answer| answer.location().is_some())
            .collect();
        assert_eq!(went.len(), 1);
        let verifier = printer.verifier_from(&temporary, went[0]);
        let _ = printer
            .tries(printer.redeem(&temporary, &verifier))
            .await
            .credentials();
    }
}

#[tokio::test]
async fn head_grants_nothing_to_whoever_never_sees_the_answer() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins("photos.read").await;
    let url = server
        .site
        .url("/oauth1/authorize", &[("oauth_token", &temporary.token)]);
    let request = http::Request::head(url).body(Vec::new()).unwrap();
    let answer = server.site.send(request).await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("allow").as_str()),
        (405, "GET")
    );
}
