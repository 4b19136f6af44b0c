//! Bearer tokens on requests (RFC 6750): reading the `Authorization` header, and the challenge that
//! refuses one (§3). Tokens in a query string are never read (RFC 9700 §2.5).

use crate::error::ErrorCode;
use crate::secret::AccessToken;

/// Reads `Authorization: Bearer <token>` (§2.1). `None` when the header is of another scheme or malformed.
#[must_use]
pub fn read_header(header: &[u8]) -> Option<AccessToken> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, token) = text.split_once(' ')?;
    let token = token.trim_matches(' ');
    let is_token68 = !token.is_empty()
        && token.bytes().all(|b| {
            b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=')
        });
    (scheme.eq_ignore_ascii_case("bearer") && is_token68).then(|| AccessToken::new(token))
}

/// A `WWW-Authenticate: Bearer` challenge (§3, RFC 9728 §5.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Challenge {
    /// The protection space.
    pub realm: Option<String>,
    /// The error, absent when the request showed no token at all.
    pub error: Option<ErrorCode>,
    /// Text for the developer.
    pub error_description: Option<String>,
    /// The scope that would do.
    pub scope: Option<String>,
    /// Where the protected resource's metadata is (RFC 9728).
    pub resource_metadata: Option<String>,
}

impl Challenge {
    /// The header's value. Characters that would break a quoted string are dropped.
    #[must_use]
    pub fn to_header(&self) -> String {
        let error = self.error.map(|e| e.as_str().to_owned());
        let members = [
            ("realm", self.realm.as_ref()),
            ("error", error.as_ref()),
            ("error_description", self.error_description.as_ref()),
            ("scope", self.scope.as_ref()),
            ("resource_metadata", self.resource_metadata.as_ref()),
        ];
        let listed: Vec<String> = members
            .into_iter()
            .filter_map(|(name, value)| value.map(|v| format!("{name}=\"{}\"", quotable(v))))
            .collect();
        if listed.is_empty() {
            "Bearer".to_owned()
        } else {
            format!("Bearer {}", listed.join(", "))
        }
    }
}

fn quotable(text: &str) -> String {
    text.chars()
        .filter(|c| matches!(c, ' '..='~') && !matches!(c, '"' | '\\'))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_well_formed_bearer_header_gives_a_token() {
        for bad in [
            "",
            "Bearer",
            "Bearer ",
            "Basic abc",
            "Bearer a b",
            "Bearer a,b",
            "Bearerabc",
        ] {
            assert!(read_header(bad.as_bytes()).is_none(), "{bad:?}");
        }
        assert_eq!(read_header(b"bearer abc.d-e_f").unwrap().expose(), "abc.d-e_f");
    }

    #[test]
    fn a_challenge_cannot_be_broken_out_of() {
        let challenge = Challenge {
            error: Some(ErrorCode::InvalidToken),
            error_description: Some("bad\", realm=\"x\r\nSet-Cookie: a".into()),
            ..Challenge::default()
        };
        assert_eq!(
            challenge.to_header(),
            "Bearer error=\"invalid_token\", error_description=\"bad, realm=xSet-Cookie: a\""
        );
    }
}
