//! `token_endpoint_auth_method` (RFC 7591 §2): how a client proves who it is; without a word, by HTTP Basic.

use crate::shown::shown;
use std::collections::BTreeSet;
use valetkey_model::client::{Authentication, GrantType};
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// [`Authentication`] before there is a secret.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Method {
    /// Not at all: a public client.
    None,
    /// A secret, by HTTP Basic.
    #[default]
    ClientSecretBasic,
    /// A secret, in the body.
    ClientSecretPost,
    /// A JWT with an HMAC under a secret.
    ClientSecretJwt,
    /// A JWT signed with the client's own key.
    PrivateKeyJwt,
}

impl Method {
    /// Every method.
    pub const ALL: [Self; 5] = [
        Self::None,
        Self::ClientSecretBasic,
        Self::ClientSecretPost,
        Self::ClientSecretJwt,
        Self::PrivateKeyJwt,
    ];

    /// The wire name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::ClientSecretBasic => "client_secret_basic",
            Self::ClientSecretPost => "client_secret_post",
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::PrivateKeyJwt => "private_key_jwt",
        }
    }

    /// The method of a client. One that may send its secret in either way is told the usual one.
    #[must_use]
    pub const fn of(authentication: &Authentication) -> Self {
        match authentication {
            Authentication::None => Self::None,
            Authentication::ClientSecretBasic { .. } | Authentication::ClientSecret { .. } => {
                Self::ClientSecretBasic
            }
            Authentication::ClientSecretPost { .. } => Self::ClientSecretPost,
            Authentication::ClientSecretJwt { .. } => Self::ClientSecretJwt,
            Authentication::PrivateKeyJwt => Self::PrivateKeyJwt,
        }
    }
}

pub(super) fn method(
    asked: &ClientMetadata,
    grant_types: &BTreeSet<GrantType>,
    trail: &mut Trail,
) -> Result<Method, Refusal> {
    let Some(name) = asked.token_endpoint_auth_method.as_deref() else {
        return Ok(Method::default());
    };
    let known = Method::ALL.into_iter().find(|method| method.as_str() == name);
    let Some(method) = known else {
        let all = Method::ALL.map(Method::as_str).join(", ");
        return Err(trail.refuse(Refusal::new(Rule::RegisterAuthMethod, all, shown(name))));
    };
    trail.passed(Rule::RegisterAuthMethod);
    let acts_for_itself = grant_types.contains(&GrantType::ClientCredentials);
    trail.require(
        Rule::RegisterAuthMethodGrant,
        method != Method::None || !acts_for_itself,
        || {
            (
                "a method that proves who it is, for client_credentials".into(),
                "none".into(),
            )
        },
    )?;
    Ok(method)
}
