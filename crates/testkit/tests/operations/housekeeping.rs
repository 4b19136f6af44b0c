//! Forgetting what is over, and time alone ending sessions and sign-ins that nobody finished.

use super::tokens;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How many rows the tables have: grants, sessions, attempts, revoked tokens.
async fn rows(server: &TestServer) -> [i64; 4] {
    let mut found = [0; 4];
    for (rows, table) in found
        .iter_mut()
        .zip(["grants", "sessions", "attempts", "revoked_tokens"])
    {
        *rows = server.count(table).await;
    }
    found
}

async fn rows_after(server: &TestServer, seconds: i64) -> [i64; 4] {
    server.clock.advance(seconds);
    server.forget_expired().await;
    rows(server).await
}

/// Bob guesses wrong once.
async fn fails_to_sign_in(server: &TestServer) {
    let bob = server.browser(cast::BOB);
    let login = bob.follows(bob.get("/account", &[]).await).await;
    let wrong = [("username", "bob"), ("password", "not-it")];
    assert_eq!(bob.submits(&login, &wrong).await.status, 400);
}

#[tokio::test]
async fn what_is_over_is_forgotten_in_its_time_and_what_lives_stays() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let living = tokens(&alice, &app, "openid photos.read offline_access").await;
    alice.allows(&app.asks_for("openid photos.read")).await;
    let backup = server.app(cast::PHOTO_BACKUP);
    let own = backup.asks_for_itself(&[("scope", "photos.read")]).await.tokens();
    assert_eq!(backup.revokes(&own.access).await.status, 200);
    fails_to_sign_in(&server).await;

    // The guess counts on the name and on the address.
    assert_eq!(rows_after(&server, 0).await, [2, 1, 2, 1], "all of it lives");
    assert_eq!(rows_after(&server, 299).await, [2, 1, 2, 1]);
    assert_eq!(
        rows_after(&server, 1).await,
        [2, 1, 2, 0],
        "the revoked token would be over now"
    );
    assert_eq!(
        rows_after(&server, 10 * MINUTE).await,
        [2, 1, 0, 0],
        "the window of the guesses has closed"
    );
    assert_eq!(
        rows_after(&server, 12 * HOUR - 15 * MINUTE).await,
        [2, 0, 0, 0],
        "the session has ended"
    );
    assert_eq!(
        rows_after(&server, 12 * HOUR + MINUTE).await,
        [1, 0, 0, 0],
        "the code that nobody redeemed, a day after its end"
    );
    app.refreshes(&living).await.tokens();
}

#[tokio::test]
async fn a_grant_is_forgotten_a_day_after_its_refresh_token_was_idle_too_long() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let got = tokens(&alice, &app, "openid offline_access").await;

    assert_eq!(rows_after(&server, 14 * DAY).await[0], 1);
    app.refreshes(&got).await.is_refused_by(Rule::RefreshTokenExpired);
    assert_eq!(rows_after(&server, DAY - 1).await[0], 1);
    assert_eq!(rows_after(&server, 1).await[0], 0);
    app.refreshes(&got).await.is_refused_by(Rule::RefreshTokenUnknown);
}

#[tokio::test]
async fn a_revoked_grant_is_kept_long_enough_that_a_replay_is_seen_as_one() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let code = alice.allows(&app.asks_for("openid offline_access")).await;
    let got = app.redeems(&code).await.tokens();
    assert_eq!(app.revokes(&got.refresh).await.status, 200);
    assert_eq!(rows_after(&server, DAY - 1).await[0], 1);
    app.redeems(&code).await.is_refused_by(Rule::CodeReplayed);
    assert_eq!(rows_after(&server, 1).await[0], 0);
    app.redeems(&code).await.is_refused_by(Rule::CodeUnknown);
}

#[tokio::test]
async fn a_session_ends_by_time_even_if_nobody_forgets_it() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let asked = app.asks_for("openid");
    alice.allows(&asked).await;
    let silent = asked.with("prompt", "none");

    server.clock.advance(12 * HOUR - 1);
    assert!(!alice.opens(&silent).await.parameter("code").is_empty());
    server.clock.advance(1);
    assert_eq!(alice.opens(&silent).await.parameter("error"), "login_required");
    let account = alice.follows(alice.get("/account", &[]).await).await;
    assert!(account.text().contains("id=\"login\""), "{}", account.text());
}

#[tokio::test]
async fn a_sign_in_that_nobody_finished_expires() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let (quick, slow) = (server.browser(cast::ALICE), server.browser(cast::ALICE));
    let quick_page = quick.opens(&app.asks_for("openid")).await;
    let slow_page = slow.opens(&app.asks_for("openid")).await;

    server.clock.advance(30 * MINUTE - 1);
    let consent = quick.signs_in(&quick_page).await;
    assert!(consent.text().contains("id=\"allow\""), "{}", consent.text());

    server.clock.advance(1);
    let late = slow.signs_in(&slow_page).await;
    assert_eq!(late.status, 400);
    assert!(slow.cookie("vk_session").is_empty());
    let late = quick.submits(&consent, &[("answer", "allow")]).await;
    assert_eq!((late.status.as_u16(), late.location()), (400, None));
    assert_eq!(server.refusals(Rule::InteractionExpired).await, 2);
    assert_eq!(rows(&server).await[0], 0, "no code was made");
}

#[tokio::test]
async fn many_rows_are_forgotten_in_one_go_although_each_step_is_small() {
    let server = TestServer::start().await;
    let now = server.clock.timestamp();
    let mut guesses = tokio::task::JoinSet::new();
    for number in 0..1_201 {
        let store = server.store.clone();
        guesses.spawn(async move { store.record_failure(&format!("key {number}"), now, 60).await });
    }
    for guess in guesses.join_all().await {
        guess.unwrap();
    }
    assert_eq!(rows(&server).await[2], 1_201);
    assert_eq!(rows_after(&server, 59).await[2], 1_201);
    assert_eq!(rows_after(&server, 1).await[2], 0);
}

#[tokio::test]
async fn what_is_shown_once_is_remembered_for_good_requests_alone_and_no_longer_than_it_counts() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    for _ in 0..5 {
        let mut forged = printer.initiate("oob", "photos.read");
        forged.secret = "guess".into();
        assert_eq!(printer.tries(forged).await.status, 401);
        let assertion = server
            .assertion(cast::KEY_BACKUP)
            .with("aud", "https://x.example");
        assert_eq!(server.asserts(&assertion.signed()).await.status, 401);
    }
    assert_eq!(
        server.count("nonces").await,
        0,
        "nobody fills the store with forgeries"
    );
    printer.begins("photos.read").await;
    let assertion = server.assertion(cast::KEY_BACKUP).signed();
    server.asserts(&assertion).await.tokens();
    assert_eq!(server.count("nonces").await, 2);
    server.clock.advance(302);
    server.forget_expired().await;
    assert_eq!(server.count("nonces").await, 0);
}

#[tokio::test]
async fn temporary_credentials_write_nothing_and_devices_are_forgotten() {
    let server = TestServer::start().await;
    let printer = server.consumer(cast::PRINTER);
    for _ in 0..5 {
        printer.begins("photos.read").await;
    }
    assert_eq!(rows(&server).await[0], 0);
    let tv = server.app(cast::TV);
    for _ in 0..5 {
        tv.shows_a_code("photos.read").await;
    }
    assert_eq!(server.count("devices").await, 5);
    server.clock.advance(DAY + HOUR);
    server.forget_expired().await;
    assert_eq!(server.count("devices").await, 0);
}

/// More than one go of the housekeeping forgets.
const MANY_NONCES: i64 = 12_345;

#[tokio::test]
async fn nonces_of_many_signed_requests_are_all_forgotten_however_many_there_are() {
    let server = TestServer::start().await;
    let statement = format!(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {MANY_NONCES}) \
         INSERT INTO nonces (key, expires_at) SELECT 'nonce ' || i, {} FROM n",
        server.clock.timestamp().0
    );
    server.runs_sql(&statement).await;
    assert_eq!(server.count("nonces").await, MANY_NONCES);
    server.forget_expired().await;
    assert_eq!(server.count("nonces").await, 0);
}
