//! The signature base string (RFC 5849 §3.4.1): what both sides of a signed request compute from it, and the way back,
//! for a server that gets the base string instead of the request.

use super::encoding::{decode, encode};
use super::params::SIGNATURE;
use super::{Invalid, Protocol};
use crate::params::MAX_PARAMETERS;

/// The base string URI (§3.4.1.2): scheme and host in lower case, no default port, no query and no fragment, the path
/// as it stands, `/` for none. `None` for what is no absolute http or https URI, or names a user.
///
/// ```
/// use valetkey_protocol::oauth1::base_uri;
///
/// assert_eq!(base_uri("HTTP://EXAMPLE.COM:80/r%20v/X?id=123").as_deref(), Some("http://example.com/r%20v/X"));
/// ```
#[must_use]
pub fn base_uri(uri: &str) -> Option<String> {
    if !uri.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (scheme, rest) = uri.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port: u16 = match scheme.as_str() {
        "http" => 80,
        "https" => 443,
        _ => return None,
    };
    let rest = rest.split(['?', '#']).next().unwrap_or_default();
    let (authority, path) = rest.split_at_checked(rest.find('/').unwrap_or(rest.len()))?;
    let (host, port) = split_port(authority)?;
    let port = port.filter(|port| *port != default_port);
    let port = port.map(|port| format!(":{port}")).unwrap_or_default();
    let path = if path.is_empty() { "/" } else { path };
    Some(format!("{scheme}://{}{port}{path}", host.to_ascii_lowercase()))
}

/// Host and port; the colons of an IPv6 address stand in brackets.
fn split_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end_of_host = authority.rfind(']').map_or(0, |bracket| bracket + 1);
    let (host, port) = match authority.rfind(':').filter(|colon| *colon >= end_of_host) {
        Some(colon) => (authority.get(..colon)?, authority.get(colon + 1..)?),
        None => (authority, ""),
    };
    let bracketed = host.starts_with('[') && host.find(']') == Some(host.len() - 1);
    let plain = !host.contains(['[', ']', ':']);
    if host.is_empty() || host.contains(['@', '\\']) || !(bracketed || plain) {
        return None;
    }
    match port {
        "" => Some((host, None)),
        digits if digits.bytes().all(|digit| digit.is_ascii_digit()) => {
            Some((host, Some(digits.parse().ok()?)))
        }
        _ => None,
    }
}

/// The signature base string (§3.4.1.1).
///
/// `signed` is every parameter that the signature covers, those of the query of `uri` among them, as
/// [`Collected::signed`](super::Collected) gives them: the query in `uri` itself is not read, so nothing counts twice.
/// `oauth_signature` is left out. `None` when `uri` has no [`base_uri`] or `method` is no HTTP method.
#[must_use]
pub fn base_string(method: &str, uri: &str, signed: &[(String, String)]) -> Option<String> {
    http::Method::from_bytes(method.as_bytes()).ok()?;
    let method = encode(&method.to_ascii_uppercase());
    Some(format!(
        "{method}&{}&{}",
        encode(&base_uri(uri)?),
        encode(&normalized(signed))
    ))
}

/// The parameters, encoded and in order (§3.4.1.3.2): by name, then by value, byte by byte.
fn normalized(signed: &[(String, String)]) -> String {
    let mut pairs: Vec<(String, String)> = signed
        .iter()
        .filter(|(name, _)| name != SIGNATURE)
        .map(|(name, value)| (encode(name), encode(value)))
        .collect();
    pairs.sort_unstable();
    let joined: Vec<String> = pairs
        .into_iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    joined.join("&")
}

/// A signature base string, taken apart.
///
/// ```
/// use valetkey_protocol::oauth1::BaseString;
///
/// let parsed = BaseString::parse("GET&https%3A%2F%2Fphotos.example%2F&oauth_nonce%3Dn1%26size%3Dlarge").unwrap();
/// assert_eq!((parsed.method.as_str(), parsed.base_uri.as_str()), ("GET", "https://photos.example/"));
/// assert_eq!(parsed.protocol()?.nonce.as_deref(), Some("n1"));
/// # Ok::<(), valetkey_protocol::oauth1::Invalid>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseString {
    /// The HTTP method, in upper case.
    pub method: String,
    /// The [`base_uri`] of the request.
    pub base_uri: String,
    /// What the signature covers, decoded, in the order of the base string.
    pub parameters: Vec<(String, String)>,
}

impl BaseString {
    /// Takes a base string apart. Only the one spelling that [`base_string`] writes is read, so nobody can slip a second
    /// meaning into a signed text.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('&');
        let (method, uri, parameters) = (parts.next()?, parts.next()?, decode(parts.next()?)?);
        let pieces = parameters.split('&').filter(|piece| !piece.is_empty());
        let pairs: Option<Vec<(String, String)>> = pieces
            .take(MAX_PARAMETERS + 1)
            .map(|piece| {
                let (name, value) = piece.split_once('=')?;
                Some((decode(name)?, decode(value)?))
            })
            .collect();
        let parsed = Self {
            method: decode(method)?,
            base_uri: decode(uri)?,
            parameters: pairs.filter(|pairs| pairs.len() <= MAX_PARAMETERS)?,
        };
        let again = base_string(&parsed.method, &parsed.base_uri, &parsed.parameters)?;
        (again == text).then_some(parsed)
    }

    /// The protocol parameters among the others; never a signature.
    ///
    /// # Errors
    /// [`Invalid::Repeated`], and [`Invalid::Unreadable`] where one holds NUL.
    pub fn protocol(&self) -> Result<Protocol, Invalid> {
        Protocol::pick(&self.parameters)
    }
}
