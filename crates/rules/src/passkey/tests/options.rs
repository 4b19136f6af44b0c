//! What the page hands to the browser has the members that WebAuthn names, and no others.

use super::*;

#[test]
fn an_address_where_browsers_have_no_passkeys_has_no_relying_party() {
    for issuer in [
        "https://192.0.2.1",
        "https://[2001:db8::1]",
        "http://as.example",
        "http://127.0.0.1:8080",
        "http://notlocalhost:8080",
        "ftp://as.example",
        "",
    ] {
        assert_eq!(RelyingParty::of_issuer(issuer), None, "{issuer}");
    }
}

#[test]
fn the_relying_party_is_the_host_and_the_origin_of_the_issuer() {
    for (issuer, id, origin) in [
        ("https://as.example", "as.example", "https://as.example"),
        (
            "https://as.example:8443/tenant",
            "as.example",
            "https://as.example:8443",
        ),
        ("http://localhost:8080", "localhost", "http://localhost:8080"),
        (
            "http://id.localhost:8080",
            "id.localhost",
            "http://id.localhost:8080",
        ),
    ] {
        let rp = RelyingParty::of_issuer(issuer).unwrap();
        assert_eq!((rp.id.as_str(), rp.origin.as_str()), (id, origin), "{issuer}");
    }
}

#[test]
fn a_new_passkey_is_asked_for_by_the_letter() {
    let person = Person {
        handle: HANDLE,
        name: "alice",
        display_name: "Alice",
    };
    let known = vec![
        Descriptor::new(b"one", &["internal".to_owned(), "hybrid".to_owned()]),
        Descriptor::new(b"two", &[]),
    ];
    let options = CreationOptions::new(&rp(), "Example ID", person, CHALLENGE, known);
    let expected = json!({
        "rp": {"id": "as.example", "name": "Example ID"},
        "user": {"id": b64::encode_url(HANDLE), "name": "alice", "displayName": "Alice"},
        "challenge": b64::encode_url(CHALLENGE),
        "pubKeyCredParams": [
            {"type": "public-key", "alg": -8},
            {"type": "public-key", "alg": -7},
            {"type": "public-key", "alg": -257},
        ],
        "timeout": 300_000,
        "excludeCredentials": [
            {"type": "public-key", "id": "b25l", "transports": ["internal", "hybrid"]},
            {"type": "public-key", "id": "dHdv"},
        ],
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "required",
        },
        "attestation": "none",
    });
    assert_eq!(
        serde_json::from_str::<Value>(&options.to_json()).unwrap(),
        expected
    );
}

#[test]
fn a_sign_in_is_asked_for_by_the_letter() {
    let options = RequestOptions::new(&rp(), CHALLENGE, Vec::new());
    let expected = json!({
        "challenge": b64::encode_url(CHALLENGE),
        "timeout": 300_000,
        "rpId": "as.example",
        "allowCredentials": [],
        "userVerification": "required",
    });
    assert_eq!(
        serde_json::from_str::<Value>(&options.to_json()).unwrap(),
        expected
    );
}
