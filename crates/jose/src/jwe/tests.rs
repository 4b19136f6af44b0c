//! Tests of encryption, and the keys they share.

mod keys;
mod properties;
mod refusals;
mod vectors;

use std::sync::LazyLock;

use aws_lc_rs::agreement::PrivateKey;
use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use serde_json::{Value, json};

use super::{ContentEncryption, Curve, DecryptingKey, Expect, KeyManagement, Unopened};
use crate::{JoseError, b64};

/// Made once: a new RSA key takes a while.
static RSA: LazyLock<DecryptingKey> =
    LazyLock::new(|| DecryptingKey::generate(KeyManagement::RsaOaep256).unwrap());

/// One key for each key management.
static KEYS: LazyLock<Vec<DecryptingKey>> = LazyLock::new(|| {
    let made = |alg| match alg {
        KeyManagement::RsaOaep256 => DecryptingKey::from_pkcs8(alg, &RSA.to_pkcs8()),
        other => DecryptingKey::generate(other),
    };
    KeyManagement::ALL
        .into_iter()
        .map(|alg| made(alg).unwrap())
        .collect()
});

/// Whatever this crate knows: what refuses then is not the caller's list.
const ANYTHING: Expect<'_> = Expect {
    algs: &KeyManagement::ALL,
    encs: &ContentEncryption::ALL,
};

fn ecdh() -> DecryptingKey {
    DecryptingKey::generate(KeyManagement::EcdhEs).unwrap()
}

/// The private key of this `d`, for any of the agreements.
fn with_d(curve: Curve, alg: KeyManagement, d: &str) -> DecryptingKey {
    let key = PrivateKey::from_private_key(curve.algorithm(), &b64::decode_url(d).unwrap()).unwrap();
    let pkcs8: Pkcs8V1Der<'_> = key.as_der().unwrap();
    DecryptingKey::from_pkcs8(alg, pkcs8.as_ref()).unwrap()
}

/// Parses and opens with `key`, whatever the `kid`.
fn open(token: &str, key: &DecryptingKey) -> Result<Vec<u8>, JoseError> {
    Ok(Unopened::parse(token)?.open(key)?.to_vec())
}

/// The five parts.
fn parts(token: &str) -> [String; 5] {
    token
        .split('.')
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .try_into()
        .unwrap()
}

fn header_of(token: &str) -> Value {
    serde_json::from_slice(&b64::decode_url(&parts(token)[0]).unwrap()).unwrap()
}

/// The token with its header changed; a member that becomes `null` is taken out.
fn with_header(token: &str, changes: Value) -> String {
    let mut header = header_of(token);
    let members = header.as_object_mut().unwrap();
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            members.remove(name);
        } else {
            members.insert(name.clone(), value.clone());
        }
    }
    with_part(token, 0, &b64::encode_url(json!(header).to_string().as_bytes()))
}

fn with_part(token: &str, part: usize, text: &str) -> String {
    let mut all = parts(token);
    all[part] = text.to_owned();
    all.join(".")
}
