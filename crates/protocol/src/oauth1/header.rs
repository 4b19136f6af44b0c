//! The `Authorization: OAuth` header (RFC 5849 §3.5.1, RFC 9110 §11.4): read by the letter, and written. Empty list
//! elements and blanks around `,` and `=` are taken; values without quotes are not.

use super::encoding::{decode, encode};
use super::{Invalid, Protocol};

const SCHEME: &[u8] = b"OAuth";

/// The parameters of one header.
#[derive(Default)]
pub(super) struct Header {
    pub(super) realm: Option<String>,
    pub(super) pairs: Vec<(String, String)>,
}

/// What follows the scheme, where it is `OAuth`.
pub(super) fn after_scheme(header: &[u8]) -> Option<&[u8]> {
    let (scheme, rest) = header.split_at_checked(SCHEME.len())?;
    let ends = rest.first().is_none_or(|byte| matches!(byte, b' ' | b'\t'));
    (ends && scheme.eq_ignore_ascii_case(SCHEME)).then_some(rest)
}

/// Reads what follows the scheme.
pub(super) fn read(parameters: &[u8]) -> Result<Header, Invalid> {
    let text = std::str::from_utf8(parameters).map_err(|_| Invalid::Unreadable("the header is not UTF-8"))?;
    let mut header = Header::default();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return Ok(header);
        }
        rest = header.take_one(rest)?;
    }
}

impl Header {
    /// Takes one `name="value"` and gives what follows.
    fn take_one<'a>(&mut self, text: &'a str) -> Result<&'a str, Invalid> {
        let (name, rest) = text
            .split_once('=')
            .ok_or(Invalid::Unreadable("a header parameter has no value"))?;
        let name = name.trim_end_matches([' ', '\t']);
        let quoted = rest
            .trim_start_matches([' ', '\t'])
            .strip_prefix('"')
            .ok_or(Invalid::Unreadable("a header parameter's value is not in quotes"))?;
        let (value, escaped, rest) = take_quoted(quoted)?;
        let rest = rest.trim_start_matches([' ', '\t']);
        if !rest.is_empty() && !rest.starts_with(',') {
            return Err(Invalid::Unreadable(
                "header parameters are not separated by commas",
            ));
        }
        if name == "realm" {
            if self.realm.replace(value).is_some() {
                return Err(Invalid::Repeated(name.to_owned()));
            }
            return Ok(rest);
        }
        // Quoted pairs belong to the realm; here they would give a value two spellings. So would another `Realm`.
        let plain = |text: &str| {
            text.bytes()
                .all(|b| b.is_ascii_graphic() && !matches!(b, b'"' | b',' | b'\\'))
        };
        if name.is_empty() || !plain(name) || escaped || !plain(&value) || name.eq_ignore_ascii_case("realm")
        {
            return Err(Invalid::Unreadable(
                "a header parameter has characters that are not encoded",
            ));
        }
        let broken = Invalid::Unreadable("a percent escape in the header is broken or not UTF-8");
        match (decode(name), decode(&value)) {
            (Some(name), Some(value)) => self.pairs.push((name, value)),
            _ => return Err(broken),
        }
        Ok(rest)
    }
}

/// The text up to the closing quote, whether it had quoted pairs, and what follows.
fn take_quoted(text: &str) -> Result<(String, bool, &str), Invalid> {
    let mut value = String::new();
    let mut escaped = false;
    let mut chars = text.chars();
    loop {
        match chars.next() {
            Some('"') => return Ok((value, escaped, chars.as_str())),
            Some('\\') => {
                escaped = true;
                value.extend(chars.next());
            }
            Some(character) if !character.is_control() => value.push(character),
            _ => return Err(Invalid::Unreadable("a quoted value in the header does not end")),
        }
    }
}

/// Writes the header's value. With no parameters it is the challenge that a server answers with.
///
/// ```
/// use valetkey_protocol::oauth1::{Protocol, authorization_header};
///
/// let parameters = Protocol { token: Some("a/b".into()), ..Protocol::default() };
/// let header = authorization_header(Some("Photos"), &parameters);
/// assert_eq!(header, r#"OAuth realm="Photos", oauth_token="a%2Fb""#);
/// ```
#[must_use]
pub fn authorization_header(realm: Option<&str>, parameters: &Protocol) -> String {
    let realm = realm.map(|realm| format!("realm=\"{}\"", quotable(realm)));
    let listed: Vec<String> = realm
        .into_iter()
        .chain(
            parameters
                .pairs()
                .into_iter()
                .map(|(name, value)| format!("{name}=\"{}\"", encode(value))),
        )
        .collect();
    format!("OAuth {}", listed.join(", ")).trim_end().to_owned()
}

/// Characters that would break a quoted string are dropped.
fn quotable(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'))
        .collect()
}
