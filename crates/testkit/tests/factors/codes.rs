//! `/login/second-factor`: the second step, by an app or by a recovery code.

use super::{is_signed_in, login_page, second_step, with_phone};
use valetkey_protocol::rule::Rule;
use valetkey_protocol::secret::Password;
use valetkey_server::provision;
use valetkey_testkit::{SeededRandom, TestServer, cast};

#[tokio::test]
async fn the_password_alone_signs_nobody_in_who_has_an_app() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let thief = server.browser(cast::ALICE);
    let step = second_step(&server, &thief).await;
    assert_eq!(thief.cookie("vk_session"), "");
    assert_eq!(thief.get("/account", &[]).await.status, 303);
    for guess in [
        "",
        "000000",
        "AAAAA-AAAAA",
        &phone.shows_at(&server, -3),
        &phone.shows_at(&server, 9),
    ] {
        let answer = thief.submits(&step, &[("code", guess)]).await;
        assert_eq!(answer.status, 400, "{guess}");
    }
    assert_eq!(thief.cookie("vk_session"), "");
    assert_eq!(server.refusals(Rule::SecondFactorWrong).await, 5);
}

#[tokio::test]
async fn the_code_of_the_app_signs_in() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let alice = server.browser(cast::ALICE);
    let step = second_step(&server, &alice).await;
    let code = phone.shows(&server);
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    let answer = alice.submits(&step, &[("code", &spaced)]).await;
    assert!(is_signed_in(&alice.follows(answer).await));
    let rules = server.passed();
    for rule in [
        Rule::SecondFactorWrong,
        Rule::SecondFactorThrottled,
        Rule::SecondFactorExpired,
    ] {
        assert!(rules.contains(&rule), "{rule:?}");
    }
}

#[tokio::test]
async fn replay_a_code_counts_once_and_none_from_before_it_counts_either() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let alice = server.browser(cast::ALICE);
    let step = second_step(&server, &alice).await;
    let used = phone.shows(&server);
    let answer = alice.submits(&step, &[("code", &used)]).await;
    assert!(is_signed_in(&alice.follows(answer).await));

    // Somebody looked over her shoulder.
    let thief = server.browser(cast::ALICE);
    let step = second_step(&server, &thief).await;
    for old in [used, phone.shows_at(&server, -1)] {
        assert_eq!(thief.submits(&step, &[("code", &old)]).await.status, 400, "{old}");
    }
    let answer = thief
        .submits(&step, &[("code", &phone.shows_at(&server, 1))])
        .await;
    assert!(
        is_signed_in(&thief.follows(answer).await),
        "a clock may be half a minute ahead"
    );
}

#[tokio::test]
async fn replay_the_code_that_set_the_app_up_signs_nobody_in() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let thief = server.browser(cast::ALICE);
    let step = second_step(&server, &thief).await;
    let shown_before = phone.shows_at(&server, -1);
    assert_eq!(thief.submits(&step, &[("code", &shown_before)]).await.status, 400);
}

#[tokio::test]
async fn a_recovery_code_signs_in_once_however_it_is_typed() {
    let server = TestServer::start().await;
    let (alice, _, codes) = with_phone(&server, cast::ALICE).await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    let lost = server.browser(cast::ALICE);
    let step = second_step(&server, &lost).await;
    let answer = lost
        .submits_the("id=\"recover\"", &step, &[("code", &typed)])
        .await;
    assert!(is_signed_in(&lost.follows(answer).await));

    let again = server.browser(cast::ALICE);
    let step = second_step(&server, &again).await;
    for used in [&typed, &codes[3]] {
        assert_eq!(again.submits(&step, &[("code", used)]).await.status, 400);
    }
    let page = alice.get(super::SECOND_FACTOR, &[]).await.text();
    assert!(page.contains("<dd id=\"recovery-left\">9</dd>"), "{page}");
}

#[tokio::test]
async fn a_recovery_code_of_somebody_else_is_none() {
    let server = TestServer::start().await;
    let (_, _, bobs) = with_phone(&server, cast::BOB).await;
    with_phone(&server, cast::ALICE).await;
    let bob = server.browser(cast::ALICE);
    let step = second_step(&server, &bob).await;
    assert_eq!(bob.submits(&step, &[("code", &bobs[0])]).await.status, 400);
}

#[tokio::test]
async fn of_two_who_type_one_code_at_once_one_comes_in() {
    let server = TestServer::start().await;
    let (_, phone, codes) = with_phone(&server, cast::ALICE).await;
    for code in [phone.shows(&server), codes[0].clone()] {
        let (one, two) = (server.browser(cast::ALICE), server.browser(cast::ALICE));
        let (first, second) = (second_step(&server, &one).await, second_step(&server, &two).await);
        let fields = [("code", code.as_str())];
        let (a, b) = tokio::join!(one.submits(&first, &fields), two.submits(&second, &fields));
        let mut statuses = [a.status.as_u16(), b.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 400], "{code}");
    }
}

#[tokio::test]
async fn the_second_step_belongs_to_the_browser_of_the_first() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let victim = server.browser(cast::ALICE);
    let step = second_step(&server, &victim).await;
    let thief = server.browser(cast::BOB);
    login_page(&server, &thief).await;
    let answer = thief.submits(&step, &[("code", &phone.shows(&server))]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.refusals(Rule::InteractionOtherBrowser).await, 1);
    assert_eq!(thief.cookie("vk_session"), "");
}

#[tokio::test]
async fn the_first_step_does_not_wait_for_ever() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let alice = server.browser(cast::ALICE);
    let step = second_step(&server, &alice).await;
    server.clock.advance(600);
    let late = alice.submits(&step, &[("code", &phone.shows(&server))]).await;
    assert_eq!(late.status, 400);
    assert!(late.text().contains("id=\"login\"") && late.text().contains("took too long"));
    assert_eq!(server.refusals(Rule::SecondFactorExpired).await, 1);
    // She begins once more, in the same request.
    let step = alice.signs_in(&late).await;
    let answer = alice.submits(&step, &[("code", &phone.shows(&server))]).await;
    assert!(is_signed_in(&alice.follows(answer).await));
}

#[tokio::test]
async fn there_is_no_second_step_without_the_first() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let thief = server.browser(cast::ALICE);
    let page = login_page(&server, &thief).await;
    let flow = page.form().hidden.remove(0).1;
    let fields = [
        ("flow", flow.as_str()),
        ("username", "alice"),
        ("code", &phone.shows(&server)),
    ];
    let answer = thief.post("/login/second-factor", &fields).await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.refusals(Rule::SecondFactorExpired).await, 1);
    assert_eq!(
        thief.get("/login/second-factor", &[("flow", &flow)]).await.status,
        400
    );
    assert_eq!(thief.cookie("vk_session"), "");
}

#[tokio::test]
async fn a_first_step_with_a_password_that_was_changed_meanwhile_does_not_count() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let thief = server.browser(cast::ALICE);
    let step = second_step(&server, &thief).await;
    let user = server
        .store
        .find_user_by_username("alice")
        .await
        .unwrap()
        .unwrap();
    let (random, other) = (SeededRandom::new(5), Password::new("another one altogether"));
    let hash = provision::hash_any_password(&other, &random).await.unwrap();
    let now = server.clock.timestamp();
    assert!(server.store.set_password(user.id, hash, None, now).await.unwrap());
    let answer = thief.submits(&step, &[("code", &phone.shows(&server))]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(server.refusals(Rule::SecondFactorExpired).await, 1);
}

#[tokio::test]
async fn what_was_turned_off_meanwhile_asks_for_the_first_step_again() {
    let server = TestServer::start().await;
    let (alice, phone, _) = with_phone(&server, cast::ALICE).await;
    let elsewhere = server.browser(cast::ALICE);
    let step = second_step(&server, &elsewhere).await;
    let page = alice.get(super::SECOND_FACTOR, &[]).await;
    alice.submits_the("id=\"turn-off\"", &page, &[]).await;
    let answer = elsewhere.submits(&step, &[("code", &phone.shows(&server))]).await;
    assert_eq!(answer.status, 400);
    assert!(is_signed_in(&elsewhere.signs_in(&answer).await));
}

#[tokio::test]
async fn the_page_of_the_second_step_can_be_loaded_again_and_left() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    let alice = server.browser(cast::ALICE);
    let step = second_step(&server, &alice).await;
    let flow = step.form().hidden.remove(0).1;
    let again = alice.get("/login/second-factor", &[("flow", &flow)]).await;
    assert_eq!(again.status, 200);
    let other = alice.get("/login", &[("flow", &flow)]).await;
    assert!(other.text().contains("id=\"login\""));
    let answer = alice.submits(&again, &[("code", &phone.shows(&server))]).await;
    assert!(is_signed_in(&alice.follows(answer).await));
}
