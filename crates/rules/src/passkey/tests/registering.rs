//! A passkey is made, or not (§7.1).

use super::*;

fn refused(response: &RegistrationResponse) -> Option<Rule> {
    refused_by(|trail| register(response, CHALLENGE, &rp(), trail))
}

fn refused_saying(says: &Says) -> Option<Rule> {
    refused(&Authenticator::new(Algorithm::Ed25519).create(says))
}

fn refused_with_key(cose: Vec<u8>) -> Option<Rule> {
    let mut device = Authenticator::new(Algorithm::Ed25519);
    device.cose = cose;
    refused(&device.create(&Says::create()))
}

fn refused_with_object(object: Vec<u8>) -> Option<Rule> {
    let device = Authenticator::new(Algorithm::Ed25519);
    refused(&device.creation(&Says::create(), object))
}

const MALFORMED: Option<Rule> = Some(Rule::PasskeyResponseMalformed);

#[test]
fn an_answer_to_another_challenge_is_refused() {
    let says = Says::create().seeing("challenge", json!(b64::encode_url(&[8; 32])));
    assert_eq!(refused_saying(&says), Some(Rule::PasskeyChallengeMismatch));
    let says = Says::create().seeing("challenge", json!(""));
    assert_eq!(refused_saying(&says), Some(Rule::PasskeyChallengeMismatch));
    let answer = Authenticator::new(Algorithm::Ed25519).create(&says);
    let without_one = refused_by(|trail| register(&answer, b"", &rp(), trail));
    assert_eq!(
        without_one,
        Some(Rule::PasskeyChallengeMismatch),
        "an empty one is none"
    );
}

#[test]
fn a_page_of_another_origin_or_in_a_frame_cannot_make_a_passkey() {
    for origin in [
        "https://as.example.evil.example",
        "https://sub.as.example",
        "http://as.example",
        "https://as.example:8443",
        "https://as.example/",
        "https://AS.example",
        "null",
        "",
    ] {
        let says = Says::create().seeing("origin", json!(origin));
        assert_eq!(
            refused_saying(&says),
            Some(Rule::PasskeyOriginMismatch),
            "{origin}"
        );
    }
    let framed = Says::create().seeing("crossOrigin", json!(true));
    assert_eq!(refused_saying(&framed), Some(Rule::PasskeyOriginMismatch));
    let framed = Says::create().seeing("topOrigin", json!("https://evil.example"));
    assert_eq!(refused_saying(&framed), Some(Rule::PasskeyOriginMismatch));
    let mut other_site = Says::create();
    other_site.rp_id = "example";
    assert_eq!(refused_saying(&other_site), Some(Rule::PasskeyOriginMismatch));
}

#[test]
fn a_person_who_is_absent_or_not_verified_cannot_make_a_passkey() {
    for missing in [PRESENT, VERIFIED] {
        let mut says = Says::create();
        says.flags &= !missing;
        assert_eq!(refused_saying(&says), Some(Rule::PasskeyNotVerified));
    }
}

#[test]
fn a_sign_in_is_not_taken_for_a_new_passkey() {
    let says = Says::create().seeing("type", json!("webauthn.get"));
    assert_eq!(refused_saying(&says), MALFORMED);
    let mut without = Says::create();
    without.flags &= !NEW;
    let device = Authenticator::new(Algorithm::Ed25519);
    let object = attestation_object(&without.authenticator_data(&[]));
    assert_eq!(refused(&device.creation(&without, object)), MALFORMED);
}

#[test]
fn client_data_that_is_no_such_object_is_refused() {
    let good = Says::create().client_data.to_string();
    let twice = good.replacen('{', r#"{"origin":"https://evil.example","#, 1);
    let long = good.replacen('{', &format!(r#"{{"more":"{}","#, "x".repeat(4096)), 1);
    let list = format!(
        r#"["webauthn.create","{}","https://as.example",false,null]"#,
        b64::encode_url(CHALLENGE)
    );
    for json in [
        "",
        "{}",
        "null",
        &twice,
        &long,
        &list,
        &good.replace("false", r#""false""#),
        &good.replace("\"origin\"", "\"Origin\""),
        &format!("{good}x"),
    ] {
        let mut answer = Authenticator::new(Algorithm::Ed25519).create(&Says::create());
        answer.response.client_data_json = Bytes(json.as_bytes().to_vec());
        assert_eq!(refused(&answer), MALFORMED, "{json}");
    }
    let mut answer = Authenticator::new(Algorithm::Ed25519).create(&Says::create());
    answer.response.client_data_json.0[2] = 0xff;
    assert_eq!(refused(&answer), MALFORMED, "not UTF-8");
}

#[test]
fn the_credential_id_stands_in_three_places_and_has_its_length() {
    let device = Authenticator::new(Algorithm::Ed25519);
    let good = device.create(&Says::create());
    for changed in [
        RegistrationResponse {
            id: Bytes(b"other".to_vec()),
            ..good.clone()
        },
        RegistrationResponse {
            raw_id: Bytes(b"other".to_vec()),
            ..good.clone()
        },
        RegistrationResponse {
            id: Bytes(b"other".to_vec()),
            raw_id: Bytes(b"other".to_vec()),
            ..good.clone()
        },
        RegistrationResponse {
            kind: "password".into(),
            ..good.clone()
        },
    ] {
        assert_eq!(refused(&changed), MALFORMED, "{changed:?}");
    }
    for (length, outcome) in [(0, MALFORMED), (1, None), (1023, None), (1024, MALFORMED)] {
        let mut device = Authenticator::new(Algorithm::Ed25519);
        device.id = vec![7; length];
        assert_eq!(refused(&device.create(&Says::create())), outcome, "{length}");
    }
}

#[test]
fn a_passkey_that_is_backed_up_although_it_cannot_be_is_refused() {
    let mut says = Says::create();
    says.flags |= BACKED_UP;
    assert_eq!(refused_saying(&says), MALFORMED);
    says.flags |= ELIGIBLE;
    assert_eq!(refused_saying(&says), None);
}

#[test]
fn authenticator_data_cut_short_or_with_something_after_it_is_refused() {
    let device = Authenticator::new(Algorithm::ES256);
    let whole = Says::create().authenticator_data(&device.attested());
    for length in 0..whole.len() {
        let answer = device.creation(&Says::create(), attestation_object(&whole[..length]));
        assert_eq!(refused(&answer), MALFORMED, "{length}");
    }
    let mut more = Says::create();
    more.extra = vec![0];
    assert_eq!(refused_saying(&more), MALFORMED);
    more.extra = vec![0; 9000];
    assert_eq!(refused_saying(&more), MALFORMED);
}

#[test]
fn extensions_are_a_map_and_are_announced() {
    let (none, some) = (map(&[]), map(&[(text("credProtect"), int(2))]));
    for (flag, extra, outcome) in [
        (EXTENSIONS, &none[..], None),
        (EXTENSIONS, &some[..], None),
        (0, &some[..], MALFORMED),
        (EXTENSIONS, &[], MALFORMED),
        (EXTENSIONS, &some[..some.len() - 1], MALFORMED),
        (EXTENSIONS, &[0x80], MALFORMED),
        (EXTENSIONS, &[0xbf, 0xff], MALFORMED),
    ] {
        let mut says = Says::create();
        says.flags |= flag;
        says.extra = extra.to_vec();
        assert_eq!(refused_saying(&says), outcome, "{flag:x} {extra:x?}");
    }
}

#[test]
fn an_attestation_object_is_a_map_of_its_three_members() {
    let device = Authenticator::new(Algorithm::Ed25519);
    let data = bytes(&Says::create().authenticator_data(&device.attested()));
    let format = (text("fmt"), text("none"));
    let statement = (text("attStmt"), map(&[]));
    let data = (text("authData"), data);
    let good = map(&[format.clone(), statement.clone(), data.clone()]);
    assert_eq!(refused_with_object(good.clone()), None);
    let more = (text("epAtt"), int(1));
    for object in [
        Vec::new(),
        map(&[]),
        map(&[statement.clone(), data.clone()]),
        map(&[format.clone(), data.clone()]),
        map(&[format.clone(), statement.clone()]),
        map(&[format.clone(), statement.clone(), data.clone(), more]),
        map(&[format.clone(), statement.clone(), data.clone(), data.clone()]),
        map(&[(text("fmt"), int(1)), statement.clone(), data.clone()]),
        map(&[format.clone(), (text("attStmt"), text("")), data.clone()]),
        map(&[format, statement, (text("authData"), text("x"))]),
        [&good[..], &[0]].concat(),
        good[..good.len() - 1].to_vec(),
        [&[0xbf], &good[1..], &[0xff]].concat(),
        // So many entries that nobody could have sent them.
        vec![0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
    ] {
        assert_eq!(refused_with_object(object.clone()), MALFORMED, "{object:x?}");
    }
}

#[test]
fn a_key_of_an_algorithm_that_was_not_offered_is_refused() {
    for alg in [Algorithm::ES384, Algorithm::PS256] {
        let key = SigningKey::generate(alg).unwrap();
        assert_eq!(refused_with_key(cose_of(&key)), MALFORMED, "{alg}");
    }
}

#[test]
fn a_key_with_a_parameter_missing_doubled_foreign_or_of_another_kind_is_refused() {
    for alg in [Algorithm::Ed25519, Algorithm::ES256, Algorithm::RS256] {
        let good = cose_entries(&SigningKey::generate(alg).unwrap());
        assert_eq!(refused_with_key(map(&good)), None, "{alg}");
        for at in 0..good.len() {
            let mut without = good.clone();
            let taken = without.remove(at);
            assert_eq!(refused_with_key(map(&without)), MALFORMED, "{alg} without {at}");
            without.push((taken.0.clone(), text("x")));
            assert_eq!(refused_with_key(map(&without)), MALFORMED, "{alg} text at {at}");
            let mut twice = good.clone();
            twice.push(taken);
            assert_eq!(refused_with_key(map(&twice)), MALFORMED, "{alg} twice {at}");
        }
        for more in [(int(2), bytes(b"kid")), (text("x"), int(1)), (int(-9), int(1))] {
            let mut entries = good.clone();
            entries.push(more);
            assert_eq!(refused_with_key(map(&entries)), MALFORMED, "{alg}");
        }
    }
}

#[test]
fn a_key_that_is_unsound_is_refused() {
    let ed25519 = |crv, x: &[u8]| {
        map(&[
            (int(1), int(1)),
            (int(3), int(-8)),
            (int(-1), int(crv)),
            (int(-2), bytes(x)),
        ])
    };
    let es256 = |crv, x: &[u8], y: &[u8]| {
        let point = [(int(-1), int(crv)), (int(-2), bytes(x)), (int(-3), bytes(y))];
        map(&[&[(int(1), int(2)), (int(3), int(-7))][..], &point].concat())
    };
    let rs256 = |n: &[u8], e: &[u8]| {
        map(&[
            (int(1), int(3)),
            (int(3), int(-257)),
            (int(-1), bytes(n)),
            (int(-2), bytes(e)),
        ])
    };
    for cose in [
        ed25519(4, &[1; 32]),
        ed25519(6, &[1; 31]),
        ed25519(6, &[]),
        es256(1, &[1; 32], &[1; 32]),
        es256(2, &[1; 32], &[1; 32]),
        es256(1, &[1; 33], &[1; 31]),
        rs256(&[0xff; 128], &[1, 0, 1]),
        rs256(&[0xff; 256], &[2]),
        rs256(&[0xff; 1100], &[1, 0, 1]),
        rs256(&[], &[]),
    ] {
        assert_eq!(refused_with_key(cose.clone()), MALFORMED, "{cose:x?}");
    }
}

#[test]
fn json_that_is_no_such_credential_is_refused() {
    let answer = Authenticator::new(Algorithm::Ed25519).create(&Says::create());
    let good = serde_json::to_string(&answer).unwrap();
    let read = |text: &str| refused_by(|trail| RegistrationResponse::from_json(text, trail));
    assert_eq!(read(&good), None);
    let padded = good.replacen(r#"","#, r#"=","#, 1);
    let plus = good.replacen(r#""id":""#, r#""id":"+/"#, 1);
    let long = good.replacen('{', &format!(r#"{{"more":"{}","#, "x".repeat(32 * 1024)), 1);
    let twice = good.replacen('{', r#"{"id":"AAAA","#, 1);
    for text in ["", "{}", "[]", "null", &padded, &plus, &long, &twice, &good[1..]] {
        assert_eq!(read(text), MALFORMED, "{text:.200}");
    }
}

#[test]
fn the_statement_of_an_attestation_that_nobody_asked_for_is_read_over() {
    let device = Authenticator::new(Algorithm::ES256);
    let data = Says::create().authenticator_data(&device.attested());
    let statement = map(&[
        (text("alg"), int(-7)),
        (text("sig"), bytes(b"made up")),
        (text("x5c"), [head(4, 1), bytes(&[0x30; 300])].concat()),
    ]);
    let object = map(&[
        (text("fmt"), text("packed")),
        (text("attStmt"), statement),
        (text("authData"), bytes(&data)),
    ]);
    assert_eq!(refused(&device.creation(&Says::create(), object)), None);
}

#[test]
fn a_new_passkey_is_kept_as_it_came_whatever_its_algorithm() {
    for alg in [Algorithm::Ed25519, Algorithm::ES256, Algorithm::RS256] {
        let device = Authenticator::new(alg);
        let mut says = Says::create();
        says.flags |= ELIGIBLE | BACKED_UP;
        says.count = 7;
        let mut answer = device.create(&says);
        let names = ["usb", "usb", "smart-card", "", "Not A Name", "something-new"];
        answer.response.transports = names.map(str::to_owned).to_vec();
        let mut trail = Trail::recording();
        let registered = register(&answer, CHALLENGE, &rp(), &mut trail).unwrap();
        let expected = Registered {
            credential_id: device.id.clone(),
            public_key: device.cose.clone(),
            sign_count: 7,
            backed_up: true,
            transports: ["usb", "smart-card", "something-new"].map(str::to_owned).to_vec(),
        };
        assert_eq!(registered, expected, "{alg}");
        for rule in [
            Rule::PasskeyResponseMalformed,
            Rule::PasskeyChallengeMismatch,
            Rule::PasskeyOriginMismatch,
            Rule::PasskeyNotVerified,
        ] {
            assert!(trail_has(&trail, rule), "{rule} is told as satisfied");
        }
    }
}

fn trail_has(trail: &Trail, rule: Rule) -> bool {
    format!("{trail:?}").contains(&format!("{rule:?}"))
}

#[test]
fn client_data_may_hold_what_nobody_knows_yet_and_leave_out_cross_origin() {
    let mut says = Says::create().seeing("other_keys_can_be_added_here", json!({"a": [1]}));
    assert_eq!(refused_saying(&says), None);
    says.client_data.as_object_mut().unwrap().remove("crossOrigin");
    assert_eq!(refused_saying(&says), None);
}
