//! One-time codes: what is refused, and the vectors of RFC 6238 and RFC 4226.

use super::*;
use crate::samples;
use proptest::prelude::*;
use valetkey_model::UserId;

/// The secret of both RFCs' vectors.
fn secret() -> TotpSecret {
    TotpSecret::new(*b"12345678901234567890")
}

const NOW: Timestamp = Timestamp(1_111_111_109);

#[test]
fn a_code_that_was_seen_over_the_shoulder_does_not_count_again() {
    let step = step_at(NOW);
    let code = code_at(&secret(), step);
    assert_eq!(verify(&secret(), &code, NOW, Some(step)), None);
    assert_eq!(verify(&secret(), &code, NOW, Some(step + 1)), None);
    assert_eq!(verify(&secret(), &code, NOW, Some(step - 1)), Some(step));
    let later = NOW.plus_seconds(STEP_SECONDS);
    assert_eq!(
        verify(&secret(), &code, later, Some(step)),
        None,
        "nor in the next step"
    );
    let earlier = code_at(&secret(), step - 1);
    assert_eq!(
        verify(&secret(), &earlier, NOW, Some(step)),
        None,
        "nor an older one"
    );
}

#[test]
fn a_code_of_two_steps_ago_or_ahead_is_refused() {
    let step = step_at(NOW);
    for (away, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
        let code = code_at(&secret(), step + away);
        let found = verify(&secret(), &code, NOW, None);
        assert_eq!(found, good.then_some(step + away), "{away}");
    }
}

#[test]
fn what_is_no_code_or_a_code_of_another_secret_is_refused() {
    let code = code_at(&secret(), step_at(NOW));
    let other = code_at(&TotpSecret::new([1; SECRET_BYTES]), step_at(NOW));
    for typed in [
        "",
        " ",
        "0",
        &code[1..],
        &format!("{code}0"),
        "１２３４５６",
        "-12345",
        &other,
    ] {
        assert_eq!(verify(&secret(), typed, NOW, None), None, "{typed}");
    }
}

#[test]
fn a_code_may_be_typed_with_blanks() {
    let code = code_at(&secret(), step_at(NOW));
    for typed in [format!("{} {}", &code[..3], &code[3..]), format!(" {code}\n")] {
        assert_eq!(verify(&secret(), &typed, NOW, None), Some(step_at(NOW)));
    }
}

/// RFC 6238 appendix B, the SHA-1 rows; its codes have eight digits, of which six are the last.
#[test]
fn the_vectors_of_rfc_6238_come_out() {
    for (seconds, code) in [
        (59, "94287082"),
        (1_111_111_109, "07081804"),
        (1_111_111_111, "14050471"),
        (1_234_567_890, "89005924"),
        (2_000_000_000, "69279037"),
        (20_000_000_000, "65353130"),
    ] {
        let step = step_at(Timestamp(seconds));
        assert_eq!(code_at(&secret(), step), code[2..], "{seconds}");
        assert_eq!(
            verify(&secret(), &code[2..], Timestamp(seconds), None),
            Some(step)
        );
    }
}

/// RFC 4226 appendix D.
#[test]
fn the_vectors_of_rfc_4226_come_out() {
    let codes = [
        "755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489",
    ];
    for (count, code) in codes.iter().enumerate() {
        assert_eq!(code_at(&secret(), i64::try_from(count).unwrap()), *code);
    }
}

#[test]
fn a_secret_is_not_printed_and_is_typed_in_groups() {
    assert_eq!(format!("{:?}", secret()), "[redacted]");
    let shown = secret().shown();
    assert_eq!(shown.as_str(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    assert_eq!(TotpSecret::from_shown(&shown.to_lowercase()), Some(secret()));
    for text in [
        "",
        "GEZD",
        "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJ1",
        &format!("{}A", shown.as_str()),
    ] {
        assert_eq!(TotpSecret::from_shown(text), None, "{text}");
    }
}

#[test]
fn the_uri_that_an_app_reads_keeps_odd_names_in_their_places() {
    let uri = otpauth_uri(&secret(), "My: Site & Co", "al:ice@example.com?secret=x");
    assert_eq!(
        uri.as_str(),
        "otpauth://totp/My%20Site%20%26%20Co:alice%40example.com%3Fsecret%3Dx\
         ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=My%20Site%20%26%20Co"
    );
}

#[test]
fn a_sealed_secret_of_another_account_or_another_server_does_not_open() {
    let keys = TotpKeys::new(&[7; 32]);
    let sealed = keys.seal(samples::user(), &secret());
    assert_eq!(keys.open(UserId(uuid::Uuid::nil()), &sealed), None);
    assert_eq!(TotpKeys::new(&[8; 32]).open(samples::user(), &sealed), None);
    assert_eq!(keys.open(samples::user(), &SealedSecret(Vec::new())), None);
    assert_eq!(keys.open(samples::user(), &sealed), Some(secret()));
}

proptest! {
    #[test]
    fn whatever_is_typed_a_step_that_is_found_is_near_new_and_its_own(
        random: [u8; SECRET_BYTES], typed in "[0-9 ]{0,8}", now: i64, last: Option<i64>,
    ) {
        let secret = TotpSecret::new(random);
        if let Some(step) = verify(&secret, &typed, Timestamp(now), last) {
            prop_assert!((step - step_at(Timestamp(now))).abs() <= 1);
            prop_assert!(last.is_none_or(|last| step > last));
            prop_assert_eq!(code_at(&secret, step), typed.replace(' ', ""));
        }
    }

    #[test]
    fn a_code_of_now_is_found_for_every_secret_and_moment(random: [u8; SECRET_BYTES], now in 0_i64..1 << 40) {
        let secret = TotpSecret::new(random);
        let step = step_at(Timestamp(now));
        let code = code_at(&secret, step);
        prop_assert_eq!(code.len(), DIGITS);
        // Two steps may have the same code, once in a million.
        prop_assert!(verify(&secret, &code, Timestamp(now), None).is_some());
        prop_assert!(verify(&secret, &code, Timestamp(now), Some(step + 1)).is_none());
    }
}
