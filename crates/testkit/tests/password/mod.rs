//! The password grant (RFC 6749 §4.3), which RFC 9700 §2.4 says must not be used: off until it is allowed, and then under
//! the same throttle as the sign-in page.

use valetkey_model::client::GrantType;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Answer, App, Browser, TestServer, cast};

/// Wrong passwords that a user name may have before it is closed.
const MOST: usize = 10;

async fn tries(app: &App, username: &str, password: &str) -> Answer {
    let pairs = [
        ("grant_type", "password"),
        ("username", username),
        ("password", password),
        ("scope", "photos.read offline_access"),
    ];
    app.posts("/token", &pairs).await
}

async fn guesses_at_the_page(browser: &Browser) -> Answer {
    let page = browser.follows(browser.get("/account", &[]).await).await;
    let fields = [("username", "alice"), ("password", "guess")];
    browser.submits(&page, &fields).await
}

#[tokio::test]
async fn the_password_grant_is_off_by_default() {
    let server = TestServer::start().await;
    for registered in [
        cast::MYSWEETAPP,
        cast::OTHERAPP,
        cast::PHOTO_BACKUP,
        cast::MYSWEETCLI,
    ] {
        let answer = tries(&server.app(registered), "alice", "wonderland").await;
        answer.is_refused_by(Rule::TokenGrantTypeNotAllowed);
        assert_eq!(answer.error(), "unauthorized_client");
        let page = server.site.get(&answer.member("error_uri"), &[]).await;
        assert_eq!(page.status, 200);
        assert!(page.text().contains("VK-TOKEN-GRANT-TYPE-NOT-ALLOWED"));
        if !registered.secret.is_empty() {
            assert_eq!(
                answer.json()["valetkey"]["fix"],
                Rule::TokenGrantTypeNotAllowed.info().fix
            );
        }
    }
    // Nobody looked at the password.
    assert_eq!(server.refusals(Rule::PasswordCredentialsWrong).await, 0);
}

#[tokio::test]
async fn what_was_allowed_ends_when_the_operator_takes_it_back() {
    let server = TestServer::start().await;
    let app = server.app(cast::OLDMOBILE);
    tries(&app, "alice", "wonderland").await.tokens();
    server
        .changes(cast::OLDMOBILE, |client| {
            client.grant_types.remove(&GrantType::Password);
        })
        .await;
    let answer = tries(&app, "alice", "wonderland").await;
    answer.is_refused_by(Rule::TokenGrantTypeNotAllowed);
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_name_answer_the_same() {
    let server = TestServer::start().await;
    let app = server.app(cast::OLDMOBILE);
    let wrong = tries(&app, "alice", "guess").await;
    let nobody = tries(&app, "nobody", "guess").await;
    for answer in [&wrong, &nobody] {
        answer.is_refused_by(Rule::PasswordCredentialsWrong);
        assert_eq!(answer.error(), "invalid_grant");
        assert!(!answer.text().contains("guess"));
    }
    assert_eq!(
        wrong.member("error_description"),
        nobody.member("error_description")
    );
}

#[tokio::test]
async fn a_client_that_does_not_prove_itself_gets_to_guess_nothing() {
    let server = TestServer::start().await;
    let pairs = [
        ("grant_type", "password"),
        ("client_id", cast::OLDMOBILE.id),
        ("username", "alice"),
        ("password", "wonderland"),
    ];
    let answer = server.site.post("/token", &pairs).await;
    answer.is_refused_by(Rule::ClientAuthMissing);
    // Nor is a password in the URL read.
    let app = server.app(cast::OLDMOBILE);
    let url = "/token?username=alice&password=wonderland";
    let answer = app.posts(url, &[("grant_type", "password")]).await;
    answer.is_refused_by(Rule::PasswordMissing);
}

#[tokio::test]
async fn password_guessing_at_the_token_endpoint_closes_the_sign_in_page() {
    let server = TestServer::start().await;
    let app = server.app(cast::OLDMOBILE);
    for _ in 0..MOST {
        tries(&app, "alice", "guess")
            .await
            .is_refused_by(Rule::PasswordCredentialsWrong);
    }
    let closed = tries(&app, "alice", "wonderland").await;
    closed.is_refused_by(Rule::PasswordThrottled);
    assert!(closed.header("retry-after").parse::<u32>().unwrap() > 0);
    let page = server.browser(cast::ALICE).signs_in_for_the_account().await;
    assert_eq!(page.status, 429, "the right password is refused at the page too");
    server.clock.advance(15 * 60);
    tries(&app, "alice", "wonderland").await.tokens();
}

#[tokio::test]
async fn password_guessing_at_the_sign_in_page_closes_the_token_endpoint() {
    let server = TestServer::start().await;
    let guesser = server.browser(cast::BOB);
    for _ in 0..MOST {
        assert_eq!(guesses_at_the_page(&guesser).await.status, 400);
    }
    let app = server.app(cast::OLDMOBILE);
    let closed = tries(&app, "ALICE", "wonderland").await;
    closed.is_refused_by(Rule::PasswordThrottled);
    tries(&app, "bob", "builder-1").await.tokens();
}

#[tokio::test]
async fn guesses_at_many_names_close_the_address_for_both_ways() {
    let server = TestServer::start_with(|settings| settings.policy.login_failures_per_address = 3).await;
    let app = server.app(cast::OLDMOBILE);
    for nobody in ["x", "y", "z"] {
        tries(&app, nobody, "guess")
            .await
            .is_refused_by(Rule::PasswordCredentialsWrong);
    }
    tries(&app, "alice", "wonderland")
        .await
        .is_refused_by(Rule::PasswordThrottled);
    let page = server.browser(cast::ALICE).signs_in_for_the_account().await;
    assert_eq!(page.status, 429);
    let elsewhere = Browser::at(server.site.from_address([203, 0, 113, 7]), cast::ALICE);
    assert!(
        elsewhere
            .signs_in_for_the_account()
            .await
            .text()
            .contains("Hello")
    );
}

#[tokio::test]
async fn parallel_guesses_do_not_outrun_the_throttle() {
    let server = TestServer::start_with(|settings| settings.password_queue = 64).await;
    let mut crowd = tokio::task::JoinSet::new();
    for _ in 0..3 * MOST {
        let app = server.app(cast::OLDMOBILE);
        crowd.spawn(async move { tries(&app, "alice", "guess").await.status.as_u16() });
    }
    let statuses = crowd.join_all().await;
    let looked_at = statuses.iter().filter(|status| **status == 400).count();
    assert_eq!(looked_at, MOST, "{statuses:?}");
}

#[tokio::test]
async fn the_right_password_gives_what_the_client_may_have() {
    let server = TestServer::start().await;
    let app = server.app(cast::OLDMOBILE);
    let tokens = tries(&app, "alice", "wonderland").await.tokens();
    assert_eq!(server.photos().shows(&tokens.access).await.status, 200);
    assert_eq!(server.photos().adds(&tokens.access).await.status, 403);
    let next = app.refreshes(&tokens).await.tokens();
    assert_eq!(server.photos().shows(&next.access).await.status, 200);
    let more = app
        .refreshes_with(&next.refresh, &[("scope", "photos.write")])
        .await;
    more.is_refused_by(Rule::TokenScopeWidened);
}

#[tokio::test]
async fn names_and_passwords_of_any_length_and_kind_are_wrong_ones() {
    let server = TestServer::start().await;
    let app = server.app(cast::OLDMOBILE);
    let long = "x".repeat(10_000);
    for (username, password) in [
        (long.as_str(), "guess"),
        ("bob", long.as_str()),
        ("\u{202e}ecila", "wonderland"),
        (" ", " "),
    ] {
        let answer = tries(&app, username, password).await;
        answer.is_refused_by(Rule::PasswordCredentialsWrong);
    }
    for (username, password) in [("alice\0", "wonderland"), ("alice", "wonderland\0")] {
        let answer = tries(&app, username, password).await;
        answer.is_refused_by(Rule::ParameterNul);
    }
}
