//! Codes, refresh tokens, opaque access tokens, device codes and the tokens of OAuth 1.0a: none is read that this server did
//! not make.
#![no_main]

use libfuzzer_sys::fuzz_target;
use std::sync::OnceLock;
use valetkey_model::{DeviceId, GrantId};
use valetkey_protocol::secret::{AuthorizationCode, DeviceCode};
use valetkey_rules::HandleKeys;

fn keys() -> &'static HandleKeys {
    static KEYS: OnceLock<HandleKeys> = OnceLock::new();
    KEYS.get_or_init(|| HandleKeys::new(&[7; 32]))
}

fuzz_target!(|text: &str| {
    let keys = keys();
    assert!(nobody_reads(text));

    let id = GrantId(uuid::Uuid::from_u128(
        text.bytes().fold(1, |sum, byte| (sum << 5) ^ u128::from(byte)),
    ));
    let generation = u32::try_from(text.len()).unwrap_or(0);
    let refresh = keys.refresh_for(id, generation);
    assert_eq!(keys.read_refresh(refresh.expose()), Some((id, generation)));
    // With the body of one and the end of another, nothing is read.
    let mixed: String = refresh.expose().chars().take(30).chain(text.chars()).collect();
    assert!(mixed == refresh.expose() || keys.read_refresh(&mixed).is_none());

    // What was made for one use is read for no other.
    let device = keys.device_code_for(DeviceId(id.0));
    assert_eq!(keys.read_device_code(&device), Some(DeviceId(id.0)));
    let token = keys.oauth1_token_for(id);
    assert_eq!(keys.read_oauth1_token(&token), Some(id));
    let code = keys.code_for(id);
    let made = [refresh.expose(), device.expose(), &token, code.expose()];
    for (prefix, made) in ["vkc_", "vkr_", "vka_", "vkd_", "vkt_", "vko_"]
        .into_iter()
        .flat_map(|prefix| made.map(|made| (prefix, made)))
    {
        let renamed = format!("{prefix}{}", &made[prefix.len()..]);
        assert!(renamed == made || nobody_reads(&renamed), "{renamed}");
    }
});

fn nobody_reads(text: &str) -> bool {
    let keys = keys();
    keys.read_code(&AuthorizationCode::new(text)).is_none()
        && keys.read_refresh(text).is_none()
        && keys.open_access(text).is_none()
        && keys.read_device_code(&DeviceCode::new(text)).is_none()
        && keys.open_temporary(text).is_none()
        && keys.read_oauth1_token(text).is_none()
}
