//! Redirect URIs: a registered one matches itself and nothing that differs by more than a loopback port (RFC 9700 §2.1,
//! RFC 8252 §7.3); a redirect built from one stays on its origin.
#![no_main]

use libfuzzer_sys::fuzz_target;
use valetkey_protocol::authorize::redirect_with_query;
use valetkey_protocol::redirect_uri::RedirectUri;

fuzz_target!(|text: &str| {
    let (registered, received) = text.split_once(' ').unwrap_or((text, text));
    let Ok(uri) = RedirectUri::parse(registered) else {
        return;
    };
    assert!(uri.matches(uri.as_str(), false));
    assert!(!uri.as_str().contains(['\r', '\n', '#', ' ']));
    assert_eq!(uri.matches(received, false), received == uri.as_str());
    if uri.matches(received, true) && received != uri.as_str() {
        assert!(
            loopback(received) && loopback(uri.as_str()),
            "{registered:?} {received:?}"
        );
        assert!(!received.contains(['\r', '\n', '#', ' ', '\\', '@']));
    }
    let answer = redirect_with_query(uri.as_str(), &[("state", received)]);
    assert!(answer.starts_with(uri.as_str()) && !answer.contains(['\r', '\n', ' ']));
});

fn loopback(uri: &str) -> bool {
    ["http://127.0.0.1", "http://[::1]", "http://localhost"]
        .iter()
        .any(|host| {
            uri.get(..host.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(host))
                && uri
                    .get(host.len()..)
                    .is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/', '?']))
        })
}
