//! What must not open, and that nothing tells why.

use aws_lc_rs::rsa::{
    OAEP_SHA1_MGF1SHA1, OAEP_SHA256_MGF1SHA256, OaepPublicEncryptingKey, Pkcs1PublicEncryptingKey,
    PublicEncryptingKey, PublicKeyComponents,
};
use serde_json::{Value, json};

use super::{ANYTHING, KEYS, RSA, ecdh, header_of, open, parts, with_header, with_part};
use crate::jwe::compact::compact;
use crate::jwe::{
    self, ContentEncryption, Curve, DecryptingKey, Expect, KeyManagement, MAX_JWE_BYTES, Unopened,
};
use crate::{Algorithm, JoseError, SigningKey, b64, jwt};

const ALG: KeyManagement = KeyManagement::EcdhEs;
const ENC: ContentEncryption = ContentEncryption::A256Gcm;

fn not_allowed(name: &str) -> JoseError {
    JoseError::AlgorithmNotAllowed {
        received: name.into(),
    }
}

/// One token for each key management and content encryption, with its key.
fn every_kind() -> Vec<(&'static DecryptingKey, String)> {
    let kinds = KEYS
        .iter()
        .flat_map(|key| ContentEncryption::ALL.map(|enc| (key, enc)));
    kinds
        .map(|(key, enc)| (key, key.encrypting_key().encrypt(enc, None, b"secret").unwrap()))
        .collect()
}

/// An RSA key to forge with: the same one, for other paddings.
fn rsa_public() -> PublicEncryptingKey {
    let jwk = json!(RSA.public_jwk());
    let member = |name: &str| b64::decode_url(jwk[name].as_str().unwrap()).unwrap();
    PublicKeyComponents {
        n: member("n"),
        e: member("e"),
    }
    .try_into()
    .unwrap()
}

/// A token for the RSA key whose encrypted key is what `encrypt` made of the content key.
fn rsa_token(content_key: &[u8], encrypt: impl FnOnce(&[u8], &mut [u8]) -> usize) -> String {
    let mut encrypted = vec![0; 256];
    let length = encrypt(content_key, &mut encrypted);
    let header = json!({"alg": "RSA-OAEP-256", "enc": "A256GCM"});
    // Where it is not of the right length, the content is under no key at all.
    let key = if content_key.len() == 32 {
        content_key
    } else {
        &[7; 32]
    };
    compact(&header, ENC, (key, &encrypted[..length]), b"secret").unwrap()
}

#[test]
fn every_kind_opens_with_its_key_and_with_no_other() {
    for (key, token) in every_kind() {
        assert_eq!(open(&token, key).unwrap(), b"secret");
        let other = match key.alg() {
            KeyManagement::RsaOaep256 => DecryptingKey::generate(key.alg()).unwrap(),
            alg => DecryptingKey::generate(alg).unwrap(),
        };
        assert_eq!(open(&token, &other), Err(JoseError::Decrypt), "{}", key.alg());
    }
}

#[test]
fn any_part_bent_cut_emptied_or_grown_is_the_same_refusal() {
    for (key, token) in every_kind() {
        for part in 1..5 {
            let bytes = b64::decode_url(&parts(&token)[part]).unwrap();
            let mut wrong = vec![
                [bytes.as_slice(), &[0]].concat(),
                [bytes.as_slice(), &[0; 16]].concat(),
            ];
            if !bytes.is_empty() {
                let flip = |at: usize| {
                    let mut bent = bytes.clone();
                    bent[at] ^= 1;
                    bent
                };
                wrong.extend([flip(0), flip(bytes.len() - 1), flip(bytes.len() / 2), Vec::new()]);
                wrong.extend([1, 4, 8].map(|less| bytes[..bytes.len().saturating_sub(less)].to_vec()));
            }
            for bytes in wrong {
                let token = with_part(&token, part, &b64::encode_url(&bytes));
                assert_eq!(
                    open(&token, key),
                    Err(JoseError::Decrypt),
                    "{} part {part}",
                    key.alg()
                );
            }
        }
    }
}

#[test]
fn parts_that_change_places_do_not_open() {
    for (key, token) in every_kind() {
        let sent = parts(&token);
        for (one, other) in [(1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)] {
            let mut swapped = sent.clone();
            swapped.swap(one, other);
            assert_eq!(
                open(&swapped.join("."), key),
                Err(JoseError::Decrypt),
                "{one} and {other}"
            );
        }
    }
    // Nor do parts of two tokens for one key.
    let key = ecdh();
    let token = |text: &[u8]| parts(&key.encrypting_key().encrypt(ENC, None, text).unwrap());
    let (one, other) = (token(b"one"), token(b"two"));
    for part in 0..5 {
        let mut mixed = one.clone();
        mixed[part].clone_from(&other[part]);
        let same = mixed == one;
        assert_eq!(open(&mixed.join("."), &key).is_ok(), same, "part {part}");
    }
}

#[test]
fn bytes_moved_from_one_part_to_the_next_do_not_open() {
    for (key, token) in every_kind() {
        let sent: Vec<_> = parts(&token)
            .iter()
            .map(|part| b64::decode_url(part).unwrap())
            .collect();
        for (part, count) in [(2, 1), (2, 4), (3, 1), (3, 6), (1, 8)] {
            let mut moved = sent.clone();
            let keep = moved[part].len().saturating_sub(count);
            let tail = moved[part].split_off(keep);
            if tail.is_empty() {
                continue;
            }
            moved[part + 1].splice(..0, tail);
            let token: Vec<_> = moved.iter().map(|part| b64::encode_url(part)).collect();
            assert_eq!(
                open(&token.join("."), key),
                Err(JoseError::Decrypt),
                "{part} {count}"
            );
        }
    }
}

#[test]
fn the_header_is_protected_to_the_letter() {
    for (key, token) in every_kind() {
        for changes in [
            json!({"typ": "JWT"}),
            json!({"cty": "JWT"}),
            json!({"kid": "other"}),
            json!({"kid": null}),
            json!({"more": 1}),
        ] {
            assert_eq!(open(&with_header(&token, changes), key), Err(JoseError::Decrypt));
        }
        // The same members with a space more.
        let spaced = format!(" {}", header_of(&token));
        let spaced = with_part(&token, 0, &b64::encode_url(spaced.as_bytes()));
        assert_eq!(open(&spaced, key), Err(JoseError::Decrypt));
    }
}

#[test]
fn another_enc_or_alg_in_the_header_does_not_open() {
    for (key, token) in every_kind() {
        let sent = Unopened::parse(&token).unwrap().header().clone();
        for enc in ContentEncryption::ALL.into_iter().filter(|enc| *enc != sent.enc) {
            let token = with_header(&token, json!({"enc": enc}));
            assert_eq!(
                open(&token, key),
                Err(JoseError::Decrypt),
                "{} as {enc}",
                sent.enc
            );
        }
        for alg in KeyManagement::ALL.into_iter().filter(|alg| *alg != sent.alg) {
            let token = with_header(&token, json!({"alg": alg}));
            assert_eq!(
                open(&token, key),
                Err(not_allowed(alg.as_str())),
                "{} as {alg}",
                sent.alg
            );
        }
    }
}

#[test]
fn an_alg_or_enc_that_is_not_ours_is_refused_by_name() {
    let token = ecdh().encrypting_key().encrypt(ENC, None, b"secret").unwrap();
    for alg in [
        "RSA1_5",
        "RSA-OAEP",
        "RSA-OAEP-384",
        "dir",
        "A128KW",
        "A256KW",
        "A256GCMKW",
        "ECDH-ES+A192KW",
        "ECDH-1PU",
        "PBES2-HS256+A128KW",
        "none",
        "ES256",
        "ecdh-es",
        "ECDH-ES ",
        "",
    ] {
        let refused = Unopened::parse(&with_header(&token, json!({"alg": alg}))).unwrap_err();
        assert_eq!(refused, not_allowed(alg));
    }
    for enc in ["A192GCM", "A192CBC-HS384", "C20P", "a256gcm", "none", ""] {
        let refused = Unopened::parse(&with_header(&token, json!({"enc": enc}))).unwrap_err();
        assert_eq!(refused, not_allowed(enc));
    }
}

#[test]
fn bleichenbacher_there_is_no_code_that_takes_pkcs1_padding() {
    let public = Pkcs1PublicEncryptingKey::new(rsa_public()).unwrap();
    let token = rsa_token(&[7; 32], |key, out| public.encrypt(key, out).unwrap().len());
    assert_eq!(open(&token, &RSA), Err(JoseError::Decrypt));
    let named = with_header(&token, json!({"alg": "RSA1_5"}));
    assert_eq!(open(&named, &RSA), Err(not_allowed("RSA1_5")));
}

#[test]
fn oaep_with_another_hash_or_a_content_key_of_another_length_is_no_better_than_a_bad_tag() {
    let public = OaepPublicEncryptingKey::new(rsa_public()).unwrap();
    let sha1 = rsa_token(&[7; 32], |key, out| {
        public.encrypt(&OAEP_SHA1_MGF1SHA1, key, out, None).unwrap().len()
    });
    assert_eq!(open(&sha1, &RSA), Err(JoseError::Decrypt));
    let encrypt = |key: &[u8], out: &mut [u8]| {
        public
            .encrypt(&OAEP_SHA256_MGF1SHA256, key, out, None)
            .unwrap()
            .len()
    };
    assert_eq!(open(&rsa_token(&[7; 32], encrypt), &RSA).unwrap(), b"secret");
    for length in [0, 1, 16, 31, 33, 64] {
        assert_eq!(
            open(&rsa_token(&vec![7; length], encrypt), &RSA),
            Err(JoseError::Decrypt),
            "{length}"
        );
    }
}

#[test]
fn invalid_curve_attack_an_ephemeral_point_off_the_curve_does_not_open() {
    let key = ecdh();
    let token = key.encrypting_key().encrypt(ENC, None, b"secret").unwrap();
    let zero = b64::encode_url(&[0; 32]);
    let epk = header_of(&token)["epk"].clone();
    let with = |changes: Value| {
        let mut epk = epk.clone();
        for (name, value) in changes.as_object().unwrap() {
            epk[name] = value.clone();
        }
        open(&with_header(&token, json!({"epk": epk})), &key)
    };
    for changes in [
        json!({"x": zero}),
        json!({"y": zero}),
        json!({"x": zero, "y": zero}),
        json!({"x": epk["y"], "y": epk["x"]}),
        json!({"x": b64::encode_url(&[0xff; 32])}),
        json!({"x": "AA"}),
        json!({"x": b64::encode_url(&[1; 48]), "y": b64::encode_url(&[1; 48])}),
        json!({"crv": "P-384"}),
        json!({"crv": "P-521"}),
        json!({"crv": "secp256k1"}),
        json!({"crv": "X25519", "kty": "OKP"}),
        json!({"kty": "OKP"}),
    ] {
        assert_eq!(with(changes.clone()), Err(JoseError::Decrypt), "{changes}");
    }
    // A sound point of another curve than the key's.
    for curve in [Curve::P384, Curve::X25519] {
        let other = DecryptingKey::generate_on(curve, ALG).unwrap();
        let theirs = other.encrypting_key().encrypt(ENC, None, b"secret").unwrap();
        assert_eq!(open(&theirs, &key), Err(JoseError::Decrypt));
        assert_eq!(open(&token, &other), Err(JoseError::Decrypt));
    }
}

#[test]
fn small_subgroup_attack_an_x25519_point_of_small_order_does_not_open() {
    let key = DecryptingKey::generate_on(Curve::X25519, ALG).unwrap();
    let token = key.encrypting_key().encrypt(ENC, None, b"secret").unwrap();
    assert_eq!(open(&token, &key).unwrap(), b"secret");
    let mut one = [0; 32];
    one[0] = 1;
    for point in [[0; 32], one] {
        let epk = json!({"kty": "OKP", "crv": "X25519", "x": b64::encode_url(&point)});
        // The shared secret would be zero: the attacker knows the content key.
        assert_eq!(
            open(&with_header(&token, json!({"epk": epk})), &key),
            Err(JoseError::Decrypt)
        );
    }
}

#[test]
fn a_direct_agreement_has_no_encrypted_key_and_every_agreement_an_ephemeral_key() {
    for key in KEYS.iter().filter(|key| key.alg() != KeyManagement::RsaOaep256) {
        let token = key.encrypting_key().encrypt(ENC, None, b"secret").unwrap();
        assert_eq!(parts(&token)[1].is_empty(), key.alg() == ALG);
        assert_eq!(
            open(&with_header(&token, json!({"epk": null})), key),
            Err(JoseError::Decrypt)
        );
        for party in ["apu", "apv"] {
            assert_eq!(
                open(&with_header(&token, json!({party: "QWxpY2U"})), key),
                Err(JoseError::Decrypt)
            );
        }
    }
}

#[test]
fn compression_and_critical_extensions_are_refused_before_any_key_is_touched() {
    let token = ecdh().encrypting_key().encrypt(ENC, None, b"secret").unwrap();
    let refused = |changes| Unopened::parse(&with_header(&token, changes)).unwrap_err();
    for zip in [json!("DEF"), json!(""), json!(1)] {
        assert_eq!(refused(json!({"zip": zip})), JoseError::Zip);
    }
    for crit in [json!(["exp"]), json!([]), json!("b64"), json!(["zip"])] {
        assert_eq!(refused(json!({"crit": crit, "zip": "DEF"})), JoseError::Crit);
    }
}

#[test]
fn what_is_not_five_strict_parts_with_a_strict_header_is_malformed() {
    let token = ecdh().encrypting_key().encrypt(ENC, None, b"secret").unwrap();
    let sent = parts(&token);
    let mut wrong = vec![
        String::new(),
        "....".into(),
        "a.b.c".into(),
        sent[..4].join("."),
        format!("{token}."),
        format!("{token}.AA"),
        format!(".{token}"),
        format!("{token}\n"),
    ];
    for (part, text) in sent.iter().enumerate().skip(2) {
        wrong.push(with_part(&token, part, &format!("{text}=")));
        wrong.push(with_part(&token, part, "+/+/"));
    }
    for header in [
        "",
        "{}",
        "[]",
        "null",
        r#"{"alg":"ECDH-ES"}"#,
        r#"{"enc":"A256GCM"}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM","enc":"A256GCM"}"#,
        r#"{"alg":["ECDH-ES"],"enc":"A256GCM"}"#,
        r#"{"alg":"ECDH-ES","enc":null}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM","kid":null}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM","cty":7}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM","epk":null}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM","epk":{"kty":"oct","k":"AA"}}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM","epk":{"kty":"EC","crv":"P-256","x":"","y":""}}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM","apu":"="}"#,
        r#"{"alg":"ECDH-ES","enc":"A256GCM"} x"#,
    ] {
        wrong.push(with_part(&token, 0, &b64::encode_url(header.as_bytes())));
    }
    for token in wrong {
        assert_eq!(
            Unopened::parse(&token).err(),
            Some(JoseError::Malformed),
            "{token}"
        );
    }
}

#[test]
fn nothing_is_read_or_written_beyond_the_limit() {
    let key = ecdh();
    let huge = vec![0; MAX_JWE_BYTES];
    assert_eq!(
        key.encrypting_key().encrypt(ENC, None, &huge),
        Err(JoseError::TooLarge)
    );
    let token = key.encrypting_key().encrypt(ENC, None, &huge[..20_000]).unwrap();
    assert_eq!(open(&token, &key).unwrap().len(), 20_000);
    let padded = format!("{token}{}", "A".repeat(MAX_JWE_BYTES));
    assert_eq!(Unopened::parse(&padded).err(), Some(JoseError::TooLarge));
    // The longest signed token fits.
    let longest = "a".repeat(jwt::MAX_TOKEN_BYTES);
    for key in KEYS.iter() {
        let token = key
            .encrypting_key()
            .encrypt_jwt(ContentEncryption::A256CbcHs512, &longest)
            .unwrap();
        assert_eq!(open(&token, key).unwrap(), longest.as_bytes());
    }
}

#[test]
fn the_caller_says_what_it_takes_and_the_kid_which_key() {
    let (key, other) = (ecdh(), ecdh());
    let keys = [&other, &key, &RSA];
    let token = key.encrypting_key().encrypt(ENC, None, b"secret").unwrap();
    let opened = jwe::decrypt(&token, &keys, &ANYTHING).unwrap();
    assert_eq!(opened.plaintext.as_slice(), b"secret");
    assert_eq!(opened.header.kid.as_deref(), Some(key.kid()));
    let refused = |algs, encs, keys: &[&DecryptingKey], token: &str| {
        jwe::decrypt(token, keys, &Expect { algs, encs }).unwrap_err()
    };
    let (algs, encs) = (ANYTHING.algs, ANYTHING.encs);
    let rsa = [KeyManagement::RsaOaep256];
    assert_eq!(refused(&rsa, encs, &keys, &token), not_allowed("ECDH-ES"));
    let cbc = [ContentEncryption::A128CbcHs256];
    assert_eq!(refused(algs, &cbc, &keys, &token), not_allowed("A256GCM"));
    assert_eq!(
        refused(algs, encs, &[&other, &RSA], &token),
        JoseError::UnknownKey
    );
    assert_eq!(refused(algs, encs, &[], &token), JoseError::UnknownKey);
    // The name of a key that is not for this.
    let named = with_header(&token, json!({"kid": RSA.kid()}));
    assert_eq!(refused(algs, encs, &keys, &named), not_allowed("ECDH-ES"));
    let named = with_header(&token, json!({"kid": other.kid()}));
    assert_eq!(refused(algs, encs, &keys, &named), JoseError::Decrypt);
    // Without a name, two keys that would fit are not tried in turn.
    let unnamed = with_header(&token, json!({"kid": null}));
    assert_eq!(refused(algs, encs, &keys, &unnamed), JoseError::UnknownKey);
    assert_eq!(refused(algs, encs, &[&RSA], &unnamed), not_allowed("ECDH-ES"));
}

#[test]
fn a_nested_jwt_is_signed_inside_and_says_so() {
    let signer = SigningKey::generate(Algorithm::ES384).unwrap();
    let signed = signer.sign_jwt("JWT", &json!({"sub": "alice"})).unwrap();
    let inside = jwt::Expect {
        algs: &[Algorithm::ES384],
        typ: Some("JWT"),
    };
    let verifying = signer.verifying_key();
    for key in KEYS.iter() {
        let read = |token: &str| {
            assert!(jwe::is_encrypted(token));
            jwe::decrypt_jwt::<Value>(token, (&[key], &ANYTHING), (&verifying, &inside))
        };
        let to = key.encrypting_key();
        for enc in ContentEncryption::ALL {
            let verified = read(&to.encrypt_jwt(enc, &signed).unwrap()).unwrap();
            assert_eq!(verified.claims, json!({"sub": "alice"}));
            assert_eq!(verified.header.alg, "ES384");
        }
        for cty in ["jwt", "application/jwt"] {
            assert!(
                read(&to.encrypt(ENC, Some(cty), signed.as_bytes()).unwrap()).is_ok(),
                "{cty}"
            );
        }
        for cty in [None, Some("json"), Some("JWE"), Some("")] {
            let refused = read(&to.encrypt(ENC, cty, signed.as_bytes()).unwrap());
            assert_eq!(refused.unwrap_err(), JoseError::Type, "{cty:?}");
        }
        // Anybody can encrypt to a published key: what is not signed inside says nothing.
        for (content, error) in [
            (&br#"{"sub":"alice"}"#[..], JoseError::Malformed),
            (b"\xff\xfe", JoseError::Malformed),
            (b"eyJhbGciOiJub25lIn0.e30.", not_allowed("none")),
        ] {
            assert_eq!(
                read(&to.encrypt(ENC, Some("JWT"), content).unwrap()).unwrap_err(),
                error
            );
        }
        let forged = SigningKey::generate(Algorithm::ES384).unwrap();
        let forged = forged.sign_jwt("JWT", &json!({"sub": "alice"})).unwrap();
        assert_eq!(
            read(&to.encrypt_jwt(ENC, &forged).unwrap()).unwrap_err(),
            JoseError::UnknownKey
        );
    }
    assert!(!jwe::is_encrypted(&signed));
    let refused = jwe::decrypt_jwt::<Value>(&signed, (&[&RSA], &ANYTHING), (&verifying, &inside));
    assert_eq!(refused.unwrap_err(), JoseError::Malformed);
}
