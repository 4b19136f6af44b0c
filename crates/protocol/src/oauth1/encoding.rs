//! Percent encoding (RFC 5849 §3.6), one text for one value, and the form encoding of queries and bodies, read strictly:
//! two sides that read a broken escape differently would sign and check different requests.

use super::Invalid;

/// Encodes by §3.6: letters, digits, `-`, `.`, `_` and `~` stand as they are, every other byte of the UTF-8 text becomes
/// `%` and two upper-case hexadecimal digits.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(hex_digit(byte >> 4));
            out.push(hex_digit(byte & 0xf));
        }
    }
    out
}

/// The way back from [`encode`]. A `%` without two hexadecimal digits, or bytes that are not UTF-8, give `None`. `+` is
/// a plus sign.
#[must_use]
pub fn decode(text: &str) -> Option<String> {
    unescape(text.as_bytes(), b'+')
}

/// The pairs of a query string or a form body: pieces without `=` have an empty value, empty pieces are none, `+` is a
/// space.
pub(super) fn form_pairs(encoded: &[u8]) -> Result<Vec<(String, String)>, Invalid> {
    const BROKEN: Invalid =
        Invalid::Unreadable("a percent escape in the query or the form is broken or not UTF-8");
    let pieces = encoded
        .split(|byte| *byte == b'&')
        .filter(|piece| !piece.is_empty());
    pieces
        .map(|piece| {
            let mut halves = piece.splitn(2, |byte| *byte == b'=');
            let name = unescape(halves.next().unwrap_or_default(), b' ').ok_or(BROKEN)?;
            let value = unescape(halves.next().unwrap_or_default(), b' ').ok_or(BROKEN)?;
            Ok((name, value))
        })
        .collect()
}

fn unescape(encoded: &[u8], plus: u8) -> Option<String> {
    let mut out = Vec::with_capacity(encoded.len());
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'%' => hex_value(*rest.next()?)? << 4 | hex_value(*rest.next()?)?,
            b'+' => plus,
            other => *other,
        });
    }
    String::from_utf8(out).ok()
}

fn hex_digit(nibble: u8) -> char {
    char::from(if nibble < 10 {
        b'0' + nibble
    } else {
        b'A' + nibble - 10
    })
}

fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}
