//! A provider that is down holds up nobody: not the start, not the sign-in here, and its own people for a moment only.

use super::*;
use valetkey_server::upstream::ProviderKind;

#[tokio::test]
async fn a_provider_that_nobody_can_reach_leaves_the_sign_in_here_alone() {
    let provider = Provider::start().await;
    let mut gone = provider.openid("corner");
    // Nobody listens at the discard port.
    gone.kind = ProviderKind::OpenId {
        issuer: String::from("http://127.0.0.1:9"),
    };
    let server = server_with(vec![gone]).await;
    let alice = server.browser(cast::ALICE);
    let asked = asked(&server);
    let flow = flow_of(&alice, &asked).await;
    let page = presses(&alice, "corner", &flow).await;
    is_refused(&server, &alice, &page, Rule::UpstreamUnreachable).await;
    let text = page.text();
    assert!(text.contains("CORNER does not answer at the moment"), "{text}");
    assert_eq!(page.header("retry-after"), "30");
    let back = text
        .split("href=\"")
        .find(|part| part.starts_with("/login?flow="))
        .unwrap();
    let back = back.split('"').next().unwrap();
    let login = alice.get(&server.site.resolved(back), &[]).await;
    let answer = alice.signs_in(&login).await;
    let claims = id_claims(&server, &alice, &asked, answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub(), "the same request went on");
}

#[tokio::test]
async fn after_a_failure_the_provider_is_left_alone_for_a_while_and_then_asked_again() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    provider.says().is_up = false;
    let alice = server.browser(cast::ALICE);
    let asked = asked(&server);
    let flow = flow_of(&alice, &asked).await;
    for _ in 0..3 {
        assert_eq!(presses(&alice, "corner", &flow).await.status, 503);
    }
    assert_eq!(provider.says().discovered, 1, "two of them found it down already");
    server.clock.advance(2);
    assert_eq!(presses(&alice, "corner", &flow).await.status, 503);
    server.clock.advance(2);
    assert_eq!(presses(&alice, "corner", &flow).await.status, 503);
    assert_eq!(provider.says().discovered, 2, "the pause has grown");
    provider.says().is_up = true;
    server.clock.advance(2);
    let begun = begins(&alice, "corner", &flow).await;
    let answer = comes_back(&server, &alice, &begun, &provider).await;
    let claims = id_claims(&server, &alice, &asked, answer).await;
    assert_eq!(claims["sub"], cast::ALICE.sub());
}

#[tokio::test]
async fn what_was_found_out_about_a_provider_is_used_on_while_it_is_down() {
    let (server, provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    begins(&alice, "corner", &flow).await;
    begins(&alice, "corner", &flow).await;
    assert_eq!(provider.says().discovered, 1, "kept");
    server.clock.advance(3600);
    provider.says().is_up = false;
    let flow = flow_of(&alice, &asked(&server)).await;
    begins(&alice, "corner", &flow).await;
    assert_eq!(provider.says().discovered, 2);
}

#[tokio::test]
async fn a_provider_that_goes_down_in_the_middle_is_told_with_the_way_back() {
    let (server, provider) = with_corner().await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let begun = begins(&alice, "corner", &flow).await;
    provider.says().is_up = false;
    let page = comes_back(&server, &alice, &begun, &provider).await;
    is_refused(&server, &alice, &page, Rule::UpstreamUnreachable).await;
    assert!(page.text().contains("/login?flow="), "{}", page.text());
}

#[tokio::test]
async fn metadata_of_another_issuer_is_of_no_use() {
    let (one, other) = (Provider::start().await, Provider::start().await);
    let mut settings = one.openid("corner");
    settings.kind = ProviderKind::OpenId {
        issuer: format!("{}/", other.issuer),
    };
    let server = server_with(vec![settings]).await;
    let alice = server.browser(cast::ALICE);
    let flow = flow_of(&alice, &asked(&server)).await;
    let page = presses(&alice, "corner", &flow).await;
    is_refused(&server, &alice, &page, Rule::UpstreamUnreachable).await;
}
