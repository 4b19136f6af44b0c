//! What holds for every input.

use std::sync::LazyLock;

use proptest::prelude::*;

use super::{ANYTHING, Claims, RSA};
use crate::jwt::{self, Unverified};
use crate::mac::MacKey;
use crate::seal::SealKey;
use crate::{Algorithm, Jwk, JwkSet, SigningKey, b64};

static KEYS: LazyLock<Vec<SigningKey>> = LazyLock::new(|| {
    let load = |alg| match alg {
        Algorithm::RS256 | Algorithm::PS256 => SigningKey::from_pkcs8(alg, &RSA.to_pkcs8()),
        other => SigningKey::generate(other),
    };
    Algorithm::ALL.into_iter().map(|alg| load(alg).unwrap()).collect()
});

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_signed_verifies_and_comes_back_the_same(key in 0..5_usize, sub in ".{0,200}", typ in ".{0,20}") {
        let key = &KEYS[key];
        let token = key.sign_jwt(&typ, &Claims { sub: sub.clone() }).unwrap();
        let verified = jwt::verify::<Claims>(&token, &key.verifying_key(), &ANYTHING).unwrap();
        prop_assert_eq!(verified.claims.sub, sub);
        prop_assert_eq!(verified.header.typ, Some(typ));
        prop_assert_eq!(verified.header.kid.as_deref(), Some(key.kid()));
    }

    #[test]
    fn a_signature_fits_its_message_only(key in 0..5_usize, message: Vec<u8>, other: Vec<u8>) {
        let key = &KEYS[key];
        let signature = key.sign(&message).unwrap();
        let public = key.verifying_key();
        prop_assert_eq!(public.verify(key.alg(), &message, &signature), Ok(()));
        prop_assert_eq!(public.verify(key.alg(), &other, &signature).is_ok(), message == other);
    }

    #[test]
    fn what_is_sealed_opens(aad: Vec<u8>, plaintext: Vec<u8>, key: [u8; 32]) {
        let key = SealKey::new(&key);
        let text = key.seal_to_text(&aad, &plaintext);
        let opened = key.open_from_text(&aad, &text).unwrap();
        prop_assert_eq!(opened.as_slice(), plaintext.as_slice());
    }

    #[test]
    fn equal_tags_mean_equal_parts(one: Vec<Vec<u8>>, other: Vec<Vec<u8>>, key: [u8; 32]) {
        let key = MacKey::new(&key);
        let slices = |parts: &[Vec<u8>]| key.tag(&parts.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert_eq!(slices(&one) == slices(&other), one == other);
    }

    #[test]
    fn base64url_has_one_spelling(bytes: Vec<u8>, text in "[A-Za-z0-9_-]{0,12}") {
        prop_assert_eq!(b64::decode_url(&b64::encode_url(&bytes)).unwrap(), bytes);
        if let Ok(decoded) = b64::decode_url(&text) {
            prop_assert_eq!(b64::encode_url(&decoded), text);
        }
    }

    #[test]
    fn nothing_a_stranger_sends_panics(
        token in "\\PC{0,80}",
        parts in prop::collection::vec(any::<Vec<u8>>(), 3),
        sealed: Vec<u8>,
    ) {
        prop_assert!(Unverified::parse(&token).is_err());
        let encoded: Vec<_> = parts.iter().map(|part| b64::encode_url(part)).collect();
        prop_assert!(jwt::verify::<Claims>(&encoded.join("."), &RSA.verifying_key(), &ANYTHING).is_err());
        prop_assert!(JwkSet::from_json(&token).is_err());
        prop_assert!(serde_json::from_str::<Jwk>(&token).is_err());
        prop_assert!(SealKey::new(&[1; 32]).open(b"", &sealed).is_err());
        for alg in Algorithm::ALL {
            prop_assert!(SigningKey::from_pkcs8(alg, &sealed).is_err());
            prop_assert!(KEYS[0].verifying_key().verify(alg, b"", &sealed).is_err());
        }
    }
}
