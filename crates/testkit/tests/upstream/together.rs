//! Other providers together with what else an account has: invitations, one-time codes, letters.

use super::account::{link_flow, page, signed_in};
use super::*;
use valetkey_rules::account::link::{Invitation, LinkKeys};
use valetkey_rules::totp::{self, TotpSecret};
use valetkey_rules::upstream::SignUp;
use valetkey_testkit::Mailbox;

#[tokio::test]
async fn an_invitation_lets_its_own_address_in_by_a_provider_and_no_other() {
    let provider = Provider::start().await;
    let mut corner = provider.openid("corner");
    corner.sign_up = SignUp::Invited;
    let server = TestServer::start_with(|settings| {
        declare(settings, vec![corner]);
        settings.policy.accounts.sign_up = valetkey_rules::account::SignUp::Invited;
    })
    .await;
    let invitation = LinkKeys::new(&cast::MASTER_KEY).seal(&Invitation {
        email: String::from("Carol@corner.example"),
        serial: String::from("1"),
        expires_at: server.clock.timestamp().plus_seconds(3600),
    });
    let browser = server.browser(cast::BOB);
    let invited = browser.get("/sign-up", &[("invitation", &invitation)]).await;
    let flow = flow_in(&invited);
    for (email, is_verified) in [("mallory@corner.example", true), ("carol@corner.example", false)] {
        provider.tells(json!({"email": email, "email_verified": is_verified}));
        let begun = begins(&browser, "corner", &flow).await;
        let answer = comes_back(&server, &browser, &begun, &provider).await;
        assert_eq!(answer.status, 403, "{email}: {}", answer.text());
    }
    assert_eq!(server.refusals(Rule::UpstreamSignUpClosed).await, 2);
    provider.tells(json!({"email": "carol@corner.example", "email_verified": true}));
    let begun = begins(&browser, "corner", &flow).await;
    let answer = comes_back(&server, &browser, &begun, &provider).await;
    let form = browser.follows(answer).await;
    let opened = browser.submits(&form, &[("username", "carol")]).await;
    assert_eq!(opened.status, 303, "{}", opened.text());
    let carol = record(&server, "carol").await;
    assert_eq!(links_of(&server, carol.id).await.len(), 1);

    // The address has its account now: the invitation opens no second one, by another account there.
    let elsewhere = server.browser(cast::BOB);
    let invited = elsewhere.get("/sign-up", &[("invitation", &invitation)]).await;
    let begun = begins(&elsewhere, "corner", &flow_in(&invited)).await;
    let mut claims = begun.claims(&provider, server.clock.timestamp().0);
    claims.insert(String::from("sub"), json!("another"));
    provider.claims(Value::Object(claims));
    let answer = brings(&elsewhere, &begun, &begun.answer(&provider)).await;
    let page = elsewhere.follows(answer).await;
    assert!(
        page.text().contains("You have an account here already"),
        "{}",
        page.text()
    );

    // Not even when that account is gone.
    server
        .store
        .remove_user(carol.id, server.clock.timestamp())
        .await
        .unwrap();
    let invited = elsewhere.get("/sign-up", &[("invitation", &invitation)]).await;
    let begun = begins(&elsewhere, "corner", &flow_in(&invited)).await;
    provider.tells(json!({"email": "carol@corner.example", "email_verified": true}));
    let answer = comes_back(&server, &elsewhere, &begun, &provider).await;
    let form = elsewhere.follows(answer).await;
    let again = elsewhere.submits(&form, &[("username", "carol")]).await;
    assert_eq!(again.status, 403, "{}", again.text());
    assert_eq!(server.refusals(Rule::SignUpInvitationInvalid).await, 1);
    assert!(
        server
            .store
            .find_user_by_username("carol")
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn whoever_has_one_time_codes_is_asked_for_one_after_the_provider_too() {
    let (server, provider) = with_corner().await;
    linked(&server, cast::ALICE, "corner", SUB).await;
    let alice = signed_in(&server, cast::ALICE).await;
    let page = alice.get("/account/second-factor", &[]).await;
    let text = page.text();
    let shown = text
        .split("id=\"secret\">")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let secret = TotpSecret::from_shown(shown).unwrap();
    let code = || totp::code_at(&secret, totp::step_at(server.clock.timestamp()));
    assert_eq!(alice.submits(&page, &[("code", &code())]).await.status, 200);
    server.clock.advance(30);

    let elsewhere = server.browser(cast::ALICE);
    let asked = asked(&server);
    let answer = signs_in_at(&server, &elsewhere, ("corner", &provider), &asked).await;
    let second = elsewhere.follows(answer).await;
    assert!(
        elsewhere.cookie("vk_session").is_empty(),
        "not yet: {}",
        second.text()
    );
    let answer = elsewhere.submits(&second, &[("code", &code())]).await;
    let claims = id_claims(&server, &elsewhere, &asked, answer).await;
    assert_eq!(claims["acr"], "2");
    assert_eq!(claims["amr"], json!(["fed", "otp", "mfa"]));
}

#[tokio::test]
async fn a_letter_tells_of_a_link_that_was_made_or_taken_away() {
    let provider = Provider::start().await;
    let mailbox = Mailbox::open().await;
    let corner = provider.openid("corner");
    let server = TestServer::start_with(|settings| {
        declare(settings, vec![corner]);
        settings.mail = Some(mailbox.settings());
    })
    .await;
    let alice = signed_in(&server, cast::ALICE).await;
    let flow = link_flow(&page(&alice).await, "corner");
    let begun = begins(&alice, "corner", &flow).await;
    let answer = comes_back(&server, &alice, &begun, &provider).await;
    let shown = alice.follows(answer).await;
    let letter = mailbox.letter(&server, 1).await;
    assert_eq!(letter.to, "alice@wonderland.example");
    assert!(
        letter.text.contains("Signing in with CORNER was added"),
        "{}",
        letter.text
    );
    alice.submits(&shown, &[]).await;
    let letter = mailbox.letter(&server, 2).await;
    assert!(
        letter.text.contains("Signing in with CORNER was removed"),
        "{}",
        letter.text
    );
}
