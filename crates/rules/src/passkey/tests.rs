//! An authenticator in software, and everything that may be wrong with what it says.

use super::*;
use serde_json::{Value, json};
use valetkey_jose::hash::sha256;
use valetkey_jose::{Algorithm, SigningKey, b64};

mod authenticating;
mod browsers;
mod options;
mod registering;

const CHALLENGE: &[u8; 32] = &[9; 32];
const HANDLE: &[u8] = b"handle-of-alice";
const PRESENT: u8 = 0x01;
const VERIFIED: u8 = 0x04;
const ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const NEW: u8 = 0x40;
const EXTENSIONS: u8 = 0x80;

fn rp() -> RelyingParty {
    RelyingParty::of_issuer("https://as.example").unwrap()
}

/// What the tests bend: every part of both answers that is not computed from the others.
#[derive(Clone)]
struct Says {
    client_data: Value,
    rp_id: &'static str,
    flags: u8,
    count: u32,
    /// Follows the authenticator data.
    extra: Vec<u8>,
}

impl Says {
    fn for_ceremony(ceremony: &str, flags: u8) -> Self {
        let client_data = json!({
            "type": ceremony,
            "challenge": b64::encode_url(CHALLENGE),
            "origin": "https://as.example",
            "crossOrigin": false,
        });
        Self {
            client_data,
            rp_id: "as.example",
            flags: flags | PRESENT | VERIFIED,
            count: 0,
            extra: Vec::new(),
        }
    }

    fn create() -> Self {
        Self::for_ceremony("webauthn.create", NEW)
    }

    fn get() -> Self {
        Self::for_ceremony("webauthn.get", 0)
    }

    fn seeing(mut self, member: &str, value: Value) -> Self {
        self.client_data[member] = value;
        self
    }

    fn authenticator_data(&self, credential: &[u8]) -> Vec<u8> {
        let mut out = sha256(self.rp_id.as_bytes()).to_vec();
        out.push(self.flags);
        out.extend(self.count.to_be_bytes());
        out.extend(credential);
        out.extend(&self.extra);
        out
    }

    fn client_data_json(&self) -> Bytes {
        Bytes(self.client_data.to_string().into_bytes())
    }
}

/// An authenticator with one passkey.
struct Authenticator {
    key: SigningKey,
    id: Vec<u8>,
    cose: Vec<u8>,
}

impl Authenticator {
    fn new(alg: Algorithm) -> Self {
        let key = SigningKey::generate(alg).unwrap();
        let cose = cose_of(&key);
        let id = b"credential-1".to_vec();
        Self { key, id, cose }
    }

    fn attested(&self) -> Vec<u8> {
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        [&[0; 16][..], &length, &self.id, &self.cose].concat()
    }

    fn create(&self, says: &Says) -> RegistrationResponse {
        let data = says.authenticator_data(&self.attested());
        self.creation(says, attestation_object(&data))
    }

    fn creation(&self, says: &Says, attestation_object: Vec<u8>) -> RegistrationResponse {
        RegistrationResponse {
            id: Bytes(self.id.clone()),
            raw_id: Bytes(self.id.clone()),
            kind: "public-key".into(),
            response: AttestationResponse {
                client_data_json: says.client_data_json(),
                attestation_object: Bytes(attestation_object),
                transports: vec!["internal".into()],
            },
        }
    }

    fn get(&self, says: &Says) -> AuthenticationResponse {
        let data = says.authenticator_data(&[]);
        let hash = sha256(&says.client_data_json().0);
        AuthenticationResponse {
            id: Bytes(self.id.clone()),
            raw_id: Bytes(self.id.clone()),
            kind: "public-key".into(),
            response: AssertionResponse {
                signature: Bytes(self.sign(&[&data[..], &hash].concat())),
                client_data_json: says.client_data_json(),
                authenticator_data: Bytes(data),
                user_handle: Some(Bytes(HANDLE.to_vec())),
            },
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let signature = self.key.sign(message).unwrap();
        match self.key.alg() {
            Algorithm::ES256 => der(&signature),
            _ => signature,
        }
    }

    fn stored(&self) -> Credential<'_> {
        Credential {
            credential_id: &self.id,
            public_key: &self.cose,
            sign_count: 0,
            user_handle: HANDLE,
        }
    }
}

/// r and s side by side as an ASN.1 sequence of two integers.
fn der(fixed: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for half in fixed.chunks(fixed.len() / 2) {
        let zeros = half.iter().take_while(|byte| **byte == 0).count();
        let digits = &half[zeros..];
        let lead = u8::from(digits[0] & 0x80 != 0);
        body.extend([2, u8::try_from(digits.len()).unwrap() + lead]);
        body.extend(std::iter::repeat_n(0, usize::from(lead)));
        body.extend(digits);
    }
    [&[0x30, u8::try_from(body.len()).unwrap()], body.as_slice()].concat()
}

/// The head of a CBOR item: its major type and its number or length.
fn head(major: u8, number: usize) -> Vec<u8> {
    let major = major << 5;
    match u16::try_from(number).unwrap() {
        small @ 0..24 => vec![major | u8::try_from(small).unwrap()],
        byte @ 24..256 => vec![major | 24, u8::try_from(byte).unwrap()],
        more => [&[major | 25][..], &more.to_be_bytes()].concat(),
    }
}

fn int(number: i64) -> Vec<u8> {
    match usize::try_from(number) {
        Ok(number) => head(0, number),
        Err(_) => head(1, usize::try_from(-1 - number).unwrap()),
    }
}

fn bytes(content: &[u8]) -> Vec<u8> {
    [head(2, content.len()), content.to_vec()].concat()
}

fn text(content: &str) -> Vec<u8> {
    [head(3, content.len()), content.as_bytes().to_vec()].concat()
}

fn map(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = head(5, entries.len());
    for (key, value) in entries {
        out.extend(key);
        out.extend(value);
    }
    out
}

fn cose_entries(key: &SigningKey) -> Vec<(Vec<u8>, Vec<u8>)> {
    let jwk = serde_json::to_value(key.public_jwk()).unwrap();
    let member = |name: &str| bytes(&b64::decode_url(jwk[name].as_str().unwrap()).unwrap());
    let (kty, alg, own) = match key.alg() {
        Algorithm::Ed25519 => (1, -8, vec![(-1, int(6)), (-2, member("x"))]),
        Algorithm::ES256 => (2, -7, vec![(-1, int(1)), (-2, member("x")), (-3, member("y"))]),
        Algorithm::ES384 => (2, -35, vec![(-1, int(2)), (-2, member("x")), (-3, member("y"))]),
        Algorithm::RS256 => (3, -257, vec![(-1, member("n")), (-2, member("e"))]),
        Algorithm::PS256 => (3, -37, vec![(-1, member("n")), (-2, member("e"))]),
    };
    let mut entries = vec![(int(1), int(kty)), (int(3), int(alg))];
    entries.extend(own.into_iter().map(|(label, value)| (int(label), value)));
    entries
}

fn cose_of(key: &SigningKey) -> Vec<u8> {
    map(&cose_entries(key))
}

fn attestation_object(authenticator_data: &[u8]) -> Vec<u8> {
    map(&[
        (text("fmt"), text("none")),
        (text("attStmt"), map(&[])),
        (text("authData"), bytes(authenticator_data)),
    ])
}

/// The rule that refused, which must also be the last on the trail.
fn refused_by<T: std::fmt::Debug>(attempt: impl FnOnce(&mut Trail) -> Result<T, Refusal>) -> Option<Rule> {
    let mut trail = Trail::recording();
    let rule = attempt(&mut trail).err().map(|refusal| refusal.rule);
    let last = trail.into_checks().pop().and_then(|check| check.refused);
    assert_eq!(last.map(|refusal| refusal.rule), rule, "the trail tells it");
    rule
}
