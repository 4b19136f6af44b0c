//! Keys: made, stored, loaded, refused, and chosen from a set.

use serde_json::{Value, json};

use super::{KEYS, RSA, ecdh, header_of, open};
use crate::jwe::{self, ContentEncryption, Curve, DecryptingKey, EncryptingKey, KeyManagement};
use crate::{Algorithm, JoseError, Jwk, JwkSet, KeySet, SigningKey, b64};

const ENC: ContentEncryption = ContentEncryption::A128CbcHs256;

/// The JWK of `key` without what narrows it.
fn bare(key: &DecryptingKey) -> Value {
    let mut jwk = json!(key.public_jwk());
    for member in ["alg", "use", "kid"] {
        jwk.as_object_mut().unwrap().remove(member);
    }
    jwk
}

fn with(jwk: &Value, changes: Value) -> Value {
    let mut jwk = jwk.clone();
    for (name, value) in changes.as_object().unwrap() {
        jwk[name] = value.clone();
    }
    jwk
}

fn load(jwk: Value, alg: KeyManagement) -> Result<EncryptingKey, JoseError> {
    EncryptingKey::from_jwk(&serde_json::from_value::<Jwk>(jwk).unwrap(), alg)
}

fn set(keys: &[Value]) -> JwkSet {
    JwkSet::from_json(&json!({"keys": keys}).to_string()).unwrap()
}

#[test]
fn private_keys_survive_storage() {
    let stored = |key: &DecryptingKey| {
        let again = DecryptingKey::from_pkcs8(key.alg(), &key.to_pkcs8()).unwrap();
        assert_eq!(again.public_jwk(), key.public_jwk());
        assert_eq!(again.kid(), key.public_jwk().thumbprint());
        assert_eq!(again.to_pkcs8(), key.to_pkcs8());
        let token = key.encrypting_key().encrypt(ENC, None, b"secret").unwrap();
        assert_eq!(open(&token, &again).unwrap(), b"secret");
    };
    KEYS.iter().for_each(stored);
    for curve in Curve::ALL {
        let key = DecryptingKey::generate_on(curve, KeyManagement::EcdhEsA256Kw).unwrap();
        assert_eq!(json!(key.public_jwk())["crv"], curve.as_str());
        stored(&key);
    }
    let on_a_curve = DecryptingKey::generate_on(Curve::P256, KeyManagement::RsaOaep256);
    assert_eq!(on_a_curve.err(), Some(JoseError::BadKey));
}

#[test]
fn what_was_opened_is_not_shown_in_debug_output() {
    let key = ecdh();
    let token = key.encrypting_key().encrypt(ENC, None, b"secret").unwrap();
    let opened = jwe::decrypt(&token, &[&key], &super::ANYTHING).unwrap();
    let shown = format!("{opened:?}");
    assert!(
        shown.contains(key.kid()) && !shown.contains("plaintext"),
        "{shown}"
    );
    assert_eq!(opened.plaintext.as_slice(), b"secret");
}

#[test]
fn a_published_key_says_what_it_is_for_and_holds_nothing_private() {
    let key = ecdh();
    let jwk = json!(key.public_jwk());
    assert_eq!((&jwk["use"], &jwk["alg"]), (&json!("enc"), &json!("ECDH-ES")));
    assert_eq!(jwk["kid"], key.kid());
    assert!(jwk.get("d").is_none());
    assert_eq!(
        format!("{key:?}"),
        format!("DecryptingKey {{ kid: {:?}, alg: EcdhEs, .. }}", key.kid())
    );
    let shown = format!("{:?}", key.encrypting_key());
    assert_eq!(
        shown,
        format!("EncryptingKey {{ kid: Some({:?}), alg: EcdhEs }}", key.kid())
    );
}

#[test]
fn broken_and_unfit_private_keys_are_refused() {
    let agreements = &KeyManagement::ALL[1..];
    for curve in Curve::ALL {
        let key = DecryptingKey::generate_on(curve, KeyManagement::EcdhEs).unwrap();
        let pkcs8 = key.to_pkcs8();
        for length in 0..pkcs8.len() {
            assert!(
                DecryptingKey::from_pkcs8(KeyManagement::EcdhEs, &pkcs8[..length]).is_err(),
                "{length}"
            );
        }
        assert!(DecryptingKey::from_pkcs8(KeyManagement::RsaOaep256, &pkcs8).is_err());
        assert!(
            agreements
                .iter()
                .all(|alg| DecryptingKey::from_pkcs8(*alg, &pkcs8).is_ok())
        );
    }
    assert!(
        agreements
            .iter()
            .all(|alg| DecryptingKey::from_pkcs8(*alg, &RSA.to_pkcs8()).is_err())
    );
    // The private number is replaced: it no longer fits the public point.
    let mut unfit = ecdh().to_pkcs8().to_vec();
    unfit[40] ^= 1;
    assert!(DecryptingKey::from_pkcs8(KeyManagement::EcdhEs, &unfit).is_err());
    let signing = SigningKey::generate(Algorithm::Ed25519).unwrap();
    assert!(DecryptingKey::from_pkcs8(KeyManagement::EcdhEs, &signing.to_pkcs8()).is_err());
}

#[test]
fn a_key_for_another_use_alg_or_operation_is_not_encrypted_to() {
    for key in KEYS.iter() {
        let (jwk, alg) = (bare(key), key.alg());
        let fitting = if alg == KeyManagement::RsaOaep256 {
            "wrapKey"
        } else {
            "deriveKey"
        };
        for changes in [
            json!({}),
            json!({"use": "enc"}),
            json!({"alg": alg}),
            json!({"key_ops": [fitting]}),
            json!({"use": "enc", "key_ops": [fitting, "more"], "alg": alg}),
        ] {
            assert!(load(with(&jwk, changes.clone()), alg).is_ok(), "{alg} {changes}");
        }
        for changes in [
            json!({"use": "sig"}),
            json!({"use": "ENC"}),
            json!({"use": ""}),
            json!({"alg": "RS256"}),
            json!({"alg": "RSA1_5"}),
            json!({"alg": "RSA-OAEP"}),
            json!({"alg": "dir"}),
            json!({"key_ops": ["verify"]}),
            json!({"key_ops": ["sign", "decrypt"]}),
            json!({"use": "enc", "key_ops": ["verify"]}),
        ] {
            let refused = load(with(&jwk, changes.clone()), alg);
            assert_eq!(refused.err(), Some(JoseError::BadKey), "{alg} {changes}");
        }
        for other in KeyManagement::ALL.into_iter().filter(|other| *other != alg) {
            assert!(
                load(with(&jwk, json!({"alg": alg})), other).is_err(),
                "{alg} as {other}"
            );
        }
    }
    let (rsa, ec) = (bare(&RSA), bare(&ecdh()));
    assert!(load(rsa.clone(), KeyManagement::EcdhEs).is_err());
    assert!(load(ec.clone(), KeyManagement::RsaOaep256).is_err());
    // Web Crypto gives the public key of an agreement no operations; an RSA key without any is good for nothing.
    assert!(load(with(&ec, json!({"key_ops": []})), KeyManagement::EcdhEs).is_ok());
    assert!(load(with(&rsa, json!({"key_ops": []})), KeyManagement::RsaOaep256).is_err());
}

#[test]
fn weak_rsa_keys_are_not_encrypted_to() {
    let jwk = bare(&RSA);
    let n = b64::decode_url(jwk["n"].as_str().unwrap()).unwrap();
    let number = |bytes: &[u8]| json!(b64::encode_url(bytes));
    let mut even = n.clone();
    *even.last_mut().unwrap() &= 0xfe;
    let mut odd_1024 = n[..128].to_vec();
    *odd_1024.last_mut().unwrap() |= 1;
    let mut bits_2047 = n.clone();
    bits_2047[0] = 0x7f;
    let bits_8200 = [&[0x80; 1024][..], &[1]].concat();
    for changes in [
        json!({"n": number(&odd_1024)}),
        json!({"n": number(&bits_2047)}),
        json!({"n": number(&bits_8200)}),
        json!({"n": number(&even)}),
        json!({"n": number(&[&[0], n.as_slice()].concat())}),
        json!({"e": "AQ"}),
        json!({"e": "Ag"}),
        json!({"e": "AAEAAQ"}),
        json!({"e": number(&n)}),
    ] {
        let refused = load(with(&jwk, changes.clone()), KeyManagement::RsaOaep256);
        assert_eq!(refused.err(), Some(JoseError::BadKey), "{changes}");
    }
}

#[test]
fn points_off_their_curve_are_not_encrypted_to() {
    for curve in Curve::ALL {
        let key = DecryptingKey::generate_on(curve, KeyManagement::EcdhEs).unwrap();
        let jwk = bare(&key);
        let length = b64::decode_url(jwk["x"].as_str().unwrap()).unwrap().len();
        let number = |byte: u8, length: usize| json!(b64::encode_url(&vec![byte; length]));
        let mut wrong = vec![
            json!({"x": number(0, length)}),
            json!({"x": number(5, length - 1)}),
            json!({"x": number(5, length + 1)}),
            json!({"crv": "P-521"}),
            json!({"crv": "Ed25519"}),
            json!({"crv": "p-256"}),
        ];
        if curve != Curve::X25519 {
            wrong.extend([
                json!({"y": number(0, length)}),
                json!({"y": jwk["x"]}),
                json!({"x": number(0xff, length)}),
            ]);
        }
        for changes in wrong {
            let refused = load(with(&jwk, changes.clone()), KeyManagement::EcdhEs);
            assert_eq!(refused.err(), Some(JoseError::BadKey), "{curve:?} {changes}");
        }
    }
    // The same bytes, cut elsewhere: one key must not have two spellings.
    let jwk = bare(&ecdh());
    let [x, y] = ["x", "y"].map(|name| b64::decode_url(jwk[name].as_str().unwrap()).unwrap());
    let (first, rest) = y.split_first().unwrap();
    let x = b64::encode_url(&[x.as_slice(), &[*first]].concat());
    let cut = with(&jwk, json!({"x": x, "y": b64::encode_url(rest)}));
    assert_eq!(load(cut, KeyManagement::EcdhEs).err(), Some(JoseError::BadKey));
    // A curve of one kind of key under the other kind.
    let x = b64::encode_url(&[9; 32]);
    for jwk in [
        json!({"kty": "EC", "crv": "X25519", "x": x, "y": x}),
        json!({"kty": "OKP", "crv": "P-256", "x": x}),
    ] {
        assert_eq!(load(jwk, KeyManagement::EcdhEs).err(), Some(JoseError::BadKey));
    }
}

#[test]
fn a_mixed_set_gives_each_side_its_keys_and_ignores_what_it_does_not_know() {
    let (signing, enc) = (SigningKey::generate(Algorithm::ES256).unwrap(), ecdh());
    let set = set(&[
        json!({"kty": "AKP", "alg": "ML-DSA-44", "pub": "AAAA"}),
        json!({"kty": "oct", "k": "AAAA", "use": "enc"}),
        json!({"kty": "EC", "crv": "secp256k1", "x": "AAAA", "y": "AAAA", "use": "enc"}),
        json!(signing.public_jwk()),
        json!({"kty": "OKP", "crv": "X448", "x": "AAAA", "use": "enc", "alg": "ECDH-ES"}),
        json!({"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA", "use": "enc", "alg": "ECDH-ES"}),
        json!(RSA.public_jwk()),
        json!(enc.public_jwk()),
        json!(null),
        json!({"use": "enc"}),
    ]);
    let chosen = |alg| EncryptingKey::select(&set, alg, None).map(|key| key.kid().map(str::to_owned));
    assert_eq!(chosen(KeyManagement::EcdhEs), Ok(Some(enc.kid().to_owned())));
    assert_eq!(chosen(KeyManagement::RsaOaep256), Ok(Some(RSA.kid().to_owned())));
    // The only key on a curve that is for encryption says it is for another alg.
    assert_eq!(chosen(KeyManagement::EcdhEsA256Kw), Err(JoseError::UnknownKey));
    let signers = KeySet::from_jwks(&set);
    assert_eq!(
        signers.iter().map(|key| key.kid()).collect::<Vec<_>>(),
        [signing.kid()]
    );
}

#[test]
fn the_key_that_says_most_is_chosen_and_a_named_one_before_all() {
    let alg = KeyManagement::EcdhEs;
    let keys = [ecdh(), ecdh(), ecdh(), ecdh()];
    let named =
        |key: &DecryptingKey, changes: Value| with(&with(&bare(key), json!({"kid": key.kid()})), changes);
    let all = [
        named(&keys[0], json!({})),
        named(&keys[1], json!({"use": "enc"})),
        named(&keys[2], json!({"use": "enc", "alg": alg})),
        named(&keys[3], json!({"use": "enc", "alg": alg})),
    ];
    let chosen = |set: &JwkSet, kid: Option<&str>| {
        EncryptingKey::select(set, alg, kid).map(|key| key.kid().map(str::to_owned))
    };
    let of = |key: &DecryptingKey| Ok(Some(key.kid().to_owned()));
    assert_eq!(chosen(&set(&all), None), of(&keys[2]));
    assert_eq!(chosen(&set(&all[..2]), None), of(&keys[1]));
    assert_eq!(chosen(&set(&all[..1]), None), of(&keys[0]));
    for key in &keys {
        assert_eq!(chosen(&set(&all), Some(key.kid())), of(key));
    }
    assert_eq!(chosen(&set(&all), Some("other")), Err(JoseError::UnknownKey));
    assert_eq!(chosen(&set(&[]), None), Err(JoseError::UnknownKey));
}

#[test]
fn the_header_names_the_key_as_its_owner_does_or_not_at_all() {
    let key = ecdh();
    let named = with(&bare(&key), json!({"kid": "my key"}));
    let header = |jwk| {
        let to = load(jwk, KeyManagement::EcdhEs).unwrap();
        header_of(&to.encrypt(ENC, None, b"secret").unwrap())
    };
    assert_eq!(header(named)["kid"], "my key");
    let header = header(bare(&key));
    let members: Vec<_> = header.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, ["alg", "enc", "epk"]);
    let epk: Vec<_> = header["epk"]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(epk, ["crv", "kty", "x", "y"]);
}

#[test]
fn names_are_exact_and_the_default_is_that_of_registration() {
    for alg in KeyManagement::ALL {
        assert_eq!(alg.to_string().parse(), Ok(alg));
        assert_eq!(serde_json::from_value::<KeyManagement>(json!(alg)).unwrap(), alg);
    }
    for enc in ContentEncryption::ALL {
        assert_eq!(enc.to_string().parse(), Ok(enc));
        assert_eq!(
            serde_json::from_value::<ContentEncryption>(json!(enc)).unwrap(),
            enc
        );
    }
    assert_eq!(ContentEncryption::default().as_str(), "A128CBC-HS256");
    assert!(serde_json::from_str::<KeyManagement>("\"RSA1_5\"").is_err());
    assert!("ecdh-es".parse::<KeyManagement>().is_err());
}

#[test]
fn no_two_tokens_share_a_key_an_ephemeral_key_or_an_initialization_vector() {
    for key in KEYS.iter() {
        for enc in ContentEncryption::ALL {
            let to = key.encrypting_key();
            let [one, other] = [(); 2].map(|()| to.encrypt(enc, None, b"secret").unwrap());
            let (one, other) = (super::parts(&one), super::parts(&other));
            // RSA has the same header each time, a direct agreement no encrypted key.
            let same: Vec<_> = (0..5).filter(|part| one[*part] == other[*part]).collect();
            match key.alg() {
                KeyManagement::RsaOaep256 => assert_eq!(same, [0]),
                KeyManagement::EcdhEs => assert_eq!(same, [1]),
                _ => assert!(same.is_empty()),
            }
        }
    }
}
