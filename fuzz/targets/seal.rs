//! Sealed texts: nothing opens but what was sealed under the same key and context.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_jose::seal::SealKey;

fuzz_target!(|data: &[u8]| {
    let key = SealKey::new(&[7; 32]);
    assert!(key.open(b"a", data).is_err());
    if let Ok(text) = std::str::from_utf8(data) {
        assert!(key.open_from_text(b"a", text).is_err());
    }
    let sealed = key.seal_to_text(b"a", data);
    assert_eq!(
        key.open_from_text(b"a", &sealed).expect("it opens").as_slice(),
        data
    );
    assert!(key.open_from_text(b"b", &sealed).is_err());
    assert!(SealKey::new(&[8; 32]).open_from_text(b"a", &sealed).is_err());
});
