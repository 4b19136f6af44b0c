//! `/forgot-password` and `/reset-password`.

use super::{BETTER, GOOD, can_sign_in, looks, open_server, person, presses, server};
use valetkey_model::user::PasswordHash;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Answer, Mailbox, TestServer, cast};

const ALICES: &str = "alice@wonderland.example";

async fn forgets(server: &TestServer, name: &str) -> Answer {
    let browser = server.browser(cast::BOB);
    let page = browser.get("/forgot-password", &[]).await;
    browser.submits(&page, &[("username", name)]).await
}

/// The token of a letter to Alice.
async fn token(server: &TestServer, mailbox: &Mailbox, number: usize) -> String {
    forgets(server, "alice").await;
    let letter = mailbox.letter(server, number).await;
    assert_eq!(letter.to, ALICES);
    letter.token()
}

async fn resets(server: &TestServer, token: &str, password: &str) -> Answer {
    let fields = [("token", token), ("new_password", password)];
    server.browser(cast::BOB).post("/reset-password", &fields).await
}

#[tokio::test]
async fn user_enumeration_everybody_gets_the_same_answer_and_only_a_proved_address_a_letter() {
    let (server, mailbox) = open_server().await;
    let known = forgets(&server, "alice").await;
    assert_eq!(known.status, 200);
    for name in [
        "nobody",
        ALICES,
        "nobody@wonderland.example",
        "bob",
        "",
        "x".repeat(5000).as_str(),
    ] {
        let answer = forgets(&server, name).await;
        assert_eq!(looks(&answer), looks(&known), "{name:.20}");
    }
    mailbox.letter(&server, 2).await;
    assert!(mailbox.letters().iter().all(|letter| letter.to == ALICES));
    assert!(
        !mailbox
            .letters()
            .iter()
            .any(|letter| letter.link().contains("alice"))
    );
}

#[tokio::test]
async fn an_address_that_was_not_proved_gets_no_letter() {
    let (server, mailbox) = open_server().await;
    let bob = person(&server, "bob").await.expect("he is there");
    let mut claims = bob.claims.clone();
    claims.email = Some(String::from("bob@example.com"));
    claims.email_verified = Some(false);
    server
        .store
        .set_claims(bob.id, bob.claims, claims)
        .await
        .expect("the store answers");
    forgets(&server, "bob").await;
    forgets(&server, "bob@example.com").await;
    forgets(&server, "alice").await;
    let letter = mailbox.letter(&server, 1).await;
    assert_eq!(letter.to, ALICES);
}

#[tokio::test]
async fn a_reset_ends_every_session_and_grant_that_lasts_with_one_and_signs_nobody_in() {
    let (server, mailbox) = open_server().await;
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let tokens = app
        .redeems(&alice.allows(&app.asks_for("openid photos.read")).await)
        .await
        .tokens();
    let kept = app
        .redeems(
            &alice
                .allows(&app.asks_for("openid photos.read offline_access"))
                .await,
        )
        .await
        .tokens();
    let token = token(&server, &mailbox, 1).await;
    let browser = server.browser(cast::BOB);
    let page = browser.get("/reset-password", &[("token", &token)]).await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("referrer-policy"), "strict-origin");
    assert_eq!(page.header("cache-control"), "no-store");
    let done = browser.submits(&page, &[("new_password", GOOD)]).await;
    assert!(done.text().contains("id=\"reset\""), "{}", done.text());
    assert!(browser.cookie("vk_session").is_empty());

    assert!(can_sign_in(&server, "alice", GOOD).await);
    assert!(!can_sign_in(&server, "alice", cast::ALICE.password).await);
    assert_eq!(alice.get("/account", &[]).await.status, 303, "signed out");
    assert_eq!(app.refreshes(&tokens).await.error(), "invalid_grant");
    app.refreshes(&kept).await.tokens();
    let letter = mailbox.letter(&server, 2).await;
    assert_eq!(letter.subject, "Your password was changed");
}

#[tokio::test]
async fn a_link_works_once_and_not_after_another_change() {
    let (server, mailbox) = open_server().await;
    let first = token(&server, &mailbox, 1).await;
    let second = token(&server, &mailbox, 2).await;
    assert_eq!(resets(&server, &second, GOOD).await.status, 200);
    mailbox.letter(&server, 3).await;
    for used in [&second, &first] {
        let again = resets(&server, used, BETTER).await;
        assert_eq!(again.status, 400);
        assert!(again.text().contains("This link was used already"));
        let page = server
            .browser(cast::BOB)
            .get("/reset-password", &[("token", used)])
            .await;
        assert_eq!(page.status, 400);
    }
    assert_eq!(server.refusals(Rule::AccountLinkUsed).await, 4);
    assert!(can_sign_in(&server, "alice", GOOD).await);
}

#[tokio::test]
async fn a_link_to_a_mailbox_of_before_does_not_count() {
    let (server, mailbox) = open_server().await;
    let token = token(&server, &mailbox, 1).await;
    let alice = person(&server, "alice").await.expect("she is there");
    let mut claims = alice.claims.clone();
    claims.email = Some(String::from("alice@new.example"));
    server
        .store
        .set_claims(alice.id, alice.claims, claims)
        .await
        .expect("the store answers");
    assert_eq!(resets(&server, &token, GOOD).await.status, 400);
    assert!(!can_sign_in(&server, "alice", GOOD).await);
}

#[tokio::test]
async fn a_link_that_is_bent_too_old_or_of_another_purpose_sets_no_password() {
    let (server, mailbox) = open_server().await;
    let token = token(&server, &mailbox, 1).await;
    for bad in [
        "",
        "vkp_",
        &token[..token.len() - 2],
        &token.replace("vkp_", "vkm_"),
    ] {
        assert_eq!(resets(&server, bad, GOOD).await.status, 400, "{bad}");
        let page = server
            .browser(cast::BOB)
            .get("/reset-password", &[("token", bad)])
            .await;
        assert_eq!(page.status, 400);
    }
    let page = server
        .browser(cast::BOB)
        .get("/verify-email", &[("token", &token)])
        .await;
    assert_eq!(page.status, 400, "it proves no address");
    server.clock.advance(30 * 60);
    let late = resets(&server, &token, GOOD).await;
    assert_eq!(late.status, 400);
    assert!(late.text().contains("This link is too old"));
    assert!(!can_sign_in(&server, "alice", GOOD).await);
}

#[tokio::test]
async fn a_weak_password_is_refused_and_the_link_still_works() {
    let (server, mailbox) = open_server().await;
    let token = token(&server, &mailbox, 1).await;
    for weak in ["", "short", "password", "alice@wonderland.example"] {
        let page = resets(&server, &token, weak).await;
        assert_eq!(page.status, 400, "{weak}");
        assert!(page.text().contains("id=\"new_password-problem\""));
    }
    assert_eq!(server.refusals(Rule::AccountPasswordWeak).await, 4);
    assert_eq!(resets(&server, &token, GOOD).await.status, 200);
}

#[tokio::test]
async fn two_people_of_one_mailbox_get_a_letter_each_and_neither_link_opens_the_other() {
    let (server, mailbox) = open_server().await;
    let bob = person(&server, "bob").await.expect("he is there");
    let mut claims = bob.claims.clone();
    claims.email = Some(String::from(ALICES));
    claims.email_verified = Some(true);
    server
        .store
        .set_claims(bob.id, bob.claims, claims)
        .await
        .expect("the store answers");
    forgets(&server, ALICES).await;
    mailbox.letter(&server, 2).await;
    let browser = server.browser(cast::BOB);
    let mut names = Vec::new();
    for letter in mailbox.letters() {
        let page = browser.get(&letter.link(), &[]).await.text();
        names.push(["alice", "bob"].map(|name| page.contains(&format!("value=\"{name}\""))));
    }
    names.sort_unstable();
    assert_eq!(names, [[false, true], [true, false]]);
}

#[tokio::test]
async fn somebody_without_a_password_chooses_the_first_by_a_letter() {
    let (server, mailbox) = open_server().await;
    let mut carol = person(&server, "alice").await.expect("she is there");
    carol.id = valetkey_model::UserId(uuid::Uuid::from_u128(0xca401));
    carol.username = String::from("carol");
    carol.password_hash = None;
    carol.claims.email = Some(String::from("carol@example.com"));
    server.store.insert_user(carol).await.expect("the store answers");
    forgets(&server, "carol").await;
    let letter = mailbox.letter(&server, 1).await;
    let page = server.browser(cast::BOB).get(&letter.link(), &[]).await;
    let answer = server
        .browser(cast::BOB)
        .submits(&page, &[("new_password", GOOD)])
        .await;
    assert_eq!(answer.status, 200);
    assert!(can_sign_in(&server, "carol", GOOD).await);
    let carol = person(&server, "carol").await.expect("she is there");
    let PasswordHash(hash) = carol.password_hash.expect("it is set");
    assert!(hash.starts_with("$argon2id$"));
}

#[tokio::test]
async fn letters_are_limited_by_address_in_the_open_and_by_person_in_silence() {
    let (server, mailbox) = server(|accounts| {
        accounts.letters_per_receiver = 2;
        accounts.requests_per_address = 5;
    })
    .await;
    for _ in 0..5 {
        assert_eq!(forgets(&server, "alice").await.status, 200);
    }
    let closed = forgets(&server, "nobody").await;
    assert_eq!(
        (closed.status.as_u16(), closed.header("retry-after").as_str()),
        (429, "900")
    );
    assert!(closed.text().contains("temporarily_unavailable"));
    mailbox.letter(&server, 2).await;
    server.clock.advance(901);
    forgets(&server, "alice").await;
    mailbox.letter(&server, 3).await;
}

#[tokio::test]
async fn a_reset_lets_somebody_in_whom_guesses_of_others_had_closed_out() {
    let (server, mailbox) = open_server().await;
    for _ in 0..12 {
        can_sign_in(&server, "alice", "guess").await;
    }
    assert!(!can_sign_in(&server, "alice", cast::ALICE.password).await);
    let token = token(&server, &mailbox, 1).await;
    resets(&server, &token, GOOD).await;
    assert!(can_sign_in(&server, "alice", GOOD).await);
}

#[tokio::test]
async fn the_second_factor_is_not_gone_round_by_a_reset() {
    let (server, mailbox) = open_server().await;
    let alice = person(&server, "alice").await.expect("she is there");
    let totp = valetkey_model::Totp {
        user: alice.id,
        secret: valetkey_model::SealedSecret(vec![1]),
        created_at: server.clock.timestamp(),
        last_step: 0,
    };
    let store = &server.store;
    valetkey_store::FactorStore::put_totp(store.as_ref(), totp, Vec::new())
        .await
        .expect("the store answers");
    let token = token(&server, &mailbox, 1).await;
    resets(&server, &token, GOOD).await;
    let browser = server.browser(cast::BOB);
    let login = browser.get("/login", &[]).await;
    let answer = browser
        .submits(&login, &[("username", "alice"), ("password", GOOD)])
        .await;
    let asked = answer.location().expect("it goes on");
    assert!(asked.contains("/login/second-factor"), "{asked}");
    let sessions = store.list_sessions(alice.id, server.clock.timestamp()).await;
    assert!(sessions.expect("the store answers").is_empty());
}

#[tokio::test]
async fn a_link_that_was_changed_by_a_press_shows_it_at_once() {
    let (server, mailbox) = open_server().await;
    forgets(&server, "alice").await;
    let link = mailbox.letter(&server, 1).await.link();
    let browser = server.browser(cast::BOB);
    // Without a new password nothing happens.
    let answer = presses(&browser, &link).await;
    assert_eq!(answer.status, 400);
    assert!(can_sign_in(&server, "alice", cast::ALICE.password).await);
}
