//! Signed requests, each check violated first (RFC 5849 §3).

use super::super::{Told, consumer};
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn unread(authorization: Option<&str>, query: Option<&str>, form: Option<&[u8]>) -> Rule {
    read(authorization.map(str::as_bytes), query, form, &mut Trail::off())
        .unwrap_err()
        .rule
}

#[test]
fn a_request_without_protocol_parameters_is_not_signed() {
    for authorization in [None, Some("Bearer x"), Some("OAuth"), Some("OAuth realm=\"x\"")] {
        assert_eq!(unread(authorization, Some("a=1"), None), Rule::OAuth1NotSigned);
    }
}

#[test]
fn a_nul_is_refused_wherever_it_stands() {
    let header = |name: &str| format!("OAuth oauth_token=\"a\", {name}");
    for (authorization, query, form) in [
        (Some(header("oauth_nonce=\"n%00\"")), None, None),
        (Some(header("oauth_x%00=\"1\"")), None, None),
        (None, Some("oauth_timestamp=%00"), None),
        (None, None, Some(&b"oauth_callback=oob%00"[..])),
        (Some(header("oauth_nonce=\"n\"")), Some("scope=%00"), None),
        (Some(header("oauth_nonce=\"n\"")), None, Some(b"a%00=1")),
    ] {
        assert_eq!(
            unread(authorization.as_deref(), query, form),
            Rule::OAuth1ParametersUnreadable
        );
    }
    let told = "GET&https%3A%2F%2Fphotos.example%2F&oauth_nonce%3Dn%2500";
    let refusal = Told::read(Some(told), Some("x"), &mut Trail::off()).unwrap_err();
    assert_eq!(refusal.rule, Rule::OAuth1ParametersUnreadable);
    let of_the_apis_own = "GET&https%3A%2F%2Fphotos.example%2F&size%3Dn%2500";
    Told::read(Some(of_the_apis_own), Some("x"), &mut Trail::off()).unwrap();
}

#[test]
fn parameter_pollution_is_refused_within_and_across_places() {
    let one = "OAuth oauth_consumer_key=\"a\"";
    for (authorization, query, form, rule) in [
        (
            Some("OAuth oauth_token=\"a\", oauth_token=\"b\""),
            None,
            None,
            Rule::OAuth1ParameterRepeated,
        ),
        (
            None,
            Some("oauth_token=a&oauth%5Ftoken=b"),
            None,
            Rule::OAuth1ParameterRepeated,
        ),
        (
            Some(one),
            Some("oauth_token=b"),
            None,
            Rule::OAuth1ParametersInTwoPlaces,
        ),
        (
            Some(one),
            None,
            Some(&b"oauth_callback=x"[..]),
            Rule::OAuth1ParametersInTwoPlaces,
        ),
        (
            None,
            Some("oauth_token=a"),
            Some(b"oauth_token=a"),
            Rule::OAuth1ParametersInTwoPlaces,
        ),
        (
            Some("OAuth oauth_token=a"),
            None,
            None,
            Rule::OAuth1ParametersUnreadable,
        ),
        (
            None,
            Some("oauth_token=%zz"),
            None,
            Rule::OAuth1ParametersUnreadable,
        ),
    ] {
        assert_eq!(unread(authorization, query, form), rule);
    }
    let flood = "a&".repeat(200);
    assert_eq!(
        unread(Some(one), Some(&flood), None),
        Rule::OAuth1ParametersUnreadable
    );
}

#[test]
fn a_request_without_a_parameter_that_every_signature_needs_is_refused() {
    let changes: [fn(&mut Protocol); 3] = [
        |protocol| protocol.signature_method = None,
        |protocol| protocol.timestamp = None,
        |protocol| protocol.nonce = None,
    ];
    for change in changes {
        let refusal = request(&printer()).change(change).verified(Some(&printer()));
        assert_eq!(refusal.unwrap_err().rule, Rule::OAuth1ParameterMissing);
    }
    let nobody = Protocol::default();
    let refusal = consumer(&nobody, &mut Trail::off()).unwrap_err();
    assert_eq!(refusal.rule, Rule::OAuth1ParameterMissing);
    assert_eq!(refusal.expected, "oauth_consumer_key");
}

#[test]
fn plaintext_too_has_a_timestamp_and_a_nonce() {
    let plain = request(&printer()).by(SignatureMethod::Plaintext);
    let bare = plain.change(|protocol| {
        protocol.timestamp = None;
        protocol.nonce = None;
    });
    assert_eq!(bare.refused(Some(&printer())), Rule::OAuth1ParameterMissing);
}

#[test]
fn signature_stripping_a_request_without_its_signature_is_refused() {
    let good = request(&printer());
    for signature in [None, Some(String::new())] {
        let stripped = Protocol {
            signature,
            ..good.protocol.clone()
        };
        let refusal = good.verify_arrived(&good.arrives(&stripped), Some(&printer()), NOW);
        let refusal = refusal.unwrap_err();
        assert_eq!(refusal.rule, Rule::OAuth1ParameterMissing);
        assert_eq!(refusal.expected, "oauth_signature");
    }
}

#[test]
fn another_version_than_1_0_is_refused() {
    for version in ["1.1", "2.0", "1", "1.0 "] {
        let request = request(&printer()).change(|protocol| protocol.version = Some(version.into()));
        assert_eq!(request.refused(Some(&printer())), Rule::OAuth1VersionUnsupported);
    }
    let without = request(&printer()).change(|protocol| protocol.version = None);
    assert!(without.verified(Some(&printer())).is_ok());
}

#[test]
fn a_method_that_nobody_knows_is_refused() {
    for method in ["HMAC-MD5", "hmac-sha1", "none", "HMAC-SHA512"] {
        let request = request(&printer()).change(|protocol| protocol.signature_method = Some(method.into()));
        assert_eq!(
            request.refused(Some(&printer())),
            Rule::OAuth1SignatureMethodUnsupported
        );
    }
}

#[test]
fn plaintext_without_tls_is_refused() {
    let mut plain = request(&printer()).by(SignatureMethod::Plaintext);
    assert!(plain.verified(Some(&printer())).is_ok());
    for uri in ["http://as.example/oauth1/initiate", "http://127.0.0.1:8080/x"] {
        plain.uri = uri.into();
        assert_eq!(
            plain.refused(Some(&printer())),
            Rule::OAuth1PlaintextWithoutTls,
            "{uri}"
        );
    }
}

#[test]
fn plaintext_without_tls_is_taken_on_the_loopback_interface_of_a_server_there_alone() {
    let here = Policy {
        issuer: "http://localhost:8080".into(),
        ..samples::policy()
    };
    let mut plain = request(&printer()).by(SignatureMethod::Plaintext);
    for (uri, taken) in [
        ("http://localhost:8080/oauth1/initiate", true),
        ("http://127.0.0.1:8081/photos", true),
        ("http://[::1]:8081/photos", true),
        ("http://photos.example/photos", false),
        ("http://localhost.example/photos", false),
    ] {
        plain.uri = uri.into();
        let outcome = plain.verify_under(&here, &plain.signed(), Some(&printer()), NOW);
        let refused = outcome.err().map(|refusal| refusal.rule);
        let expected = Some(Rule::OAuth1PlaintextWithoutTls).filter(|_| !taken);
        assert_eq!(refused, expected, "{uri}");
    }
}

#[test]
fn timestamp_drift_is_refused_both_ways() {
    let window = samples::policy().oauth1_timestamp_window_seconds;
    for (drift, taken) in [
        (0, true),
        (window, true),
        (-window, true),
        (window + 1, false),
        (-window - 1, false),
        (86_400 * 365, false),
    ] {
        let at = NOW.plus_seconds(drift);
        let request = request(&printer()).change(|protocol| protocol.timestamp = Some(at.to_string()));
        let refused = request
            .verified(Some(&printer()))
            .err()
            .map(|refusal| refusal.rule);
        let expected = Some(Rule::OAuth1TimestampRefused).filter(|_| !taken);
        assert_eq!(refused, expected, "{drift} s");
    }
}

#[test]
fn a_timestamp_that_is_no_positive_number_in_its_one_spelling_is_refused() {
    let padded = format!("0{NOW}");
    let signed = format!("+{NOW}");
    let millis = format!("{NOW}000");
    for bad in [
        "0",
        "-1",
        "now",
        "1800000000.0",
        " 1800000000",
        "0x6b49d200",
        "99999999999999999999",
        &padded,
        &signed,
        &millis,
    ] {
        let request = request(&printer()).change(|protocol| protocol.timestamp = Some(bad.into()));
        assert_eq!(
            request.refused(Some(&printer())),
            Rule::OAuth1TimestampRefused,
            "{bad:?}"
        );
    }
}

#[test]
fn a_nonce_without_end_is_refused() {
    for (length, taken) in [(256, true), (257, false), (100_000, false)] {
        let request = request(&printer()).change(|protocol| protocol.nonce = Some("n".repeat(length)));
        let refused = request
            .verified(Some(&printer()))
            .err()
            .map(|refusal| refusal.rule);
        let expected = Some(Rule::OAuth1ParametersUnreadable).filter(|_| !taken);
        assert_eq!(refused, expected, "{length}");
    }
}

#[test]
fn an_unknown_consumer_is_refused_by_every_method_even_when_it_signs_with_what_stands_in() {
    for method in SignatureMethod::ALL {
        let mut request = request(&printer()).by(method);
        assert_eq!(request.refused(None), Rule::OAuth1ConsumerUnknown, "{method}");
        request.consumer_secret = "nobody".into();
        assert_eq!(request.refused(None), Rule::OAuth1ConsumerUnknown, "{method}");
    }
    let another = request(&printer()).refused(Some(&stranger()));
    assert_eq!(
        another,
        Rule::OAuth1ConsumerUnknown,
        "the record of another client"
    );
    let key = Protocol {
        consumer_key: Some("a b".into()),
        ..Protocol::default()
    };
    let refusal = consumer(&key, &mut Trail::off()).unwrap_err();
    assert_eq!(refusal.rule, Rule::OAuth1ConsumerUnknown);
}

#[test]
fn a_client_without_oauth_1_is_refused_whatever_it_signs_with() {
    for secret in [CONSUMER_SECRET, "nobody", ""] {
        let mut request = request(&samples::web_client());
        request.consumer_secret = secret.into();
        assert_eq!(
            request.refused(Some(&samples::web_client())),
            Rule::OAuth1NotAllowed
        );
    }
}

#[test]
fn key_confusion_an_rsa_consumer_is_not_forged_with_an_hmac_under_its_public_key() {
    let client = rsa_printer();
    let public = RSA.public_key().unwrap();
    let der = STANDARD.encode(public.as_der());
    for secret in [der.as_str(), "", "nobody"] {
        for method in [
            SignatureMethod::HmacSha1,
            SignatureMethod::HmacSha256,
            SignatureMethod::Plaintext,
        ] {
            let mut request = request(&client).by(method);
            request.consumer_secret = secret.into();
            assert_eq!(
                request.refused(Some(&client)),
                Rule::OAuth1SignatureMethodUnsupported,
                "{method}"
            );
        }
    }
}

#[test]
fn a_consumer_with_a_secret_alone_signs_nothing_by_rsa() {
    let request = request(&printer()).by(SignatureMethod::RsaSha256);
    assert_eq!(
        request.refused(Some(&printer())),
        Rule::OAuth1SignatureMethodUnsupported
    );
}

#[test]
fn a_secret_that_does_not_open_here_is_none() {
    let moved = Client {
        oauth1: stranger().oauth1,
        ..printer()
    };
    let mut empty = printer();
    empty.oauth1 = Some(OAuth1 {
        secret: Some(secrets().seal(Purpose::OAuth1, &empty.id, "")),
        ..OAuth1::default()
    });
    for client in [moved, empty] {
        for secret in [CONSUMER_SECRET, "", "nobody"] {
            let mut request = request(&client);
            request.consumer_secret = secret.into();
            assert_eq!(
                request.refused(Some(&client)),
                Rule::OAuth1SignatureMethodUnsupported
            );
        }
    }
}

#[test]
fn a_signature_under_another_secret_is_refused_by_every_method() {
    for method in [
        SignatureMethod::Plaintext,
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
    ] {
        for secret in ["", "wrong", "kd94hf93k423kf44", "kd94hf93k423kf44&%25"] {
            let mut request = request(&printer()).by(method);
            request.consumer_secret = secret.into();
            assert_eq!(
                request.refused(Some(&printer())),
                Rule::OAuth1SignatureInvalid,
                "{method} {secret:?}"
            );
        }
        for signed_with in [None, Some("wrong"), Some("right&")] {
            let mut request = request(&printer()).by(method);
            request.token_secret = signed_with.map(OAuth1Secret::new);
            let signed = request.signed();
            request.token_secret = Some(OAuth1Secret::new("right"));
            let refusal = request.verify_arrived(&signed, Some(&printer()), NOW);
            assert_eq!(refusal.unwrap_err().rule, Rule::OAuth1SignatureInvalid);
        }
    }
}

#[test]
fn method_swapping_a_signature_is_good_by_its_own_method_alone() {
    let mut both = printer();
    if let (Some(oauth1), Some(rsa)) = (&mut both.oauth1, rsa_printer().oauth1) {
        oauth1.rsa_public_key = rsa.rsa_public_key;
    }
    let methods = [
        SignatureMethod::Plaintext,
        SignatureMethod::HmacSha1,
        SignatureMethod::HmacSha256,
        SignatureMethod::RsaSha256,
    ];
    for made in methods {
        let original = request(&both).by(made);
        assert!(original.verified(Some(&both)).is_ok(), "{made}");
        let signature = original.signature();
        for shown in SignatureMethod::ALL.into_iter().filter(|shown| *shown != made) {
            let swapped = original.clone().by(shown);
            let protocol = Protocol {
                signature: Some(signature.clone()),
                ..swapped.protocol.clone()
            };
            let refusal = swapped.verify_arrived(&swapped.arrives(&protocol), Some(&both), NOW);
            assert_eq!(
                refusal.unwrap_err().rule,
                Rule::OAuth1SignatureInvalid,
                "{made} shown as {shown}"
            );
        }
    }
}

#[test]
fn a_request_that_was_changed_on_its_way_is_refused() {
    let mut original = request(&printer());
    original.query = Some("file=vacation.jpg&size=original".into());
    let signed = original.signed();
    assert!(original.verify_arrived(&signed, Some(&printer()), NOW).is_ok());

    let mut elsewhere = original.clone();
    elsewhere.uri = "https://as.example/oauth1/token".into();
    let mut by_get = original.clone();
    by_get.method = "GET";
    for changed in [elsewhere, by_get] {
        let refusal = changed.verify_arrived(&signed, Some(&printer()), NOW);
        assert_eq!(refusal.unwrap_err().rule, Rule::OAuth1SignatureInvalid);
    }
    let changes: [fn(&mut Collected); 4] = [
        |collected| collected.signed.push(("admin".into(), "1".into())),
        |collected| collected.signed.retain(|(name, _)| name != "size"),
        |collected| {
            for (name, value) in &mut collected.signed {
                if name == "oauth_callback" {
                    *value = "https://evil.example/callback".into();
                }
            }
        },
        |collected| collected.signed.push(("size".into(), "original".into())),
    ];
    for change in changes {
        let mut changed = signed.clone();
        change(&mut changed);
        let refusal = original.verify_arrived(&changed, Some(&printer()), NOW);
        assert_eq!(refusal.unwrap_err().rule, Rule::OAuth1SignatureInvalid);
    }
}

#[test]
fn a_signature_that_is_no_base64_or_too_short_is_refused() {
    let good = request(&printer());
    let whole = good.signature();
    let without_padding = whole.trim_end_matches('=').to_owned();
    let half = whole.get(..20).unwrap().to_owned();
    let url_alphabet = whole.replace('+', "-").replace('/', "_");
    let mut bad = vec!["!".to_owned(), "AAAA".to_owned(), without_padding, half];
    if url_alphabet != whole {
        bad.push(url_alphabet);
    }
    for signature in bad {
        let protocol = Protocol {
            signature: Some(signature),
            ..good.protocol.clone()
        };
        let refusal = good.verify_arrived(&good.arrives(&protocol), Some(&printer()), NOW);
        assert_eq!(refusal.unwrap_err().rule, Rule::OAuth1SignatureInvalid);
    }
}

#[test]
fn a_developer_sees_the_base_string_and_nobody_sees_a_secret() {
    let mut wrong = request(&printer());
    wrong.consumer_secret = "wrong".into();
    let refusal = wrong.verified(Some(&printer())).unwrap_err();
    assert_eq!(
        refusal.expected,
        "POST&https%3A%2F%2Fas.example%2Foauth1%2Finitiate&oauth_callback%3Dhttps%253A%252F%252Fapp.example\
         %252Fcallback%26oauth_consumer_key%3Dmysweetapp%26oauth_nonce%3Dn-1%26oauth_signature_method%3DHMAC\
         -SHA256%26oauth_timestamp%3D1800000000%26oauth_version%3D1.0"
    );
    let refusal = wrong.by(SignatureMethod::Plaintext).verified(Some(&printer()));
    let refusal = refusal.unwrap_err();
    assert!(!format!("{refusal:?}").contains("wrong"), "{refusal:?}");
    assert!(!format!("{refusal:?}").contains("kd94"), "{refusal:?}");
}

#[test]
fn nonce_replay_is_remembered_as_long_as_its_timestamp_is_taken() {
    let policy = samples::policy();
    let first = request(&printer()).verified(Some(&printer())).unwrap();
    assert_eq!(first.refusal().rule, Rule::OAuth1NonceUsed);
    let window = policy.oauth1_timestamp_window_seconds;
    let late = NOW.plus_seconds(window);
    let good = request(&printer());
    let again = good
        .verify_arrived(&good.signed(), Some(&printer()), late)
        .unwrap();
    assert_eq!(again, first, "the same request, as late as it is taken");
    assert!(late < first.expires_at, "is still remembered");
    let too_late = good.verify_arrived(&good.signed(), Some(&printer()), late.plus_seconds(1));
    assert_eq!(too_late.unwrap_err().rule, Rule::OAuth1TimestampRefused);

    let mut keys = BTreeSet::from([first.key]);
    let others = [
        request(&printer()).change(|protocol| protocol.nonce = Some("n-2".into())),
        request(&printer()).change(|protocol| protocol.timestamp = Some(NOW.plus_seconds(1).to_string())),
        request(&printer()).with_token("t".into(), OAuth1Secret::new("s")),
    ];
    for other in others {
        assert!(keys.insert(other.verified(Some(&printer())).unwrap().key));
    }
    let stranger = stranger();
    let other = request(&stranger).verified(Some(&stranger)).unwrap();
    assert!(keys.insert(other.key), "another consumer may use the same nonce");
}

#[test]
fn a_request_is_taken_by_every_method_and_its_checks_are_told_in_order() {
    for (client, methods) in [
        (
            printer(),
            &[
                SignatureMethod::Plaintext,
                SignatureMethod::HmacSha1,
                SignatureMethod::HmacSha256,
            ][..],
        ),
        (rsa_printer(), &[SignatureMethod::RsaSha256]),
    ] {
        for method in methods {
            let good = request(&client).by(*method);
            assert!(good.verified(Some(&client)).is_ok(), "{method}");
            let with_token = good.with_token("t".into(), OAuth1Secret::new("s&1"));
            assert!(with_token.verified(Some(&client)).is_ok(), "{method}");
        }
    }
    let (good, client, mut trail) = (request(&printer()), printer(), Trail::recording());
    let collected = good.signed();
    let message = Message {
        method: "post",
        uri: INITIATE,
        collected: &collected,
    };
    let facts = Facts {
        client: Some(&client),
        secrets: &secrets(),
        policy: &samples::policy(),
        now: NOW,
    };
    let text = message.base_string(&mut trail).unwrap();
    let _ = verify(&message.signed(&text), None, &facts, &mut trail).unwrap();
    let mut order: Vec<Rule> = trail.into_checks().iter().map(|check| check.rule).collect();
    order.retain(|rule| {
        !matches!(
            rule,
            Rule::OAuth1ParameterMissing | Rule::OAuth1ParametersUnreadable
        )
    });
    assert_eq!(
        order,
        [
            Rule::OAuth1VersionUnsupported,
            Rule::OAuth1TimestampRefused,
            Rule::OAuth1ConsumerUnknown,
            Rule::OAuth1NotAllowed,
            Rule::OAuth1SignatureMethodUnsupported,
            Rule::OAuth1SignatureInvalid,
        ]
    );
}

#[test]
fn a_uri_that_nobody_can_sign_is_refused() {
    let collected = request(&printer()).signed();
    for (method, uri) in [("POST", "/oauth1/initiate"), ("P ST", INITIATE), ("", INITIATE)] {
        let message = Message {
            method,
            uri,
            collected: &collected,
        };
        let refusal = message.base_string(&mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::OAuth1ParametersUnreadable);
    }
}

#[test]
fn an_api_tells_a_base_string_by_the_letter_and_the_signature() {
    let good = request(&printer());
    let text = base_string(good.method, &good.uri, &good.signed().signed).unwrap();
    let read = |text: Option<&str>, signature: Option<&str>| {
        Told::read(text, signature, &mut Trail::off()).map_err(|refusal| refusal.rule)
    };
    let malformed = Some(Rule::OAuth1VerifyRequestMalformed);
    assert_eq!(read(None, Some("x")).err(), malformed);
    assert_eq!(read(Some(&text), None).err(), malformed);
    assert_eq!(read(Some(&text.to_lowercase()), Some("x")).err(), malformed);
    let twice = text.replace("oauth_nonce%3Dn-1", "oauth_nonce%3Dn-1%26oauth_nonce%3Dn-1");
    assert_eq!(
        read(Some(&twice), Some("x")).err(),
        Some(Rule::OAuth1ParameterRepeated)
    );

    let verified = |signature: &str| {
        let told = read(Some(&text), Some(signature)).unwrap();
        let facts = Facts {
            client: Some(&printer()),
            secrets: &secrets(),
            policy: &samples::policy(),
            now: NOW,
        };
        verify(&told.signed(), None, &facts, &mut Trail::off()).map_err(|refusal| refusal.rule)
    };
    assert_eq!(verified("AAAA"), Err(Rule::OAuth1SignatureInvalid));
    let told = verified(&good.signature()).unwrap();
    let shown_here = good.verified(Some(&printer())).unwrap();
    assert_eq!(told, shown_here, "one nonce, wherever it is shown");
}

proptest! {
    #[test]
    fn no_header_of_a_stranger_is_taken(
        secret in "[ -~]{0,40}",
        nonce in "[ -~]{0,20}",
        timestamp in prop::option::of("[0-9]{1,12}"),
        method in 0_usize..5,
    ) {
        prop_assume!(secret != CONSUMER_SECRET);
        let method = SignatureMethod::ALL[method];
        let mut forged = request(&printer()).by(method).change(|protocol| {
            protocol.nonce = Some(nonce);
            protocol.timestamp = timestamp.or(Some(NOW.to_string()));
        });
        forged.consumer_secret = secret;
        prop_assert!(forged.verified(Some(&printer())).is_err());
    }
}
