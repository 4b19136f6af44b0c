//! `/account/password` and `/account/email`.

use super::{BETTER, GOOD, can_sign_in, open_server, person, presses, server};
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Browser, TestServer, cast};

pub(crate) async fn alice(server: &TestServer) -> Browser {
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    alice
}

/// The answer of the form on a page.
pub(crate) async fn fills_in(
    browser: &Browser,
    path: &str,
    fields: &[(&str, &str)],
) -> valetkey_testkit::Answer {
    let page = browser.get(path, &[]).await;
    assert_eq!(page.status, 200, "{path} {:?}", page.location());
    browser.submits(&page, fields).await
}

#[tokio::test]
async fn a_password_is_not_changed_by_somebody_who_does_not_know_it() {
    let (server, mailbox) = open_server().await;
    let alice = alice(&server).await;
    let wrong = [("password", "guess"), ("new_password", GOOD)];
    let page = fills_in(&alice, "/account/password", &wrong).await;
    assert_eq!(page.status, 400);
    assert!(page.text().contains("role=\"alert\" id=\"password-problem\""));
    let weak = [("password", cast::ALICE.password), ("new_password", "alice1234")];
    let page = fills_in(&alice, "/account/password", &weak).await;
    assert!(page.status == 400 && page.text().contains("id=\"new_password-problem\""));
    for _ in 0..10 {
        fills_in(&alice, "/account/password", &wrong).await;
    }
    let right = [("password", cast::ALICE.password), ("new_password", GOOD)];
    let closed = fills_in(&alice, "/account/password", &right).await;
    assert_eq!(
        closed.status, 429,
        "guessing in a stolen session is slowed down too"
    );
    assert!(!closed.header("retry-after").is_empty());
    assert!(server.refusals(Rule::AccountPasswordWrong).await >= 9);
    server.clock.advance(901);
    assert!(can_sign_in(&server, "alice", cast::ALICE.password).await);
    assert!(mailbox.letters().is_empty());
}

#[tokio::test]
async fn csrf_forms_without_the_proof_of_their_page_change_nothing() {
    let (server, mailbox) = open_server().await;
    let alice = alice(&server).await;
    let bob = server.browser(cast::BOB);
    bob.signs_in_for_the_account().await;
    let of_bob = bob.get("/account/password", &[]).await.form().hidden.remove(0).1;
    for csrf in ["", "guess", of_bob.as_str()] {
        for (path, fields) in [
            (
                "/account/password",
                vec![("password", cast::ALICE.password), ("new_password", GOOD)],
            ),
            ("/account/email", vec![("email", "mallory@example.com")]),
            ("/account/delete", vec![("username", "alice")]),
            ("/account/profile", vec![("name", "Mallory")]),
        ] {
            let fields: Vec<_> = fields.into_iter().chain([("csrf", csrf)]).collect();
            let answer = alice.post(path, &fields).await;
            assert_eq!(answer.status, 403, "{path} {csrf:?}");
        }
    }
    let after = person(&server, "alice").await.expect("she is there");
    assert_eq!(after.claims.name.as_deref(), Some("Alice Liddell"));
    assert!(can_sign_in(&server, "alice", cast::ALICE.password).await);
    server.deliver().await;
    assert!(mailbox.letters().is_empty());
}

#[tokio::test]
async fn nobody_who_is_not_signed_in_sees_a_page_of_an_account() {
    let (server, _mailbox) = open_server().await;
    let stranger = server.browser(cast::BOB);
    for path in ["profile", "password", "email", "delete"] {
        let path = format!("/account/{path}");
        let answer = stranger.get(&path, &[]).await;
        assert!(
            answer.location().is_some_and(|to| to.contains("/login?")),
            "{path}"
        );
        let answer = stranger.post(&path, &[]).await;
        assert!(
            answer.location().is_some_and(|to| to.contains("/login?")),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_new_password_keeps_this_browser_and_ends_every_other_session() {
    let (server, mailbox) = open_server().await;
    let (here, there) = (alice(&server).await, alice(&server).await);
    let right = [("password", cast::ALICE.password), ("new_password", GOOD)];
    let answer = fills_in(&here, "/account/password", &right).await;
    let page = here.follows(answer).await;
    assert!(page.text().contains("You were signed out everywhere else"));
    assert_eq!(there.get("/account", &[]).await.status, 303);
    assert!(can_sign_in(&server, "alice", GOOD).await);
    let letter = mailbox.letter(&server, 1).await;
    assert_eq!(
        (letter.to.as_str(), letter.subject.as_str()),
        ("alice@wonderland.example", "Your password was changed")
    );
    let log: Vec<String> = server
        .inspector
        .flows()
        .iter()
        .map(|flow| format!("{flow:?}"))
        .collect();
    assert!(
        !log.iter()
            .any(|flow| flow.contains(GOOD) || flow.contains(cast::ALICE.password))
    );
}

#[tokio::test]
async fn who_has_no_password_sets_one_only_after_a_sign_in_of_a_moment_ago() {
    let (server, _mailbox) = open_server().await;
    let alice = alice(&server).await;
    let mut record = person(&server, "alice").await.expect("she is there");
    server
        .store
        .remove_user(record.id, server.clock.timestamp())
        .await
        .expect("the store answers");
    record.password_hash = None;
    server
        .store
        .insert_user(record.clone())
        .await
        .expect("the store answers");
    let session = valetkey_model::Session {
        id: valetkey_model::SessionId(uuid::Uuid::from_u128(1)),
        sid: valetkey_model::Sid(uuid::Uuid::from_u128(2)),
        user: record.id,
        auth_time: server.clock.timestamp(),
        amr: Vec::new(),
        acr: valetkey_protocol::acr::Acr::OneFactor,
        from: valetkey_model::session::SignedInFrom::default(),
        created_at: server.clock.timestamp(),
        expires_at: server.clock.timestamp().plus_seconds(3600),
    };
    valetkey_store::SessionStore::begin_session(server.store.as_ref(), session.clone(), None)
        .await
        .expect("the store answers");
    alice.plant_cookie("__Host-vk_session", &cookie_of(&session));
    let page = alice.get("/account/password", &[]).await;
    assert!(
        page.status == 200 && !page.text().contains("name=\"password\""),
        "{}",
        page.text()
    );
    server.clock.advance(601);
    let late = alice.submits(&page, &[("new_password", GOOD)]).await;
    assert!(late.location().is_some_and(|to| to.contains("/login?")));
    assert!(!can_sign_in(&server, "alice", GOOD).await);
}

/// The cookie that the server would have set.
fn cookie_of(session: &valetkey_model::Session) -> String {
    use valetkey_jose::{b64, derive::derive_key, mac::MacKey};
    let key = MacKey::new(&derive_key(&cast::MASTER_KEY, "session cookie"));
    let id = session.id.0.as_bytes();
    format!("{}.{}", b64::encode_url(id), b64::encode_url(&key.tag(&[id])))
}

#[tokio::test]
async fn an_address_is_the_accounts_only_when_its_letter_was_read() {
    let (server, mailbox) = open_server().await;
    let alice = alice(&server).await;
    let page = fills_in(&alice, "/account/email", &[("email", "nonsense")]).await;
    assert!(page.status == 400 && page.text().contains("id=\"email-problem\""));
    let page = fills_in(&alice, "/account/email", &[("email", "alice@new.example")]).await;
    assert!(page.status == 200 && page.text().contains("alice@new.example"));
    let now = person(&server, "alice").await.expect("she is there");
    assert_eq!(now.claims.email.as_deref(), Some("alice@wonderland.example"));
    let letter = mailbox.letter(&server, 1).await;
    assert_eq!(letter.to, "alice@new.example");

    let done = presses(&server.browser(cast::BOB), &letter.link()).await;
    assert!(done.text().contains("id=\"verified\""));
    let now = person(&server, "alice").await.expect("she is there");
    assert_eq!(now.claims.email.as_deref(), Some("alice@new.example"));
    assert_eq!(now.claims.email_verified, Some(true));
    let notice = mailbox.letter(&server, 2).await;
    assert_eq!(notice.to, "alice@wonderland.example");
    assert!(notice.text.contains("a***@new.example"));

    let browser = server.browser(cast::BOB);
    let again = browser
        .submits(&browser.get(&letter.link(), &[]).await, &[])
        .await;
    assert_eq!(again.status, 400, "once");
}

#[tokio::test]
async fn a_thief_who_asked_for_another_address_loses_it_when_the_owner_resets_the_password() {
    let (server, mailbox) = open_server().await;
    let thief = alice(&server).await;
    fills_in(&thief, "/account/email", &[("email", "thief@example.org")]).await;
    let theirs = mailbox.letter(&server, 1).await;
    let owner = alice(&server).await;
    let right = [("password", cast::ALICE.password), ("new_password", BETTER)];
    fills_in(&owner, "/account/password", &right).await;
    mailbox.letter(&server, 2).await;
    let late = presses(&thief, &theirs.link()).await;
    assert_eq!(late.status, 400);
    assert_eq!(server.refusals(Rule::AccountLinkUsed).await, 1);
    let now = person(&server, "alice").await.expect("she is there");
    assert_eq!(now.claims.email.as_deref(), Some("alice@wonderland.example"));
}

#[tokio::test]
async fn the_address_of_another_account_is_told_to_its_owner_alone() {
    let (server, mailbox) = open_server().await;
    let bob = server.browser(cast::BOB);
    bob.signs_in_for_the_account().await;
    let free = fills_in(&bob, "/account/email", &[("email", "bob@example.com")]).await;
    let taken = fills_in(&bob, "/account/email", &[("email", "alice@wonderland.example")]).await;
    let replaced = free.text().replace("bob@example.com", "alice@wonderland.example");
    assert_eq!(replaced, taken.text());
    mailbox.letter(&server, 2).await;
    let to_alice = mailbox
        .letters()
        .into_iter()
        .find(|letter| letter.to.starts_with("alice"))
        .unwrap();
    assert_eq!(to_alice.subject, "You already have an account");
}

#[tokio::test]
async fn two_who_asked_for_one_address_do_not_both_get_it() {
    let (server, mailbox) = open_server().await;
    let (alice, bob) = (alice(&server).await, server.browser(cast::BOB));
    bob.signs_in_for_the_account().await;
    fills_in(&bob, "/account/email", &[("email", "one@example.com")]).await;
    let of_bob = mailbox.letter(&server, 1).await;
    fills_in(&alice, "/account/email", &[("email", "one@example.com")]).await;
    let of_alice = mailbox.letter(&server, 2).await;
    assert!(
        presses(&bob, &of_bob.link())
            .await
            .text()
            .contains("id=\"verified\"")
    );
    let late = presses(&alice, &of_alice.link()).await;
    assert_eq!(late.status, 403);
    assert_eq!(server.refusals(Rule::AccountEmailTaken).await, 1);
}

#[tokio::test]
async fn what_decides_who_signs_in_wants_a_sign_in_of_a_moment_ago() {
    let (server, _mailbox) = open_server().await;
    let alice = alice(&server).await;
    let page = alice.get("/account/email", &[]).await;
    server.clock.advance(601);
    for path in ["/account/email", "/account/delete"] {
        let answer = alice.get(path, &[]).await;
        assert!(
            answer.location().is_some_and(|to| to.contains("/login?")),
            "{path}"
        );
    }
    let late = alice.submits(&page, &[("email", "late@example.com")]).await;
    let login = alice.follows(late).await;
    let back = alice.signs_in(&login).await;
    assert!(
        back.text().contains("name=\"email\""),
        "after that it is the page again"
    );
}

#[tokio::test]
async fn somebody_signed_in_cannot_flood_mailboxes() {
    let (server, mailbox) = server(|accounts| accounts.letters_per_receiver = 2).await;
    let alice = alice(&server).await;
    for number in 0..2 {
        let email = format!("victim{number}@example.com");
        let page = fills_in(&alice, "/account/email", &[("email", &email)]).await;
        assert_eq!(page.status, 200);
    }
    let closed = fills_in(&alice, "/account/email", &[("email", "victim3@example.com")]).await;
    assert_eq!(closed.status, 429);
    assert!(!closed.header("retry-after").is_empty());
    mailbox.letter(&server, 2).await;
}

#[tokio::test]
async fn without_letters_the_page_says_so() {
    let server = TestServer::start().await;
    let alice = alice(&server).await;
    let page = alice.get("/account/email", &[]).await;
    assert!(page.status == 200 && page.text().contains("sends no letters"));
    assert!(!page.text().contains("id=\"change\""));
}
