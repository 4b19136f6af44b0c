//! Codes, refresh tokens and opaque access tokens: none is read that this server did not make.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use valetkey_model::GrantId;
use valetkey_protocol::secret::AuthorizationCode;
use valetkey_rules::HandleKeys;

fn keys() -> &'static HandleKeys {
    static KEYS: OnceLock<HandleKeys> = OnceLock::new();
    KEYS.get_or_init(|| HandleKeys::new(&[7; 32]))
}

fuzz_target!(|text: &str| {
    let keys = keys();
    assert_eq!(keys.read_code(&AuthorizationCode::new(text)), None);
    assert_eq!(keys.read_refresh(text), None);
    assert!(keys.open_access(text).is_none());

    let id = GrantId(uuid::Uuid::from_u128(
        text.bytes().fold(1, |sum, byte| (sum << 5) ^ u128::from(byte)),
    ));
    let generation = u32::try_from(text.len()).unwrap_or(0);
    let refresh = keys.refresh_for(id, generation);
    assert_eq!(keys.read_refresh(refresh.expose()), Some((id, generation)));
    // With the body of one and the end of another, nothing is read.
    let mixed: String = refresh.expose().chars().take(30).chain(text.chars()).collect();
    assert!(mixed == refresh.expose() || keys.read_refresh(&mixed).is_none());
});
