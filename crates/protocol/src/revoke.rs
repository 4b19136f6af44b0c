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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_token_is_no_token() {
        let request = Request::from_params(&Params::parse(b"token=&token_type_hint=x").unwrap());
        assert!(request.token.is_none());
        assert_eq!(request.token_type_hint.as_deref(), Some("x"));
        let request = Request::from_params(&Params::parse(b"token=t").unwrap());
        assert_eq!(request.token.unwrap().expose(), "t");
    }
}
