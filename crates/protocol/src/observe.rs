//! What happened, told to whoever watches: the messages of a flow as the inspector shows them.
//!
//! Every side (authorization server, client, resource server) can tell. Secrets are masked before
//! they get here: [`Parameter::secret`] keeps only the ends of a value.

use crate::rule::Check;
use crate::time::Timestamp;
use serde::Serialize;

/// Who speaks or listens (RFC 6749 §1.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person who owns the data, with their browser.
    ResourceOwner,
    /// The app.
    Client,
    /// The server that signs people in and hands out tokens.
    AuthorizationServer,
    /// The API that holds the data.
    ResourceServer,
}

/// The six steps of RFC 6749 §1.2 (A to F).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// 1: the client asks the resource owner for authorization.
    AuthorizationRequest,
    /// 2: the resource owner grants it; the client gets an authorization code.
    AuthorizationGrant,
    /// 3: the client shows the code to the authorization server.
    TokenRequest,
    /// 4: the authorization server answers with an access token.
    TokenResponse,
    /// 5: the client calls the resource server with the access token.
    ResourceRequest,
    /// 6: the resource server answers with the protected resource.
    ResourceResponse,
    /// Outside the six: refresh, revocation, introspection, userinfo, discovery.
    Other,
}

impl Step {
    /// The number the explainer gives the step.
    #[must_use]
    pub const fn number(self) -> Option<u8> {
        match self {
            Self::AuthorizationRequest => Some(1),
            Self::AuthorizationGrant => Some(2),
            Self::TokenRequest => Some(3),
            Self::TokenResponse => Some(4),
            Self::ResourceRequest => Some(5),
            Self::ResourceResponse => Some(6),
            Self::Other => None,
        }
    }
}

/// One parameter, header or member of a message, safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Parameter {
    /// Its name as on the wire.
    pub name: String,
    /// Its value, masked when it is a secret.
    pub value: String,
    /// Whether the value was masked.
    pub masked: bool,
}

/// Names of parameters, members and headers whose values are secrets wherever they stand.
pub const SECRET_NAMES: [&str; 23] = [
    "password",
    "client_secret",
    "client_assertion",
    "assertion",
    "code",
    "code_verifier",
    "access_token",
    "refresh_token",
    "id_token",
    "id_token_hint",
    "token",
    "device_code",
    "user_code",
    "verification_uri_complete",
    "subject_token",
    "actor_token",
    "oauth_token_secret",
    "oauth_signature",
    "oauth_verifier",
    "authorization",
    "cookie",
    "set-cookie",
    "csrf",
];

impl Parameter {
    /// A value that is masked when its name, in any case, says that it is a secret.
    #[must_use]
    pub fn named(name: &str, value: &str) -> Self {
        if SECRET_NAMES
            .iter()
            .any(|secret| secret.eq_ignore_ascii_case(name))
        {
            Self::secret(name, value)
        } else {
            Self::plain(name, value)
        }
    }

    /// A value that may be shown.
    pub fn plain(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            value: value.into(),
            masked: false,
        }
    }

    /// A secret: only its first four characters and its length survive, and those only of a long one.
    #[must_use]
    pub fn secret(name: impl Into<String>, value: &str) -> Self {
        let length = value.chars().count();
        let shown: String = if length >= 24 {
            value.chars().take(4).collect()
        } else {
            String::new()
        };
        Self {
            name: name.into(),
            value: format!("{shown}… ({length} characters)"),
            masked: true,
        }
    }
}

/// What ties a message to its flow: never the secret itself, but a hash of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub enum Key {
    /// The value of `state` (with the client id).
    State(String),
    /// The id of the grant.
    Grant(String),
    /// SHA-256 of a code or token, base64url.
    Token(String),
    /// The id of one authorization request on its way through login and consent.
    Interaction(String),
}

/// One message, or one decision, of a flow.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// When it happened.
    pub at: Timestamp,
    /// Who sent it.
    pub from: Role,
    /// Who got it.
    pub to: Role,
    /// Which of the six steps it belongs to.
    pub step: Step,
    /// A few plain words: "Token request".
    pub title: String,
    /// The request or status line, without query: "POST /token", "303 See Other".
    pub line: String,
    /// The client it concerns, where known.
    pub client_id: Option<String>,
    /// The parameters of the message.
    pub parameters: Vec<Parameter>,
    /// The rules that were checked, in order.
    pub checks: Vec<Check>,
    /// What ties it to its flow; the first key that is known decides, the rest are added.
    #[serde(skip)]
    pub keys: Vec<Key>,
}

/// Somebody who watches flows. Must be quick: it is called on the request's way.
pub trait Observer: Send + Sync {
    /// Takes one event.
    fn observe(&self, event: Event);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_secret_shows_nothing_and_a_long_one_its_first_four_characters() {
        let short = Parameter::secret("client_secret", "mysweetapp-secret");
        assert_eq!((short.value.as_str(), short.masked), ("… (17 characters)", true));
        let long = Parameter::secret("code", &format!("vkc_{}", "x".repeat(64)));
        assert_eq!(long.value, "vkc_… (68 characters)");
    }

    #[test]
    fn the_steps_are_numbered_as_rfc6749_letters_them() {
        let numbers: Vec<_> = [
            Step::AuthorizationRequest,
            Step::AuthorizationGrant,
            Step::TokenRequest,
            Step::TokenResponse,
            Step::ResourceRequest,
            Step::ResourceResponse,
            Step::Other,
        ]
        .map(Step::number)
        .to_vec();
        assert_eq!(
            numbers,
            [Some(1), Some(2), Some(3), Some(4), Some(5), Some(6), None]
        );
    }

    #[test]
    fn what_proves_something_is_masked() {
        for name in SECRET_NAMES.into_iter().chain(["Authorization", "Set-Cookie"]) {
            let parameter = Parameter::named(name, "the-secret-text-of-the-parameter");
            assert!(parameter.masked && !parameter.value.contains("secret"), "{name}");
        }
        assert!(!Parameter::named("state", "s").masked);
    }
}
