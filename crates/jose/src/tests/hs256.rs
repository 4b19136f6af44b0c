//! HS256: what must not verify, algorithm confusion by name, and RFC 7515's own token.

use serde_json::{Value, json};

use super::{ANYTHING, Claims, RSA, alice, es256};
use crate::hs256::{HmacKey, verify};
use crate::{JoseError, b64, hs256, jwt};

const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

fn key() -> HmacKey {
    HmacKey::new(SECRET).unwrap()
}

fn refusal(token: &str) -> JoseError {
    verify::<Claims>(token, &key(), None).unwrap_err()
}

/// A token with this exact header and payload under the right secret.
fn forge(header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        b64::encode_url(header.as_bytes()),
        b64::encode_url(payload.as_bytes())
    );
    let tag = crate::oauth1::hmac(crate::oauth1::Digest::Sha256, SECRET, input.as_bytes());
    format!("{input}.{}", b64::encode_url(&tag))
}

#[test]
fn algorithm_confusion_a_token_of_the_other_kind_is_refused_on_both_sides() {
    let not_allowed = |name: &str| JoseError::AlgorithmNotAllowed {
        received: name.into(),
    };
    let es = es256();
    let of_es = es.sign_jwt("JWT", &alice()).unwrap();
    assert_eq!(refusal(&of_es), not_allowed("ES256"));
    // HS256 under the bytes of the RSA public key, which everybody knows.
    let public = serde_json::to_vec(&RSA.public_jwk()).unwrap();
    let confused = HmacKey::new(&public).unwrap().sign_jwt("JWT", &alice()).unwrap();
    let outcome = jwt::verify::<Claims>(&confused, &RSA.verifying_key(), &ANYTHING);
    assert_eq!(outcome.unwrap_err(), not_allowed("HS256"));
    for alg in ["none", "None", "hs256", "HS384", "HS512", ""] {
        let token = forge(&json!({"alg": alg}).to_string(), r#"{"sub":"alice"}"#);
        assert_eq!(refusal(&token), not_allowed(alg), "{alg}");
    }
}

#[test]
fn a_bit_flipped_cut_or_taken_away_is_refused() {
    let token = key().sign_jwt("JWT", &alice()).unwrap();
    let (input, signature) = token.rsplit_once('.').unwrap();
    let signature = b64::decode_url(signature).unwrap();
    for bit in 0..signature.len() * 8 {
        let mut flipped = signature.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            refusal(&format!("{input}.{}", b64::encode_url(&flipped))),
            JoseError::BadSignature
        );
    }
    assert_eq!(
        refusal(&format!("{input}.{}", b64::encode_url(&signature[..16]))),
        JoseError::BadSignature
    );
    assert_eq!(refusal(&format!("{input}.")), JoseError::Malformed);
    assert_eq!(refusal(input), JoseError::Malformed);
    let other = HmacKey::new(&[7; 32]).unwrap();
    assert_eq!(
        verify::<Claims>(&token, &other, None).unwrap_err(),
        JoseError::BadSignature
    );
}

#[test]
fn another_type_a_critical_header_or_a_claim_given_twice_is_refused() {
    let token = key().sign_jwt("JWT", &alice()).unwrap();
    assert_eq!(
        verify::<Claims>(&token, &key(), Some("at+jwt")).unwrap_err(),
        JoseError::Type
    );
    assert!(verify::<Claims>(&token, &key(), Some("application/jwt")).is_ok());
    let payload = r#"{"sub":"alice"}"#;
    assert_eq!(
        refusal(&forge(r#"{"alg":"HS256","crit":["b64"]}"#, payload)),
        JoseError::Crit
    );
    let twice = forge(r#"{"alg":"HS256"}"#, r#"{"sub":"mallory","sub":"alice"}"#);
    assert_eq!(refusal(&twice), JoseError::Malformed);
    assert_eq!(
        refusal(&forge(r#"{"alg":"HS256"}"#, r#"{"sub":1}"#)),
        JoseError::Claims
    );
}

#[test]
fn a_secret_shorter_than_the_hash_is_refused_and_none_is_printed() {
    for length in [0, 1, hs256::MIN_SECRET_BYTES - 1] {
        assert_eq!(HmacKey::new(&SECRET[..length]).unwrap_err(), JoseError::BadKey);
    }
    assert_eq!(format!("{:?}", key()), "HmacKey(..)");
}

#[test]
fn rfc7515_a_1_the_token_of_the_first_example_verifies() {
    let secret = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
    let token = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9\
        .eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ\
        .dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let key = HmacKey::new(&b64::decode_url(secret).unwrap()).unwrap();
    let verified = verify::<Value>(token, &key, Some("JWT")).unwrap();
    assert_eq!(verified.claims["iss"], "joe");
    assert_eq!(verified.header.alg, hs256::ALG);
}
