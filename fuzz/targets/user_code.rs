//! User codes as people type them (RFC 8628 §6.1): whatever is typed gives one of the codes that can be, or none, and
//! what is shown is read back.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::device::{USER_CODE_ALPHABET, USER_CODE_LETTERS, read_user_code, show_user_code};

fuzz_target!(|typed: &str| {
    let Some(letters) = read_user_code(typed) else {
        return;
    };
    assert_eq!(letters.len(), USER_CODE_LETTERS);
    assert!(letters.bytes().all(|letter| USER_CODE_ALPHABET.contains(&letter)));
    let shown = show_user_code(&letters);
    assert_eq!(shown.len(), USER_CODE_LETTERS + 1);
    assert_eq!(read_user_code(&shown), Some(letters));
});
