//! Guessing at codes (RFC 4226 §7.3): slowed down by person and by address, on every node, across restarts.

use super::{is_signed_in, second_step, with_phone};
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn guessing_at_a_code_is_slowed_down_and_the_right_one_does_not_tell_itself() {
    let server = TestServer::start().await;
    let (_, phone, codes) = with_phone(&server, cast::ALICE).await;
    let guesser = server.browser(cast::ALICE);
    let step = second_step(&server, &guesser).await;
    for _ in 0..10 {
        assert_eq!(guesser.submits(&step, &[("code", "000000")]).await.status, 400);
    }
    let mut wait = 0;
    for right in [&phone.shows(&server), &codes[0]] {
        let answer = guesser.submits(&step, &[("code", right)]).await;
        assert_eq!(answer.status, 429);
        wait = answer.header("retry-after").parse().unwrap();
        assert!((1..=900).contains(&wait));
    }
    assert_eq!(server.refusals(Rule::SecondFactorThrottled).await, 2);

    // Another browser changes nothing, and neither does a restart.
    drop((guesser, step));
    let server = server.restart().await;
    let other = server.browser(cast::ALICE);
    let step = second_step(&server, &other).await;
    assert_eq!(
        other
            .submits(&step, &[("code", &phone.shows(&server))])
            .await
            .status,
        429
    );
    server.clock.advance(wait);
    let step = second_step(&server, &other).await;
    let answer = other.submits(&step, &[("code", &phone.shows(&server))]).await;
    assert!(is_signed_in(&other.follows(answer).await));
}

#[tokio::test]
async fn many_guesses_at_once_do_not_outrun_the_count() {
    let server = TestServer::start().await;
    with_phone(&server, cast::ALICE).await;
    let guesser = server.browser(cast::ALICE);
    let step = second_step(&server, &guesser).await;
    let guess = async |number: u32| {
        let code = format!("{number:06}");
        guesser.submits(&step, &[("code", &code)]).await.status
    };
    let mut looked_at = 0;
    for start in (0..24).step_by(8) {
        let all = tokio::join!(
            guess(start),
            guess(start + 1),
            guess(start + 2),
            guess(start + 3),
            guess(start + 4),
            guess(start + 5),
            guess(start + 6),
            guess(start + 7)
        );
        let all: [http::StatusCode; 8] = all.into();
        looked_at += all.iter().filter(|status| **status != 429).count();
    }
    assert!(looked_at <= 10, "{looked_at}");
}

#[tokio::test]
async fn guessing_slowly_comes_to_an_end_too() {
    let server = TestServer::start_with(|settings| settings.policy.login_window_seconds = 60).await;
    with_phone(&server, cast::ALICE).await;
    let guesser = server.browser(cast::ALICE);
    let mut looked_at = 0;
    for _ in 0..5 {
        let step = second_step(&server, &guesser).await;
        for _ in 0..9 {
            let answer = guesser.submits(&step, &[("code", "000000")]).await;
            looked_at += usize::from(answer.status == 400);
        }
        server.clock.advance(61);
    }
    assert_eq!(looked_at, 30, "so many a day");
    let step = second_step(&server, &guesser).await;
    let answer = guesser.submits(&step, &[("code", "000000")]).await;
    assert_eq!(answer.status, 429);
    let wait: i64 = answer.header("retry-after").parse().unwrap();
    assert!(wait > 3600, "{wait}");
}

#[tokio::test]
async fn who_types_a_right_code_begins_to_count_anew() {
    let server = TestServer::start().await;
    let (_, phone, _) = with_phone(&server, cast::ALICE).await;
    for _ in 0..3 {
        let alice = server.browser(cast::ALICE);
        let step = second_step(&server, &alice).await;
        for _ in 0..9 {
            assert_eq!(alice.submits(&step, &[("code", "000000")]).await.status, 400);
        }
        let answer = alice.submits(&step, &[("code", &phone.shows(&server))]).await;
        assert!(is_signed_in(&alice.follows(answer).await));
        server.clock.advance(30);
    }
}

#[tokio::test]
async fn guessing_at_the_codes_of_many_from_one_address_is_slowed_down() {
    let server = TestServer::start_with(|settings| settings.policy.login_failures_per_address = 12).await;
    let mut people = Vec::new();
    for person in [cast::ALICE, cast::BOB] {
        people.push(with_phone(&server, person).await.1);
    }
    let mut statuses = Vec::new();
    for person in [cast::ALICE, cast::BOB] {
        let guesser = server.browser(person);
        let step = second_step(&server, &guesser).await;
        for _ in 0..8 {
            let answer = guesser.submits(&step, &[("code", "000000")]).await;
            statuses.push(answer.status.as_u16());
        }
    }
    assert_eq!(statuses[..12], [400; 12]);
    assert_eq!(statuses[12..], [429; 4]);
}
