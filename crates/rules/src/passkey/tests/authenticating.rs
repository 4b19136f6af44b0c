//! A passkey signs in, or does not (§7.2).

use super::*;

fn refused(answer: &AuthenticationResponse, credential: &Credential<'_>) -> Option<Rule> {
    refused_by(|trail| authenticate(answer, credential, CHALLENGE, &rp(), trail))
}

fn refused_saying(says: &Says) -> Option<Rule> {
    let device = Authenticator::new(Algorithm::Ed25519);
    refused(&device.get(says), &device.stored())
}

const MALFORMED: Option<Rule> = Some(Rule::PasskeyResponseMalformed);

#[test]
fn a_replayed_answer_is_refused_because_its_challenge_is_another() {
    let device = Authenticator::new(Algorithm::Ed25519);
    let answer = device.get(&Says::get());
    let replayed = refused_by(|trail| authenticate(&answer, &device.stored(), &[8; 32], &rp(), trail));
    assert_eq!(replayed, Some(Rule::PasskeyChallengeMismatch));
    for challenge in ["", "CQkJ", &b64::encode_url(&[9; 31]), &b64::encode_url(&[9; 33])] {
        let says = Says::get().seeing("challenge", json!(challenge));
        assert_eq!(
            refused_saying(&says),
            Some(Rule::PasskeyChallengeMismatch),
            "{challenge}"
        );
    }
}

#[test]
fn an_answer_that_a_phishing_site_passed_on_is_refused() {
    let says = Says::get().seeing("origin", json!("https://as-example.evil.example"));
    assert_eq!(refused_saying(&says), Some(Rule::PasskeyOriginMismatch));
    let says = Says::get().seeing("crossOrigin", json!(true));
    assert_eq!(refused_saying(&says), Some(Rule::PasskeyOriginMismatch));
    let mut says = Says::get();
    says.rp_id = "evil.example";
    assert_eq!(refused_saying(&says), Some(Rule::PasskeyOriginMismatch));
}

#[test]
fn a_stolen_device_that_verified_nobody_does_not_sign_in() {
    for missing in [PRESENT, VERIFIED] {
        let mut says = Says::get();
        says.flags &= !missing;
        assert_eq!(refused_saying(&says), Some(Rule::PasskeyNotVerified));
    }
}

#[test]
fn a_new_passkey_is_not_taken_for_a_sign_in() {
    let says = Says::get().seeing("type", json!("webauthn.create"));
    assert_eq!(refused_saying(&says), MALFORMED);
    let device = Authenticator::new(Algorithm::Ed25519);
    let mut says = Says::get();
    says.flags |= NEW;
    says.extra = device.attested();
    assert_eq!(refused(&device.get(&says), &device.stored()), MALFORMED);
}

#[test]
fn authenticator_data_with_something_after_it_is_refused_although_it_is_signed() {
    let mut says = Says::get();
    says.extra = vec![0];
    assert_eq!(refused_saying(&says), MALFORMED);
    says.extra = map(&[(text("a"), int(1))]);
    says.flags |= EXTENSIONS;
    assert_eq!(refused_saying(&says), None);
    says.flags |= BACKED_UP;
    assert_eq!(
        refused_saying(&says),
        MALFORMED,
        "backed up although it may not be"
    );
}

#[test]
fn a_passkey_of_another_account_is_refused() {
    let device = Authenticator::new(Algorithm::Ed25519);
    let good = device.get(&Says::get());
    let stored = device.stored();
    let mallory = Credential {
        user_handle: b"handle-of-mallory",
        ..stored
    };
    assert_eq!(refused(&good, &mallory), Some(Rule::PasskeyUnknown));
    let other = Credential {
        credential_id: b"credential-2",
        ..stored
    };
    assert_eq!(refused(&good, &other), Some(Rule::PasskeyUnknown));
    for handle in [None, Some(Bytes(Vec::new())), Some(Bytes(HANDLE[1..].to_vec()))] {
        let mut answer = good.clone();
        answer.response.user_handle = handle;
        assert_eq!(refused(&answer, &stored), Some(Rule::PasskeyUnknown));
    }
}

#[test]
fn a_passkey_that_no_account_has_is_refused() {
    let none = refused_by(|trail| known(None::<()>, trail));
    assert_eq!(none, Some(Rule::PasskeyUnknown));
    assert_eq!(known(Some(7), &mut Trail::off()), Ok(7));
}

#[test]
fn an_id_that_differs_from_the_raw_id_or_another_type_is_refused() {
    let device = Authenticator::new(Algorithm::Ed25519);
    let good = device.get(&Says::get());
    for changed in [
        AuthenticationResponse {
            id: Bytes(b"other".to_vec()),
            ..good.clone()
        },
        AuthenticationResponse {
            raw_id: Bytes(b"other".to_vec()),
            ..good.clone()
        },
        AuthenticationResponse {
            kind: "password".into(),
            ..good.clone()
        },
    ] {
        assert_eq!(refused(&changed, &device.stored()), MALFORMED);
    }
}

#[test]
fn a_signature_of_another_key_or_over_something_else_is_refused() {
    for alg in [Algorithm::Ed25519, Algorithm::ES256, Algorithm::RS256] {
        let (device, other) = (Authenticator::new(alg), Authenticator::new(alg));
        let good = device.get(&Says::get());
        let stored = device.stored();
        let invalid = Some(Rule::PasskeySignatureInvalid);
        assert_eq!(refused(&other.get(&Says::get()), &stored), invalid, "{alg}");
        let mut counted = good.clone();
        counted.response.authenticator_data.0[36] ^= 1;
        assert_eq!(refused(&counted, &stored), invalid, "{alg}");
        let mut spaced = good.clone();
        spaced.response.client_data_json.0.push(b' ');
        assert_eq!(refused(&spaced, &stored), invalid, "{alg}");
        for signature in [Vec::new(), vec![0; 64], vec![0; 256], vec![1; 100_000]] {
            let mut answer = good.clone();
            answer.response.signature = Bytes(signature);
            assert_eq!(refused(&answer, &stored), invalid, "{alg}");
        }
        let mut longer = good.clone();
        longer.response.signature.0.push(0);
        assert_eq!(refused(&longer, &stored), invalid, "{alg}");
        let damaged = Credential {
            public_key: &device.cose[1..],
            ..stored
        };
        assert_eq!(
            refused(&good, &damaged),
            invalid,
            "{alg}: a key that cannot be read"
        );
    }
}

#[test]
fn an_es256_signature_with_r_and_s_side_by_side_is_jose_and_no_webauthn() {
    let device = Authenticator::new(Algorithm::ES256);
    let mut answer = device.get(&Says::get());
    let said = &answer.response;
    let signed = [&said.authenticator_data.0[..], &sha256(&said.client_data_json.0)].concat();
    answer.response.signature = Bytes(device.key.sign(&signed).unwrap());
    assert_eq!(
        refused(&answer, &device.stored()),
        Some(Rule::PasskeySignatureInvalid)
    );
}

#[test]
fn a_copied_passkey_shows_by_its_counter() {
    let device = Authenticator::new(Algorithm::Ed25519);
    let attempt = |last, count| {
        let says = Says { count, ..Says::get() };
        let stored = Credential {
            sign_count: last,
            ..device.stored()
        };
        refused(&device.get(&says), &stored)
    };
    for (last, count) in [(1, 1), (2, 1), (1, 0), (u32::MAX, 0), (u32::MAX, u32::MAX)] {
        assert_eq!(attempt(last, count), Some(Rule::PasskeyCloned), "{last} {count}");
    }
    for (last, count) in [(0, 0), (0, 1), (1, 2), (1, 100), (u32::MAX - 1, u32::MAX)] {
        assert_eq!(attempt(last, count), None, "{last} {count}");
    }
}

#[test]
fn a_counter_is_believed_only_when_it_is_signed() {
    let device = Authenticator::new(Algorithm::Ed25519);
    let stored = Credential {
        sign_count: 5,
        ..device.stored()
    };
    let mut answer = device.get(&Says {
        count: 3,
        ..Says::get()
    });
    answer.response.authenticator_data.0[36] = 9;
    assert_eq!(refused(&answer, &stored), Some(Rule::PasskeySignatureInvalid));
}

#[test]
fn json_that_is_no_such_answer_is_refused() {
    let answer = Authenticator::new(Algorithm::Ed25519).get(&Says::get());
    let good = serde_json::to_string(&answer).unwrap();
    let read = |text: &str| refused_by(|trail| AuthenticationResponse::from_json(text, trail));
    assert_eq!(read(&good), None);
    for member in ["id", "rawId", "type", "response"] {
        let mut without: Value = serde_json::from_str(&good).unwrap();
        without.as_object_mut().unwrap().remove(member);
        assert_eq!(read(&without.to_string()), MALFORMED, "{member}");
    }
    let registered = Authenticator::new(Algorithm::Ed25519).create(&Says::create());
    assert_eq!(read(&serde_json::to_string(&registered).unwrap()), MALFORMED);
}

#[test]
fn a_passkey_that_was_kept_belongs_to_its_user_by_the_bytes_of_the_users_id() {
    let device = Authenticator::new(Algorithm::Ed25519);
    let added = register(
        &device.create(&Says::create()),
        CHALLENGE,
        &rp(),
        &mut Trail::off(),
    )
    .unwrap();
    let user = crate::samples::user();
    let kept = added.into_passkey(user, "laptop".into(), crate::samples::NOW);
    let mut answer = device.get(&Says::get());
    assert_eq!(
        refused(&answer, &Credential::from(&kept)),
        Some(Rule::PasskeyUnknown)
    );
    answer.response.user_handle = Some(Bytes(user_handle(&user).to_vec()));
    assert_eq!(refused(&answer, &Credential::from(&kept)), None);
}

#[test]
fn a_passkey_of_each_algorithm_signs_in_after_it_was_added() {
    for alg in [Algorithm::Ed25519, Algorithm::ES256, Algorithm::RS256] {
        let device = Authenticator::new(alg);
        let created = device.create(&Says::create());
        let added = register(&created, CHALLENGE, &rp(), &mut Trail::off()).unwrap();
        let stored = Credential {
            credential_id: &added.credential_id,
            public_key: &added.public_key,
            sign_count: added.sign_count,
            user_handle: HANDLE,
        };
        let mut says = Says {
            count: 1,
            ..Says::get()
        };
        says.flags |= ELIGIBLE | BACKED_UP;
        let mut trail = Trail::recording();
        let done = authenticate(&device.get(&says), &stored, CHALLENGE, &rp(), &mut trail);
        let expected = Authenticated {
            sign_count: 1,
            user_verified: true,
            backed_up: true,
        };
        assert_eq!(done, Ok(expected), "{alg}");
        let told: std::collections::BTreeSet<Rule> =
            trail.into_checks().into_iter().map(|check| check.rule).collect();
        assert_eq!(told.len(), 7, "every rule of passkeys is told: {told:?}");
    }
}
