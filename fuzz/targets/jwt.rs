//! Tokens (RFC 7515, RFC 7519): nothing that we did not sign verifies, with a key or with a shared secret, whatever its header
//! says.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use valetkey_jose::hs256::{self, HmacKey};
use valetkey_jose::jwt::{self, Expect, Unverified};
use valetkey_jose::{Algorithm, JwkSet, KeySet, SigningKey};

struct Fixed {
    keys: KeySet,
    genuine: String,
    secret: HmacKey,
    genuine_by_secret: String,
}

fn fixed() -> &'static Fixed {
    static FIXED: OnceLock<Fixed> = OnceLock::new();
    FIXED.get_or_init(|| {
        let key = SigningKey::generate(Algorithm::ES256).expect("a key can be made");
        let genuine = key
            .sign_jwt("at+jwt", &serde_json::json!({"sub": "alice"}))
            .expect("a token can be signed");
        let secret = HmacKey::new(&[7; 32]).expect("it is long enough");
        let genuine_by_secret = secret.sign_jwt("at+jwt", &serde_json::json!({"sub": "alice"}));
        Fixed {
            secret,
            genuine_by_secret: genuine_by_secret.expect("a token can be signed"),
            keys: KeySet::from_jwks(&JwkSet {
                keys: vec![key.public_jwk()],
            }),
            genuine,
        }
    })
}

fuzz_target!(|data: &[u8]| {
    let fixed = fixed();
    let expect = Expect {
        algs: &[Algorithm::ES256, Algorithm::RS256],
        typ: Some("at+jwt"),
    };
    if let Ok(text) = std::str::from_utf8(data) {
        if let Ok(unverified) = Unverified::parse(text) {
            drop(unverified.unverified_claims::<serde_json::Value>());
        }
        assert!(jwt::verify::<serde_json::Value>(text, &fixed.keys, &expect).is_err());
        assert!(hs256::verify::<serde_json::Value>(text, &fixed.secret, None).is_err());
    }
    let bent = bend(&fixed.genuine, data);
    let verified = jwt::verify::<serde_json::Value>(&bent, &fixed.keys, &expect).is_ok();
    assert_eq!(verified, bent == fixed.genuine, "{bent}");
    let bent = bend(&fixed.genuine_by_secret, data);
    let verified = hs256::verify::<serde_json::Value>(&bent, &fixed.secret, Some("at+jwt")).is_ok();
    assert_eq!(verified, bent == fixed.genuine_by_secret, "{bent}");
});

/// A token with bytes of it exchanged.
fn bend(token: &str, data: &[u8]) -> String {
    let mut bent = token.to_owned().into_bytes();
    for pair in data.chunks_exact(3).take(8) {
        let at = usize::from(u16::from_be_bytes([pair[0], pair[1]])) % bent.len();
        bent[at] = pair[2] & 0x7f;
    }
    String::from_utf8(bent).expect("it is ASCII")
}
