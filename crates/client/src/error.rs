//! What can go wrong. Where a rule of the catalogue refused, the error names it.

use valetkey_protocol::rule::{Refusal, Rule};

use crate::transport::HttpError;

/// Why the client did not go on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A check of this client refused what it received.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The authorization server answered with an error (RFC 6749 §4.1.2.1 and §5.2). The texts are the server's: escape
    /// them before showing.
    #[error("the authorization server answered {error:?}{}", .description.as_ref().map(|text| format!(": {text}")).unwrap_or_default())]
    Wire {
        /// `error`.
        error: String,
        /// `error_description`.
        description: Option<String>,
        /// `error_uri`.
        uri: Option<String>,
    },
    /// There was no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// An answer with a status that says nothing more.
    #[error("{endpoint} answered with status {status}")]
    Status {
        /// Who answered, as `token endpoint`.
        endpoint: &'static str,
        /// The status.
        status: u16,
    },
    /// An answer that cannot be read.
    #[error("{endpoint}: {what}")]
    Malformed {
        /// Whose answer, as `token endpoint`.
        endpoint: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// The configuration, or what was asked, cannot work.
    #[error("{0}")]
    Config(String),
    /// The metadata of the authorization server names no such endpoint.
    #[error("the authorization server offers no {0}")]
    NotOffered(&'static str),
    /// The tokens hold no refresh token or ID token where one is needed.
    #[error("there is no {0}")]
    NoToken(&'static str),
    /// The operating system gave no random bytes.
    #[error("no random bytes")]
    Random,
}

impl Error {
    /// The rule that refused, where one did.
    #[must_use]
    pub fn rule(&self) -> Option<Rule> {
        match self {
            Self::Refused(refusal) => Some(refusal.rule),
            Self::Wire { .. } => Some(Rule::ClientErrorResponse),
            _ => None,
        }
    }

    pub(crate) fn malformed(endpoint: &'static str, what: impl Into<String>) -> Self {
        Self::Malformed {
            endpoint,
            what: what.into(),
        }
    }
}
