//! Cookies (RFC 6265 §4.2): a value is read only when its name stands once, and what is read stood there.
#![no_main]

#[path = "../../crates/server/src/cookies.rs"]
mod cookies;

use cookies::{Cookies, read};
use http::{HeaderMap, HeaderValue, header};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let names = Cookies::new(true, "");
    let Ok(line) = HeaderValue::from_bytes(data) else {
        return;
    };
    let mut headers = HeaderMap::new();
    headers.append(header::COOKIE, line.clone());
    let seen = read(&headers, &names.session).map(str::to_owned);
    if let Some(value) = &seen {
        let text = line.to_str().expect("only text is read");
        assert!(text.contains(&format!("{}={value}", names.session)), "{text:?}");
        assert!(!value.contains(';'));
        written(&names, value);
    }
    // A second one beside it: neither counts, wherever it was planted.
    headers.append(
        header::COOKIE,
        HeaderValue::from_static("__Host-vk_session=planted"),
    );
    let with_planted = read(&headers, &names.session);
    if seen.is_some() {
        assert_eq!(with_planted, None);
    }
    let stands_there = line.as_bytes().windows(7).any(|bytes| bytes == b"planted");
    assert!(stands_there || read(&headers, &names.browser) != Some("planted"));
});

/// A value that was read can be set again without an attribute slipping in.
fn written(names: &Cookies, value: &str) {
    for set in [
        names.set(&names.session, value),
        names.set_for(&names.session, value, 60),
        names.remove(&names.session),
    ] {
        if let Some(set) = set {
            let text = set.to_str().expect("it was text");
            let attributes: Vec<&str> = text.split(';').skip(1).map(str::trim).collect();
            assert_eq!(&attributes[..4], ["Path=/", "HttpOnly", "SameSite=Lax", "Secure"]);
        }
    }
}
