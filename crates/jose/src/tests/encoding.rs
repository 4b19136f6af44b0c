//! Tokens whose text, JSON or size is not what it must be, signed all the same.

use serde_json::json;

use super::tokens::refusal;
use super::{ANYTHING, Claims, alice, es256, forge};
use crate::jwt::{MAX_TOKEN_BYTES, Unverified, verify};
use crate::{Algorithm, JoseError, SigningKey, b64};

#[test]
fn not_three_parts_is_malformed() {
    for token in [
        "",
        ".",
        "..",
        "...",
        "a",
        "a.b",
        "e30.e30",
        "e30.e30.e30.e30",
        "a.b.c.d.e",
        "é.é.é",
    ] {
        assert_eq!(
            Unverified::parse(token).unwrap_err(),
            JoseError::Malformed,
            "{token}"
        );
    }
}

#[test]
fn members_given_twice_are_refused_at_any_depth() {
    let key = es256();
    for header in [
        r#"{"alg":"ES256","alg":"ES256"}"#,
        r#"{"alg":"none","alg":"ES256"}"#,
        r#"{"alg":"ES256","kid":"a","kid":"b"}"#,
        r#"{"alg":"ES256","x":1,"x":1}"#,
        r#"{"alg":"ES256","x":[{"y":1,"y":2}]}"#,
        "{\"alg\":\"ES256\",\"\\u0061lg\":\"none\"}",
    ] {
        assert_eq!(
            refusal(&forge(&key, header, "{\"sub\":\"a\"}"), &key),
            JoseError::Malformed,
            "{header}"
        );
    }
    for claims in [
        r#"{"sub":"alice","sub":"eve"}"#,
        r#"{"sub":"alice","x":1,"x":2}"#,
        r#"{"sub":"a","cnf":{"jkt":"a","jkt":"b"}}"#,
    ] {
        assert_eq!(
            refusal(&forge(&key, r#"{"alg":"ES256"}"#, claims), &key),
            JoseError::Malformed,
            "{claims}"
        );
    }
}

#[test]
fn headers_and_claims_must_be_sound_json_objects() {
    let key = es256();
    let deep = format!(
        "{{\"alg\":\"ES256\",\"x\":{}1{}}}",
        "[".repeat(1000),
        "]".repeat(1000)
    );
    for header in [
        "",
        "null",
        "[]",
        r#"["ES256"]"#,
        "{}",
        r#"{"alg":null}"#,
        r#"{"alg":7}"#,
        r#"{"alg":"ES256","kid":null}"#,
        r#"{"alg":"ES256","kid":7}"#,
        r#"{"alg":"ES256","typ":["JWT"]}"#,
        r#"{"alg":"ES256"} x"#,
        r#"{"alg":"ES256"}{}"#,
        r#"{"alg":"ES256",}"#,
        "\u{feff}{\"alg\":\"ES256\"}",
        &deep,
    ] {
        assert_eq!(
            refusal(&forge(&key, header, "{\"sub\":\"a\"}"), &key),
            JoseError::Malformed,
            "{header}"
        );
    }
    for claims in [
        "",
        "null",
        "[\"alice\"]",
        "\"alice\"",
        "{\"sub\":\"alice\"} x",
        "{\"sub\":\"\u{0}\"}",
    ] {
        assert_eq!(
            refusal(&forge(&key, r#"{"alg":"ES256"}"#, claims), &key),
            JoseError::Malformed,
            "{claims}"
        );
    }
    for claims in ["{}", r#"{"sub":7}"#, r#"{"sub":null}"#] {
        assert_eq!(
            refusal(&forge(&key, r#"{"alg":"ES256"}"#, claims), &key),
            JoseError::Claims,
            "{claims}"
        );
    }
}

#[test]
fn bytes_that_are_not_utf_8_are_refused() {
    let key = es256();
    for (header, claims) in [
        (&b"{\"alg\":\"ES256\",\"x\":\"\xFF\"}"[..], &b"{}"[..]),
        (b"{\"alg\":\"ES256\"}", b"{\"sub\":\"\xC0\xAF\"}"),
    ] {
        let input = format!("{}.{}", b64::encode_url(header), b64::encode_url(claims));
        let signature = b64::encode_url(&key.sign(input.as_bytes()).unwrap());
        assert_eq!(
            refusal(&format!("{input}.{signature}"), &key),
            JoseError::Malformed
        );
    }
}

#[test]
fn crit_is_refused_whatever_it_holds() {
    let key = es256();
    for crit in [
        json!(["b64"]),
        json!(["exp"]),
        json!([]),
        json!(null),
        json!("b64"),
    ] {
        let header = json!({"alg": "ES256", "crit": crit, "b64": false}).to_string();
        assert_eq!(
            refusal(&forge(&key, &header, "{\"sub\":\"a\"}"), &key),
            JoseError::Crit
        );
    }
}

#[test]
fn base64_that_is_not_the_only_spelling_is_refused() {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let token = key.sign_jwt("JWT", &alice()).unwrap();
    // 64 bytes leave four spare bits in the last character: any other value of them is another spelling.
    let last = token.chars().last().unwrap();
    let spellings = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for other in spellings.chars().filter(|other| *other != last) {
        let changed = format!("{}{other}", &token[..token.len() - 1]);
        assert!(verify::<Claims>(&changed, &key.verifying_key(), &ANYTHING).is_err());
    }
    for text in [
        "QQ==", "QQ=", "QR", "Q", "QQ\n", " QQ", "Q Q", "+w", "/w", "-_ ", "QQ.", "é",
    ] {
        assert_eq!(b64::decode_url(text), Err(JoseError::Malformed), "{text}");
    }
    assert_eq!(b64::decode_url("QQ"), Ok(b"A".to_vec()));
    assert_eq!(b64::decode_url("-_8"), Ok(vec![0xFB, 0xFF]));
    assert_eq!(b64::decode_url(""), Ok(Vec::new()));
}

#[test]
fn oversized_tokens_are_neither_read_nor_written() {
    let key = es256();
    let long = "a".repeat(MAX_TOKEN_BYTES);
    assert_eq!(
        key.sign_jwt("JWT", &Claims { sub: long.clone() }),
        Err(JoseError::TooLarge)
    );
    let token = forge(&key, r#"{"alg":"ES256"}"#, &json!({"sub": long}).to_string());
    assert_eq!(refusal(&token, &key), JoseError::TooLarge);
    // The longest token still passes.
    let fits = (0..)
        .map(|less| "a".repeat(MAX_TOKEN_BYTES * 3 / 4 - less))
        .find_map(|sub| key.sign_jwt("JWT", &Claims { sub }).ok());
    let token = fits.unwrap();
    assert!(token.len() > MAX_TOKEN_BYTES - 4);
    assert!(verify::<Claims>(&token, &key.verifying_key(), &ANYTHING).is_ok());
}

#[test]
fn claims_that_are_no_object_are_not_signed() {
    let key = es256();
    assert_eq!(key.sign_jwt("JWT", &"alice"), Err(JoseError::Claims));
    assert_eq!(key.sign_jwt("JWT", &["alice"]), Err(JoseError::Claims));
    assert_eq!(key.sign_jwt("JWT", &()), Err(JoseError::Claims));
}
