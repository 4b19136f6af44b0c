//! What holds for every input.

use proptest::prelude::*;

use super::{ANYTHING, KEYS, open, parts};
use crate::jwe::{self, ContentEncryption, Unopened};
use crate::{JoseError, b64};

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encrypted_opens_and_comes_back_the_same(
        key in 0..4_usize, enc in 0..4_usize, cty in ".{0,20}", plaintext: Vec<u8>,
    ) {
        let (key, enc) = (&KEYS[key], ContentEncryption::ALL[enc]);
        let token = key.encrypting_key().encrypt(enc, Some(&cty), &plaintext).unwrap();
        let opened = jwe::decrypt(&token, &[key], &ANYTHING).unwrap();
        prop_assert_eq!(opened.plaintext.as_slice(), plaintext.as_slice());
        prop_assert_eq!((opened.header.alg, opened.header.enc), (key.alg(), enc));
        prop_assert_eq!(opened.header.cty, Some(cty));
        prop_assert_eq!(opened.header.kid.as_deref(), Some(key.kid()));
    }

    #[test]
    fn one_bit_anywhere_and_it_does_not_open(
        key in 0..4_usize, enc in 0..4_usize, part in 0..5_usize, bit: prop::sample::Index, plaintext: Vec<u8>,
    ) {
        let key = &KEYS[key];
        let token = key.encrypting_key().encrypt(ContentEncryption::ALL[enc], None, &plaintext).unwrap();
        let mut sent = parts(&token);
        let mut bytes = b64::decode_url(&sent[part]).unwrap();
        prop_assume!(!bytes.is_empty());
        let at = bit.index(bytes.len() * 8);
        bytes[at / 8] ^= 1 << (at % 8);
        sent[part] = b64::encode_url(&bytes);
        let refused = open(&sent.join("."), key).unwrap_err();
        // A bent header may say anything; beyond it there is one refusal.
        prop_assert!(part == 0 || refused == JoseError::Decrypt, "{:?}", refused);
    }

    #[test]
    fn nothing_a_stranger_sends_panics(
        text in "\\PC{0,80}", parts in prop::collection::vec(any::<Vec<u8>>(), 4), key in 0..4_usize, enc in 0..4_usize,
    ) {
        prop_assert!(Unopened::parse(&text).is_err());
        let key = &KEYS[key];
        let header = serde_json::json!({"alg": key.alg(), "enc": ContentEncryption::ALL[enc], "epk": key.public_jwk()});
        let mut token = b64::encode_url(header.to_string().as_bytes());
        for part in &parts {
            token.push('.');
            token.push_str(&b64::encode_url(part));
        }
        prop_assert_eq!(open(&token, key), Err(JoseError::Decrypt));
    }
}
