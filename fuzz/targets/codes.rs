//! One-time codes and recovery codes as people type them (RFC 6238 §4.2): nothing but a code of now or the step beside it
//! is right, blanks aside, and never one of a step that was used.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_model::UserId;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::recovery::RecoveryKeys;
use valetkey_rules::totp::{TotpSecret, code_at, step_at, verify};

const NOW: Timestamp = Timestamp(1_800_000_000);
const RECOVERY: &str = "BCDFG-HJKLM";

fuzz_target!(|typed: &str| {
    // `now` stands for the code that is right, as no fuzzer guesses one.
    let secret = TotpSecret::new([7; 20]);
    let present = step_at(NOW);
    let typed = typed.replace("now", &code_at(&secret, present));
    let plain: String = typed.chars().filter(|letter| !letter.is_whitespace()).collect();
    let found = verify(&secret, &typed, NOW, None);
    let right = (present - 1..=present + 1).any(|step| code_at(&secret, step) == plain);
    assert_eq!(found.is_some(), right, "{typed:?}");
    assert_eq!(verify(&secret, &typed, NOW, Some(present + 1)), None);

    if let Some(secret) = TotpSecret::from_shown(&typed) {
        assert_eq!(TotpSecret::from_shown(&secret.shown()), Some(secret));
    }

    let (keys, user) = (RecoveryKeys::new(&[7; 32]), UserId(uuid::Uuid::from_u128(1)));
    let is_right = keys.hash(user, &typed) == keys.hash(user, RECOVERY);
    let letters: String = typed.chars().filter(char::is_ascii_alphabetic).collect();
    assert!(
        !is_right || letters.eq_ignore_ascii_case("BCDFGHJKLM"),
        "{typed:?}"
    );
});
