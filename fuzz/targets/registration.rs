//! What a client says of itself (RFC 7591 §2, RFC 7592 §2.2): metadata that is read is written down the same, what the
//! server alone decides is seen, and a secret does not show.
#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value};
use valetkey_protocol::register::{ClientMetadata, Request};

fuzz_target!(|body: &[u8]| {
    let Ok(request) = Request::parse(body) else { return };
    let Ok(members) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return;
    };
    assert_eq!(
        request.reserved.not_to_be_sent.is_some(),
        [
            "registration_access_token",
            "registration_client_uri",
            "client_secret_expires_at",
            "client_id_issued_at"
        ]
        .iter()
        .any(|name| members.contains_key(*name))
    );
    assert_eq!(
        request.reserved.client_id.as_deref(),
        members.get("client_id").and_then(Value::as_str)
    );
    let secret = request
        .reserved
        .client_secret
        .as_ref()
        .map(|secret| secret.expose().to_owned());
    assert_eq!(
        secret.as_deref(),
        members.get("client_secret").and_then(Value::as_str)
    );
    assert!(
        format!("{:?}", request.reserved.client_secret).len() < 32,
        "it shows"
    );

    let written = request.metadata.to_members();
    for (name, value) in &written {
        assert!(members.contains_key(name), "{name} was not said: {value}");
    }
    let again = ClientMetadata::from_members(written.clone()).expect("it was read before");
    assert_eq!(again.to_members(), written);
});
