//! An authenticator in software (W3C WebAuthn Level 3 §6): it makes passkeys, keeps them, and signs with them, as a browser
//! hands the answers to a page. A test bends what it says by [`Says`].

use crate::answer::Answer;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use valetkey_jose::hash::sha256;
use valetkey_jose::{Algorithm, SigningKey, b64};

/// The person is there (§6.1).
const PRESENT: u8 = 0x01;
/// The device has checked who it is.
const VERIFIED: u8 = 0x04;
/// A new key stands in the data.
const NEW: u8 = 0x40;

/// A device with one passkey.
#[derive(Debug)]
pub struct Authenticator {
    key: Arc<SigningKey>,
    id: Vec<u8>,
    /// Whose it is; empty until the passkey was made.
    handle: Vec<u8>,
    /// How often it signed; `None` when it does not count.
    count: Option<AtomicU32>,
}

/// What is not as it should be.
#[derive(Debug, Clone, Default)]
pub struct Says {
    /// The page that the browser says it was on, in place of the server's own.
    pub origin: Option<String>,
    /// The challenge in place of the page's.
    pub challenge: Option<String>,
    /// Whether nobody's finger, face or PIN was checked.
    pub unverified: bool,
}

impl Authenticator {
    /// One that counts its signatures.
    ///
    /// # Panics
    /// When no key can be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            key: Arc::new(SigningKey::generate(Algorithm::Ed25519).expect("a key can be made")),
            id: sha256(name.as_bytes()).to_vec(),
            handle: Vec::new(),
            count: Some(AtomicU32::new(0)),
        }
    }

    /// One that does not count, as those that copy passkeys between devices.
    #[must_use]
    pub fn uncounted(name: &str) -> Self {
        Self {
            count: None,
            ..Self::new(name)
        }
    }

    /// A thief's copy, with the count that it has now.
    #[must_use]
    pub fn copied(&self) -> Self {
        let count = self.count.as_ref().map(|count| count.load(Ordering::SeqCst));
        Self {
            key: Arc::clone(&self.key),
            id: self.id.clone(),
            handle: self.handle.clone(),
            count: count.map(AtomicU32::new),
        }
    }

    /// Lets it name another account as its owner.
    pub fn claims_to_be_of(&mut self, other: &Self) {
        self.handle.clone_from(&other.handle);
    }

    /// Makes the passkey that a page asks for, and answers as the browser writes it into the form.
    pub fn makes(&mut self, page: &Answer) -> String {
        self.makes_saying(page, &Says::default())
    }

    /// The same, with something bent.
    ///
    /// # Panics
    /// When the page does not ask for one.
    pub fn makes_saying(&mut self, page: &Answer, says: &Says) -> String {
        let options = page.passkey_options();
        let user = text_at(&options, "/user/id");
        self.handle = b64::decode_url(&user).expect("a handle is base64url");
        let key = self.cose();
        let length = u16::try_from(self.id.len())
            .expect("an id is short")
            .to_be_bytes();
        let credential = [&[0; 16][..], &length, &self.id, &key].concat();
        let data = self.data(&text_at(&options, "/rp/id"), NEW | flags(says), &credential);
        let client_data = client_data("webauthn.create", &options, says);
        self.answer(&json!({
            "clientDataJSON": b64::encode_url(&client_data),
            "attestationObject": b64::encode_url(&attestation_object(&data)),
            "transports": ["internal"],
        }))
    }

    /// Signs what a page asks, and answers as the browser writes it into the form.
    pub fn signs(&self, page: &Answer) -> String {
        self.signs_saying(page, &Says::default())
    }

    /// The same, with something bent.
    ///
    /// # Panics
    /// When the page does not ask for it.
    pub fn signs_saying(&self, page: &Answer, says: &Says) -> String {
        let options = page.passkey_options();
        if let Some(count) = &self.count {
            count.fetch_add(1, Ordering::SeqCst);
        }
        let data = self.data(&text_at(&options, "/rpId"), flags(says), &[]);
        let client_data = client_data("webauthn.get", &options, says);
        let signed = [data.as_slice(), &sha256(&client_data)].concat();
        self.answer(&json!({
            "clientDataJSON": b64::encode_url(&client_data),
            "authenticatorData": b64::encode_url(&data),
            "signature": b64::encode_url(&self.key.sign(&signed).expect("a key signs")),
            "userHandle": b64::encode_url(&self.handle),
        }))
    }

    fn answer(&self, response: &Value) -> String {
        let id = b64::encode_url(&self.id);
        json!({
            "id": id,
            "rawId": id,
            "type": "public-key",
            "response": response,
            "clientExtensionResults": {},
        })
        .to_string()
    }

    /// §6.1.
    fn data(&self, rp_id: &str, flags: u8, credential: &[u8]) -> Vec<u8> {
        let count = self
            .count
            .as_ref()
            .map_or(0, |count| count.load(Ordering::SeqCst));
        let mut out = sha256(rp_id.as_bytes()).to_vec();
        out.push(flags);
        out.extend(count.to_be_bytes());
        out.extend(credential);
        out
    }

    /// The public key (RFC 9053 §7.2): `{1: 1, 3: -8, -1: 6, -2: x}`.
    fn cose(&self) -> Vec<u8> {
        let jwk = serde_json::to_value(self.key.public_jwk()).expect("a key is JSON");
        let x = b64::decode_url(&text_at(&jwk, "/x")).expect("x is base64url");
        [
            &[0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20][..],
            &x,
        ]
        .concat()
    }
}

fn flags(says: &Says) -> u8 {
    PRESENT | if says.unverified { 0 } else { VERIFIED }
}

fn text_at(value: &Value, pointer: &str) -> String {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
        .to_owned()
}

/// What the browser saw (§5.8.1).
fn client_data(ceremony: &str, options: &Value, says: &Says) -> Vec<u8> {
    let challenge = says.challenge.clone();
    json!({
        "type": ceremony,
        "challenge": challenge.unwrap_or_else(|| text_at(options, "/challenge")),
        "origin": says.origin.as_deref().unwrap_or(crate::cast::ISSUER),
        "crossOrigin": false,
    })
    .to_string()
    .into_bytes()
}

/// `{"fmt": "none", "attStmt": {}, "authData": ..}` (§6.5.4, §8.7).
fn attestation_object(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("the data is short");
    let head = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58";
    [&head[..], &[length], data].concat()
}
