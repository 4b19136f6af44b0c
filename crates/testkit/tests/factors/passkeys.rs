//! Passkeys: `/account/passkeys` and `/login/passkey`, with a device in software whose answers a test can bend.

use super::{PASSKEYS, adds, is_signed_in, login_page, second_step, uses_passkey, with_passkey, with_phone};
use crate::upstream::with_corner;
use serde_json::Value;
use valetkey_model::{Link, UserId};
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Answer, Authenticator, Browser, Says, TestServer, cast};

async fn id_of(server: &TestServer, person: cast::Person) -> UserId {
    let found = server.store.find_user_by_username(person.username).await;
    found.unwrap().unwrap().id
}

/// A passkey of Alice's, and the sign-in page in a browser where nobody is signed in.
async fn at_the_login(server: &TestServer) -> (Authenticator, Browser, Answer) {
    let (_, device) = with_passkey(server, cast::ALICE).await;
    let browser = server.browser(cast::ALICE);
    let page = login_page(server, &browser).await;
    (device, browser, page)
}

/// A passkey of Alice's, on a device that does not count how often it is used.
async fn uncounted(server: &TestServer) -> Authenticator {
    let browser = server.browser(cast::ALICE);
    browser.signs_in_for_the_account().await;
    let mut device = Authenticator::uncounted("synced");
    adds(&browser, &mut device).await;
    device
}

/// No finger, no face, no PIN.
fn unverified() -> Says {
    Says {
        unverified: true,
        ..Says::default()
    }
}

#[tokio::test]
async fn a_passkey_is_added_and_signs_in_without_a_name_or_a_password() {
    let server = TestServer::start().await;
    let (alice, device) = with_passkey(&server, cast::ALICE).await;
    let listed = alice.get(PASSKEYS, &[("added", "1")]).await.text();
    assert!(
        listed.contains("Pocket") && listed.contains("not used yet"),
        "{listed}"
    );
    assert!(listed.contains("The passkey is ready"));

    let elsewhere = server.browser(cast::BOB);
    let page = login_page(&server, &elsewhere).await;
    let options = page.passkey_options();
    assert_eq!(
        options["allowCredentials"],
        Value::Array(Vec::new()),
        "it tells of nobody"
    );
    let answer = uses_passkey(&elsewhere, &page, &device.signs(&page)).await;
    assert!(is_signed_in(&answer), "{}", answer.text());
    assert!(
        answer.text().contains("alice"),
        "it is hers, whoever the browser is"
    );
    server.clock.advance(86_400);
    alice.signs_in_for_the_account().await;
    assert!(alice.get(PASSKEYS, &[]).await.text().contains("last used on"));
    let rules = server.passed();
    for rule in [
        Rule::PasskeyChallengeMismatch,
        Rule::PasskeyCloned,
        Rule::PasskeyUnknown,
        Rule::PasskeySignatureInvalid,
    ] {
        assert!(rules.contains(&rule), "{rule:?}");
    }
}

#[tokio::test]
async fn pages_with_passkeys_run_our_script_and_no_other() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let login = login_page(&server, &alice).await;
    let policy = login.header("content-security-policy");
    assert!(
        policy.contains("script-src 'self'") && policy.contains("default-src 'none'"),
        "{policy}"
    );
    assert!(!policy.contains("form-action"), "the post ends at the app");
    let text = login.text();
    assert!(text.contains("autocomplete=\"username webauthn\"") && text.contains("data-passkey-conditional"));
    let (_, rest) = text.split_once("<script src=\"").unwrap();
    let script = alice.get(rest.split('"').next().unwrap(), &[]).await;
    assert_eq!(script.status, 200);
    assert!(script.text().contains("navigator.credentials"));
}

#[tokio::test]
async fn after_a_refusal_none_is_offered_beside_the_name_so_that_no_browser_answers_again_and_again() {
    let server = TestServer::start().await;
    let (device, alice, page) = at_the_login(&server).await;
    let refused = uses_passkey(&alice, &page, &device.signs_saying(&page, &unverified())).await;
    assert_eq!(refused.status, 400);
    assert!(!refused.text().contains("data-passkey-conditional"));
    assert!(
        is_signed_in(&uses_passkey(&alice, &refused, &device.signs(&refused)).await),
        "by the button it can be tried again"
    );
}

#[tokio::test]
async fn where_browsers_have_no_passkeys_none_are_offered() {
    let server = TestServer::start_with(|settings| {
        settings.policy.issuer = String::from("https://192.0.2.1");
    })
    .await;
    let alice = server.browser(cast::ALICE);
    let page = login_page(&server, &alice).await;
    assert!(!page.text().contains("passkey") && !page.text().contains("<script"));
    let flow = page.form().hidden.remove(0).1;
    let forced = alice
        .post("/login/passkey", &[("flow", &flow), ("credential", "{}")])
        .await;
    assert_eq!(forced.status, 400);
    alice.signs_in(&page).await;
    let page = alice.get(PASSKEYS, &[]).await;
    assert!(page.text().contains("do not work at this address"));
}

#[tokio::test]
async fn an_answer_from_a_page_of_another_site_is_refused() {
    let server = TestServer::start().await;
    let (device, victim, page) = at_the_login(&server).await;
    let phished = Says {
        origin: Some(String::from("https://id.example.evil.example")),
        ..Says::default()
    };
    let answer = uses_passkey(&victim, &page, &device.signs_saying(&page, &phished)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("do not work at this address"));
    assert_eq!(server.refusals(Rule::PasskeyOriginMismatch).await, 1);
    assert_eq!(victim.cookie("vk_session"), "");
}

#[tokio::test]
async fn an_answer_without_a_finger_a_face_or_a_pin_is_refused() {
    let server = TestServer::start().await;
    let (device, alice, page) = at_the_login(&server).await;
    let answer = uses_passkey(&alice, &page, &device.signs_saying(&page, &unverified())).await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.refusals(Rule::PasskeyNotVerified).await, 1);
}

#[tokio::test]
async fn replay_an_answer_counts_once_even_by_a_device_that_does_not_count() {
    let server = TestServer::start().await;
    let device = uncounted(&server).await;
    let alice = server.browser(cast::ALICE);
    let page = login_page(&server, &alice).await;
    let credential = device.signs(&page);
    assert!(is_signed_in(&uses_passkey(&alice, &page, &credential).await));
    let again = uses_passkey(&alice, &page, &credential).await;
    assert_eq!(again.status, 400);
    assert!(again.text().contains("used on it already"));
    assert_eq!(server.refusals(Rule::PasskeyChallengeMismatch).await, 1);
    assert!(
        is_signed_in(&uses_passkey(&alice, &again, &device.signs(&again)).await),
        "the new page has a new one"
    );
}

#[tokio::test]
async fn of_two_answers_to_one_challenge_one_comes_in() {
    let server = TestServer::start().await;
    let device = uncounted(&server).await;
    let alice = server.browser(cast::ALICE);
    let page = login_page(&server, &alice).await;
    let credential = device.signs(&page);
    let fields = [("credential", credential.as_str())];
    let held = "data-passkey=\"get\"";
    let (a, b) = tokio::join!(
        alice.submits_the(held, &page, &fields),
        alice.submits_the(held, &page, &fields)
    );
    let mut statuses = [a.status.as_u16(), b.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [303, 400]);
}

#[tokio::test]
async fn an_answer_to_another_page_or_to_an_old_one_is_refused() {
    let server = TestServer::start().await;
    let (_, device) = with_passkey(&server, cast::ALICE).await;
    let alice = server.browser(cast::ALICE);
    let (first, second) = (
        login_page(&server, &alice).await,
        login_page(&server, &alice).await,
    );
    let answer = uses_passkey(&alice, &second, &device.signs(&first)).await;
    assert_eq!(answer.status, 400, "of another page");
    let says = Says {
        challenge: Some(String::from("AAAA")),
        ..Says::default()
    };
    let answer = uses_passkey(&alice, &first, &device.signs_saying(&first, &says)).await;
    assert_eq!(answer.status, 400, "made up");
    server.clock.advance(600);
    let answer = uses_passkey(&alice, &second, &device.signs(&second)).await;
    assert_eq!(answer.status, 400, "too late");
    assert_eq!(server.refusals(Rule::PasskeyChallengeMismatch).await, 3);
    assert!(is_signed_in(
        &uses_passkey(&alice, &answer, &device.signs(&answer)).await
    ));
}

#[tokio::test]
async fn a_challenge_belongs_to_the_browser_that_has_the_page() {
    let server = TestServer::start().await;
    let (device, _victim, page) = at_the_login(&server).await;
    let stolen = device.signs(&page);
    let thief = server.browser(cast::BOB);
    login_page(&server, &thief).await;
    let answer = uses_passkey(&thief, &page, &stolen).await;
    assert_eq!(answer.status, 400);
    assert_eq!(thief.cookie("vk_session"), "");
}

#[tokio::test]
async fn a_copy_of_a_passkey_that_counts_gives_itself_away() {
    let server = TestServer::start().await;
    let (device, alice, page) = at_the_login(&server).await;
    let copy = device.copied();
    assert!(is_signed_in(
        &uses_passkey(&alice, &page, &device.signs(&page)).await
    ));
    let thief = server.browser(cast::ALICE);
    let page = login_page(&server, &thief).await;
    let answer = uses_passkey(&thief, &page, &copy.signs(&page)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("may be a copy"));
    assert_eq!(server.refusals(Rule::PasskeyCloned).await, 1);
    assert_eq!(thief.cookie("vk_session"), "");
}

#[tokio::test]
async fn a_passkey_of_nobody_or_with_another_owner_or_another_key_is_refused() {
    let server = TestServer::start().await;
    let (_, alices) = with_passkey(&server, cast::ALICE).await;
    let (_, mut bobs) = with_passkey(&server, cast::BOB).await;
    let thief = server.browser(cast::BOB);
    let page = login_page(&server, &thief).await;

    let unknown = Authenticator::new("unknown");
    let answer = uses_passkey(&thief, &page, &unknown.signs(&page)).await;
    assert_eq!(answer.status, 400);
    bobs.claims_to_be_of(&alices);
    let answer = uses_passkey(&thief, &page, &bobs.signs(&page)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.refusals(Rule::PasskeyUnknown).await, 2);

    // Same id and owner, but not the key.
    let mut forged = Authenticator::new("alice");
    forged.claims_to_be_of(&alices);
    let answer = uses_passkey(&thief, &page, &forged.signs(&page)).await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.refusals(Rule::PasskeySignatureInvalid).await, 1);
    for rubbish in ["", "{}", "[]", "null", "{\"id\":1}"] {
        let answer = uses_passkey(&thief, &page, rubbish).await;
        assert_eq!(answer.status, 400, "{rubbish}");
    }
    assert_eq!(server.refusals(Rule::PasskeyResponseMalformed).await, 5);
    assert_eq!(thief.cookie("vk_session"), "");
}

#[tokio::test]
async fn a_removed_passkey_signs_nobody_in() {
    let server = TestServer::start().await;
    let (alice, device) = with_passkey(&server, cast::ALICE).await;
    let page = alice.get(PASSKEYS, &[]).await;
    let removed = alice.submits_the("value=\"remove\"", &page, &[]).await;
    assert_eq!(removed.location().as_deref(), Some("/account/passkeys?removed=1"));
    assert!(!alice.get(PASSKEYS, &[]).await.text().contains("Pocket"));
    let other = server.browser(cast::BOB);
    let page = login_page(&server, &other).await;
    let answer = uses_passkey(&other, &page, &device.signs(&page)).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("belongs to no account here"));
}

#[tokio::test]
async fn nobody_removes_a_passkey_of_somebody_else() {
    let server = TestServer::start().await;
    let (alice, _) = with_passkey(&server, cast::ALICE).await;
    let page = alice.get(PASSKEYS, &[]).await;
    let hidden = page.form_with("value=\"remove\"").hidden;
    let (_, handle) = hidden.iter().find(|(name, _)| name == "passkey").unwrap();
    let (bob, _) = with_passkey(&server, cast::BOB).await;
    let page = bob.get(PASSKEYS, &[]).await;
    let (_, csrf) = page.form().hidden.remove(0);
    let fields = [("csrf", csrf.as_str()), ("action", "remove"), ("passkey", handle)];
    bob.post(PASSKEYS, &fields).await;
    assert!(alice.get(PASSKEYS, &[]).await.text().contains("Pocket"));
    assert!(bob.get(PASSKEYS, &[]).await.text().contains("Pocket"));
}

#[tokio::test]
async fn the_only_way_to_sign_in_stays() {
    let (server, _provider) = with_corner().await;
    let (browser, _) = with_passkey(&server, cast::ALICE).await;
    let alice = id_of(&server, cast::ALICE).await;
    // Who came by a passkey or by another provider has none.
    server.runs_sql("UPDATE users SET password_hash = NULL").await;
    let page = browser.get(PASSKEYS, &[]).await;
    let stays = browser.submits_the("value=\"remove\"", &page, &[]).await;
    assert_eq!(stays.status, 400);
    assert!(stays.text().contains("only way to sign in"), "{}", stays.text());
    assert_eq!(server.refusals(Rule::PasskeyLastWay).await, 1);

    let link = |provider: &str| Link {
        provider: String::from(provider),
        subject: String::from("7"),
        user: alice,
        label: String::from("alice"),
        created_at: server.clock.timestamp(),
    };
    server.store.insert_link(link("taken away")).await.unwrap();
    let stays = browser.submits_the("value=\"remove\"", &page, &[]).await;
    assert_eq!(stays.status, 400, "a provider that is not there signs nobody in");
    server.store.insert_link(link("corner")).await.unwrap();
    let gone = browser.submits_the("value=\"remove\"", &page, &[]).await;
    assert_eq!(gone.status, 303, "there is another way now");
    assert!(server.store.list_passkeys(alice).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_passkey_is_in_one_account_only() {
    let server = TestServer::start().await;
    let (_, mut device) = with_passkey(&server, cast::ALICE).await;
    let bob = server.browser(cast::BOB);
    bob.signs_in_for_the_account().await;
    let answer = adds(&bob, &mut device).await;
    assert_eq!(answer.status, 400);
    assert!(answer.text().contains("in use already"));
    assert_eq!(server.refusals(Rule::PasskeyTaken).await, 1);
}

#[tokio::test]
async fn what_a_new_passkey_says_is_checked() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let page = alice.get(PASSKEYS, &[]).await;
    let mut device = Authenticator::new("new");
    let bent = [
        Says {
            origin: Some(String::from("https://evil.example")),
            ..Says::default()
        },
        Says {
            challenge: Some(String::from("AAAA")),
            ..Says::default()
        },
        unverified(),
    ];
    for says in bent {
        let credential = device.makes_saying(&page, &says);
        let fields = [("credential", credential.as_str()), ("name", "x")];
        let answer = alice.submits_the("data-passkey=\"create\"", &page, &fields).await;
        assert_eq!(answer.status, 400, "{says:?}");
        assert!(answer.text().contains("id=\"problem\""));
    }
    let user = id_of(&server, cast::ALICE).await;
    assert!(server.store.list_passkeys(user).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_challenge_for_a_new_passkey_belongs_to_one_session_and_counts_once() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let page = alice.get(PASSKEYS, &[]).await;
    let mut device = Authenticator::new("new");
    let credential = device.makes(&page);

    // Somebody hands his own challenge to her page.
    let bob = server.browser(cast::BOB);
    bob.signs_in_for_the_account().await;
    let bobs = bob.get(PASSKEYS, &[]).await;
    let (_, csrf) = bobs.form().hidden.remove(0);
    let hidden = page.form_with("data-passkey=\"create\"").hidden;
    let (_, challenge) = hidden.iter().find(|(name, _)| name == "challenge").unwrap();
    let fields = [
        ("csrf", csrf.as_str()),
        ("action", "add"),
        ("challenge", challenge),
        ("credential", &credential),
    ];
    assert_eq!(bob.post(PASSKEYS, &fields).await.status, 400);

    let fields = [("credential", credential.as_str()), ("name", "")];
    let create = "data-passkey=\"create\"";
    assert_eq!(alice.submits_the(create, &page, &fields).await.status, 303);
    assert_eq!(alice.submits_the(create, &page, &fields).await.status, 400);
    assert_eq!(server.refusals(Rule::PasskeyChallengeMismatch).await, 2);
    let known = alice.get(PASSKEYS, &[]).await.passkey_options();
    assert_eq!(known["excludeCredentials"].as_array().map(Vec::len), Some(1));

    server.clock.advance(500);
    let page = alice.get(PASSKEYS, &[]).await;
    server.clock.advance(599);
    let mut other = Authenticator::new("other");
    assert_eq!(adds_to(&alice, &page, &mut other).await, 303, "begun in time");
    server.clock.advance(1);
    let mut late = Authenticator::new("late");
    assert_eq!(adds_to(&alice, &page, &mut late).await, 303, "to the sign-in");
    assert_eq!(server.refusals(Rule::PasskeyChallengeMismatch).await, 3);
}

async fn adds_to(browser: &Browser, page: &Answer, device: &mut Authenticator) -> u16 {
    let credential = device.makes(page);
    let fields = [("credential", credential.as_str()), ("name", "x")];
    let answer = browser
        .submits_the("data-passkey=\"create\"", page, &fields)
        .await;
    answer.status.as_u16()
}

#[tokio::test]
async fn whoever_has_an_app_too_may_use_the_passkey_in_either_step() {
    let server = TestServer::start().await;
    let (alice, ..) = with_phone(&server, cast::ALICE).await;
    let mut device = Authenticator::new("alice");
    adds(&alice, &mut device).await;
    let first = server.browser(cast::ALICE);
    let page = login_page(&server, &first).await;
    assert!(
        is_signed_in(&uses_passkey(&first, &page, &device.signs(&page)).await),
        "no code is asked for"
    );
    let second = server.browser(cast::ALICE);
    let page = second_step(&server, &second).await;
    assert!(!page.text().contains("data-passkey-conditional"));
    assert!(is_signed_in(
        &uses_passkey(&second, &page, &device.signs(&page)).await
    ));
}

#[tokio::test]
async fn a_passkey_of_somebody_else_does_not_take_the_second_step() {
    let server = TestServer::start().await;
    let (alice, _, _) = with_phone(&server, cast::ALICE).await;
    let mut alices = Authenticator::new("alice");
    adds(&alice, &mut alices).await;
    let (_, bobs) = with_passkey(&server, cast::BOB).await;
    let browser = server.browser(cast::ALICE);
    let page = second_step(&server, &browser).await;
    let answer = uses_passkey(&browser, &page, &bobs.signs(&page)).await;
    assert_eq!(answer.status, 400);
    assert!(
        answer.text().contains("One more step"),
        "the first step still counts"
    );
    assert_eq!(browser.cookie("vk_session"), "");
    assert!(is_signed_in(
        &uses_passkey(&browser, &answer, &alices.signs(&answer)).await
    ));
}

#[tokio::test]
async fn takeover_an_old_session_gets_no_new_challenge_out_of_a_refused_answer() {
    let server = TestServer::start().await;
    let thief = server.browser(cast::ALICE);
    thief.signs_in_for_the_account().await;
    let page = thief.get(PASSKEYS, &[]).await;
    let (_, csrf) = page.form().hidden.remove(0);
    server.clock.advance(601);
    let fields = [("csrf", csrf.as_str()), ("action", "add"), ("credential", "{}")];
    let answer = thief.post(PASSKEYS, &fields).await;
    let to = answer.location().expect("it leads to the sign-in");
    assert!(to.starts_with("/login?flow="), "{to}");
}
