//! Passkeys (WebAuthn Level 3 §7.1, §7.2): whatever the browser's answer holds, a new passkey is one that can sign in here,
//! and nobody signs in with a signature that the passkey did not make.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use valetkey_jose::hash::sha256;
use valetkey_jose::{Algorithm, SigningKey, b64};
use valetkey_protocol::rule::Trail;
use valetkey_rules::passkey::{
    AssertionResponse, AttestationResponse, AuthenticationResponse, Bytes, Credential, RegistrationResponse,
    RelyingParty, authenticate, register,
};

const CHALLENGE: &[u8; 32] = &[9; 32];
const ID: &[u8] = b"credential-1";
const HANDLE: &[u8] = b"alice";

fn rp() -> RelyingParty {
    RelyingParty::of_issuer("https://as.example").expect("it is https")
}

fn key() -> &'static SigningKey {
    static KEY: OnceLock<SigningKey> = OnceLock::new();
    KEY.get_or_init(|| SigningKey::generate(Algorithm::Ed25519).expect("a key can be made"))
}

/// The COSE key of `key()`: a map of kty OKP, alg -8, crv Ed25519, x.
fn cose() -> Vec<u8> {
    let jwk = serde_json::to_value(key().public_jwk()).expect("a key can be written");
    let x = b64::decode_url(jwk["x"].as_str().expect("it has x")).expect("it is base64url");
    [&[0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32][..], &x].concat()
}

fn client_data(ceremony: &str) -> Bytes {
    let challenge = b64::encode_url(CHALLENGE);
    let json = format!(r#"{{"type":"{ceremony}","challenge":"{challenge}","origin":"https://as.example"}}"#);
    Bytes(json.into_bytes())
}

/// A CBOR byte string of up to 65,535 bytes.
fn byte_string(bytes: &[u8]) -> Vec<u8> {
    let length = u16::try_from(bytes.len()).expect("inputs are short");
    [&[0x59], &length.to_be_bytes()[..], bytes].concat()
}

fuzz_target!(|data: &[u8]| {
    if let Ok(text) = std::str::from_utf8(data) {
        stranger(text);
    }
    attested(data);
    created(data);
    bent(data);
    asserted(data);
});

/// Any JSON at all.
fn stranger(text: &str) {
    if let Ok(answer) = RegistrationResponse::from_json(text, &mut Trail::off()) {
        added(&answer);
    }
    if let Ok(answer) = AuthenticationResponse::from_json(text, &mut Trail::off()) {
        assert!(!signs_in(&answer), "nobody signed this");
    }
}

/// Any attestation object.
fn attested(object: &[u8]) {
    added(&creation(ID, object.to_vec()));
}

/// An attestation object with any attested credential data, key and extensions; the id comes first.
fn created(data: &[u8]) {
    let Some((id, rest)) = data.split_at_checked(data.len().min(4)) else {
        return;
    };
    let Some((flags, rest)) = rest.split_first() else {
        return;
    };
    let length = u16::try_from(id.len()).expect("four at most").to_be_bytes();
    let seen = [
        &sha256(b"as.example")[..],
        &[flags | 0x45],
        &[0; 4],
        &[0; 16],
        &length,
        id,
        rest,
    ]
    .concat();
    let head: &[u8] = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData";
    added(&creation(id, [head, &byte_string(&seen)].concat()));
}

fn creation(id: &[u8], object: Vec<u8>) -> RegistrationResponse {
    RegistrationResponse {
        id: Bytes(id.to_vec()),
        raw_id: Bytes(id.to_vec()),
        kind: "public-key".into(),
        response: AttestationResponse {
            client_data_json: client_data("webauthn.create"),
            attestation_object: Bytes(object),
            transports: vec![String::from_utf8_lossy(id).into_owned()],
        },
    }
}

/// What is accepted keeps to its sizes, and has a key that refuses what it did not sign.
fn added(answer: &RegistrationResponse) {
    let Ok(added) = register(answer, CHALLENGE, &rp(), &mut Trail::off()) else {
        return;
    };
    assert!((1..=1023).contains(&added.credential_id.len()));
    assert!(added.public_key.len() <= 1200 && added.transports.len() <= 8);
    assert_eq!(added.credential_id, answer.raw_id.0);
    let credential = Credential {
        credential_id: &added.credential_id,
        public_key: &added.public_key,
        sign_count: 0,
        user_handle: HANDLE,
    };
    let mut forged = genuine(0, &[]);
    forged.id = Bytes(added.credential_id.clone());
    forged.raw_id = forged.id.clone();
    forged.response.signature.0[0] ^= 1;
    assert!(authenticate(&forged, &credential, CHALLENGE, &rp(), &mut Trail::off()).is_err());
}

/// What the passkey says, signed: any flags beside the two that must be there, anything after the count.
fn genuine(flags: u8, after: &[u8]) -> AuthenticationResponse {
    let seen = [&sha256(b"as.example")[..], &[flags | 5], &[0, 0, 0, 8], after].concat();
    let client_data_json = client_data("webauthn.get");
    let signed = [&seen[..], &sha256(&client_data_json.0)].concat();
    AuthenticationResponse {
        id: Bytes(ID.to_vec()),
        raw_id: Bytes(ID.to_vec()),
        kind: "public-key".into(),
        response: AssertionResponse {
            client_data_json,
            authenticator_data: Bytes(seen),
            signature: Bytes(key().sign(&signed).expect("it can be signed")),
            user_handle: Some(Bytes(HANDLE.to_vec())),
        },
    }
}

fn signs_in(answer: &AuthenticationResponse) -> bool {
    let cose = cose();
    let credential = Credential {
        credential_id: ID,
        public_key: &cose,
        sign_count: 7,
        user_handle: HANDLE,
    };
    authenticate(answer, &credential, CHALLENGE, &rp(), &mut Trail::off()).is_ok()
}

/// A genuine answer with bytes of it exchanged.
fn bent(data: &[u8]) {
    let good = genuine(0, &[]);
    let mut bent = good.clone();
    let said = &mut bent.response;
    for change in data.chunks_exact(4).take(8) {
        let part = match change[0] % 3 {
            0 => &mut said.client_data_json.0,
            1 => &mut said.authenticator_data.0,
            _ => &mut said.signature.0,
        };
        let at = usize::from(u16::from_be_bytes([change[1], change[2]])) % part.len();
        part[at] = change[3];
    }
    assert_eq!(signs_in(&bent), bent == good, "{bent:?}");
}

/// An answer that is signed with any flags and extensions: no flag of a new passkey, and nothing unannounced, is let by.
fn asserted(data: &[u8]) {
    let Some((flags, after)) = data.split_first() else {
        return;
    };
    if signs_in(&genuine(*flags, after)) {
        assert_eq!(flags & 0x40, 0, "a new passkey");
        assert!(flags & 0x80 != 0 || after.is_empty(), "what nobody announced");
        assert!(flags & 0x18 != 0x10, "backed up although it may not be");
    }
}
