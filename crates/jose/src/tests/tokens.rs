//! Tokens that must not pass, each named by what is wrong with it, and a few that must.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _, RsaKeyPair};
use serde_json::{Value, json};

use super::{ANYTHING, Claims, RSA, alice, bare_jwk, es256, forge};
use crate::jwt::{Expect, Unverified, verify};
use crate::{Algorithm, JoseError, JwkSet, KeySet, SigningKey, VerifyingKey, b64};

fn not_allowed(name: &str) -> JoseError {
    JoseError::AlgorithmNotAllowed {
        received: name.into(),
    }
}

/// Why `token` is refused under `key`.
pub(super) fn refusal(token: &str, key: &SigningKey) -> JoseError {
    verify::<Claims>(token, &key.verifying_key(), &ANYTHING).unwrap_err()
}

#[test]
fn a_bit_flipped_anywhere_is_refused() {
    for key in [es256(), SigningKey::generate(Algorithm::Ed25519).unwrap()] {
        let token = key.sign_jwt("JWT", &alice()).unwrap();
        let parts: Vec<Vec<u8>> = token
            .split('.')
            .map(|part| b64::decode_url(part).unwrap())
            .collect();
        for (place, part) in parts.iter().enumerate() {
            for bit in 0..part.len() * 8 {
                let mut flipped = parts.clone();
                flipped[place][bit / 8] ^= 1 << (bit % 8);
                let texts: Vec<_> = flipped.iter().map(|part| b64::encode_url(part)).collect();
                let result = verify::<Value>(&texts.join("."), &key.verifying_key(), &ANYTHING);
                assert!(result.is_err(), "{}: bit {bit} of part {place}", key.alg());
            }
        }
    }
}

#[test]
fn a_character_changed_anywhere_is_refused() {
    let key = es256();
    let token = key.sign_jwt("JWT", &alice()).unwrap();
    for place in 0..token.len() {
        for other in [b'A', b'B', b'_', b'.', b'=', b'+', b' ', b'\n', 0] {
            let mut bytes = token.clone().into_bytes();
            if bytes[place] != other {
                bytes[place] = other;
                let changed = String::from_utf8(bytes).unwrap();
                assert!(
                    verify::<Value>(&changed, &key.verifying_key(), &ANYTHING).is_err(),
                    "{changed}"
                );
            }
        }
    }
}

#[test]
fn a_token_cut_or_lengthened_anywhere_is_refused() {
    let key = es256();
    let token = key.sign_jwt("JWT", &alice()).unwrap();
    for length in 0..token.len() {
        assert!(verify::<Value>(&token[..length], &key.verifying_key(), &ANYTHING).is_err());
        assert!(verify::<Value>(&token[length + 1..], &key.verifying_key(), &ANYTHING).is_err());
    }
    for (before, after) in [
        ("", "."),
        ("", "A"),
        ("", "AAAA"),
        ("", "="),
        ("", "=="),
        ("", " "),
        ("", "\n"),
        (".", ""),
        (" ", ""),
        ("", ".AAAA"),
    ] {
        let changed = format!("{before}{token}{after}");
        assert!(
            verify::<Value>(&changed, &key.verifying_key(), &ANYTHING).is_err(),
            "{changed:?}"
        );
    }
}

#[test]
fn unsecured_tokens_are_refused_in_any_spelling() {
    let key = es256();
    for alg in ["none", "None", "NONE", "nOnE"] {
        let input = format!(
            "{}.{}",
            b64::encode_url(json!({"alg": alg}).to_string().as_bytes()),
            b64::encode_url(b"{\"sub\":\"eve\"}")
        );
        assert_eq!(refusal(&format!("{input}."), &key), not_allowed(alg));
        assert_eq!(refusal(&format!("{input}.AAAA"), &key), not_allowed(alg));
        assert_eq!(
            refusal(&forge(&key, &json!({"alg": alg}).to_string(), "{}"), &key),
            not_allowed(alg)
        );
    }
    // An honest header, and nothing for a signature.
    let token = key.sign_jwt("JWT", &alice()).unwrap();
    let (input, _) = token.rsplit_once('.').unwrap();
    assert_eq!(refusal(&format!("{input}."), &key), JoseError::Malformed);
}

#[test]
fn algorithm_confusion_a_public_key_taken_for_an_hmac_secret_is_impossible() {
    let pair = RsaKeyPair::from_pkcs8(&RSA.to_pkcs8()).unwrap();
    let spki = pair.public_key().as_der().unwrap().as_ref().to_vec();
    for secret in [spki, json!(RSA.public_jwk()).to_string().into_bytes(), Vec::new()] {
        for alg in ["HS256", "HS384", "HS512"] {
            let header = json!({"alg": alg, "kid": RSA.kid()}).to_string();
            let input = format!(
                "{}.{}",
                b64::encode_url(header.as_bytes()),
                b64::encode_url(b"{\"sub\":\"eve\"}")
            );
            let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &secret), input.as_bytes());
            let token = format!("{input}.{}", b64::encode_url(tag.as_ref()));
            assert_eq!(refusal(&token, &RSA), not_allowed(alg));
        }
    }
}

#[test]
fn algorithm_confusion_the_header_cannot_choose_for_the_key() {
    let key = es256();
    for alg in ["RS256", "PS256", "ES384", "Ed25519", "EdDSA"] {
        let token = forge(
            &key,
            &json!({"alg": alg, "kid": key.kid()}).to_string(),
            "{\"sub\":\"alice\"}",
        );
        assert!(
            matches!(refusal(&token, &key), JoseError::AlgorithmNotAllowed { .. }),
            "{alg}"
        );
    }
    let other_padding = forge(&RSA, r#"{"alg":"PS256"}"#, "{}");
    assert_eq!(refusal(&other_padding, &RSA), not_allowed("PS256"));
    // A key that knows both paddings still tells them apart.
    let both = VerifyingKey::from_jwk(&serde_json::from_value(bare_jwk(&RSA)).unwrap()).unwrap();
    assert_eq!(
        verify::<Value>(&other_padding, &both, &ANYTHING).unwrap_err(),
        JoseError::BadSignature
    );
}

#[test]
fn an_algorithm_the_caller_did_not_name_is_refused() {
    let key = es256();
    let token = key.sign_jwt("JWT", &alice()).unwrap();
    for algs in [
        &[][..],
        &[Algorithm::RS256],
        &[Algorithm::ES384, Algorithm::Ed25519],
    ] {
        let expect = Expect { algs, typ: None };
        let result = verify::<Claims>(&token, &key.verifying_key(), &expect);
        assert_eq!(result.unwrap_err(), not_allowed("ES256"));
    }
    for alg in ["es256", "ES256 ", "ES512", "A128KW", ""] {
        let token = forge(&key, &json!({"alg": alg}).to_string(), "{}");
        assert_eq!(refusal(&token, &key), not_allowed(alg));
    }
}

#[test]
fn an_ecdsa_signature_in_der_is_refused() {
    let key = es256();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &key.to_pkcs8()).unwrap();
    let token = key.sign_jwt("JWT", &alice()).unwrap();
    let (input, _) = token.rsplit_once('.').unwrap();
    let der = pair.sign(&SystemRandom::new(), input.as_bytes()).unwrap();
    let token = format!("{input}.{}", b64::encode_url(der.as_ref()));
    assert_eq!(refusal(&token, &key), JoseError::BadSignature);
}

#[test]
fn an_all_zero_signature_is_refused() {
    // CVE-2022-21449: r = s = 0 passed for every message.
    for alg in [Algorithm::ES256, Algorithm::ES384, Algorithm::Ed25519] {
        let key = SigningKey::generate(alg).unwrap();
        let token = key.sign_jwt("JWT", &alice()).unwrap();
        let (input, signature) = token.rsplit_once('.').unwrap();
        let zeros = vec![0; b64::decode_url(signature).unwrap().len()];
        assert_eq!(
            refusal(&format!("{input}.{}", b64::encode_url(&zeros)), &key),
            JoseError::BadSignature
        );
    }
}

#[test]
fn another_key_of_the_same_kind_does_not_verify() {
    let (key, other) = (es256(), es256());
    let nameless = forge(&key, r#"{"alg":"ES256"}"#, "{\"sub\":\"alice\"}");
    assert_eq!(refusal(&nameless, &other), JoseError::BadSignature);
    let token = key.sign_jwt("JWT", &alice()).unwrap();
    assert_eq!(refusal(&token, &other), JoseError::UnknownKey);
    let stolen_name = forge(
        &other,
        &json!({"alg": "ES256", "kid": key.kid()}).to_string(),
        "{}",
    );
    assert_eq!(refusal(&stolen_name, &key), JoseError::BadSignature);
}

#[test]
fn a_key_offered_by_the_token_itself_is_not_looked_at() {
    let (key, eve) = (es256(), es256());
    let header = json!({
        "alg": "ES256", "kid": key.kid(), "jwk": eve.public_jwk(), "jku": "https://eve.example/jwks",
        "x5u": "https://eve.example/x5u", "x5c": ["AAAA"],
    });
    let token = forge(&eve, &header.to_string(), "{\"sub\":\"alice\"}");
    assert_eq!(refusal(&token, &key), JoseError::BadSignature);
}

#[test]
fn a_token_of_another_type_is_refused() {
    let key = es256();
    let as_type = |expected, header: Value| {
        let token = forge(&key, &header.to_string(), "{\"sub\":\"alice\"}");
        let expect = Expect {
            algs: &[Algorithm::ES256],
            typ: expected,
        };
        verify::<Claims>(&token, &key.verifying_key(), &expect).map(|verified| verified.claims)
    };
    for typ in [
        "JWT",
        "at+jwtx",
        "application/",
        "application/at+jwt/x",
        "text/at+jwt",
        "application/application/at+jwt",
        "",
    ] {
        assert_eq!(
            as_type(Some("at+jwt"), json!({"alg": "ES256", "typ": typ})),
            Err(JoseError::Type),
            "{typ}"
        );
    }
    assert_eq!(
        as_type(Some("at+jwt"), json!({"alg": "ES256"})),
        Err(JoseError::Type)
    );
    // `application/` may only be left out where no other slash follows (RFC 7515 §4.1.9).
    let prefixed = json!({"alg": "ES256", "typ": "application/text/x"});
    assert_eq!(as_type(Some("text/x"), prefixed), Err(JoseError::Type));
    for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
        for expected in ["at+jwt", "application/at+jwt"] {
            assert_eq!(
                as_type(Some(expected), json!({"alg": "ES256", "typ": typ})),
                Ok(alice()),
                "{typ}"
            );
        }
    }
    assert_eq!(
        as_type(None, json!({"alg": "ES256", "typ": "anything"})),
        Ok(alice())
    );
    assert_eq!(as_type(None, json!({"alg": "ES256"})), Ok(alice()));
}

#[test]
fn keys_are_found_by_name_and_a_nameless_token_needs_a_sole_fitting_key() {
    let (first, second) = (es256(), es256());
    let set = JwkSet {
        keys: vec![first.public_jwk(), RSA.public_jwk(), second.public_jwk()],
    };
    let keys = KeySet::from_jwks(&set);
    for key in [&first, &second, &RSA] {
        let token = key.sign_jwt("JWT", &alice()).unwrap();
        assert_eq!(
            verify::<Claims>(&token, &keys, &ANYTHING).unwrap().claims,
            alice()
        );
    }
    let unknown = es256().sign_jwt("JWT", &alice()).unwrap();
    assert_eq!(
        verify::<Claims>(&unknown, &keys, &ANYTHING).unwrap_err(),
        JoseError::UnknownKey
    );
    assert_eq!(
        verify::<Claims>(&unknown, &KeySet::default(), &ANYTHING).unwrap_err(),
        JoseError::UnknownKey
    );

    let nameless = forge(&first, r#"{"alg":"ES256"}"#, "{\"sub\":\"alice\"}");
    assert_eq!(
        verify::<Claims>(&nameless, &keys, &ANYTHING).unwrap_err(),
        JoseError::UnknownKey
    );
    let nameless = forge(&RSA, r#"{"alg":"RS256"}"#, "{\"sub\":\"alice\"}");
    assert!(verify::<Claims>(&nameless, &keys, &ANYTHING).is_ok());
}

#[test]
fn keys_that_share_a_name_are_each_tried() {
    let (first, second) = (es256(), es256());
    let shared = |key: &SigningKey| {
        let mut jwk = key.public_jwk();
        jwk.kid = Some("2026".into());
        VerifyingKey::from_jwk(&jwk).unwrap()
    };
    let (a, b, c) = (shared(&first), shared(&second), shared(&RSA));
    let token = forge(&second, r#"{"alg":"ES256","kid":"2026"}"#, "{\"sub\":\"alice\"}");
    assert!(verify::<Claims>(&token, &[&a, &b, &c], &ANYTHING).is_ok());
    assert!(verify::<Claims>(&token, [&c, &b].as_slice(), &ANYTHING).is_ok());
    assert_eq!(
        verify::<Claims>(&token, &[&a, &c], &ANYTHING).unwrap_err(),
        JoseError::BadSignature
    );
    assert_eq!(
        verify::<Claims>(&token, &[&c], &ANYTHING).unwrap_err(),
        not_allowed("ES256")
    );
}

#[test]
fn eddsa_is_taken_for_ed25519_on_input() {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let token = forge(&key, r#"{"alg":"EdDSA"}"#, "{\"sub\":\"alice\"}");
    assert!(verify::<Claims>(&token, &key.verifying_key(), &ANYTHING).is_ok());
    let issued = key.sign_jwt("JWT", &alice()).unwrap();
    assert_eq!(Unverified::parse(&issued).unwrap().header().alg, "Ed25519");
}

#[test]
fn header_and_claims_can_be_read_to_find_the_key() {
    let key = es256();
    let token = key.sign_jwt("client-authentication+jwt", &alice()).unwrap();
    let unverified = Unverified::parse(&token).unwrap();
    assert_eq!(unverified.header().kid.as_deref(), Some(key.kid()));
    assert_eq!(
        unverified.header().typ.as_deref(),
        Some("client-authentication+jwt")
    );
    assert_eq!(unverified.unverified_claims::<Claims>(), Ok(alice()));
}
