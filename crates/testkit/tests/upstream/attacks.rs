//! Attacks on the way back from a provider; each is refused, and nobody is signed in.

use super::*;
use valetkey_jose::{Algorithm, SigningKey};

#[tokio::test]
async fn login_csrf_an_answer_that_is_brought_by_another_browser_is_refused() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::BOB, "corner", SUB).await;
    let attacker = server.browser(cast::BOB);
    let flow = flow_of(&attacker, &asked(&server)).await;
    let begun = begins(&attacker, "corner", &flow).await;
    provider.claims(Value::Object(begun.claims(&provider, server.clock.timestamp().0)));
    let victim = server.browser(cast::ALICE);
    let answer = brings(&victim, &begun, &begun.answer(&provider)).await;
    is_refused(&server, &victim, &answer, Rule::UpstreamStateMismatch).await;
    assert!(provider.says().redeemed.is_empty(), "the code went nowhere");
}

#[tokio::test]
async fn login_csrf_with_planted_cookies_is_refused_too() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::BOB, "corner", SUB).await;
    let attacker = server.browser(cast::BOB);
    let flow = flow_of(&attacker, &asked(&server)).await;
    let answer = presses(&attacker, "corner", &flow).await;
    let begun = Begun {
        url: answer.callback(),
        provider: String::from("corner"),
    };
    provider.claims(Value::Object(begun.claims(&provider, server.clock.timestamp().0)));
    let victim = server.browser(cast::ALICE);
    flow_of(&victim, &asked(&server)).await;
    for line in answer.headers.get_all("set-cookie") {
        let (name, rest) = line.to_str().unwrap().split_once('=').unwrap();
        victim.plant_cookie(name, rest.split(';').next().unwrap());
    }
    let answer = brings(&victim, &begun, &begun.answer(&provider)).await;
    is_refused(&server, &victim, &answer, Rule::InteractionOtherBrowser).await;
}

#[tokio::test]
async fn login_csrf_a_link_that_begins_for_somebody_else_is_refused() {
    let (server, _provider) = with_corner().await;
    let attacker = server.browser(cast::BOB);
    let flow = flow_of(&attacker, &asked(&server)).await;
    let victim = server.browser(cast::ALICE);
    flow_of(&victim, &asked(&server)).await;
    let answer = presses(&victim, "corner", &flow).await;
    is_refused(&server, &victim, &answer, Rule::InteractionOtherBrowser).await;
}

#[tokio::test]
async fn a_guessed_missing_or_repeated_state_is_refused() {
    let (server, provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "corner", &flow).await;
    let mut answer = begun.answer(&provider);
    answer.insert("state", String::from("guessed"));
    let refused = brings(&alice, &begun, &answer).await;
    is_refused(&server, &alice, &refused, Rule::UpstreamStateMismatch).await;
    answer.remove("state");
    assert_eq!(brings(&alice, &begun, &answer).await.status, 403);
    assert_eq!(server.refusals(Rule::UpstreamStateMismatch).await, 2);
    let state = begun.parameter("state");
    let twice = [("state", state.as_str()), ("state", "guessed"), ("code", "x")];
    let refused = alice.get("/login/with/corner/callback", &twice).await;
    is_refused(&server, &alice, &refused, Rule::UpstreamAnswerUnusable).await;
}

#[tokio::test]
async fn an_answer_counts_once() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "corner", &flow).await;
    let first = comes_back(&server, &alice, &begun, &provider).await;
    assert_eq!(first.status, 303, "{}", first.text());
    let again = comes_back(&server, &alice, &begun, &provider).await;
    assert_eq!(again.status, 403);
    assert_eq!(server.refusals(Rule::UpstreamStateMismatch).await, 1);
    assert_eq!(provider.says().redeemed.len(), 1);
}

#[tokio::test]
async fn an_answer_that_comes_too_late_is_refused() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "corner", &flow).await;
    server.clock.advance(cast::policy().interaction_ttl_seconds);
    let answer = comes_back(&server, &alice, &begun, &provider).await;
    is_refused(&server, &alice, &answer, Rule::InteractionExpired).await;
}

#[tokio::test]
async fn mix_up_an_answer_of_one_provider_at_the_address_of_another_is_refused() {
    let (honest, evil) = (Provider::start().await, Provider::start().await);
    let server = server_with(vec![honest.openid("honest"), evil.openid("evil")]).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    // Alice chose the evil one, which sent her on to the honest one, with its own state.
    let begun = begins(&alice, "evil", &flow).await;
    assert!(
        begun
            .parameter("redirect_uri")
            .ends_with("/login/with/evil/callback")
    );
    let at_honest = Begun {
        url: begun.url.clone(),
        provider: String::from("honest"),
    };
    let answer = brings(&alice, &at_honest, &begun.answer(&honest)).await;
    is_refused(&server, &alice, &answer, Rule::UpstreamOtherProvider).await;
    assert!(evil.says().redeemed.is_empty() && honest.says().redeemed.is_empty());
}

#[tokio::test]
async fn mix_up_an_answer_with_the_iss_of_another_provider_never_gives_the_code_away() {
    let (honest, evil) = (Provider::start().await, Provider::start().await);
    let server = server_with(vec![honest.openid("honest"), evil.openid("evil")]).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "evil", &flow).await;
    let answer = brings(&alice, &begun, &begun.answer(&honest)).await;
    is_refused(&server, &alice, &answer, Rule::UpstreamIssuerMismatch).await;
    assert!(evil.says().redeemed.is_empty(), "the honest provider's code");
    // Taken out on the way.
    let begun = begins(&alice, "evil", &flow).await;
    let mut answer = begun.answer(&evil);
    answer.remove("iss");
    assert_eq!(brings(&alice, &begun, &answer).await.status, 403);
    assert_eq!(server.refusals(Rule::UpstreamIssuerMismatch).await, 2);
}

#[tokio::test]
async fn an_id_token_that_is_not_for_this_sign_in_signs_nobody_in() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    let now = server.clock.timestamp().0;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let lies = [
        ("nonce", json!("another")),
        ("iss", json!("https://evil.example")),
        ("aud", json!("another-client")),
        ("aud", json!(["valetkey", "another-client"])),
        ("exp", json!(now - 60)),
        ("iat", json!(now + 600)),
        ("at_hash", json!("AAAAAAAAAAAAAAAAAAAAAA")),
    ];
    for (count, (claim, lie)) in (1..).zip(lies) {
        let begun = begins(&alice, "corner", &flow).await;
        let mut claims = begun.claims(&provider, now);
        claims.insert(claim.to_owned(), lie);
        provider.claims(Value::Object(claims));
        let answer = brings(&alice, &begun, &begun.answer(&provider)).await;
        assert_eq!(answer.status, 403, "{claim}: {}", answer.text());
        assert!(alice.cookie("vk_session").is_empty(), "{claim}");
        assert_eq!(
            server.refusals(Rule::UpstreamIdTokenInvalid).await,
            count,
            "{claim}"
        );
    }
}

#[tokio::test]
async fn an_id_token_of_a_foreign_key_and_none_at_all_sign_nobody_in() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    provider.says().other_key = Some(SigningKey::generate(Algorithm::ES256).unwrap());
    let begun = begins(&alice, "corner", &flow).await;
    let answer = comes_back(&server, &alice, &begun, &provider).await;
    is_refused(&server, &alice, &answer, Rule::UpstreamIdTokenInvalid).await;
    provider.says().other_key = None;
    let begun = begins(&alice, "corner", &flow).await;
    provider.claims(json!({}));
    let answer = brings(&alice, &begun, &begun.answer(&provider)).await;
    assert_eq!(answer.status, 403, "{}", answer.text());
    assert_eq!(server.refusals(Rule::UpstreamIdTokenInvalid).await, 2);
}

#[tokio::test]
async fn token_substitution_userinfo_about_somebody_else_signs_nobody_up() {
    let (server, provider) = with_corner().await;
    provider.tells(json!({"sub": "somebody-else", "email": "x@example.com"}));
    let alice = server.browser(cast::ALICE);
    let answer = signs_in_at(&server, &alice, ("corner", &provider), &asked(&server)).await;
    is_refused(&server, &alice, &answer, Rule::UpstreamIdTokenInvalid).await;
}

#[tokio::test]
async fn a_code_that_the_provider_does_not_know_signs_nobody_in() {
    let (server, provider) = with_corner().await;
    provider.says().token_error = Some((400, json!({"error": "invalid_grant"})));
    let alice = server.browser(cast::ALICE);
    let answer = signs_in_at(&server, &alice, ("corner", &provider), &asked(&server)).await;
    is_refused(&server, &alice, &answer, Rule::UpstreamErrorResponse).await;
    assert!(answer.text().contains("/login?flow="), "the way back");
}

#[tokio::test]
async fn a_provider_that_nobody_named_is_refused() {
    let (server, _provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let answer = presses(&alice, "elsewhere", &flow).await;
    is_refused(&server, &alice, &answer, Rule::UpstreamUnknown).await;
    let answer = alice
        .get("/login/with/elsewhere/callback", &[("code", "x")])
        .await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.refusals(Rule::UpstreamUnknown).await, 2);
    for odd in ["elsewhere", "..%2F..%2Fauthorize", "%0D%0Ax"] {
        let path = format!("/login/with/{odd}/callback");
        let answer = alice.post_with(&path, &[("code", "x")], &[]).await;
        assert_eq!((answer.status.as_u16(), answer.location()), (400, None), "{odd}");
    }
}

#[tokio::test]
async fn a_head_request_uses_no_answer_up() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "corner", &flow).await;
    let head = http::Request::head(server.site.url("/login/with/corner/callback", &[("code", "x")]));
    let answer = server.site.send(head.body(Vec::new()).unwrap()).await;
    assert_eq!(answer.status, 405);
    let answer = comes_back(&server, &alice, &begun, &provider).await;
    assert_eq!(answer.status, 303, "{}", answer.text());
}
