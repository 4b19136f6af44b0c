//! Scopes (RFC 6749 §3.3): what is read is written back to the same set, and the set operations agree with each other.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::scope::Scope;

fuzz_target!(|text: &str| {
    let (left, right) = text.split_once('|').unwrap_or((text, "openid"));
    let (Ok(left), Ok(right)) = (Scope::parse(left), Scope::parse(right)) else {
        return;
    };
    assert_eq!(Scope::parse(&left.to_string()).as_ref(), Ok(&left));
    assert!(
        left.words()
            .all(|word| left.contains(word) && !word.contains(char::is_whitespace))
    );
    assert!(left.is_subset(&left.union(&right)));
    assert!(left.intersection(&right).is_subset(&right));
    assert!(left.without(&right).intersection(&right).is_empty());
});
