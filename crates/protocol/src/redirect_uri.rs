//! Redirect URIs (RFC 6749 §3.1.2): what may be registered, and when a request's URI is the registered one.
//!
//! Comparison is exact, character by character (RFC 9700 §2.1); only the port of a native app's
//! loopback IP redirect may differ (RFC 8252 §7.3).

use serde::{Deserialize, Serialize};
use url::Url;

/// A redirect URI as it was registered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// Why a text cannot be registered as a redirect URI.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRedirectUri {
    /// It is no absolute URI.
    #[error("a redirect URI is an absolute URI (RFC 6749 §3.1.2)")]
    NotAbsolute,
    /// It has a fragment.
    #[error("a redirect URI has no fragment (RFC 6749 §3.1.2)")]
    Fragment,
    /// It carries a username or password.
    #[error("a redirect URI carries no username or password")]
    UserInfo,
    /// Its scheme hands the code to a script or a file.
    #[error("the scheme {0:?} cannot receive a redirect safely")]
    Scheme(String),
    /// http to another machine.
    #[error("plain http is only for the loopback interface (RFC 9700 §2.6)")]
    PlainHttp,
    /// A private-use scheme without a period.
    #[error("a private-use scheme is a domain name in reverse, so it holds a period (RFC 8252 §7.1)")]
    PrivateUseScheme,
    /// It holds a character that no URI has, a wildcard or a backslash, or is too long.
    #[error(
        "a redirect URI is at most 2048 ASCII characters, none of them a blank, a wildcard or a backslash"
    )]
    Characters,
}

impl RedirectUri {
    /// Checks the text for registration and keeps it exactly as it stands.
    pub fn parse(text: &str) -> Result<Self, InvalidRedirectUri> {
        // A URI is ASCII (RFC 3986 §2), and what is not could not stand in a Location header.
        if text.len() > 2048
            || text
                .bytes()
                .any(|b| !b.is_ascii_graphic() || b == b'*' || b == b'\\')
        {
            return Err(InvalidRedirectUri::Characters);
        }
        let url = Url::parse(text).map_err(|_| InvalidRedirectUri::NotAbsolute)?;
        if text.contains('#') {
            return Err(InvalidRedirectUri::Fragment);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(InvalidRedirectUri::UserInfo);
        }
        match url.scheme() {
            "https" => Ok(Self(text.to_owned())),
            "http" if is_loopback_host(&url) => Ok(Self(text.to_owned())),
            "http" => Err(InvalidRedirectUri::PlainHttp),
            "javascript" | "data" | "file" | "blob" | "about" | "vbscript" | "ws" | "wss" | "ftp" => {
                Err(InvalidRedirectUri::Scheme(url.scheme().to_owned()))
            }
            private if private.contains('.') => Ok(Self(text.to_owned())),
            _ => Err(InvalidRedirectUri::PrivateUseScheme),
        }
    }

    /// The text as registered.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a request's `redirect_uri` is this one. `any_loopback_port` is for native apps.
    #[must_use]
    pub fn matches(&self, received: &str, any_loopback_port: bool) -> bool {
        if self.0 == received {
            return true;
        }
        any_loopback_port && self.differs_only_in_loopback_port(received)
    }

    fn differs_only_in_loopback_port(&self, received: &str) -> bool {
        match (split_loopback(&self.0), split_loopback(received)) {
            (Some((host_a, rest_a)), Some((host_b, rest_b))) => host_a == host_b && rest_a == rest_b,
            _ => false,
        }
    }
}

/// Splits `http://127.0.0.1[:port]/rest` or `http://[::1][:port]/rest` into host and rest, by the letter,
/// so that no URL normalisation can make two different texts look alike.
fn split_loopback(text: &str) -> Option<(&'static str, &str)> {
    let after = text.strip_prefix("http://")?;
    let (host, after) = ["127.0.0.1", "[::1]"]
        .into_iter()
        .find_map(|host| after.strip_prefix(host).map(|after| (host, after)))?;
    let Some(after) = after.strip_prefix(':') else {
        return (after.is_empty() || after.starts_with(['/', '?'])).then_some((host, after));
    };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let (port, rest) = after.split_at_checked(digits)?;
    let number: u16 = port.parse().ok()?;
    let rest_is_separate = rest.is_empty() || rest.starts_with(['/', '?']);
    (number > 0 && rest_is_separate).then_some((host, rest))
}

/// Whether the URL's host is the loopback interface: `127.0.0.0/8`, `[::1]` or `localhost`.
#[must_use]
pub fn is_loopback_host(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(domain)) => domain == "localhost",
        None => false,
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = InvalidRedirectUri;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> Self {
        uri.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_cannot_receive_a_code_safely_cannot_be_registered() {
        for bad in [
            "",
            "/callback",
            "callback",
            "https://a.example/cb#frag",
            "https://a.example/cb#",
            "https://u:p@a.example/cb",
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "http://a.example/cb",
            "myapp:/cb",
            "https://*.a.example/cb",
            "https://a.example/c b",
            "https://a.example/\r\nSet-Cookie:x",
            "https:\\\\a.example",
            "https://a.example/ä",
            "https://a.example/cb\u{202e}",
        ] {
            assert!(RedirectUri::parse(bad).is_err(), "{bad:?}");
        }
        for good in [
            "https://a.example/cb?x=1",
            "http://localhost:8082/callback",
            "http://127.0.0.1/callback",
            "com.example.app:/cb",
        ] {
            assert!(RedirectUri::parse(good).is_ok(), "{good:?}");
        }
    }

    #[test]
    fn only_the_port_of_a_native_loopback_redirect_may_differ() {
        let native = RedirectUri::parse("http://127.0.0.1/callback").unwrap();
        assert!(native.matches("http://127.0.0.1:49152/callback", true));
        assert!(!native.matches("http://127.0.0.1:49152/callback", false));
        for bad in [
            "http://127.0.0.1:49152/callback/",
            "http://127.0.0.1:49152/callback?x=1",
            "http://127.0.0.2:1/callback",
            "http://localhost:49152/callback",
            "https://127.0.0.1:49152/callback",
            "http://127.0.0.1:0/callback",
            "http://127.0.0.1:99999/callback",
            "http://127.0.0.1:@evil.example/callback",
            "http://127.0.0.1:80@evil.example/callback",
            "http://127.0.0.1.evil.example/callback",
            "http://127.0.0.1:1/callback#x",
            "http://[::1]:1/callback",
        ] {
            assert!(!native.matches(bad, true), "{bad:?}");
        }
        let web = RedirectUri::parse("http://localhost:8082/callback").unwrap();
        assert!(!web.matches("http://localhost:8083/callback", true));
    }

    proptest! {
        #[test]
        fn only_digits_of_a_port_may_stand_between_the_loopback_host_and_the_path(
            received in "https?://(127\\.0\\.0\\.1|\\[::1\\]|localhost|a\\.example)(:[0-9]{0,6})?(/callback|[a-z/?@:.#]{0,12})",
        ) {
            for (host, path) in [
                ("http://127.0.0.1", "/callback"),
                ("http://[::1]", "/callback"),
                ("https://a.example", "/callback"),
            ] {
                let registered = format!("{host}{path}");
                let uri = RedirectUri::parse(&registered).unwrap();
                prop_assert_eq!(uri.matches(&received, false), received == registered);
                if uri.matches(&received, true) && received != registered {
                    let port = received.strip_prefix(host).unwrap().strip_suffix(path).unwrap();
                    let digits = port.strip_prefix(':').unwrap();
                    prop_assert!(digits.bytes().all(|b| b.is_ascii_digit()));
                    prop_assert!(digits.parse::<u16>().unwrap() > 0);
                    prop_assert!(host != "https://a.example");
                }
            }
        }

        #[test]
        fn every_loopback_port_matches_for_a_native_app(port in 1_u16..) {
            let uri = RedirectUri::parse("http://[::1]/cb?x=1").unwrap();
            let received = format!("http://[::1]:{port}/cb?x=1");
            prop_assert!(uri.matches(&received, true));
            prop_assert!(!uri.matches(&received, false));
        }

        #[test]
        fn no_text_makes_the_parser_panic_and_what_it_takes_stays_as_it_was(text in ".{0,80}") {
            if let Ok(uri) = RedirectUri::parse(&text) {
                prop_assert_eq!(uri.as_str(), &text);
                prop_assert!(uri.matches(&text, false));
            }
        }
    }
}
