//! The authorization page, each check violated first (RFC 5849 §2.2).

use super::super::authorize::{answered_already, consumer, temporary as read_temporary};
use super::*;

fn refused(token: Option<&str>, now: Timestamp) -> Rule {
    let outcome = read_temporary(token, &handles(), now, &mut Trail::off());
    outcome.unwrap_err().rule
}

#[test]
fn a_token_that_is_none_too_old_or_of_another_kind_opens_no_page() {
    let token = handles().seal_temporary(&temporary());
    let other_server = HandleKeys::new(&[8; 32]).seal_temporary(&temporary());
    let credentials = handles().oauth1_token_for(grant_id());
    for bad in [
        None,
        Some(""),
        Some("vkt_AAAA"),
        Some(&other_server),
        Some(&credentials),
    ] {
        assert_eq!(refused(bad, NOW), Rule::OAuth1AuthorizeTokenUnknown);
    }
    let end = temporary().expires_at;
    assert_eq!(refused(Some(&token), end), Rule::OAuth1AuthorizeTokenUnknown);
    assert_eq!(answered_already().rule, Rule::OAuth1AuthorizeTokenUnknown);
    let just = read_temporary(Some(&token), &handles(), end.plus_seconds(-1), &mut Trail::off());
    assert_eq!(just.unwrap(), temporary());
}

#[test]
fn a_client_that_was_changed_meanwhile_gets_no_page() {
    let mut moved = printer();
    moved.redirect_uris.clear();
    for client in [
        None,
        Some(stranger()),
        Some(samples::web_client()),
        Some(retired(printer())),
        Some(moved.clone()),
    ] {
        let refusal = consumer(&temporary(), client.as_ref(), NOW, &mut Trail::off()).unwrap_err();
        assert_eq!(refusal.rule, Rule::OAuth1AuthorizeTokenUnknown);
    }
    let mut trail = Trail::recording();
    assert!(consumer(&temporary(), Some(&printer()), NOW, &mut trail).is_ok());
    assert_eq!(trail.into_checks().len(), 1);
    let out_of_band = Temporary {
        callback: None,
        ..temporary()
    };
    assert!(consumer(&out_of_band, Some(&moved), NOW, &mut Trail::off()).is_ok());
}
