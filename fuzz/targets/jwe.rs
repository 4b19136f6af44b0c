//! Encrypted tokens (RFC 7516): what is no token of ours does not open, and every refusal once a key is used is the
//! same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use valetkey_jose::jwe::{
    self, ContentEncryption, DecryptingKey, EncryptingKey, Expect, KeyManagement, Unopened,
};
use valetkey_jose::{JoseError, Jwk, JwkSet, b64};

const EXPECT: Expect<'_> = Expect {
    algs: &KeyManagement::ALL,
    encs: &ContentEncryption::ALL,
};

/// One key for each key management, with a token for each content encryption.
fn fixed() -> &'static Vec<(DecryptingKey, Vec<String>)> {
    static FIXED: OnceLock<Vec<(DecryptingKey, Vec<String>)>> = OnceLock::new();
    FIXED.get_or_init(|| {
        let made = |alg| {
            let key = DecryptingKey::generate(alg).expect("a key can be made");
            let to = key.encrypting_key();
            let token = |enc| to.encrypt(enc, None, b"secret").expect("it can be encrypted");
            let tokens = ContentEncryption::ALL.map(token).to_vec();
            (key, tokens)
        };
        KeyManagement::ALL.map(made).into()
    })
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        stranger(text);
        chosen(text);
    }
    let [kind, rest @ ..] = data else { return };
    let kind = usize::from(*kind);
    let (key, tokens) = &fixed()[kind % 4];
    bent(key, &tokens[kind / 4 % 4], rest);
    grown(key, rest);
});

/// Anything at all. Nobody has encrypted it to these keys.
fn stranger(text: &str) {
    let keys: Vec<_> = fixed().iter().map(|(key, _)| key).collect();
    assert!(jwe::decrypt(text, &keys, &EXPECT).is_err());
    let Ok(unopened) = Unopened::parse(text) else {
        return;
    };
    assert!(jwe::is_encrypted(text));
    for key in keys.iter().filter(|key| key.alg() == unopened.header().alg) {
        assert_eq!(unopened.open(key).err(), Some(JoseError::Decrypt));
    }
}

/// Any set of keys: one that is chosen can be encrypted to.
fn chosen(text: &str) {
    let Ok(set) = JwkSet::from_json(text) else { return };
    for alg in KeyManagement::ALL {
        let fits = |key: &Jwk| EncryptingKey::from_jwk(key, alg).is_ok();
        if let Ok(key) = EncryptingKey::select(&set, alg, None) {
            assert!(set.keys.iter().any(fits), "it is one of them");
            let token = key.encrypt(ContentEncryption::A256Gcm, None, b"secret");
            // A `kid` may be as long as the set.
            assert!(matches!(token, Ok(_) | Err(JoseError::TooLarge)), "{token:?}");
        }
    }
}

/// A genuine token with bytes of it exchanged.
fn bent(key: &DecryptingKey, genuine: &str, data: &[u8]) {
    let mut bent = genuine.as_bytes().to_vec();
    for change in data.chunks_exact(3).take(8) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % bent.len();
        bent[at] = change[2] & 0x7f;
    }
    let bent = String::from_utf8(bent).expect("it is ASCII");
    let opened = jwe::decrypt(&bent, &[key], &EXPECT).is_ok();
    assert_eq!(opened, bent == genuine, "{bent}");
}

/// A token of well-formed parts, cut from the data.
fn grown(key: &DecryptingKey, data: &[u8]) {
    let epk = serde_json::to_string(&key.public_jwk()).expect("a key can be written");
    let enc = ContentEncryption::ALL[data.len() % 4];
    let header = format!(r#"{{"alg":"{}","enc":"{enc}","epk":{epk}}}"#, key.alg());
    let mut token = b64::encode_url(header.as_bytes());
    for part in data
        .chunks(data.len().div_ceil(4).max(1))
        .chain([&[][..]; 4])
        .take(4)
    {
        token.push('.');
        token.push_str(&b64::encode_url(part));
    }
    assert_eq!(
        jwe::decrypt(&token, &[key], &EXPECT).err(),
        Some(JoseError::Decrypt),
        "{token}"
    );
}
