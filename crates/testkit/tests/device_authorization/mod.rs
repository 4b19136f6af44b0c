//! `/device_authorization` and the polls that follow (RFC 8628).

use valetkey_protocol::rule::Rule;
use valetkey_testkit::{App, TestServer, cast};

#[tokio::test]
async fn the_device_grant_is_off_by_default() {
    let server = TestServer::start().await;
    for registered in [cast::MYSWEETAPP, cast::MYSWEETCLI, cast::PHOTO_BACKUP] {
        let answer = server.app(registered).begins_on_a_device("photos.read").await;
        answer.is_refused_by(Rule::TokenGrantTypeNotAllowed);
        assert_eq!(answer.error(), "unauthorized_client");
    }
}

#[tokio::test]
async fn a_confidential_device_must_prove_itself_to_begin_and_to_poll() {
    let server = TestServer::start().await;
    let begun = server.app(cast::KIOSK).shows_a_code("photos.read").await;
    let id = ("client_id", cast::KIOSK.id);
    let answer = server.site.post("/device_authorization", &[id]).await;
    answer.is_refused_by(Rule::ClientAuthMissing);
    let poll = [
        id,
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", &begun.device_code),
    ];
    let answer = server.site.post("/token", &poll).await;
    answer.is_refused_by(Rule::ClientAuthMissing);
}

#[tokio::test]
async fn a_device_may_ask_for_nothing_that_its_client_may_not_have() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    let answer = tv.begins_on_a_device("photos.delete").await;
    answer.is_refused_by(Rule::TokenScopeNotAllowed);
    let answer = tv.begins_on_a_device("\"x\"").await;
    answer.is_refused_by(Rule::TokenScopeMalformed);
}

#[tokio::test]
async fn the_answer_holds_what_the_rfc_asks_for() {
    let server = TestServer::start().await;
    let answer = server.app(cast::TV).begins_on_a_device("photos.read").await;
    assert_eq!(answer.header("cache-control"), "no-store");
    let json = answer.json();
    assert_eq!(json["verification_uri"], "https://id.example/device");
    assert_eq!((&json["interval"], &json["expires_in"]), (&5.into(), &600.into()));
    let user_code = answer.member("user_code");
    assert_eq!(
        answer.member("verification_uri_complete"),
        format!("https://id.example/device?user_code={user_code}")
    );
    assert!(answer.member("device_code").len() >= 43, "nobody guesses it");
}

#[tokio::test]
async fn one_address_begins_only_so_many_requests() {
    let server = TestServer::start_with(|settings| settings.policy.device_requests_per_address = 3).await;
    let tv = server.app(cast::TV);
    for _ in 0..3 {
        tv.shows_a_code("photos.read").await;
    }
    let answer = tv.begins_on_a_device("photos.read").await;
    answer.is_refused_by(Rule::DeviceRequestsThrottled);
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    let elsewhere = App::at(server.site.from_address([203, 0, 113, 7]), cast::TV);
    elsewhere.shows_a_code("photos.read").await;
    server.clock.advance(15 * 60);
    tv.shows_a_code("photos.read").await;
}

#[tokio::test]
async fn a_device_that_polls_too_fast_is_slowed_down_and_loses_nothing() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    let begun = tv.shows_a_code("photos.read offline_access").await;
    tv.polls(&begun)
        .await
        .is_refused_by(Rule::DeviceAuthorizationPending);
    tv.polls(&begun).await.is_refused_by(Rule::DeviceSlowDown);
    server.clock.advance(5);
    tv.polls(&begun)
        .await
        .is_refused_by(Rule::DeviceAuthorizationPending);
    let alice = server.browser(cast::ALICE);
    let end = alice.answers_the_device(&begun.user_code, "allow").await;
    assert!(end.text().contains("go back to your device"), "{}", end.text());
    let tokens = tv.polls(&begun).await.tokens();
    assert_eq!(server.photos().shows(&tokens.access).await.status, 200);
    tv.refreshes(&tokens).await.tokens();
}

#[tokio::test]
async fn a_device_code_gives_tokens_once_to_its_own_client_in_time() {
    let server = TestServer::start().await;
    let (tv, kiosk) = (server.app(cast::TV), server.app(cast::KIOSK));
    let alice = server.browser(cast::ALICE);
    let begun = tv.shows_a_code("photos.read").await;
    alice.answers_the_device(&begun.user_code, "allow").await;
    kiosk
        .polls(&begun)
        .await
        .is_refused_by(Rule::DeviceCodeOtherClient);
    tv.polls(&begun).await.tokens();
    tv.polls(&begun).await.is_refused_by(Rule::DeviceCodeUsed);

    let late = tv.shows_a_code("photos.read").await;
    alice.answers_the_device(&late.user_code, "allow").await;
    server.clock.advance(600);
    tv.polls(&late).await.is_refused_by(Rule::DeviceCodeExpired);
    let refused = tv.shows_a_code("photos.read").await;
    alice.answers_the_device(&refused.user_code, "cancel").await;
    tv.polls(&refused).await.is_refused_by(Rule::DeviceAccessDenied);
}

#[tokio::test]
async fn an_access_that_was_taken_back_before_the_poll_gives_no_tokens() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    let begun = tv.shows_a_code("photos.read").await;
    let alice = server.browser(cast::ALICE);
    alice.answers_the_device(&begun.user_code, "allow").await;
    let page = alice.get("/account", &[]).await;
    alice.submits(&page, &[]).await;
    tv.polls(&begun).await.is_refused_by(Rule::GrantRevoked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_parallel_polls_one_gets_the_tokens() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    for _ in 0..5 {
        let begun = tv.shows_a_code("photos.read").await;
        server
            .browser(cast::ALICE)
            .answers_the_device(&begun.user_code, "allow")
            .await;
        let mut polls = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (tv, begun) = (tv.clone(), begun.clone());
            polls.spawn(async move { tv.polls(&begun).await });
        }
        let answers = polls.join_all().await;
        let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(|answer| answer.status == 200);
        assert_eq!((won.len(), lost.len()), (1, 7));
        for answer in lost {
            answer.is_refused_by(Rule::DeviceCodeUsed);
        }
    }
}
