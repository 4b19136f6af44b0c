//! Step-up (OpenID Connect Core §3.1.2.1, §5.5.1.1): a client asks for a surer sign-in, and hears in the ID token what it got.

use super::{login_page, uses_passkey, with_passkey, with_phone};
use serde_json::{Value, json};
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Answer, Asked, Browser, TestServer, cast};

fn asks_for_two(server: &TestServer) -> Asked {
    server
        .app(cast::MYSWEETAPP)
        .asks_for("openid")
        .and("acr_values", "2")
}

/// `acr`, `amr` and `auth_time` of the ID token that comes of a request.
async fn told(server: &TestServer, asked: &Asked, browser: &Browser, here: Answer) -> Value {
    let code = asked.code_from(&browser.goes_on(here, "allow").await);
    let tokens = server.app(cast::MYSWEETAPP).redeems(&code).await.tokens();
    let payload = tokens.id.split('.').nth(1).unwrap();
    let claims: Value = serde_json::from_slice(&valetkey_jose::b64::decode_url(payload).unwrap()).unwrap();
    json!([claims["acr"], claims["amr"], claims["auth_time"]])
}

#[tokio::test]
async fn without_anything_more_than_a_password_nobody_is_asked_and_the_client_is_told_the_truth() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let asked = asks_for_two(&server);
    let page = alice.opens(&asked).await;
    let now = server.clock.timestamp().0;
    assert_eq!(
        told(&server, &asked, &alice, page).await,
        json!(["1", ["pwd"], now])
    );
    let again = alice.opens(&asked).await;
    assert!(again.location().is_some(), "she could do no better");
}

#[tokio::test]
async fn a_sign_in_with_a_code_is_two_factors_at_once() {
    let server = TestServer::start().await;
    let (_, phone, codes) = with_phone(&server, cast::ALICE).await;
    let asked = asks_for_two(&server);
    for code in [&phone.shows(&server), &codes[0]] {
        let alice = server.browser(cast::ALICE);
        let step = alice.signs_in(&alice.opens(&asked).await).await;
        let answer = alice.submits(&step, &[("code", code)]).await;
        let now = server.clock.timestamp().0;
        assert_eq!(
            told(&server, &asked, &alice, answer).await,
            json!(["2", ["pwd", "otp", "mfa"], now])
        );
    }
}

#[tokio::test]
async fn who_signed_in_by_password_alone_is_asked_for_more_when_a_client_wants_it() {
    let server = TestServer::start().await;
    // She sets the app up in this session, which goes on to be one of one factor.
    let (alice, phone, _) = with_phone(&server, cast::ALICE).await;
    let plain = server.app(cast::MYSWEETAPP).asks_for("openid");
    let page = alice.opens(&plain).await;
    assert_eq!(told(&server, &plain, &alice, page).await[0], "1");
    server.clock.advance(100);

    let asked = asks_for_two(&server);
    let login = alice.opens(&asked).await;
    let text = login.text();
    assert!(
        text.contains("Confirm that it is you") && text.contains("needs to be surer"),
        "{text}"
    );
    assert!(text.contains("value=\"alice\""), "it is about her");
    let step = alice.signs_in(&login).await;
    let answer = alice.submits(&step, &[("code", &phone.shows(&server))]).await;
    let now = server.clock.timestamp().0;
    assert_eq!(
        told(&server, &asked, &alice, answer).await,
        json!(["2", ["pwd", "otp", "mfa"], now])
    );
    // From then on nobody asks again.
    let silent = asked.clone().and("prompt", "none");
    let here = alice.opens(&silent).await;
    assert_eq!(told(&server, &silent, &alice, here).await[0], "2");
}

#[tokio::test]
async fn a_passkey_is_two_factors_and_what_came_before_it_is_told_too() {
    let server = TestServer::start().await;
    let (alice, device) = with_passkey(&server, cast::ALICE).await;
    let asked = asks_for_two(&server);
    let login = alice.opens(&asked).await;
    assert!(login.text().contains("needs to be surer"));
    let answer = uses_passkey(&alice, &login, &device.signs(&login)).await;
    let now = server.clock.timestamp().0;
    assert_eq!(
        told(&server, &asked, &alice, answer).await,
        json!(["2", ["pop", "mfa"], now])
    );

    let (bob, ..) = with_phone(&server, cast::BOB).await;
    let mut key = valetkey_testkit::Authenticator::new("key");
    super::adds(&bob, &mut key).await;
    let bob = server.browser(cast::BOB);
    let step = super::second_step(&server, &bob).await;
    let answer = uses_passkey(&bob, &step, &key.signs(&step)).await;
    let plain = server.app(cast::MYSWEETAPP).asks_for("openid");
    let told = told(&server, &plain, &bob, answer).await;
    assert_eq!(told[1], json!(["pwd", "pop", "mfa"]));
}

#[tokio::test]
async fn an_essential_acr_is_met_or_refused() {
    let server = TestServer::start().await;
    let claims = r#"{"id_token":{"acr":{"essential":true,"values":["2"]}}}"#;
    let asked = server
        .app(cast::MYSWEETAPP)
        .asks_for("openid")
        .and("claims", claims);
    let bob = server.browser(cast::BOB);
    let refused = bob.answers(&asked, "allow").await;
    assert_eq!(
        refused.parameter("error"),
        Rule::AuthorizeAcrUnmet.info().error.as_str()
    );

    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let alice = server.browser(cast::ALICE);
    let step = alice.signs_in(&alice.opens(&asked).await).await;
    let answer = alice.submits(&step, &[("code", &phone.shows(&server))]).await;
    assert_eq!(told(&server, &asked, &alice, answer).await[0], "2");
}

#[tokio::test]
async fn the_page_says_why_somebody_signs_in_again() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in(&login_page(&server, &alice).await).await;
    server.clock.advance(100);
    let asked = server.app(cast::MYSWEETAPP).asks_for("openid");
    for (name, value, says, about) in [
        (
            "prompt",
            "login",
            "asks you to sign in once more.",
            "value=\"alice\"",
        ),
        ("max_age", "60", "some time ago", "value=\"alice\""),
        (
            "prompt",
            "select_account",
            "asks which account to use",
            "value=\"\"",
        ),
    ] {
        let page = alice.opens(&asked.clone().and(name, value)).await.text();
        assert!(
            page.contains(says) && page.contains(about),
            "{name}={value}: {page}"
        );
    }
    let page = server.browser(cast::BOB).opens(&asked).await.text();
    assert!(page.contains("Sign in to continue") && !page.contains("id=\"why\""));
}

#[tokio::test]
async fn the_password_grant_is_closed_to_whoever_has_a_second_factor() {
    let server = TestServer::start().await;
    let oldmobile = server.app(cast::OLDMOBILE);
    let request = [
        ("grant_type", "password"),
        ("client_id", cast::OLDMOBILE.id),
        ("username", "alice"),
        ("password", "wonderland"),
        ("scope", "photos.read"),
    ];
    oldmobile.posts("/token", &request).await.tokens();
    with_passkey(&server, cast::ALICE).await;
    let refused = oldmobile.posts("/token", &request).await;
    refused.is_refused_by(Rule::PasswordSecondFactor);
}
