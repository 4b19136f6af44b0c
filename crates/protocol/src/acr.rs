//! How surely a person is who they say: the `acr` claim (OpenID Connect Core §2), in two steps, and the values of `amr`
//! (RFC 8176) that are used here.

use serde::{Deserialize, Serialize};

/// An authentication context class. Greater is surer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Acr {
    /// One factor: a password, or another provider's word.
    #[default]
    #[serde(rename = "1")]
    OneFactor,
    /// Two factors: a password and a code, or a passkey that asked for a finger, a face or a PIN.
    #[serde(rename = "2")]
    TwoFactors,
}

impl Acr {
    /// All of them, the least first.
    pub const ALL: [Self; 2] = [Self::OneFactor, Self::TwoFactors];

    /// The value of the claim.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OneFactor => "1",
            Self::TwoFactors => "2",
        }
    }

    /// Reads a value; `None` for one that is not known here.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|acr| acr.as_str() == text)
    }
}

/// `amr`: a password.
pub const PASSWORD: &str = "pwd";
/// `amr`: a one-time code.
pub const ONE_TIME_CODE: &str = "otp";
/// `amr`: a key that the person's device holds (a passkey).
pub const KEY: &str = "pop";
/// `amr`: more than one factor.
pub const MULTI_FACTOR: &str = "mfa";
/// `amr`: another provider said so. The registry of RFC 8176 has no word for it; this one is in common use.
pub const FEDERATED: &str = "fed";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_factors_are_surer_and_an_unknown_value_is_none() {
        assert!(Acr::TwoFactors > Acr::OneFactor);
        for unknown in ["", "0", "3", "urn:x"] {
            assert_eq!(Acr::parse(unknown), None);
        }
        for acr in Acr::ALL {
            assert_eq!(Acr::parse(acr.as_str()), Some(acr));
            assert_eq!(serde_json::to_value(acr).unwrap(), acr.as_str());
        }
    }
}
