//! What sets a redirect URI apart from the registered one that was probably meant: help for an engineer,
//! never a reason to accept.

use url::Url;

/// In a few words that follow "differs from ...", when the two are close enough to tell.
pub(super) fn difference(registered: &str, received: &str) -> Option<String> {
    by_the_letter(registered, received)
        .map(str::to_owned)
        .or_else(|| by_the_part(registered, received))
}

fn by_the_letter(registered: &str, received: &str) -> Option<&'static str> {
    if received.trim() == registered {
        return Some("by white space around it");
    }
    if received.strip_suffix('/') == Some(registered) {
        return Some("by a slash at the end");
    }
    if registered.strip_suffix('/') == Some(received) {
        return Some("by a missing slash at the end");
    }
    if received.eq_ignore_ascii_case(registered) {
        return Some("by capital and small letters");
    }
    let decoded_again = form_urlencoded_value(received);
    if decoded_again == registered && decoded_again != received {
        return Some("because it was URL-encoded twice");
    }
    if received.split('#').next() == Some(registered) {
        return Some("by a fragment");
    }
    if received.split('?').next() == Some(registered) {
        return Some("by a query");
    }
    None
}

/// Names the parts that differ when it is at most two of scheme, host and port and nothing else.
fn by_the_part(registered: &str, received: &str) -> Option<String> {
    let (a, b) = (Url::parse(registered).ok()?, Url::parse(received).ok()?);
    if a.path() != b.path() || a.query() != b.query() || !b.username().is_empty() || b.password().is_some() {
        return None;
    }
    let scheme = differs("the scheme", a.scheme(), b.scheme());
    let (host_a, host_b) = (a.host_str()?, b.host_str()?);
    if host_a != host_b && !(is_loopback_name(host_a) && is_loopback_name(host_b)) {
        return None;
    }
    let host = differs("the host", host_a, host_b);
    let (port_a, port_b) = (port(&a), port(&b));
    // Another scheme brings another default port; that is one difference, not two.
    let port = if scheme.is_some() && a.port().is_none() && b.port().is_none() {
        None
    } else {
        differs("the port", &port_a, &port_b)
    };
    let parts: Vec<String> = [scheme, host, port].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| format!("in {}", parts.join(" and ")))
}

fn differs(part: &str, registered: &str, received: &str) -> Option<String> {
    (registered != received).then(|| format!("{part} ({received} instead of {registered})"))
}

fn port(url: &Url) -> String {
    url.port_or_known_default()
        .map_or_else(|| "none".to_owned(), |port| port.to_string())
}

fn is_loopback_name(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "[::1]")
}

/// The text with one more layer of URL encoding taken off.
fn form_urlencoded_value(text: &str) -> String {
    let query = format!(
        "v={}",
        text.replace('&', "%26").replace('+', "%2B").replace('#', "%23")
    );
    // `Url` brings the decoder; the address itself has no meaning here.
    Url::parse(&format!("http://x/?{query}"))
        .ok()
        .and_then(|url| url.query_pairs().next().map(|(_, value)| value.into_owned()))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_about_an_address_that_is_not_close() {
        for received in [
            "https://evil.example/callback",
            "http://localhost:8082/other",
            "http://localhost:8082@evil.example/callback",
            "http://user@localhost:8082/callback",
            "not a url",
            "",
        ] {
            assert_eq!(
                difference("http://localhost:8082/callback", received),
                None,
                "{received}"
            );
        }
    }

    #[test]
    fn what_differs_is_named() {
        for (received, word) in [
            ("http://localhost:8082/callback/", "slash"),
            (
                "https://localhost:8082/callback",
                "scheme (https instead of http)",
            ),
            ("http://localhost:8083/callback", "port (8083 instead of 8082)"),
            ("http://localhost/callback", "port (80 instead of 8082)"),
            (
                "http://127.0.0.1:8082/callback",
                "host (127.0.0.1 instead of localhost)",
            ),
            (
                "http://127.0.0.1:1/callback",
                "host (127.0.0.1 instead of localhost) and the port",
            ),
            ("http://localhost:8082/Callback", "capital"),
            ("http%3A%2F%2Flocalhost%3A8082%2Fcallback", "encoded twice"),
            ("http://localhost:8082/callback?x=1", "query"),
            ("http://localhost:8082/callback#x", "fragment"),
            (" http://localhost:8082/callback", "white space"),
        ] {
            let found = difference("http://localhost:8082/callback", received).unwrap_or_default();
            assert!(found.contains(word), "{received}: {found}");
        }
        let found = difference("https://app.example/cb/", "https://app.example/cb").unwrap();
        assert!(found.contains("missing slash"));
        let found = difference("https://app.example/cb", "http://app.example/cb").unwrap();
        assert_eq!(found, "in the scheme (http instead of https)");
    }
}
