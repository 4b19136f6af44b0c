//! The introspection answer (RFC 7662 §2.2). The request has the shape of [`crate::revoke::Request`].

use crate::scope::Scope;
use serde::{Deserialize, Serialize};

pub use crate::revoke::Request;

/// What the authorization server says about a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the names are RFC 7662 §2.2's own members")]
pub struct Response {
    pub active: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scope: Option<Scope>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exp: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iat: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub aud: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iss: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// Valetkey's own: the grant the token came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub grant_id: Option<String>,
    /// Who acts for the person (RFC 8693 §4.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub act: Option<serde_json::Value>,
    /// Valetkey's own: the rule that an OAuth 1.0a signature or token was refused by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

impl Response {
    /// The answer for a token that does not count, whatever the reason (RFC 7662 §2.2).
    #[must_use]
    pub fn inactive() -> Self {
        Self::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inactive_token_tells_nothing_else() {
        assert_eq!(
            serde_json::to_string(&Response::inactive()).unwrap(),
            r#"{"active":false}"#
        );
    }

    #[test]
    fn an_answer_of_another_server_is_read_and_its_extra_members_are_ignored() {
        let answer: Response =
            serde_json::from_str(r#"{"active":true,"scope":"b a","exp":5,"x":{"y":1}}"#).unwrap();
        assert!(answer.active);
        assert_eq!(answer.scope.unwrap().to_string(), "a b");
        assert_eq!((answer.exp, answer.sub), (Some(5), None));
    }
}
