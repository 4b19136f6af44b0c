//! PKCE (RFC 7636 §4): only the verifier that a challenge was made from answers it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::pkce::{CodeChallenge, is_well_formed};
use valetkey_protocol::secret::CodeVerifier;

fuzz_target!(|text: &str| {
    if let Ok(challenge) = CodeChallenge::parse(text) {
        assert_eq!(challenge.as_str(), text);
        assert_eq!(text.len(), 43);
        assert!(
            text.bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
        );
    }
    if is_well_formed(&CodeVerifier::new(text)) {
        assert!((43..=128).contains(&text.len()));
        let digest = valetkey_jose::hash::sha256(text.as_bytes());
        assert!(CodeChallenge::parse(&valetkey_jose::b64::encode_url(&digest)).is_ok());
    }
});
