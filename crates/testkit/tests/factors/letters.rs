//! Letters about ways to sign in: whoever takes over an account for a moment cannot stay in it unseen.

use super::{PASSKEYS, Phone, SECOND_FACTOR, with_passkey};
use valetkey_testkit::{Mailbox, TestServer, cast};

#[tokio::test]
async fn a_letter_tells_of_every_change() {
    let mailbox = Mailbox::open().await;
    let mail = mailbox.settings();
    let server = TestServer::start_with(|settings| settings.mail = Some(mail)).await;
    let (alice, _) = with_passkey(&server, cast::ALICE).await;
    let letter = mailbox.letter(&server, 1).await;
    assert_eq!(letter.to, "alice@wonderland.example");
    assert!(letter.subject.contains("new way to sign in"), "{letter:?}");
    assert!(
        letter.text.contains("Pocket") && letter.link().ends_with("/account"),
        "{letter:?}"
    );

    let page = alice.get(SECOND_FACTOR, &[]).await;
    let code = Phone::scans(&page).shows(&server);
    alice.submits(&page, &[("code", "000000")]).await;
    alice.submits(&page, &[("code", &code)]).await;
    let letter = mailbox.letter(&server, 2).await;
    assert!(
        letter.text.contains("authenticator app") && letter.text.contains("was added"),
        "{letter:?}"
    );
    let page = alice.get(SECOND_FACTOR, &[]).await;
    alice.submits_the("id=\"new-recovery-codes\"", &page, &[]).await;
    assert!(mailbox.letter(&server, 3).await.text.contains("recovery codes"));
    alice.submits_the("id=\"turn-off\"", &page, &[]).await;
    assert!(mailbox.letter(&server, 4).await.text.contains("was removed"));
    let page = alice.get(PASSKEYS, &[]).await;
    alice.submits_the("value=\"remove\"", &page, &[]).await;
    let letter = mailbox.letter(&server, 5).await;
    assert!(
        letter.text.contains("Pocket") && letter.text.contains("was removed"),
        "{letter:?}"
    );
}

#[tokio::test]
async fn nobody_gets_a_letter_at_an_address_that_was_not_proved() {
    let mailbox = Mailbox::open().await;
    let mail = mailbox.settings();
    let server = TestServer::start_with(|settings| settings.mail = Some(mail)).await;
    with_passkey(&server, cast::BOB).await;
    with_passkey(&server, cast::ALICE).await;
    assert_eq!(mailbox.letter(&server, 1).await.to, "alice@wonderland.example");
}
