//! OpenID Connect Session Management: what an app gets, computed once more by hand, and the page in the frame.

use super::{is_signed_in, server, signs_in};
use valetkey_jose::{b64, hash};
use valetkey_testkit::{Answer, Browser, cast};

/// §3.2, as a page of the server in a frame of `origin` computes it.
fn is_unchanged(browser: &Browser, client: &str, origin: &str, session_state: &str) -> bool {
    let (known, salt) = session_state.split_once('.').unwrap();
    let text = format!("{client} {origin} {} {salt}", browser.cookie("vk_state"));
    known == b64::encode_url(&hash::sha256(text.as_bytes()))
}

fn state_of(answer: &Answer) -> String {
    let state = answer.returned("session_state");
    assert!(!state.is_empty(), "{:?}", answer.location());
    state
}

#[tokio::test]
async fn the_state_is_unchanged_until_somebody_signs_in_or_out() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let first = state_of(&alice.answers(&app.asks_for("openid"), "allow").await);
    let same = |state: &str| is_unchanged(&alice, "mysweetapp", "https://app.example", state);
    assert!(same(&first));
    assert!(!is_unchanged(&alice, "otherapp", "https://app.example", &first));
    assert!(!is_unchanged(
        &alice,
        "mysweetapp",
        "https://evil.example",
        &first
    ));

    let silent = state_of(&alice.opens(&app.asks_for("openid").with("prompt", "none")).await);
    assert!(same(&silent) && silent != first, "another salt");

    let again = app.asks_for("openid").with("prompt", "login");
    let second = state_of(&alice.answers(&again, "allow").await);
    assert!(same(&second) && !same(&first), "changed by the sign-in");

    let page = alice.get("/logout", &[]).await;
    alice.submits(&page, &[]).await;
    assert!(!is_signed_in(&alice).await);
    assert!(!same(&second), "changed by the sign-out");
}

#[tokio::test]
async fn the_browser_state_is_no_credential_and_not_the_session() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    signs_in(&server, &alice, cast::MYSWEETAPP).await;
    let state = alice.cookie("vk_state");
    assert_eq!(b64::decode_url(&state).unwrap().len(), 32);
    assert!(!alice.cookie("vk_session").contains(&state));
    let thief = server.browser(cast::ALICE);
    thief.plant_cookie("__Host-vk_state", &state);
    thief.plant_cookie("__Host-vk_session", &state);
    assert!(!is_signed_in(&thief).await);
}

#[tokio::test]
async fn the_page_in_the_frame_is_the_same_for_everybody_and_may_be_framed() {
    let server = server().await;
    let alice = server.browser(cast::ALICE);
    signs_in(&server, &alice, cast::MYSWEETAPP).await;
    let (hers, anybodys) = (
        alice.get("/session", &[]).await,
        server.site.get("/session", &[]).await,
    );
    assert_eq!(hers.text(), anybodys.text());
    assert_eq!(hers.header("x-frame-options"), "");
    assert!(!hers.header("content-security-policy").contains("frame-ancestors"));
    assert!(
        hers.text().contains("data-cookie=\"__Host-vk_state\""),
        "{}",
        hers.text()
    );
    let text = hers.text();
    let (_, script) = text.split_once("<script src=\"").unwrap();
    let script = server.site.get(script.split('"').next().unwrap(), &[]).await;
    assert!(script.text().contains("crypto.subtle.digest"));
    for path in ["/login", "/logout", "/account/sessions"] {
        let page = alice.get(path, &[]).await;
        let page = alice.follows(page).await;
        assert_eq!(page.header("x-frame-options"), "DENY", "{path}");
    }
}
