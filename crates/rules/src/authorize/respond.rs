//! Every way to ask a person ends in one [`ValidRequest`], so that sign-in, consent, throttles and sessions are the same for
//! all; what sets them apart is how the answer goes out. Device requests (RFC 8628 §3.3) and OAuth 1.0a requests
//! (RFC 5849 §2.2) become one here; they were judged when they came in.

use super::ValidRequest;
use super::grant_type::may_still_have;
use super::redirect_uri::registered_still;
use crate::handle::Temporary;
use crate::oauth1::may_still_use;
use crate::policy::{NEVER, Policy};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_model::client::GrantType;
use valetkey_model::{Client, DeviceAuthorization, DeviceId, GrantId};
use valetkey_protocol::authorize::{ResponseMode, ResponseType};
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// How the answer to a request goes out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Respond {
    /// A code, tokens, or both, at the redirect URI (RFC 6749 §4.1.2, §4.2.2, OAuth 2.0 Multiple Response Types §5).
    Redirect {
        /// What was asked for.
        response_type: ResponseType,
        /// Where the parameters of the answer stand.
        mode: ResponseMode,
    },
    /// The device learns it at its next poll (RFC 8628 §3.5); the person is told to go back to it.
    Device(DeviceRespond),
    /// A verifier: in the query of the callback, or shown to the person (RFC 5849 §2.2).
    #[serde(rename = "oauth1")]
    OAuth1(OAuth1Respond),
}

/// The device request that is answered, with what the person must be shown against phishing (RFC 8628 §5.4, RFC 10027).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceRespond {
    /// Its name.
    pub id: DeviceId,
    /// The code as the device shows it: the person compares.
    pub user_code: String,
    /// The network address that asked.
    pub asked_from: String,
    /// When it asked.
    pub asked_at: Timestamp,
    /// When it is too late.
    pub expires_at: Timestamp,
}

/// The temporary credentials that are answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OAuth1Respond {
    /// Their token. [`HandleKeys::open_temporary`](crate::HandleKeys::open_temporary) gives the whole again.
    pub token: String,
    /// The name that the grant gets.
    pub id: GrantId,
    /// Where the answer goes; `None` for `oob`.
    pub callback: Option<String>,
    /// When it is too late.
    pub expires_at: Timestamp,
}

impl Default for Respond {
    fn default() -> Self {
        Self::CODE
    }
}

impl Respond {
    /// A code, in the query.
    pub const CODE: Self = Self::Redirect {
        response_type: ResponseType::CODE,
        mode: ResponseMode::Query,
    };
    /// An access token, in the fragment.
    pub const TOKEN: Self = Self::Redirect {
        response_type: ResponseType::TOKEN,
        mode: ResponseMode::Fragment,
    };

    /// Where the parameters of the answer stand.
    #[must_use]
    pub const fn mode(&self) -> ResponseMode {
        match self {
            Self::Redirect { mode, .. } => *mode,
            Self::Device(_) | Self::OAuth1(_) => ResponseMode::Query,
        }
    }

    /// Whether the person is asked each time, whatever they have allowed before: on another device anybody may have begun
    /// the request (RFC 8628 §3.3), and token credentials of OAuth 1.0a last until they are taken back.
    #[must_use]
    pub const fn always_asks(&self) -> bool {
        matches!(self, Self::Device(_) | Self::OAuth1(_))
    }

    /// The rule that the person's answer satisfies or violates.
    #[must_use]
    pub(super) const fn rule_of_the_answer(&self) -> Rule {
        match self {
            Self::OAuth1(_) => Rule::OAuth1AuthorizeDeclined,
            Self::Redirect { .. } | Self::Device(_) => Rule::AuthorizeAccessDenied,
        }
    }

    /// When a request that somebody else began is too old to be answered.
    #[must_use]
    pub const fn too_late_at(&self) -> Option<Timestamp> {
        match self {
            Self::Redirect { .. } => None,
            Self::Device(device) => Some(device.expires_at),
            Self::OAuth1(oauth1) => Some(oauth1.expires_at),
        }
    }
}

/// The request of a device, whose user code a person has typed.
#[must_use]
pub fn device_request(
    device: &DeviceAuthorization,
    user_code: &str,
    client: &Client,
    policy: &Policy,
) -> ValidRequest {
    ValidRequest {
        scope: device.scope.clone(),
        resources: device.resources.clone(),
        grant_ttl_seconds: policy.grant_ttl_seconds_for(client),
        ..from_elsewhere(
            client,
            Respond::Device(DeviceRespond {
                id: device.id,
                user_code: user_code.to_owned(),
                asked_from: device.asked_from.clone(),
                asked_at: device.created_at,
                expires_at: device.expires_at,
            }),
        )
    }
}

/// The request of temporary credentials, with whose token the person came.
#[must_use]
pub fn oauth1_request(temporary: &Temporary, token: &str, client: &Client) -> ValidRequest {
    let until_revoked = NEVER.0;
    let ttl = client.oauth1.as_ref().and_then(|oauth1| oauth1.token_ttl_seconds);
    ValidRequest {
        redirect_uri: temporary.callback.clone().unwrap_or_default(),
        redirect_uri_was_given: temporary.callback.is_some(),
        scope: temporary.scope.clone(),
        resources: temporary.resources.clone(),
        grant_ttl_seconds: ttl.unwrap_or(until_revoked),
        ..from_elsewhere(
            client,
            Respond::OAuth1(OAuth1Respond {
                token: token.to_owned(),
                id: temporary.id,
                callback: temporary.callback.clone(),
                expires_at: temporary.expires_at,
            }),
        )
    }
}

fn from_elsewhere(client: &Client, respond: Respond) -> ValidRequest {
    ValidRequest {
        client_id: client.id.clone(),
        redirect_uri: String::new(),
        redirect_uri_was_given: false,
        scope: valetkey_protocol::scope::Scope::default(),
        resources: BTreeSet::new(),
        state: None,
        nonce: None,
        prompt: BTreeSet::new(),
        claims: ClaimsRequest::default(),
        acr_values: Vec::new(),
        acr_is_essential: false,
        max_age: None,
        code_challenge: None,
        login_hint: None,
        hinted: None,
        grant_ttl_seconds: 0,
        respond,
    }
}

/// Whether the answer may still go where the request says. Asked at each step: sign-in and consent take their time, and an
/// operator may meanwhile have taken the redirect URI, the callback or the grant type from the client, or it has retired.
///
/// # Errors
/// The rule that refused; its answer is a page.
pub fn answer_may_go(
    client: &Client,
    valid: &ValidRequest,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    match &valid.respond {
        Respond::Redirect { response_type, .. } => {
            registered_still(client, &valid.redirect_uri, trail)?;
            may_still_have(client, *response_type, trail)
        }
        // Nothing goes through this browser, but nobody is asked for what gives no tokens any more.
        Respond::Device(_) => trail.require(
            Rule::DeviceUserCodeUnknown,
            client.may_use(GrantType::DeviceCode),
            || {
                (
                    "the device grant".into(),
                    "a client that may not use it any more".into(),
                )
            },
        ),
        Respond::OAuth1(oauth1) => {
            let may_begin = may_still_use(client, now);
            trail.require(Rule::OAuth1AuthorizeTokenUnknown, may_begin, || {
                (
                    "OAuth 1.0a".into(),
                    "a client that may not use it any more".into(),
                )
            })?;
            match &oauth1.callback {
                Some(callback) => registered_still(client, callback, trail),
                None => Ok(()),
            }
        }
    }
}

#[cfg(test)]
#[path = "respond_tests.rs"]
mod tests;
