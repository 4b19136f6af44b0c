//! Public keys in COSE (RFC 9052 §7, RFC 9053 §7, RFC 8230 §4, RFC 8812 §2), as authenticators write them (§6.5.1.1):
//! exactly the parameters of their kind, each once, in CBOR (RFC 8949) of definite length.

use minicbor::Decoder;
use minicbor::data::Type;
use serde_json::{Value, json};
use valetkey_jose::{Algorithm, Jwk, VerifyingKey, b64};

/// RSA with 8192 bits, the most that is read, takes some 1,040.
const MAX_KEY_BYTES: usize = 1200;
/// `kty`, `alg`, `crv`, x and y: no kind that is read has more.
const MAX_PARAMETERS: u64 = 5;

const KTY: i64 = 1;
const ALG: i64 = 3;
const OKP: i64 = 1;
const EC2: i64 = 2;
const RSA: i64 = 3;
const ED25519: i64 = 6;
const P256: i64 = 1;

/// A public key that checks a passkey's signatures.
#[derive(Debug, Clone)]
pub(super) struct PublicKey {
    alg: Algorithm,
    key: VerifyingKey,
}

/// One parameter's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Item<'a> {
    Number(i64),
    Bytes(&'a [u8]),
}

impl PublicKey {
    /// Reads a key: of an algorithm that was offered, sound, and nothing after it. `None` for any other.
    pub(super) fn from_cose(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > MAX_KEY_BYTES || length(bytes)? != bytes.len() {
            return None;
        }
        let mut items = parameters(bytes)?;
        items.sort_unstable_by_key(|(label, _)| std::cmp::Reverse(*label));
        let number = |item: &Item<'_>| match item {
            Item::Number(number) => Some(*number),
            Item::Bytes(_) => None,
        };
        // By label, downwards: alg (3), kty (1), then the kind's own (-1 and on).
        let [(ALG, alg), (KTY, kty), own @ ..] = items.as_slice() else {
            return None;
        };
        let (alg, jwk) = match (number(kty)?, number(alg)?, own) {
            (OKP, -8, [(-1, Item::Number(ED25519)), (-2, Item::Bytes(x))]) => (
                Algorithm::Ed25519,
                json!({"kty": "OKP", "crv": "Ed25519", "x": text(x)}),
            ),
            (
                EC2,
                -7,
                [
                    (-1, Item::Number(P256)),
                    (-2, Item::Bytes(x)),
                    (-3, Item::Bytes(y)),
                ],
            ) => (
                Algorithm::ES256,
                json!({"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y)}),
            ),
            (RSA, -257, [(-1, Item::Bytes(n)), (-2, Item::Bytes(e))]) => (
                Algorithm::RS256,
                json!({"kty": "RSA", "alg": "RS256", "n": text(n), "e": text(e)}),
            ),
            _ => return None,
        };
        Self::sound(alg, jwk)
    }

    fn sound(alg: Algorithm, jwk: Value) -> Option<Self> {
        let jwk: Jwk = serde_json::from_value(jwk).ok()?;
        let key = VerifyingKey::from_jwk(&jwk).ok()?;
        Some(Self { alg, key })
    }

    /// Whether `signature`, in the form that §6.5.5 gives each algorithm, is this key's for `message`.
    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.alg {
            Algorithm::ES256 => self.key.verify_es256_asn1(message, signature),
            alg => self.key.verify(alg, message, signature),
        }
        .is_ok()
    }
}

/// How long the map is that the bytes begin with.
pub(super) fn length(bytes: &[u8]) -> Option<usize> {
    let mut decoder = Decoder::new(bytes);
    decoder.probe().map().ok()??;
    decoder.skip().ok()?;
    Some(decoder.position())
}

/// The parameters; `None` when a label is no number or stands there twice, or a value is of a kind that no key has.
fn parameters(bytes: &[u8]) -> Option<Vec<(i64, Item<'_>)>> {
    let mut decoder = Decoder::new(bytes);
    let count = decoder.map().ok()??;
    if count > MAX_PARAMETERS {
        return None;
    }
    let mut items: Vec<(i64, Item<'_>)> = Vec::new();
    for _ in 0..count {
        let label = decoder.i64().ok()?;
        if items.iter().any(|(known, _)| *known == label) {
            return None;
        }
        let item = match decoder.datatype().ok()? {
            Type::Bytes => Item::Bytes(decoder.bytes().ok()?),
            _ => Item::Number(decoder.i64().ok()?),
        };
        items.push((label, item));
    }
    Some(items)
}

fn text(bytes: &[u8]) -> String {
    b64::encode_url(bytes)
}
