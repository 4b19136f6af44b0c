//! Sign-up by an invitation.

use super::{GOOD, can_sign_in, person, server};
use valetkey_protocol::rule::Rule;
use valetkey_rules::account::SignUp;
use valetkey_rules::account::link::{Invitation, LinkKeys};
use valetkey_testkit::{Answer, Browser, TestServer, cast};

pub(crate) fn invitation(server: &TestServer, email: &str, serial: &str) -> String {
    LinkKeys::new(&cast::MASTER_KEY).seal(&Invitation {
        email: email.to_owned(),
        serial: serial.to_owned(),
        expires_at: server.clock.timestamp().plus_seconds(3600),
    })
}

pub(crate) async fn comes(browser: &Browser, invitation: &str, username: &str) -> Answer {
    let page = browser.get("/sign-up", &[("invitation", invitation)]).await;
    assert_eq!(page.status, 200, "{}", page.text());
    let fields = [
        ("username", username),
        ("email", "mallory@example.org"),
        ("password", GOOD),
    ];
    browser.submits(&page, &fields).await
}

#[tokio::test]
async fn nobody_comes_without_an_invitation_or_with_one_that_does_not_count() {
    let (server, _mailbox) = server(|accounts| accounts.sign_up = SignUp::Invited).await;
    let browser = server.browser(cast::BOB);
    assert_eq!(browser.get("/sign-up", &[]).await.status, 403);
    assert!(!browser.get("/login", &[]).await.text().contains("/sign-up"));
    let good = invitation(&server, "carol@example.com", "1");
    for bad in ["nonsense", "vki_", &good[..good.len() - 1]] {
        let answer = browser.get("/sign-up", &[("invitation", bad)]).await;
        assert_eq!(answer.status, 403, "{bad}");
        assert!(answer.text().contains("This invitation does not count"));
    }
    server.clock.advance(3600);
    let late = browser.get("/sign-up", &[("invitation", &good)]).await;
    assert_eq!(late.status, 403);
    assert_eq!(server.refusals(Rule::SignUpInvitationInvalid).await, 4);
    assert_eq!(server.refusals(Rule::SignUpClosed).await, 1);
}

#[tokio::test]
async fn an_invitation_opens_one_account_for_the_address_it_went_to() {
    let (server, mailbox) = server(|accounts| accounts.sign_up = SignUp::Invited).await;
    let browser = server.browser(cast::BOB);
    let good = invitation(&server, "carol@example.com", "1");
    let answer = comes(&browser, &good, "carol").await;
    let account = browser.follows(answer).await;
    assert!(account.text().contains("carol@example.com"), "{}", account.text());
    let carol = person(&server, "carol").await.expect("the account is there");
    assert_eq!(
        carol.claims.email.as_deref(),
        Some("carol@example.com"),
        "not the one that was slipped in"
    );
    assert_eq!(carol.claims.email_verified, Some(true));
    assert!(can_sign_in(&server, "carol", GOOD).await);

    let other = server.browser(cast::BOB);
    let again = comes(&other, &good, "carol2").await;
    assert_eq!(again.status, 403);
    let same_address = invitation(&server, "carol@example.com", "2");
    assert_eq!(comes(&other, &same_address, "carol3").await.status, 403);
    assert_eq!(server.refusals(Rule::AccountEmailTaken).await, 2);

    // Not even when the first one is gone.
    let page = browser.get("/account/delete", &[]).await;
    browser.submits(&page, &[("username", "carol")]).await;
    assert!(person(&server, "carol").await.is_none());
    let again = comes(&other, &good, "carol2").await;
    assert_eq!(again.status, 403);
    assert_eq!(server.refusals(Rule::SignUpInvitationInvalid).await, 1);
    mailbox.letter(&server, 1).await;
}

#[tokio::test]
async fn a_name_that_is_taken_does_not_use_the_invitation_up() {
    let (server, _mailbox) = server(|accounts| accounts.sign_up = SignUp::Invited).await;
    let browser = server.browser(cast::BOB);
    let good = invitation(&server, "carol@example.com", "1");
    let page = comes(&browser, &good, "alice").await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("id=\"username-problem\""));
    let answer = browser
        .submits(&page, &[("username", "carol@example.com"), ("password", GOOD)])
        .await;
    assert_eq!(
        answer.status,
        303,
        "the invited address may be the name: {}",
        answer.text()
    );
    assert!(person(&server, "carol@example.com").await.is_some());
}
