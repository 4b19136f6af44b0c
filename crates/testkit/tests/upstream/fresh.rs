//! Where a new sign-in is wanted here, the provider is asked for one too, and must show that it was.

use super::*;
use valetkey_server::upstream::ProviderSettings;

async fn linked_corner() -> (TestServer, Provider) {
    let (server, provider) = with_corner().await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    (server, provider)
}

/// Comes back with this time of sign-in.
async fn comes_back_with(
    server: &TestServer,
    browser: &Browser,
    (begun, provider): (&Begun, &Provider),
    auth_time: Option<i64>,
) -> Answer {
    let mut claims = begun.claims(provider, server.clock.timestamp().0);
    claims.remove("auth_time");
    claims.extend(auth_time.map(|at| (String::from("auth_time"), json!(at))));
    provider.claims(Value::Object(claims));
    brings(browser, begun, &begun.answer(provider)).await
}

#[tokio::test]
async fn an_old_sign_in_at_the_provider_is_no_new_one_here() {
    let (server, provider) = linked_corner().await;
    for (name, value) in [("prompt", "login"), ("max_age", "0")] {
        let alice = server.browser(cast::ALICE);
        let asked = asked(&server).with(name, value);
        let flow = flow_of(&alice, &asked).await;
        let now = server.clock.timestamp().0;
        for auth_time in [None, Some(now - 31)] {
            let begun = begins(&alice, "corner", &flow).await;
            assert_eq!(begun.parameter("prompt"), "login", "{name}");
            assert!(
                !begun.parameter("max_age").is_empty(),
                "{name}: so that auth_time is told"
            );
            let answer = comes_back_with(&server, &alice, (&begun, &provider), auth_time).await;
            assert_eq!(answer.status, 403, "{name} {auth_time:?}");
            assert!(alice.cookie("vk_session").is_empty());
        }
    }
    assert_eq!(server.refusals(Rule::UpstreamNotFresh).await, 4);
}

#[tokio::test]
async fn max_age_goes_to_the_provider_and_is_held_against_its_answer() {
    let (server, provider) = linked_corner().await;
    let alice = server.browser(cast::ALICE);
    let asked = asked(&server).with("max_age", "600");
    let flow = flow_of(&alice, &asked).await;
    let now = server.clock.timestamp().0;
    for auth_time in [None, Some(now - 700)] {
        let begun = begins(&alice, "corner", &flow).await;
        assert_eq!(begun.parameter("max_age"), "600");
        let answer = comes_back_with(&server, &alice, (&begun, &provider), auth_time).await;
        assert_eq!(answer.status, 403, "{auth_time:?}");
    }
    assert_eq!(server.refusals(Rule::UpstreamNotFresh).await, 2);
    let begun = begins(&alice, "corner", &flow).await;
    let answer = comes_back_with(&server, &alice, (&begun, &provider), Some(now - 500)).await;
    let claims = id_claims(&server, &alice, &asked, answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());
}

#[tokio::test]
async fn a_new_sign_in_at_the_provider_is_one_here_however_slowly_it_was_done() {
    let (server, provider) = linked_corner().await;
    let alice = server.browser(cast::ALICE);
    let asked = asked(&server).with("prompt", "login");
    let flow = flow_of(&alice, &asked).await;
    let begun = begins(&alice, "corner", &flow).await;
    let signed_in_at = server.clock.timestamp().0 + 10;
    server.clock.advance(300);
    let answer = comes_back_with(&server, &alice, (&begun, &provider), Some(signed_in_at)).await;
    let claims = id_claims(&server, &alice, &asked, answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());
}

#[tokio::test]
async fn a_provider_that_never_says_when_somebody_signed_in_cannot_serve() {
    let provider = Provider::start().await;
    let server = server_with(vec![provider.github()]).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server).with("prompt", "login")).await;
    let page = presses(&alice, "hub", &flow).await;
    is_refused(&server, &alice, &page, Rule::UpstreamNotFresh).await;
    assert!(page.text().contains("/login?flow="), "another way is open");
}

#[tokio::test]
async fn the_choice_of_an_account_and_the_operators_prompt_go_to_the_provider() {
    let provider = Provider::start().await;
    let settings = ProviderSettings {
        prompt: Some(String::from("consent")),
        ..provider.openid("corner")
    };
    let server = server_with(vec![settings]).await;
    for (wanted, sent) in [("select_account", "select_account"), ("", "consent")] {
        let alice = server.browser(cast::ALICE);
        let mut asked = asked(&server);
        if !wanted.is_empty() {
            asked = asked.with("prompt", wanted);
        }
        let flow = flow_of(&alice, &asked).await;
        assert_eq!(begins(&alice, "corner", &flow).await.parameter("prompt"), sent);
    }
}
