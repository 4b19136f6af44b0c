//! Client credentials in the Authorization header (RFC 6749 §2.3.1): read whole or called unreadable, never half.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::params::Params;

fuzz_target!(|data: &[u8]| {
    let (header, body) = data
        .iter()
        .position(|byte| *byte == 0)
        .map_or((data, &[][..]), |at| data.split_at(at));
    let Ok(body) = Params::parse(body) else { return };
    let presented = Presented::read(Some(header), &body);
    assert_eq!(presented.unreadable_header, presented.basic.is_none());
    let without = Presented::read(None, &body);
    assert!(!without.unreadable_header && without.basic.is_none());
    if let Some(basic) = &presented.basic {
        let secret = basic.secret.expose();
        assert!(secret.len() < 8 || basic.id.contains(secret) || !format!("{presented:?}").contains(secret));
    }
});
