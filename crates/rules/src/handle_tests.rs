//! Texts that only this server makes: forged, foreign and mixed-up ones first.

use super::*;
use crate::samples;
use proptest::prelude::*;

fn keys() -> HandleKeys {
    HandleKeys::new(&[7; 32])
}

fn id(number: u128) -> GrantId {
    GrantId(uuid::Uuid::from_u128(number))
}

#[test]
fn a_token_of_another_server_reads_as_nothing() {
    let other = HandleKeys::new(&[8; 32]);
    assert_eq!(keys().read_code(&other.code_for(id(1))), None);
    assert_eq!(keys().read_refresh(other.refresh_for(id(1), 1).expose()), None);
    assert_eq!(
        keys().open_access(&other.seal_access(&samples::access_claims())),
        None
    );
}

#[test]
fn a_token_of_one_kind_is_none_of_another_kind() {
    let code = keys().code_for(id(1));
    let refresh = keys().refresh_for(id(1), 1);
    let as_refresh = code.expose().replace(CODE_PREFIX, REFRESH_PREFIX);
    let as_code = refresh.expose().replace(REFRESH_PREFIX, CODE_PREFIX);
    assert_eq!(keys().read_refresh(&as_refresh), None);
    assert_eq!(keys().read_code(&AuthorizationCode::new(as_code)), None);
    assert_eq!(keys().read_refresh(code.expose()), None);
    assert_eq!(keys().open_access(refresh.expose()), None);
}

#[test]
fn a_changed_character_anywhere_makes_a_token_unreadable() {
    let refresh = keys().refresh_for(id(5), 3);
    let text = refresh.expose();
    for at in 0..text.len() {
        let mut forged = text.as_bytes().to_vec();
        forged[at] = if forged[at] == b'A' { b'B' } else { b'A' };
        let forged = String::from_utf8(forged).unwrap();
        assert_eq!(keys().read_refresh(&forged), None, "{at}");
    }
    for cut in 0..text.len() {
        assert_eq!(keys().read_refresh(&text[..cut]), None, "{cut}");
    }
    assert_eq!(keys().read_refresh(&format!("{text}A")), None);
}

#[test]
fn an_opaque_access_token_gives_its_claims_back_and_hides_them() {
    let claims = samples::access_claims();
    let token = keys().seal_access(&claims);
    assert!(token.starts_with(ACCESS_PREFIX) && !token.contains("alice"));
    assert_eq!(keys().open_access(&token), Some(claims));
}

proptest! {
    #[test]
    fn every_id_and_generation_comes_back(number: u128, generation: u32) {
        let keys = keys();
        prop_assert_eq!(keys.read_code(&keys.code_for(id(number))), Some(id(number)));
        prop_assert_eq!(
            keys.read_refresh(keys.refresh_for(id(number), generation).expose()),
            Some((id(number), generation))
        );
    }

    #[test]
    fn no_text_of_a_stranger_reads_as_a_token(text in "(vkc_|vkr_|vka_)?[A-Za-z0-9_-]{0,120}") {
        let keys = keys();
        prop_assert_eq!(keys.read_code(&AuthorizationCode::new(text.clone())), None);
        prop_assert_eq!(keys.read_refresh(&text), None);
        prop_assert_eq!(keys.open_access(&text), None);
    }
}
