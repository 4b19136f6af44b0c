//! The `claims` parameter (OpenID Connect Core §5.5): what is read is written down the same, names no more than may be
//! named, and a value that is asked for is one that will do.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::claims_request::{ClaimsRequest, MOST_CLAIMS};

fuzz_target!(|text: &str| {
    let Some(request) = ClaimsRequest::parse(text) else {
        return;
    };
    let asked = request.userinfo.values().chain(request.id_token.values());
    assert!(asked.clone().count() <= MOST_CLAIMS);
    for asked in asked.flatten() {
        for value in asked.value.iter().chain(&asked.values) {
            assert!(asked.accepts(value));
        }
    }
    let written = serde_json::to_string(&request).expect("it can be written");
    let again = ClaimsRequest::parse(&written).expect("it was read before");
    assert_eq!(serde_json::to_string(&again).ok(), Some(written));
});
