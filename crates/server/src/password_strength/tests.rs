//! What guessers try first is refused with a reason; what they do not know is taken.

use super::*;

const KNOWN: [&str; 3] = ["alice.smith", "alice@photos.example", "Sweet Photos"];

fn says(password: &str) -> Result<(), String> {
    let policy = Policy::new("https://auth.example");
    judge(&Password::new(password), &policy, &KNOWN).map_err(|weak| weak.says)
}

#[test]
fn what_guessers_try_first_is_refused_with_the_reason() {
    for (guessed, word) in [
        ("password", "most often"),
        ("Password1!", "most often"),
        ("P@ssw0rd2024", "most often"),
        ("tru$tno1!!", "most often"),
        ("monkeydragon", "most often"),
        ("Sunshine1985", "most often"),
        ("alicesmith", "your name"),
        ("alice.smith7", "your name"),
        ("@l1ce-2019", "your name"),
        ("SweetPhotos1", "your name"),
        ("qwertzuiop", "keys"),
        ("poiuytrewq", "keys"),
        ("abcdefghij", "keys"),
        ("98765432100", "keys"),
        ("zzzzzzzzzzzz", "keys"),
        ("x7x7x7x7x7x7", "repeats"),
        ("24121987", "date"),
        ("1987-1988", "date"),
    ] {
        let said = says(guessed).expect_err(guessed);
        assert!(said.contains(word), "{guessed}: {said}");
        assert!(!said.contains(guessed), "{guessed} is told on");
    }
}

#[test]
fn the_length_is_judged_first() {
    assert_eq!(says("Xk3#v9q"), Err("Use at least 8 characters.".into()));
    assert_eq!(says("鍵鍵鍵"), Err("Use at least 8 characters.".into()));
    assert!(
        says(&"x7#kQ".repeat(300))
            .unwrap_err()
            .starts_with("Use at most 1024")
    );
    let mut policy = Policy::new("https://auth.example");
    policy.password_min_characters = 12;
    let refused = judge(&Password::new("kV9#tq!zR"), &policy, &[]).unwrap_err();
    assert_eq!(refused.says, "Use at least 12 characters.");
}

#[test]
fn a_password_that_nobody_tries_is_taken() {
    for good in [
        "correct horse battery staple",
        "kV9#tq!z",
        "tr0ub4dor&3",
        "wunderbar-teekanne",
        "鍵と山と川と海は青い",
        "alice rides a striped zebra",
    ] {
        assert_eq!(says(good), Ok(()), "{good}");
    }
    assert_eq!(says(&format!("kV9#tq!z{}", "a".repeat(1000))), Ok(()));
}

#[test]
fn the_longest_password_is_judged_without_endless_work() {
    // Every piece kind matches nearly everywhere.
    assert!(says(&"ab".repeat(512)).is_err());
    assert!(says(&"1".repeat(1024)).is_err());
}
