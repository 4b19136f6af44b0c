//! The device authorization endpoint (RFC 8628 §3.1) and the page where a person types the code (§3.3).
//!
//! Against phishing by codes (RFC 8628 §5.4, RFC 10027): a request is short-lived and answered once, remembers who asked
//! and from where so that the person can be shown it, and its code is one of 20^8, of which an address may miss only a few
//! ([`crate::throttle`]). How the person answers is [`crate::authorize`]'s, how the device polls
//! [`crate::token::device_code`]'s.

use crate::letters::{half, letters};
use crate::policy::Policy;
use crate::shown::listed;
use crate::token::{audience, scope};
use std::collections::BTreeSet;
use valetkey_model::client::GrantType;
use valetkey_model::device::DeviceState;
use valetkey_model::{Client, DeviceAuthorization, DeviceId};
use valetkey_protocol::device::{Request, USER_CODE_LETTERS};
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// What a device asks a person for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What.
    pub scope: Scope,
    /// At which APIs.
    pub resources: BTreeSet<ResourceIndicator>,
}

/// What makes one request differ from another with the same content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// Its name.
    pub id: DeviceId,
    /// The keyed hash of its user code ([`crate::HandleKeys::user_code_key`]).
    pub user_code_key: String,
    /// The network address that asked.
    pub asked_from: String,
}

/// Judges the request of a client that is known: a client with a secret has proved who it is, one without has named itself.
///
/// # Errors
/// The rule that refused.
pub fn asked(
    request: &Request,
    client: &Client,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Asked, Refusal> {
    trail.require(
        Rule::TokenGrantTypeNotAllowed,
        client.may_use(GrantType::DeviceCode),
        || {
            let allowed = client.grant_types.iter().map(|allowed| allowed.as_str());
            (GrantType::DeviceCode.as_str().into(), listed(allowed))
        },
    )?;
    let scope = scope::of_a_person(request.scope.as_deref(), client, policy, trail)?;
    let resources = audience::of_a_person(&request.resource, &scope, client, policy, trail)?;
    Ok(Asked { scope, resources })
}

/// The request as it is remembered.
#[must_use]
pub fn new(
    asked: Asked,
    client: &Client,
    begun: Begun,
    policy: &Policy,
    now: Timestamp,
) -> DeviceAuthorization {
    DeviceAuthorization {
        id: begun.id,
        client: client.id.clone(),
        user_code_key: begun.user_code_key,
        scope: asked.scope,
        resources: asked.resources,
        asked_from: begun.asked_from,
        created_at: now,
        expires_at: now.plus_seconds(policy.device_code_ttl_seconds),
        polled_at: None,
        state: DeviceState::Pending,
    }
}

/// The letters of a user code, out of random bytes.
#[must_use]
pub fn user_code(random: &[u8; 32]) -> String {
    letters(&half(random), USER_CODE_LETTERS)
}

/// The request whose code somebody typed, when it can still be answered. Nothing tells a code that never was from one that
/// is over, or answered.
///
/// # Errors
/// The rule that refused.
pub fn answerable<'a>(
    device: Option<&'a DeviceAuthorization>,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<&'a DeviceAuthorization, Refusal> {
    let open = device.filter(|device| device.state == DeviceState::Pending && now < device.expires_at);
    match open {
        Some(device) => {
            trail.passed(Rule::DeviceUserCodeUnknown);
            Ok(device)
        }
        None => Err(trail.refuse(Refusal::new(
            Rule::DeviceUserCodeUnknown,
            "a code that a device shows now",
            "one that no device shows, or not any more",
        ))),
    }
}

#[cfg(test)]
#[path = "device_tests.rs"]
mod tests;
