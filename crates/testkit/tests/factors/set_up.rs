//! `/account/second-factor`: an app is set up, its recovery codes are made anew, it is turned off.

use super::{Phone, SECOND_FACTOR, is_signed_in, recovery_codes, second_step, with_phone};
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn nobody_sets_up_an_app_in_a_session_that_is_not_fresh() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    server.clock.advance(601);
    let answer = alice.get(SECOND_FACTOR, &[]).await;
    assert_eq!(answer.status, 303);
    let login = alice.follows(answer).await;
    let text = login.text();
    assert!(
        text.contains("Confirm that it is you") && text.contains("value=\"alice\""),
        "{text}"
    );
    let page = alice.signs_in(&login).await;
    assert!(page.text().contains("id=\"secret\""), "it leads back to the page");
}

#[tokio::test]
async fn a_wrong_code_turns_nothing_on_and_the_secret_stays_the_same() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let page = alice.get(SECOND_FACTOR, &[]).await;
    let phone = Phone::scans(&page);
    for wrong in [
        "",
        "000000x",
        "12345",
        &phone.shows_at(&server, 2),
        &phone.shows_at(&server, -2),
    ] {
        let again = alice.submits(&page, &[("code", wrong)]).await;
        assert_eq!(again.status, 400, "{wrong}");
        assert_eq!(Phone::scans(&again).secret, phone.secret);
    }
    assert_eq!(server.refusals(Rule::SecondFactorWrong).await, 5);
    let other = server.browser(cast::ALICE);
    assert!(is_signed_in(
        &other.signs_in(&super::login_page(&server, &other).await).await
    ));
}

#[tokio::test]
async fn a_secret_from_another_session_or_from_long_ago_is_not_kept() {
    let server = TestServer::start().await;
    let bob = server.browser(cast::BOB);
    bob.signs_in_for_the_account().await;
    let planted = bob.get(SECOND_FACTOR, &[]).await;
    let hidden = planted.form().hidden;
    let (_, bobs) = hidden.iter().find(|(name, _)| name == "set_up").unwrap();

    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let page = alice.get(SECOND_FACTOR, &[]).await;
    let (_, csrf) = page.form().hidden.remove(0);
    let fields = [
        ("csrf", csrf.as_str()),
        ("action", "confirm"),
        ("set_up", bobs),
        ("code", &Phone::scans(&planted).shows(&server)),
    ];
    assert_eq!(alice.post(SECOND_FACTOR, &fields).await.status, 400);

    server.clock.advance(600);
    let code = Phone::scans(&page).shows(&server);
    let late = alice.submits(&page, &[("code", &code)]).await;
    assert_eq!(late.status, 400);
    assert!(late.text().contains("open for too long"));
    assert_eq!(server.refusals(Rule::SecondFactorSetUpExpired).await, 2);
}

#[tokio::test]
async fn who_began_in_time_may_finish_although_the_sign_in_is_older_by_then() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    server.clock.advance(550);
    let page = alice.get(SECOND_FACTOR, &[]).await;
    server.clock.advance(300);
    let code = Phone::scans(&page).shows(&server);
    recovery_codes(&alice.submits(&page, &[("code", &code)]).await);
}

#[tokio::test]
async fn the_page_shows_the_secret_in_three_ways_and_never_again() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let page = alice.get(SECOND_FACTOR, &[]).await;
    let text = page.text();
    assert!(
        text.contains("<svg") && text.contains("otpauth://totp/Valetkey:alice?secret="),
        "{text}"
    );
    assert_eq!(page.header("cache-control"), "no-store");
    let phone = Phone::scans(&page);
    let code = phone.shows(&server);
    let kept = alice.submits(&page, &[("code", &code)]).await;
    let codes = recovery_codes(&kept);

    // Sent twice, as a browser does that loads the page again.
    let twice = alice.submits(&page, &[("code", &code)]).await;
    assert_eq!(twice.location().as_deref(), Some(SECOND_FACTOR));
    let on = alice.get(SECOND_FACTOR, &[]).await.text();
    assert!(
        on.contains("id=\"turn-off\"") && on.contains("<dd id=\"recovery-left\">10</dd>"),
        "{on}"
    );
    assert!(!on.contains("otpauth") && codes.iter().all(|code| !on.contains(code.as_str())));
}

#[tokio::test]
async fn new_recovery_codes_put_the_old_ones_out_of_use() {
    let server = TestServer::start().await;
    let (alice, _, old) = with_phone(&server, cast::ALICE).await;
    let page = alice.get(SECOND_FACTOR, &[]).await;
    let new = recovery_codes(&alice.submits_the("id=\"new-recovery-codes\"", &page, &[]).await);
    assert!(old.iter().all(|code| !new.contains(code)));

    let elsewhere = server.browser(cast::ALICE);
    let step = second_step(&server, &elsewhere).await;
    assert_eq!(elsewhere.submits(&step, &[("code", &old[0])]).await.status, 400);
    let answer = elsewhere.submits(&step, &[("code", &new[0])]).await;
    assert!(is_signed_in(&elsewhere.follows(answer).await));
}

#[tokio::test]
async fn turning_it_off_takes_a_fresh_sign_in_with_a_code() {
    let server = TestServer::start().await;
    let (alice, phone, _) = with_phone(&server, cast::ALICE).await;
    let page = alice.get(SECOND_FACTOR, &[]).await;
    server.clock.advance(600);
    let late = alice.submits_the("id=\"turn-off\"", &page, &[]).await;
    let login = alice.follows(late).await;
    assert!(login.text().contains("Confirm that it is you"));
    let step = alice.signs_in(&login).await;
    assert!(step.text().contains("One more step"));
    let answer = alice.submits(&step, &[("code", &phone.shows(&server))]).await;
    let page = alice.follows(answer).await;
    let off = alice.submits_the("id=\"turn-off\"", &page, &[]).await;
    assert_eq!(off.location().as_deref(), Some("/account/second-factor?off=1"));
    let other = server.browser(cast::ALICE);
    assert!(is_signed_in(
        &other.signs_in(&super::login_page(&server, &other).await).await
    ));
}

#[tokio::test]
async fn no_other_site_turns_it_off() {
    let server = TestServer::start().await;
    let (alice, ..) = with_phone(&server, cast::ALICE).await;
    let page = alice.get(SECOND_FACTOR, &[]).await;
    let mut hidden = page.form_with("id=\"turn-off\"").hidden;
    hidden[0].1.push('x');
    let pairs: Vec<(&str, &str)> = hidden.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
    assert_eq!(alice.post(SECOND_FACTOR, &pairs).await.status, 403);
    let evil = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    assert_eq!(alice.post_with(SECOND_FACTOR, &pairs, &evil).await.status, 403);
    assert!(
        alice
            .get(SECOND_FACTOR, &[])
            .await
            .text()
            .contains("id=\"turn-off\"")
    );
}

#[tokio::test]
async fn takeover_an_old_session_gets_no_new_secret_out_of_a_refused_code() {
    let server = TestServer::start().await;
    let thief = server.browser(cast::ALICE);
    thief.signs_in_for_the_account().await;
    let page = thief.get(SECOND_FACTOR, &[]).await;
    let (_, csrf) = page.form().hidden.remove(0);
    server.clock.advance(601);
    let fields = [
        ("csrf", csrf.as_str()),
        ("action", "confirm"),
        ("set_up", ""),
        ("code", "000000"),
    ];
    let answer = thief.post(SECOND_FACTOR, &fields).await;
    let to = answer.location().expect("it leads to the sign-in");
    assert!(to.starts_with("/login?flow="), "{to}");
}
