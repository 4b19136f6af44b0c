//! The second step of a sign-in, and what one-time codes, recovery codes and passkeys have in common: how long a step waits
//! for the next, what a typed code may be, what the session is told, and that nobody locks themselves out.
//!
//! Not here: the codes themselves ([`crate::totp`], [`crate::recovery`]), passkeys ([`crate::passkey`]), how often a code may
//! be wrong (the policy and [`crate::throttle`]), and that each counts once (the store).

use crate::totp::DIGITS;
use valetkey_model::WaysIn;
use valetkey_protocol::acr::{KEY, MULTI_FACTOR, ONE_TIME_CODE};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// How long the first step waits for the second, and a page with a challenge for its passkey.
pub const WAITS_SECONDS: i64 = 10 * 60;

/// What somebody typed into the one field for codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Typed {
    /// As an app shows it.
    OneTimeCode,
    /// Anything else.
    RecoveryCode,
}

impl Typed {
    /// By its look: a recovery code has no digit.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let letters = || text.chars().filter(|letter| !letter.is_whitespace());
        if letters().count() == DIGITS && letters().all(|letter| letter.is_ascii_digit()) {
            Self::OneTimeCode
        } else {
            Self::RecoveryCode
        }
    }
}

/// What shows more than a password does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// A code, of an app or for recovery.
    Code,
    /// A passkey.
    Passkey,
}

/// The methods of the session (RFC 8176): those of the first step, this one, and that there was more than one factor.
#[must_use]
pub fn completed(first: &[String], by: Method) -> Vec<String> {
    let method = match by {
        Method::Code => ONE_TIME_CODE,
        Method::Passkey => KEY,
    };
    let mut amr = first.to_vec();
    for value in [method, MULTI_FACTOR] {
        if !amr.iter().any(|known| known == value) {
            amr.push(value.to_owned());
        }
    }
    amr
}

/// Whether the first step, taken at `at`, still counts. `None`: there was none.
///
/// # Errors
/// [`Rule::SecondFactorExpired`].
pub fn first_step_counts(at: Option<Timestamp>, now: Timestamp, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::SecondFactorExpired, is_fresh(at, now), || waited(at, now))
}

/// Whether a secret that was shown at `at` may still be confirmed. `None`: it was not shown here, or to somebody else.
///
/// # Errors
/// [`Rule::SecondFactorSetUpExpired`].
pub fn set_up_counts(at: Option<Timestamp>, now: Timestamp, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::SecondFactorSetUpExpired, is_fresh(at, now), || {
        waited(at, now)
    })
}

/// Whether a challenge that was given out at `at` may still be answered. `None`: there was none.
///
/// # Errors
/// [`Rule::PasskeyChallengeMismatch`].
pub fn challenge_counts(at: Option<Timestamp>, now: Timestamp, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::PasskeyChallengeMismatch, is_fresh(at, now), || {
        waited(at, now)
    })
}

fn is_fresh(at: Option<Timestamp>, now: Timestamp) -> bool {
    at.is_some_and(|at| (0..WAITS_SECONDS).contains(&now.seconds_since(at)))
}

fn waited(at: Option<Timestamp>, now: Timestamp) -> (String, String) {
    let received = at.map_or_else(
        || String::from("none"),
        |at| format!("one from {} seconds ago", now.seconds_since(at)),
    );
    (
        format!("one from less than {WAITS_SECONDS} seconds ago"),
        received,
    )
}

/// Whether the person may remove a passkey; `left` is without it.
///
/// # Errors
/// [`Rule::PasskeyLastWay`].
pub fn may_remove_passkey(left: WaysIn, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::PasskeyLastWay, left.is_any(), || {
        (
            String::from("a password, another passkey or a linked provider"),
            String::from("nothing but this passkey"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::NOW;
    use proptest::prelude::*;

    #[test]
    fn six_digits_are_of_an_app_and_everything_else_is_for_recovery() {
        for text in ["123456", " 123 456 ", "123456\n"] {
            assert_eq!(Typed::of(text), Typed::OneTimeCode, "{text:?}");
        }
        for text in [
            "",
            "12345",
            "1234567",
            "123456x",
            "x123456",
            "BCDFG-HJKLM",
            "123-456",
            "١٢٣٤٥٦",
        ] {
            assert_eq!(Typed::of(text), Typed::RecoveryCode, "{text:?}");
        }
    }

    #[test]
    fn a_step_from_another_time_or_none_does_not_count() {
        let mut trail = Trail::off();
        let long_ago = NOW.plus_seconds(-WAITS_SECONDS);
        for at in [None, Some(long_ago), Some(NOW.plus_seconds(1))] {
            for (refusal, rule) in [
                (first_step_counts(at, NOW, &mut trail), Rule::SecondFactorExpired),
                (set_up_counts(at, NOW, &mut trail), Rule::SecondFactorSetUpExpired),
                (
                    challenge_counts(at, NOW, &mut trail),
                    Rule::PasskeyChallengeMismatch,
                ),
            ] {
                assert_eq!(refusal.unwrap_err().rule, rule, "{at:?}");
            }
        }
        for at in [NOW, long_ago.plus_seconds(1)] {
            assert_eq!(first_step_counts(Some(at), NOW, &mut trail), Ok(()));
            assert_eq!(challenge_counts(Some(at), NOW, &mut trail), Ok(()));
        }
    }

    #[test]
    fn nobody_removes_their_only_way_to_sign_in() {
        let mut trail = Trail::off();
        let none = WaysIn::default();
        let refusal = may_remove_passkey(none, &mut trail).unwrap_err();
        assert_eq!(refusal.rule, Rule::PasskeyLastWay);
        for left in [
            WaysIn {
                has_password: true,
                ..none
            },
            WaysIn { links: 1, ..none },
            WaysIn { passkeys: 1, ..none },
        ] {
            assert_eq!(may_remove_passkey(left, &mut trail), Ok(()), "{left:?}");
        }
    }

    #[test]
    fn the_session_keeps_how_the_person_began() {
        let amr = |first: &[&str], by| {
            let first: Vec<String> = first.iter().map(|text| (*text).to_owned()).collect();
            completed(&first, by)
        };
        assert_eq!(amr(&["pwd"], Method::Code), ["pwd", "otp", "mfa"]);
        assert_eq!(amr(&["fed"], Method::Passkey), ["fed", "pop", "mfa"]);
        assert_eq!(amr(&[], Method::Passkey), ["pop", "mfa"]);
        assert_eq!(amr(&["fed", "mfa"], Method::Code), ["fed", "mfa", "otp"]);
    }

    proptest! {
        #[test]
        fn no_recovery_code_looks_like_a_code_of_an_app(random: [[u8; 16]; crate::recovery::CODES]) {
            for code in crate::recovery::codes(&random) {
                prop_assert_eq!(Typed::of(code.expose()), Typed::RecoveryCode);
            }
        }
    }
}
