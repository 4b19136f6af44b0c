//! A provider that speaks OAuth 2.0 alone and has names of its own, as GitHub: no ID token, no discovery.

use super::*;
use std::sync::Arc;
use valetkey_jose::{b64, hash};
use valetkey_server::upstream::ProviderKind;

async fn with_hub() -> (TestServer, Provider) {
    let provider = Provider::start().await;
    (server_with(vec![provider.github()]).await, provider)
}

/// Comes back with a code; the answer names no issuer.
async fn brings_a_code(browser: &Browser, begun: &Begun) -> Answer {
    let answer = BTreeMap::from([
        ("code", String::from("hub-code")),
        ("state", begun.parameter("state")),
    ]);
    brings(browser, begun, &answer).await
}

#[tokio::test]
async fn an_answer_that_says_nobody_signs_nobody_in() {
    let (server, provider) = with_hub().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    for (count, user) in (1..).zip([
        json!({"login": "octocat"}),
        json!({"id": null}),
        json!({"id": 1.5}),
    ]) {
        provider.says().user = user.clone();
        let begun = begins(&alice, "hub", &flow).await;
        let answer = brings_a_code(&alice, &begun).await;
        assert_eq!(answer.status, 502, "{user}: {}", answer.text());
        assert_eq!(server.refusals(Rule::UpstreamSubjectMissing).await, count);
    }
    assert!(alice.cookie("vk_session").is_empty());
}

#[tokio::test]
async fn an_error_with_status_200_is_an_error() {
    let (server, provider) = with_hub().await;
    provider.says().token_error = Some((200, json!({"error": "bad_verification_code"})));
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "hub", &flow).await;
    let answer = brings_a_code(&alice, &begun).await;
    is_refused(&server, &alice, &answer, Rule::UpstreamErrorResponse).await;
}

#[tokio::test]
async fn the_issuer_of_another_provider_is_refused_though_none_is_needed() {
    let (server, provider) = with_hub().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "hub", &flow).await;
    let mut answer = begun.answer(&provider);
    answer.insert("iss", String::from("https://evil.example"));
    let refused = brings(&alice, &begun, &answer).await;
    is_refused(&server, &alice, &refused, Rule::UpstreamIssuerMismatch).await;
}

#[tokio::test]
async fn a_provider_that_has_a_name_must_say_it() {
    let provider = Provider::start().await;
    let mut hub = provider.github();
    if let ProviderKind::OAuth2(oauth2) = &mut hub.kind {
        Arc::make_mut(oauth2).endpoints.sends_iss = true;
    }
    let server = server_with(vec![hub]).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "hub", &flow).await;
    let refused = brings_a_code(&alice, &begun).await;
    is_refused(&server, &alice, &refused, Rule::UpstreamIssuerMismatch).await;
    let begun = begins(&alice, "hub", &flow).await;
    let answer = brings(&alice, &begun, &begun.answer(&provider)).await;
    assert!(alice.follows(answer).await.text().contains("id=\"sign-up\""));
}

#[tokio::test]
async fn somebody_new_comes_with_the_names_of_that_provider() {
    let (server, provider) = with_hub().await;
    let browser = server.browser(cast::BOB);
    let asked = asked(&server);
    let flow = flow_of(&browser, &asked).await;
    let begun = begins(&browser, "hub", &flow).await;
    assert!(
        begun
            .url
            .as_str()
            .starts_with(&format!("{}/login/oauth/authorize?", provider.issuer))
    );
    assert_eq!(begun.parameter("scope"), "read:user user:email");
    assert_eq!(
        (begun.parameter("nonce"), begun.parameter("prompt")),
        (String::new(), String::new())
    );
    let page = browser.follows(brings_a_code(&browser, &begun).await).await;
    let text = page.text();
    assert!(
        text.contains("octocat@example.com") && text.contains("value=\"octocat\""),
        "{text}"
    );
    {
        let says = provider.says();
        let form = &says.redeemed[0];
        assert_eq!(form["client_secret"], "upstream-secret");
        assert_eq!(form["redirect_uri"], begun.parameter("redirect_uri"));
        let challenge = b64::encode_url(&hash::sha256(form["code_verifier"].as_bytes()));
        assert_eq!(challenge, begun.parameter("code_challenge"));
    }
    let answer = browser.submits(&page, &[("username", "octocat")]).await;
    let claims = id_claims(&server, &browser, &asked, answer).await;
    let user = record(&server, "octocat").await;
    assert_eq!(claims["sub"], user.id.to_string());
    assert_eq!(user.claims.email.as_deref(), Some("octocat@example.com"));
    assert_eq!(
        user.claims.email_verified,
        Some(true),
        "as the list of addresses says"
    );
    assert_eq!(links_of(&server, user.id).await[0].subject, "583231");

    // Renamed there: it is the same person.
    provider.says().user = json!({"id": 583_231, "login": "monalisa"});
    let elsewhere = server.browser(cast::BOB);
    let flow = flow_of(&elsewhere, &asked).await;
    let begun = begins(&elsewhere, "hub", &flow).await;
    let answer = brings_a_code(&elsewhere, &begun).await;
    let claims = id_claims(&server, &elsewhere, &asked, answer).await;
    assert_eq!(claims["sub"], user.id.to_string());
}
