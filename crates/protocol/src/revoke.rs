//! The revocation request (RFC 7009 §2.1) as received.

use crate::params::Params;
use crate::secret::AnyToken;

/// A revocation request.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// The token.
    pub token: Option<AnyToken>,
    /// What the client thinks it is; only a hint.
    pub token_type_hint: Option<String>,
}

impl Request {
    /// Takes the parameters it knows.
    #[must_use]
    pub fn from_params(params: &Params) -> Self {
        Self {
            token: params.get("token").map(AnyToken::new),
            token_type_hint: params.get_owned("token_type_hint"),
        }
    }
}
