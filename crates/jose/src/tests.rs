//! Tests of the crate through its public face, and the keys they share.

mod encoding;
mod hs256;
mod keys;
mod oauth1;
mod properties;
mod sealed;
mod tokens;
mod vectors;

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{Algorithm, SigningKey, b64, jwt};

/// Made once: a new RSA key takes a while.
static RSA: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::generate(Algorithm::RS256).unwrap());

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Claims {
    sub: String,
}

fn es256() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

fn alice() -> Claims {
    Claims { sub: "alice".into() }
}

/// Any algorithm of ours, any type: what refuses then is not the caller's list.
const ANYTHING: jwt::Expect<'_> = jwt::Expect {
    algs: &Algorithm::ALL,
    typ: None,
};

/// A token with this exact header and payload, signed by `key` whatever they say.
fn forge(key: &SigningKey, header: &str, payload: &str) -> String {
    let input = format!(
        "{}.{}",
        b64::encode_url(header.as_bytes()),
        b64::encode_url(payload.as_bytes())
    );
    let signature = b64::encode_url(&key.sign(input.as_bytes()).unwrap());
    format!("{input}.{signature}")
}

/// The JWK of `key` without what narrows it: `alg`, `use`, `kid`.
fn bare_jwk(key: &SigningKey) -> Value {
    let mut jwk = json!(key.public_jwk());
    for member in ["alg", "use", "kid"] {
        jwk.as_object_mut().unwrap().remove(member);
    }
    jwk
}
