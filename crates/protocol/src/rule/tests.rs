//! The catalogue's own order: what holds for every entry.

use super::{Answer, Refusal, Rule, Trail, reference_markdown};
use crate::error::ErrorCode;
use std::collections::BTreeSet;

/// RFC 6749 §5.2 allows `%x20-21 / %x23-5B / %x5D-7E` in `error_description`.
fn may_stand_in_a_description(text: &str) -> bool {
    text.bytes()
        .all(|b| matches!(b, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e))
}

#[test]
fn no_two_rules_share_an_id() {
    let ids: BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.id()).collect();
    assert_eq!(ids.len(), Rule::ALL.len());
}

#[test]
fn an_id_finds_its_rule_and_nothing_else_does() {
    assert_eq!(Rule::from_id("VK-NO-SUCH-RULE"), None);
    assert_eq!(Rule::from_id(""), None);
    assert_eq!(Rule::from_id("vk-code-pkce-mismatch"), None);
    for rule in Rule::ALL {
        assert_eq!(Rule::from_id(rule.id()), Some(*rule));
    }
}

#[test]
fn an_id_is_capital_letters_digits_and_hyphens() {
    for rule in Rule::ALL {
        let id = rule.id();
        assert!(
            id.starts_with("VK-") && !id.ends_with('-') && !id.contains("--"),
            "{id}"
        );
        assert!(
            id.bytes()
                .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-'),
            "{id}"
        );
    }
}

#[test]
fn both_sentences_may_stand_in_an_error_description_and_are_sentences() {
    for rule in Rule::ALL {
        let info = rule.info();
        for text in [info.says, info.fix] {
            assert!(may_stand_in_a_description(text), "{}: {text}", info.id);
            assert!(text.len() > 20 && text.ends_with('.'), "{}: {text}", info.id);
            assert!(!text.contains("  "), "{}: {text}", info.id);
        }
        assert_ne!(info.says, info.fix);
    }
}

#[test]
fn every_spec_is_a_public_https_address_of_a_section() {
    for rule in Rule::ALL {
        let info = rule.info();
        let url = url::Url::parse(info.url).unwrap();
        assert_eq!(url.scheme(), "https", "{}", info.id);
        assert!(
            ["www.rfc-editor.org", "openid.net", "www.w3.org"].contains(&url.host_str().unwrap()),
            "{}",
            info.id
        );
        assert!(url.fragment().is_some(), "{}", info.id);
        assert!(info.spec.contains('§'), "{}", info.id);
        if let Some((number, section)) = info.spec.strip_prefix("RFC ").and_then(|s| s.split_once(" §")) {
            assert_eq!(
                info.url,
                format!("https://www.rfc-editor.org/rfc/rfc{number}#section-{section}")
            );
        }
    }
}

#[test]
fn status_error_and_way_of_answering_fit_together() {
    use ErrorCode as E;
    for rule in Rule::ALL {
        let info = rule.info();
        let fits = match info.answer {
            Answer::Page => match info.error {
                // Another server is to blame.
                E::ServerError => info.status == 502,
                E::TemporarilyUnavailable => matches!(info.status, 429 | 503),
                _ => matches!(info.status, 400 | 403 | 429),
            },
            Answer::Redirect => info.status == 303,
            Answer::Json => match info.error {
                E::InvalidClient => info.status == 401,
                E::TemporarilyUnavailable => matches!(info.status, 429 | 503),
                E::AccessDenied => matches!(info.status, 400 | 403),
                // WebFinger answers 404 for what it knows nothing of (RFC 7033 §4.2).
                _ => matches!(info.status, 400 | 404 | 405 | 413),
            },
            Answer::Challenge => match info.error {
                E::InvalidToken => info.status == 401,
                E::InsufficientScope => info.status == 403,
                E::InvalidRequest => info.status == 400,
                _ => false,
            },
            // RFC 5849 §3.2 names the statuses.
            Answer::OAuthProblem => matches!(info.status, 400 | 401 | 403),
            Answer::Local => info.status == 0,
        };
        assert!(fits, "{}: {} {:?}", info.id, info.status, info.answer);
    }
}

#[test]
fn nothing_before_a_trusted_redirect_uri_may_redirect() {
    for rule in [
        Rule::AuthorizeParameterRepeated,
        Rule::AuthorizeClientIdMissing,
        Rule::AuthorizeClientUnknown,
        Rule::AuthorizeRedirectUriMissing,
        Rule::AuthorizeRedirectUriUnregistered,
    ] {
        assert_eq!(rule.info().answer, Answer::Page, "{rule}");
    }
}

#[test]
fn a_rule_travels_by_its_id() {
    let json = serde_json::to_string(&Rule::CodePkceMismatch).unwrap();
    assert_eq!(json, "\"VK-CODE-PKCE-MISMATCH\"");
    assert_eq!(
        serde_json::from_str::<Rule>(&json).unwrap(),
        Rule::CodePkceMismatch
    );
    assert!(serde_json::from_str::<Rule>("\"VK-NO-SUCH-RULE\"").is_err());
    let refusal = Refusal::new(Rule::CodeExpired, "before 60", "at 61");
    let json = serde_json::to_string(&refusal).unwrap();
    assert_eq!(serde_json::from_str::<Refusal>(&json).unwrap(), refusal);
}

#[test]
fn every_rule_stands_in_exactly_one_group() {
    let grouped: Vec<Rule> = Rule::GROUPS
        .iter()
        .flat_map(|(_, rules)| rules.iter().copied())
        .collect();
    assert_eq!(grouped, Rule::ALL);
}

#[test]
fn a_trail_that_is_off_records_nothing_and_still_refuses() {
    let mut trail = Trail::off();
    trail.passed(Rule::CodeMissing);
    let refused = trail.require(Rule::CodeExpired, false, || ("a".into(), "b".into()));
    assert_eq!(refused, Err(Refusal::new(Rule::CodeExpired, "a", "b")));
    assert!(trail.into_checks().is_empty());
}

#[test]
fn a_recording_trail_keeps_every_check_in_order_and_what_was_expected() {
    let mut trail = Trail::recording();
    trail
        .require(Rule::CodeMissing, true, || unreachable!("the rule holds"))
        .unwrap();
    let _ = trail.require(Rule::CodeExpired, false, || ("before 60".into(), "at 61".into()));
    let checks = trail.into_checks();
    assert_eq!(checks.len(), 2);
    assert_eq!(
        serde_json::to_value(&checks).unwrap(),
        serde_json::json!([
            {"rule": "VK-CODE-MISSING", "spec": "RFC 6749 §4.1.3", "accepted": true, "expected": null, "received": null},
            {"rule": "VK-CODE-EXPIRED", "spec": "RFC 6749 §4.1.2", "accepted": false, "expected": "before 60", "received": "at 61"},
        ])
    );
}

#[test]
fn the_reference_page_is_what_the_catalogue_says() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/reference/rules.md");
    let page = reference_markdown();
    if rewrite_docs() {
        std::fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
        std::fs::write(path, &page).unwrap();
    }
    let written = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        written == page,
        "docs/reference/rules.md is stale: run VALETKEY_WRITE_DOCS=1 cargo test -p valetkey-protocol"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "a developer's switch for this test, not a setting"
)]
fn rewrite_docs() -> bool {
    std::env::var("VALETKEY_WRITE_DOCS").is_ok_and(|value| value == "1")
}
