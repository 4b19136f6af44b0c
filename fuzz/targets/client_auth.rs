//! Client credentials in the Authorization header (RFC 6749 §2.3.1): read whole or called unreadable, never half.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::params::Params;
use valetkey_protocol::secret::ClientSecret;

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
    let mut other = presented.clone();
    if let Some(basic) = &mut other.basic {
        basic.secret = ClientSecret::new("another");
    }
    assert_eq!(format!("{presented:?}"), format!("{other:?}"), "the secret shows");
});
