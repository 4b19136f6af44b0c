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

fn device(number: u128) -> DeviceId {
    DeviceId(uuid::Uuid::from_u128(number))
}

fn temporary(callback: Option<&str>) -> Temporary {
    Temporary {
        id: id(7),
        client: samples::web_client().id,
        callback: callback.map(str::to_owned),
        scope: samples::scope("photos.read"),
        resources: [samples::resource(samples::PHOTOS)].into(),
        expires_at: samples::NOW,
    }
}

#[test]
fn a_device_code_or_an_oauth1_token_of_another_server_or_kind_reads_as_nothing() {
    let other = HandleKeys::new(&[8; 32]);
    assert_eq!(keys().read_device_code(&other.device_code_for(device(1))), None);
    assert_eq!(keys().read_oauth1_token(&other.oauth1_token_for(id(1))), None);
    let foreign = other.seal_temporary(&temporary(None));
    assert_eq!(keys().open_temporary(&foreign), None);

    let texts = [
        keys().code_for(id(1)).expose().to_owned(),
        keys().refresh_for(id(1), 1).expose().to_owned(),
        keys().device_code_for(device(1)).expose().to_owned(),
        keys().oauth1_token_for(id(1)),
        keys().seal_temporary(&temporary(None)),
        keys().seal_access(&samples::access_claims()),
    ];
    for text in &texts {
        // The body of one kind under the prefix of every other.
        let body = &text[4..];
        for prefix in [
            CODE_PREFIX,
            REFRESH_PREFIX,
            ACCESS_PREFIX,
            DEVICE_PREFIX,
            TEMPORARY_PREFIX,
            OAUTH1_PREFIX,
        ] {
            let mixed = format!("{prefix}{body}");
            let readers = [
                keys().read_code(&AuthorizationCode::new(mixed.clone())).is_some(),
                keys().read_refresh(&mixed).is_some(),
                keys().read_device_code(&DeviceCode::new(mixed.clone())).is_some(),
                keys().read_oauth1_token(&mixed).is_some(),
                keys().open_temporary(&mixed).is_some(),
                keys().open_access(&mixed).is_some(),
            ];
            let understood = readers.into_iter().filter(|read| *read).count();
            assert_eq!(understood, usize::from(mixed == *text), "{mixed}");
        }
    }
}

#[test]
fn the_user_code_that_is_remembered_cannot_be_read_back() {
    let key = keys().user_code_key("WDJBMJHT");
    assert_eq!(key, keys().user_code_key("WDJBMJHT"));
    assert_ne!(key, keys().user_code_key("WDJBMJHS"));
    assert_ne!(key, HandleKeys::new(&[8; 32]).user_code_key("WDJBMJHT"));
    assert!(!key.contains("WDJB"));
}

#[test]
fn a_verifier_of_other_temporary_credentials_does_not_fit() {
    for callback in [None, Some("https://app.example/oauth1")] {
        let own = temporary(callback);
        let other_id = Temporary {
            id: id(8),
            ..own.clone()
        };
        let other_client = Temporary {
            client: samples::native_client().id,
            ..own.clone()
        };
        for other in [&other_id, &other_client] {
            assert!(!keys().verifier_fits(other, &keys().verifier_for(&own)));
        }
        for wrong in ["", "x", keys().temporary_secret(own.id).expose()] {
            assert!(!keys().verifier_fits(&own, wrong), "{wrong}");
        }
        assert!(keys().verifier_fits(&own, &keys().verifier_for(&own)));
    }
    let by_redirect = keys().verifier_for(&temporary(Some("https://app.example/oauth1")));
    assert!(!keys().verifier_fits(&temporary(Some("x")), &by_redirect.to_lowercase()));
}

#[test]
fn a_verifier_that_a_person_types_is_short_and_forgiving() {
    let own = temporary(None);
    let shown = keys().verifier_for(&own);
    assert_eq!(shown.len(), 11);
    assert_eq!(shown.as_bytes()[5], b'-');
    for typed in [
        shown.to_lowercase(),
        shown.replace('-', ""),
        shown.replace('-', " "),
        format!("  {shown}\n"),
    ] {
        assert!(keys().verifier_fits(&own, &typed), "{typed:?}");
    }
    assert!(!keys().verifier_fits(&own, &shown[..10]));
}

#[test]
fn temporary_credentials_travel_in_their_token_unseen() {
    let asked = temporary(Some("https://app.example/oauth1"));
    let token = keys().seal_temporary(&asked);
    assert!(token.starts_with(TEMPORARY_PREFIX) && !token.contains("app.example"));
    assert_eq!(keys().open_temporary(&token), Some(asked));
}

#[test]
fn no_two_secrets_of_one_grant_are_the_same() {
    let asked = temporary(Some("https://app.example/oauth1"));
    let secrets = [
        keys().temporary_secret(asked.id).expose().to_owned(),
        keys().oauth1_token_secret(asked.id).expose().to_owned(),
        keys().verifier_for(&asked),
        keys().user_code_key(&asked.id.to_string()),
    ];
    let distinct: BTreeSet<&String> = secrets.iter().collect();
    assert_eq!(distinct.len(), secrets.len());
    assert!(secrets.iter().all(|secret| secret.len() == 43), "256 bits each");
    assert_eq!(
        keys().read_oauth1_token(&keys().oauth1_token_for(id(3))),
        Some(id(3))
    );
    assert_eq!(
        keys().read_device_code(&keys().device_code_for(device(3))),
        Some(device(3))
    );
}
