//! Proof Key for Code Exchange (RFC 7636): the challenge's and verifier's form. Only S256 exists here;
//! `plain` is refused (RFC 9700 §2.1.1). Comparing the two is a rule, not done here.

use crate::secret::CodeVerifier;
use serde::{Deserialize, Serialize};

/// A `code_challenge` by method S256: 43 base64url characters, the SHA-256 of the verifier.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CodeChallenge(String);

/// Not 43 base64url characters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an S256 code challenge is 43 base64url characters (RFC 7636 §4.2)")]
pub struct InvalidCodeChallenge;

impl CodeChallenge {
    /// Takes the text in.
    pub fn parse(text: &str) -> Result<Self, InvalidCodeChallenge> {
        if text.len() == 43
            && text
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        {
            return Ok(Self(text.to_owned()));
        }
        Err(InvalidCodeChallenge)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = InvalidCodeChallenge;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        challenge.0
    }
}

/// Whether the verifier has the form of RFC 7636 §4.1: 43 to 128 unreserved characters.
#[must_use]
pub fn is_well_formed(verifier: &CodeVerifier) -> bool {
    let text = verifier.expose();
    (43..=128).contains(&text.len())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_' | b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_challenge_that_is_no_sha256_is_refused() {
        for bad in [
            "",
            "abc",
            &"a".repeat(42),
            &"a".repeat(44),
            &format!("{}=", "a".repeat(42)),
        ] {
            assert_eq!(CodeChallenge::parse(bad), Err(InvalidCodeChallenge), "{bad:?}");
        }
        assert!(CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").is_ok());
    }

    #[test]
    fn a_verifier_is_43_to_128_unreserved_characters() {
        assert!(!is_well_formed(&CodeVerifier::new("a".repeat(42))));
        assert!(!is_well_formed(&CodeVerifier::new("a".repeat(129))));
        assert!(!is_well_formed(&CodeVerifier::new(format!(
            "{} ",
            "a".repeat(43)
        ))));
        assert!(is_well_formed(&CodeVerifier::new(
            "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
        )));
    }
}
