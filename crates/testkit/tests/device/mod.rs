//! `/device`, where a person types the code of a device (RFC 8628 §3.3), with the safeguards of RFC 10027 against codes
//! that somebody else sends.

use valetkey_protocol::rule::Rule;
use valetkey_testkit::{App, Browser, TestServer, cast};

#[tokio::test]
async fn device_code_phishing_a_link_alone_allows_nothing() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    let begun = tv.shows_a_code("photos.read").await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    let link = begun.json["verification_uri_complete"]
        .as_str()
        .unwrap()
        .to_owned();
    let page = alice.get(&link, &[]).await;
    let text = page.text();
    assert!(text.contains(&begun.user_code), "it is filled in");
    assert!(
        text.contains("Did somebody send you this code") && text.contains("in front of you"),
        "{text}"
    );
    tv.polls(&begun)
        .await
        .is_refused_by(Rule::DeviceAuthorizationPending);
    // A page of another site cannot press the button.
    let headers = [
        ("origin", "https://evil.example"),
        ("sec-fetch-site", "cross-site"),
    ];
    let pairs = [("user_code", begun.user_code.as_str())];
    let answer = alice.post_with("/device", &pairs, &headers).await;
    assert_eq!(answer.status, 403);
}

#[tokio::test]
async fn device_code_phishing_the_page_says_who_asks_and_from_where() {
    let server = TestServer::start().await;
    let thief = App::at(server.site.from_address([203, 0, 113, 7]), cast::TV);
    let begun = thief.shows_a_code("photos.read").await;
    server.clock.advance(120);
    let alice = server.browser(cast::ALICE);
    let login = alice.types_the_code(&begun.user_code).await;
    let page = alice.signs_in(&login).await.text();
    for says in [
        "The app tv",
        "Did you start this on a device in front of you?",
        "203.0.113.7",
        begun.user_code.as_str(),
        "2 minutes ago",
        "press Cancel",
        "Use photos.read",
    ] {
        assert!(page.contains(says), "{says:?} is not on the page: {page}");
    }
}

#[tokio::test]
async fn device_code_phishing_who_allowed_it_before_is_asked_again_each_time() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    let alice = server.browser(cast::ALICE);
    for _ in 0..2 {
        let begun = tv.shows_a_code("photos.read").await;
        let page = alice.types_the_code(&begun.user_code).await;
        let page = if page.text().contains("id=\"login\"") {
            alice.signs_in(&page).await
        } else {
            page
        };
        assert!(page.text().contains("id=\"allow\""), "{}", page.text());
        alice.submits(&page, &[("answer", "allow")]).await;
        tv.polls(&begun).await.tokens();
    }
}

#[tokio::test]
async fn guessed_codes_are_counted_by_address() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    let begun = tv.shows_a_code("photos.read").await;
    let guesser = Browser::at(server.site.from_address([203, 0, 113, 7]), cast::BOB);
    for _ in 0..10 {
        assert_eq!(guesser.types_the_code("BCDF-GHJK").await.status, 400);
    }
    let closed = guesser.types_the_code(&begun.user_code).await;
    assert_eq!(
        closed.status, 429,
        "the right code is refused too, or it would tell itself"
    );
    assert!(closed.header("retry-after").parse::<u32>().unwrap() > 0);
    let alice = server.browser(cast::ALICE);
    alice.answers_the_device(&begun.user_code, "allow").await;
    tv.polls(&begun).await.tokens();
    assert_eq!(server.refusals(Rule::DeviceUserCodeThrottled).await, 1);
}

#[tokio::test]
async fn texts_that_are_no_codes_are_wrong_codes() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    for text in ["", "x", "AAAA-AAAA", "<script>", &"B".repeat(5000)] {
        assert_eq!(alice.types_the_code(text).await.status, 400);
    }
    assert_eq!(server.refusals(Rule::DeviceUserCodeUnknown).await, 5);
}

#[tokio::test]
async fn a_code_is_answered_once() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    for button in ["allow", "cancel"] {
        let begun = tv.shows_a_code("photos.read").await;
        let (alice, bob) = (server.browser(cast::ALICE), server.browser(cast::BOB));
        // Bob, too, has the page open before Alice answers.
        let page = bob.types_the_code(&begun.user_code).await;
        let page = bob.signs_in(&page).await;
        alice.answers_the_device(&begun.user_code, button).await;
        let late = bob.submits(&page, &[("answer", "allow")]).await;
        assert_eq!(late.status, 400, "{}", late.text());
        let again = server.browser(cast::BOB).types_the_code(&begun.user_code).await;
        assert_eq!(again.status, 400);
        let poll = tv.polls(&begun).await;
        if button == "allow" {
            let access = poll.tokens().access;
            let photos = server.photos().shows(&access).await;
            assert_eq!(photos.json()["of"], cast::ALICE.sub(), "not Bob's");
        } else {
            poll.is_refused_by(Rule::DeviceAccessDenied);
        }
    }
}

#[tokio::test]
async fn a_code_that_is_too_old_cannot_be_answered_not_even_on_a_page_that_was_open() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    let begun = tv.shows_a_code("photos.read").await;
    let alice = server.browser(cast::ALICE);
    let login = alice.types_the_code(&begun.user_code).await;
    let page = alice.signs_in(&login).await;
    server.clock.advance(600);
    let late = alice.submits(&page, &[("answer", "allow")]).await;
    assert_eq!(late.status, 400);
    assert_eq!(alice.types_the_code(&begun.user_code).await.status, 400);
    tv.polls(&begun).await.is_refused_by(Rule::DeviceCodeExpired);
}

#[tokio::test]
async fn a_code_may_be_typed_as_people_type() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    let begun = tv.shows_a_code("photos.read").await;
    let sloppy = format!(" {} ", begun.user_code.to_lowercase().replace('-', " "));
    server
        .browser(cast::ALICE)
        .answers_the_device(&sloppy, "allow")
        .await;
    tv.polls(&begun).await.tokens();
}

#[tokio::test]
async fn nobody_who_reads_the_database_can_type_a_code_or_poll() {
    let server = TestServer::start_in_a_folder().await;
    let begun = server.app(cast::TV).shows_a_code("photos.read").await;
    let letters = begun.user_code.replace('-', "");
    for entry in std::fs::read_dir(server.folder()).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        for secret in [&begun.user_code, &letters, &begun.device_code] {
            assert!(!text.contains(secret.as_str()), "{secret}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_people_who_answer_at_the_same_moment_one_has_answered() {
    let server = TestServer::start().await;
    let tv = server.app(cast::TV);
    for _ in 0..8 {
        let begun = tv.shows_a_code("photos.read").await;
        // Both stand before the question before anybody answers: an answered code cannot be typed any more.
        let mut asked = Vec::new();
        for person in [cast::ALICE, cast::BOB] {
            let browser = server.browser(person);
            let login = browser.types_the_code(&begun.user_code).await;
            let consent = browser.signs_in(&login).await;
            asked.push((person, browser, consent));
        }
        let mut answers = tokio::task::JoinSet::new();
        for (person, browser, consent) in asked {
            answers.spawn(async move { (person, browser.submits(&consent, &[("answer", "allow")]).await) });
        }
        let answers = answers.join_all().await;
        let good: Vec<_> = answers
            .iter()
            .filter(|(_, answer)| answer.status == 200)
            .collect();
        let [(winner, _)] = good.as_slice() else {
            panic!("{} people have answered", good.len());
        };
        let access = tv.polls(&begun).await.tokens().access;
        assert_eq!(server.photos().shows(&access).await.json()["of"], winner.sub());
    }
}

#[tokio::test]
async fn clickjacking_no_other_page_shows_the_one_where_codes_are_typed() {
    let server = TestServer::start().await;
    let page = server.browser(cast::ALICE).get("/device", &[]).await;
    let policy = page.header("content-security-policy");
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("cache-control"), "no-store");
}
