//! Stories of the rules about second factors and passkeys.

use super::satisfied::Satisfaction;
use super::stage::{Stage, Told};
use super::violated::Story;
use crate::factors::{
    PASSKEYS, Phone, SECOND_FACTOR, adds, login_page, second_step, uses_passkey, with_passkey, with_phone,
};
use Rule as R;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Answer, Authenticator, Says, cast};

/// The violation of a rule of this area.
pub(super) fn violation(rule: Rule) -> Story {
    match rule {
        R::PasskeyResponseMalformed => |s| by_passkey(s, |_, _| String::from("{}")),
        R::PasskeyChallengeMismatch => |s| {
            by_passkey(s, |device, page| {
                let challenge = Some(String::from("AAAA"));
                device.signs_saying(
                    page,
                    &Says {
                        challenge,
                        ..Says::default()
                    },
                )
            })
        },
        R::PasskeyOriginMismatch => |s| {
            by_passkey(s, |device, page| {
                let origin = Some(String::from("https://evil.example"));
                device.signs_saying(
                    page,
                    &Says {
                        origin,
                        ..Says::default()
                    },
                )
            })
        },
        R::PasskeyNotVerified => |s| {
            by_passkey(s, |device, page| {
                let unverified = true;
                device.signs_saying(
                    page,
                    &Says {
                        unverified,
                        ..Says::default()
                    },
                )
            })
        },
        R::PasskeyUnknown => |s| by_passkey(s, |_, page| Authenticator::new("unknown").signs(page)),
        R::PasskeySignatureInvalid => |s| {
            by_passkey(s, |device, page| {
                let mut forged = Authenticator::new("alice");
                forged.claims_to_be_of(device);
                forged.signs(page)
            })
        },
        R::PasskeyCloned => |s| Box::pin(cloned(s)),
        R::PasskeyTaken => |s| Box::pin(taken(s)),
        R::PasskeyLastWay => |s| Box::pin(last_way(s)),
        R::SecondFactorWrong => |s| code(s, 0, 1),
        R::SecondFactorThrottled => |s| code(s, 0, 11),
        R::SecondFactorExpired => |s| code(s, 600, 1),
        R::SecondFactorSetUpExpired => |s| Box::pin(late_set_up(s)),
        R::PasswordSecondFactor => |s| Box::pin(password_grant(s)),
        other => panic!("{other:?} has no story"),
    }
}

/// How the satisfaction of a rule of this area shows.
pub(super) fn satisfaction(rule: Rule) -> Satisfaction {
    match rule {
        R::PasskeyLastWay => Satisfaction::Answered(|s| {
            Box::pin(async {
                let (alice, _) = with_passkey(&s.server, cast::ALICE).await;
                let page = alice.get(PASSKEYS, &[]).await;
                assert_eq!(
                    alice.submits_the("value=\"remove\"", &page, &[]).await.status,
                    303
                );
                None
            })
        }),
        // What people set up for themselves belongs to no client's flow.
        R::PasskeyTaken => Satisfaction::Answered(|s| {
            Box::pin(async {
                with_passkey(&s.server, cast::ALICE).await;
                None
            })
        }),
        R::SecondFactorSetUpExpired => Satisfaction::Answered(|s| {
            Box::pin(async {
                with_phone(&s.server, cast::ALICE).await;
                None
            })
        }),
        _ => Satisfaction::Recorded,
    }
}

/// Requests that keep the rules of this area.
pub(super) async fn good_ways(s: &Stage) {
    assert_eq!(asks_by_password(s).await.status, 200);
    let (_, device) = with_passkey(&s.server, cast::BOB).await;
    let bob = s.server.browser(cast::BOB);
    let page = login_page(&s.server, &bob).await;
    assert_eq!(uses_passkey(&bob, &page, &device.signs(&page)).await.status, 200);
    let (_, phone, _) = with_phone(&s.server, cast::BOB).await;
    let bob = s.server.browser(cast::BOB);
    let step = second_step(&s.server, &bob).await;
    let answer = bob.submits(&step, &[("code", &phone.shows(&s.server))]).await;
    assert_ne!(answer.status, 400);
}

/// Somebody signs in by a passkey, with an answer that the test makes.
fn by_passkey(s: &Stage, credential: fn(&Authenticator, &Answer) -> String) -> Told<'_> {
    Box::pin(async move {
        let (_, device) = with_passkey(&s.server, cast::ALICE).await;
        let browser = s.server.browser(cast::BOB);
        let page = login_page(&s.server, &browser).await;
        Some(uses_passkey(&browser, &page, &credential(&device, &page)).await)
    })
}

async fn cloned(s: &Stage) -> Option<Answer> {
    let (_, device) = with_passkey(&s.server, cast::ALICE).await;
    let copy = device.copied();
    let mut last = None;
    for used in [&device, &copy] {
        let browser = s.server.browser(cast::ALICE);
        let page = login_page(&s.server, &browser).await;
        last = Some(uses_passkey(&browser, &page, &used.signs(&page)).await);
    }
    last
}

async fn taken(s: &Stage) -> Option<Answer> {
    let (_, mut device) = with_passkey(&s.server, cast::ALICE).await;
    let bob = s.server.browser(cast::BOB);
    bob.signs_in_for_the_account().await;
    Some(adds(&bob, &mut device).await)
}

async fn last_way(s: &Stage) -> Option<Answer> {
    let (alice, _) = with_passkey(&s.server, cast::ALICE).await;
    let forget = "UPDATE users SET password_hash = NULL";
    s.server.runs_sql(forget).await;
    let page = alice.get(PASSKEYS, &[]).await;
    Some(alice.submits_the("value=\"remove\"", &page, &[]).await)
}

/// A wrong code, some time after the first step, so many times.
fn code(s: &Stage, seconds: i64, times: usize) -> Told<'_> {
    Box::pin(async move {
        with_phone(&s.server, cast::ALICE).await;
        let alice = s.server.browser(cast::ALICE);
        let step = second_step(&s.server, &alice).await;
        s.server.clock.advance(seconds);
        let mut last = None;
        for _ in 0..times {
            last = Some(alice.submits(&step, &[("code", "000000")]).await);
        }
        last
    })
}

async fn late_set_up(s: &Stage) -> Option<Answer> {
    s.alice.signs_in_for_the_account().await;
    let page = s.alice.get(SECOND_FACTOR, &[]).await;
    s.server.clock.advance(600);
    let code = Phone::scans(&page).shows(&s.server);
    Some(s.alice.submits(&page, &[("code", &code)]).await)
}

async fn asks_by_password(s: &Stage) -> Answer {
    let request = [
        ("grant_type", "password"),
        ("client_id", cast::OLDMOBILE.id),
        ("username", "alice"),
        ("password", "wonderland"),
        ("scope", "photos.read"),
    ];
    s.server.app(cast::OLDMOBILE).posts("/token", &request).await
}

async fn password_grant(s: &Stage) -> Option<Answer> {
    with_passkey(&s.server, cast::ALICE).await;
    Some(asks_by_password(s).await)
}
