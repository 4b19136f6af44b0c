//! The token endpoint (RFC 6749 §3.2): one file a grant type, and the checks they share.
//!
//! The order for every request: [`form()`], client authentication ([`crate::client_auth`]),
//! [`grant_type()`], then the grant type's own `read` (where a code or token names a grant to load) and
//! `decide`. A decision is carried out by the caller with one atomic verb of the store.

pub(crate) mod audience;
pub mod authorization_code;
pub mod client_credentials;
pub mod device_code;
pub mod exchange;
mod form;
mod grant_type;
pub mod password;
mod pkce;
pub mod refresh_token;
pub(crate) mod scope;

pub use form::form;
pub use grant_type::grant_type;

use crate::policy::{Policy, TokenFormat};
use valetkey_model::client::GrantType;
use valetkey_model::grant::Active;
use valetkey_model::{Client, Grant};
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::{OPENID, Scope};
use valetkey_protocol::time::Timestamp;

/// What a decision about a code or a refresh token is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The client that authenticated.
    pub client: &'a Client,
    /// The grant that the code or token names, when it is there.
    pub grant: Option<&'a Grant>,
}

/// Which tokens to issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// What the access token allows.
    pub scope: Scope,
    /// The API that the access token is for; `None` for the issuer itself (the userinfo endpoint).
    pub audience: Option<ResourceIndicator>,
    /// What the access token looks like.
    pub format: TokenFormat,
    /// How long the access token lives; never longer than its grant.
    pub ttl_seconds: i64,
    /// Whether a refresh token goes with it.
    pub refresh_token: bool,
    /// Whether an ID token goes with it.
    pub id_token: bool,
}

impl Issue {
    /// The access token for `audience` with what of `scope` may go there, and nothing beside it.
    pub(crate) fn access_only(scope: &Scope, audience: Option<ResourceIndicator>, policy: &Policy) -> Self {
        let resource = audience.as_ref().and_then(|indicator| policy.resource(indicator));
        Self {
            scope: audience::part_at(scope, audience.as_ref(), policy),
            format: resource.map_or(TokenFormat::USUAL, |resource| resource.token_format),
            ttl_seconds: resource
                .and_then(|resource| resource.access_token_ttl_seconds)
                .unwrap_or(policy.access_token_ttl_seconds),
            audience,
            refresh_token: false,
            id_token: false,
        }
    }

    /// What a grant gives, for the chosen scope and audience.
    pub(crate) fn of_grant(
        scope: &Scope,
        audience: Option<ResourceIndicator>,
        (client, grant): (&Client, &Grant),
        policy: &Policy,
        now: Timestamp,
    ) -> Self {
        let access = Self::access_only(scope, audience, policy);
        Self {
            ttl_seconds: access.ttl_seconds.min(grant.expires_at.seconds_since(now)),
            refresh_token: client.may_use(GrantType::RefreshToken),
            id_token: scope.contains(OPENID),
            ..access
        }
    }
}

/// The grant's next generation, which ends when it is not used, and with the grant at the latest.
pub(crate) fn next_generation(generation: u32, grant: &Grant, policy: &Policy, now: Timestamp) -> Active {
    Active {
        generation,
        rotated_at: now,
        idle_expires_at: now
            .plus_seconds(policy.refresh_idle_ttl_seconds)
            .min(grant.expires_at),
    }
}
