//! Keys (RFC 7517): any JSON is either read or refused, and what is read keeps its thumbprint when written again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_jose::{JwkSet, KeySet, MAX_KEYS, VerifyingKey};

fuzz_target!(|text: &str| {
    let Ok(set) = JwkSet::from_json(text) else { return };
    assert!(set.keys.len() <= MAX_KEYS);
    assert!(KeySet::from_jwks(&set).len() <= set.keys.len());
    for key in &set.keys {
        drop(VerifyingKey::from_jwk(key));
        let written = serde_json::to_string(&JwkSet {
            keys: vec![key.clone()],
        })
        .expect("a key can be written");
        let again = JwkSet::from_json(&written).expect("what we wrote can be read");
        assert_eq!(
            again.keys.first().map(|key| key.thumbprint()),
            Some(key.thumbprint())
        );
    }
});
