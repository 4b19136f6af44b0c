//! What makes a key unusable, and what a key says of itself.

use serde_json::{Value, json};

use super::{RSA, bare_jwk};
use crate::{Algorithm, JoseError, Jwk, JwkSet, KeySet, MAX_KEYS, SigningKey, VerifyingKey, b64};

const RSA_1024_PKCS8: &str = "MIICdwIBADANBgkqhkiG9w0BAQEFAASCAmEwggJdAgEAAoGBAMZFWUJ8aL0NR-m8hnrgcb30JFl1BjZmpzLPuZyTw3ZJCGlJmJZrYEzgJlFGNvT2TXKHu7zFao7EYGjgf9YQidikIhmRzlm69-Z5Jb5OxKIo3djK1Q9ky-awD2eUf-xGwds6pkcrLnAaYT8t0HrnJl7sQ8w6uiydIoXUwy1fOo2bAgMBAAECgYEAmTubgpDX-dQ70d9MJ8cy4NXBCgoxZPXtHo4AK4zfsZk8EPM6JHaUFJXfx0x2yNdaf7t7UqdYdUI8KJHo-q4JebFYjZkmvogg0vnImvzGgip8BAKyXZhZmZqhlSptZxDspw23xArkXWzsa8_KHS6X-jr62OkqXC0bExzLKem_yZECQQD44WLtnB6fD4UCpAz4-lFZztmqtwLThVaHMtipd7FHQwxskUtdFqK0oPX5ANWt_rrx60uiItmjyMkCyrh0tj5XAkEAy_FWBmZAVKu0ETXnnHtxlgE55z6bfTv_-DPysy3oYP59UVuqAMZ_UoPnVXjrPeuUzNJALx8tQGCUejyYWihYXQJBAMWj1rfynq6Z2Hq8ZEDkJ-41wc08AFaRMKG00zHhBzscF6WvzDVkYFko6ayP6SB_hV3QCQP8wPC75kT9T3X_s4kCQBLQet0wRbMJ_ByyWmGnSb1K86qPrgyJon2lXTiGfa-lCq6cxDw6E7jrDkZmV11pBFs48k7mk2gjAM-eE3gNzMkCQDqcJeoe7u1kpD49QSIN4DXUrCVofhttojEmD1nlHygbTDx7aOH3UR6dsKMfHnQfRH9BrED3ym-qcAdmIsrtBVo";
const RSA_1024_N: &str = "xkVZQnxovQ1H6byGeuBxvfQkWXUGNmanMs-5nJPDdkkIaUmYlmtgTOAmUUY29PZNcoe7vMVqjsRgaOB_1hCJ2KQiGZHOWbr35nklvk7Eoijd2MrVD2TL5rAPZ5R_7EbB2zqmRysucBphPy3QeucmXuxDzDq6LJ0ihdTDLV86jZs";

/// Read and parsed, or the error of either.
fn load(jwk: Value) -> Result<VerifyingKey, JoseError> {
    let jwk: Jwk = serde_json::from_value(jwk).map_err(|_| JoseError::BadKey)?;
    VerifyingKey::from_jwk(&jwk)
}

/// `base` with members replaced; `null` removes one.
fn with(base: &Value, changes: Value) -> Value {
    let mut jwk = base.clone();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            jwk.as_object_mut().unwrap().remove(name);
        } else {
            jwk[name] = value.clone();
        }
    }
    jwk
}

fn refused(base: &Value, changes: Value) {
    assert_eq!(
        load(with(base, changes.clone())).err(),
        Some(JoseError::BadKey),
        "{changes}"
    );
}

/// A modulus of that many bits with its lowest bit set.
fn modulus(bits: usize) -> String {
    let mut bytes = vec![0; bits.div_ceil(8)];
    bytes[0] = 1 << ((bits - 1) % 8);
    *bytes.last_mut().unwrap() |= 1;
    b64::encode_url(&bytes)
}

#[test]
fn rsa_keys_of_unsafe_size_or_shape_are_refused() {
    let good = bare_jwk(&RSA);
    assert!(load(good.clone()).is_ok());
    refused(&good, json!({"n": RSA_1024_N}));
    refused(&good, json!({"n": modulus(2047)}));
    assert!(load(with(&good, json!({"n": modulus(2048)}))).is_ok());
    assert!(load(with(&good, json!({"n": modulus(8192)}))).is_ok());
    refused(&good, json!({"n": modulus(8193)}));
    refused(&good, json!({"n": modulus(100_000)}));

    let mut n = b64::decode_url(good["n"].as_str().unwrap()).unwrap();
    n.insert(0, 0);
    refused(&good, json!({"n": b64::encode_url(&n)}));
    n.remove(0);
    *n.last_mut().unwrap() &= 0xFE;
    refused(&good, json!({"n": b64::encode_url(&n)}));

    for e in [&[][..], &[0], &[1], &[2], &[0, 3], &[1, 0, 0], &[1, 0, 0, 0, 3]] {
        refused(&good, json!({"e": b64::encode_url(e)}));
    }
}

#[test]
fn a_1024_bit_rsa_key_cannot_sign() {
    let pkcs8 = b64::decode_url(RSA_1024_PKCS8).unwrap();
    for alg in [Algorithm::RS256, Algorithm::PS256] {
        assert_eq!(SigningKey::from_pkcs8(alg, &pkcs8).err(), Some(JoseError::BadKey));
    }
}

#[test]
fn ec_points_off_the_curve_or_of_another_length_are_refused() {
    for alg in [Algorithm::ES256, Algorithm::ES384] {
        let good = bare_jwk(&SigningKey::generate(alg).unwrap());
        assert!(load(good.clone()).is_ok());
        let x = b64::decode_url(good["x"].as_str().unwrap()).unwrap();
        let mut off = x.clone();
        off[0] ^= 1;
        for wrong in [
            off,
            x[1..].to_vec(),
            [&[0], x.as_slice()].concat(),
            vec![0; x.len()],
            vec![0xFF; x.len()],
        ] {
            refused(&good, json!({"x": b64::encode_url(&wrong)}));
        }
        refused(&good, json!({"x": good["y"], "y": good["x"]}));
        refused(&good, json!({"y": null}));
        // The same point with the border moved would give the key a second thumbprint.
        let y = b64::decode_url(good["y"].as_str().unwrap()).unwrap();
        let (short, rest) = x.split_at(x.len() - 1);
        refused(
            &good,
            json!({"x": b64::encode_url(short), "y": b64::encode_url(&[rest, &y].concat())}),
        );
    }
}

#[test]
fn a_key_named_after_another_curve_is_refused() {
    let p256 = bare_jwk(&SigningKey::generate(Algorithm::ES256).unwrap());
    for crv in [
        "P-384",
        "P-521",
        "secp256k1",
        "p-256",
        "",
        "Ed25519",
        "P-256\",\"x\":\"",
    ] {
        refused(&p256, json!({"crv": crv}));
    }
    let okp = bare_jwk(&SigningKey::generate(Algorithm::Ed25519).unwrap());
    for crv in ["Ed448", "X25519", "P-256"] {
        refused(&okp, json!({"crv": crv}));
    }
}

#[test]
fn an_ed25519_key_has_32_bytes() {
    let good = bare_jwk(&SigningKey::generate(Algorithm::Ed25519).unwrap());
    for length in [0, 31, 33, 44, 64] {
        refused(&good, json!({"x": b64::encode_url(&vec![1; length])}));
    }
    // A DER public key, which the library would understand.
    let der = [
        &[0x30, 0x2A, 0x30, 5, 6, 3, 0x2B, 0x65, 0x70, 3, 0x21, 0][..],
        &[9; 32],
    ]
    .concat();
    refused(&good, json!({"x": b64::encode_url(&der)}));
}

#[test]
fn alg_use_and_key_ops_must_allow_our_signatures() {
    let rsa = bare_jwk(&RSA);
    for alg in ["ES256", "HS256", "none", "RSA-OAEP", "RS512", "rs256", ""] {
        refused(&rsa, json!({"alg": alg}));
    }
    refused(&rsa, json!({"use": "enc"}));
    refused(&rsa, json!({"key_ops": ["sign"]}));
    refused(&rsa, json!({"key_ops": []}));
    assert!(load(with(&rsa, json!({"use": "sig", "key_ops": ["sign", "verify"]}))).is_ok());
    let okp = bare_jwk(&SigningKey::generate(Algorithm::Ed25519).unwrap());
    for alg in ["EdDSA", "Ed25519"] {
        let key = load(with(&okp, json!({"alg": alg}))).unwrap();
        assert_eq!(key.algs().collect::<Vec<_>>(), [Algorithm::Ed25519]);
    }
    for alg in ["Ed448", "RS256", "ES256"] {
        refused(&okp, json!({"alg": alg}));
    }
}

#[test]
fn an_rsa_key_without_alg_knows_both_paddings_and_with_alg_one() {
    let bare = load(bare_jwk(&RSA)).unwrap();
    assert_eq!(
        bare.algs().collect::<Vec<_>>(),
        [Algorithm::RS256, Algorithm::PS256]
    );
    let narrow = RSA.verifying_key();
    assert_eq!(narrow.algs().collect::<Vec<_>>(), [Algorithm::RS256]);
    let pss = SigningKey::from_pkcs8(Algorithm::PS256, &RSA.to_pkcs8()).unwrap();
    let signature = pss.sign(b"message").unwrap();
    assert_eq!(bare.verify(Algorithm::PS256, b"message", &signature), Ok(()));
    assert_eq!(
        bare.verify(Algorithm::RS256, b"message", &signature),
        Err(JoseError::BadSignature)
    );
    let refused = narrow.verify(Algorithm::PS256, b"message", &signature);
    assert_eq!(
        refused,
        Err(JoseError::AlgorithmNotAllowed {
            received: "PS256".into()
        })
    );
}

#[test]
fn jwk_members_must_be_strict_base64url() {
    let good = bare_jwk(&SigningKey::generate(Algorithm::Ed25519).unwrap());
    let x = good["x"].as_str().unwrap();
    for wrong in [
        format!("{x}="),
        format!("{x}\n"),
        format!(" {x}"),
        x.replace(['-', '_'], "+") + "+/",
        String::new(),
    ] {
        refused(&good, json!({"x": wrong}));
    }
    for wrong in [json!(7), json!([x]), json!({})] {
        refused(&good, json!({"x": wrong}));
    }
}

#[test]
fn a_member_cannot_smuggle_json_into_the_thumbprint() {
    let smuggled = "AQAB\",\"kty\":\"RSA";
    for jwk in [
        json!({"kty": "RSA", "n": "AQAB", "e": smuggled}),
        json!({"kty": "RSA", "n": smuggled, "e": "AQAB"}),
        json!({"kty": "OKP", "crv": smuggled, "x": "AQAB"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AQAB", "y": smuggled}),
    ] {
        assert!(serde_json::from_value::<Jwk>(jwk.clone()).is_err(), "{jwk}");
    }
}

#[test]
fn a_jwk_is_an_object_with_each_member_once() {
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    for text in [
        format!(r#"["OKP",null,null,null,null,"Ed25519","{x}"]"#),
        format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"AAAA","x":"{x}"}}"#),
        format!(r#"{{"kty":"RSA","kty":"OKP","crv":"Ed25519","x":"{x}"}}"#),
        format!(r#"{{"crv":"Ed25519","x":"{x}"}}"#),
    ] {
        assert!(serde_json::from_str::<Jwk>(&text).is_err(), "{text}");
    }
}

#[test]
fn a_set_skips_what_it_does_not_understand() {
    let good = json!(SigningKey::generate(Algorithm::ES256).unwrap().public_jwk());
    let set = json!({"keys": [
        {"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}, {"kty": "RSA", "n": "AQAB"}, {"kty": 7}, {}, null, 5, ["EC"],
        {"kty": "OKP", "crv": "X25519", "x": "AAAA"}, good,
    ], "more": true});
    let read = JwkSet::from_json(&set.to_string()).unwrap();
    // X25519 is well-formed, and no key for signatures.
    assert_eq!(read.keys.len(), 2);
    assert_eq!(KeySet::from_jwks(&read).len(), 1);
}

#[test]
fn a_set_is_bounded_and_strict() {
    let many = |count| json!({"keys": vec![json!({"kty": "oct"}); count]}).to_string();
    assert!(JwkSet::from_json(&many(MAX_KEYS)).is_ok());
    assert_eq!(JwkSet::from_json(&many(MAX_KEYS + 1)), Err(JoseError::Malformed));
    let long = format!("{{\"keys\":[]{}}}", " ".repeat(300_000));
    assert_eq!(JwkSet::from_json(&long), Err(JoseError::TooLarge));
    for text in [
        "",
        "[]",
        "{}",
        "null",
        r#"{"keys":{}}"#,
        r#"{"keys":[],"keys":[]}"#,
        r#"{"keys":[]} x"#,
        "[[]]",
    ] {
        assert_eq!(JwkSet::from_json(text), Err(JoseError::Malformed), "{text}");
    }
}

#[test]
fn private_keys_survive_storage_and_fit_one_algorithm_only() {
    for alg in Algorithm::ALL {
        let key = match alg {
            Algorithm::RS256 | Algorithm::PS256 => SigningKey::from_pkcs8(alg, &RSA.to_pkcs8()),
            other => SigningKey::generate(other),
        }
        .unwrap();
        let again = SigningKey::from_pkcs8(alg, &key.to_pkcs8()).unwrap();
        assert_eq!(
            (again.alg(), again.kid(), again.public_jwk()),
            (alg, key.kid(), key.public_jwk())
        );
        assert_eq!(key.kid(), key.public_jwk().thumbprint());
        assert_eq!(key.kid(), key.verifying_key().kid());
        let rsa = |alg| matches!(alg, Algorithm::RS256 | Algorithm::PS256);
        for other in Algorithm::ALL {
            let fits = other == alg || (rsa(other) && rsa(alg));
            assert_eq!(
                SigningKey::from_pkcs8(other, &key.to_pkcs8()).is_ok(),
                fits,
                "{alg} as {other}"
            );
        }
    }
}

#[test]
fn broken_private_keys_are_refused() {
    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    let pkcs8 = key.to_pkcs8();
    for length in 0..pkcs8.len() {
        assert!(SigningKey::from_pkcs8(Algorithm::ES256, &pkcs8[..length]).is_err());
    }
    // The private number is replaced: it no longer fits the public point.
    let mut unfit = pkcs8.to_vec();
    unfit[40] ^= 1;
    assert!(SigningKey::from_pkcs8(Algorithm::ES256, &unfit).is_err());
    // The library overlooks what follows; it is not kept.
    let longer = [pkcs8.as_slice(), &[0]].concat();
    assert_eq!(
        SigningKey::from_pkcs8(Algorithm::ES256, &longer)
            .unwrap()
            .to_pkcs8(),
        pkcs8
    );
}

#[test]
fn debug_output_holds_no_secret() {
    let key = SigningKey::generate(Algorithm::Ed25519).unwrap();
    let shown = format!("{key:?}");
    assert_eq!(
        shown,
        format!("SigningKey {{ kid: {:?}, alg: Ed25519, .. }}", key.kid())
    );
    assert!(format!("{:?}", key.verifying_key()).contains(key.kid()));
}

#[test]
fn algorithm_names_are_exact_and_eddsa_is_understood() {
    for alg in Algorithm::ALL {
        assert_eq!(alg.to_string().parse(), Ok(alg));
        assert_eq!(serde_json::from_value::<Algorithm>(json!(alg)).unwrap(), alg);
    }
    assert_eq!(
        serde_json::from_str::<Algorithm>("\"EdDSA\"").unwrap(),
        Algorithm::Ed25519
    );
    assert_eq!(json!(Algorithm::Ed25519), json!("Ed25519"));
    for name in ["none", "HS256", "es256", "ES256 ", "", "ES256K", "RSA1_5"] {
        assert!(name.parse::<Algorithm>().is_err(), "{name}");
    }
    let long = "x".repeat(5000).parse::<Algorithm>();
    assert_eq!(
        long,
        Err(JoseError::AlgorithmNotAllowed {
            received: "x".repeat(32)
        })
    );
}
