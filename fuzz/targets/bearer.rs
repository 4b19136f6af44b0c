//! Bearer tokens in the Authorization header (RFC 6750 §2.1).
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::bearer;

fuzz_target!(|data: &[u8]| {
    if let Some(token) = bearer::read_header(data) {
        let text = token.expose();
        assert!(!text.is_empty());
        assert!(
            text.bytes().all(|byte| byte.is_ascii_graphic()),
            "b64token has no spaces and no controls"
        );
        let again = bearer::read_header(format!("Bearer {text}").as_bytes());
        assert_eq!(again.as_ref().map(|token| token.expose()), Some(text));
    }
});
