//! A device asks whether the person has answered, and gets its tokens (RFC 8628 §3.4, §3.5).
//!
//! The device code is its request's name with a MAC. Each poll is written down, and judged by the poll before it. When the
//! person has said yes there is a grant that waits; it is redeemed as a code's is, by exactly one poll.

use super::{Issue, audience, next_generation};
use crate::handle::HandleKeys;
use crate::policy::Policy;
use valetkey_model::device::DeviceState;
use valetkey_model::grant::{Active, GrantState};
use valetkey_model::{Client, DeviceAuthorization, DeviceId, Grant, GrantId};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::Request;

/// What a poll is decided from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The client that authenticated.
    pub client: &'a Client,
    /// The device request, as it was before this poll was written down.
    pub device: Option<&'a DeviceAuthorization>,
    /// The grant that [`granted`] names.
    pub grant: Option<&'a Grant>,
}

/// What to do about a poll.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Redeem the grant with the store's `redeem_code`; issue only when that is won, else answer with [`lost_race`].
    Redeem {
        /// The state that the grant goes to.
        active: Active,
        /// The tokens.
        issue: Issue,
    },
    /// Refuse, and change nothing.
    Refuse(Refusal),
}

/// The device request whose code this is.
///
/// # Errors
/// The rule that refused.
pub fn read(request: &Request, keys: &HandleKeys, trail: &mut Trail) -> Result<DeviceId, Refusal> {
    let Some(code) = &request.device_code else {
        return Err(trail.refuse(Refusal::new(Rule::DeviceCodeMissing, "a device_code", "none")));
    };
    trail.passed(Rule::DeviceCodeMissing);
    keys.read_device_code(code).ok_or_else(|| {
        trail.refuse(Refusal::new(
            Rule::DeviceCodeUnknown,
            "a device code that this server made",
            "a text that is none (not shown)",
        ))
    })
}

/// The grant that waits, when the person has said yes.
#[must_use]
pub fn granted(device: &DeviceAuthorization) -> Option<GrantId> {
    match device.state {
        DeviceState::Approved { grant } => Some(grant),
        DeviceState::Pending | DeviceState::Denied => None,
    }
}

/// Decides about a poll. `resource` of the request picks the API where the grant is for several.
#[must_use]
pub fn decide(
    request: &Request,
    facts: &Facts<'_>,
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Outcome {
    let redeemed = answered(facts, policy, now, trail)
        .and_then(|grant| redeem(request, (facts, grant), policy, now, trail));
    match redeemed {
        Ok((active, issue)) => Outcome::Redeem { active, issue },
        Err(refusal) => Outcome::Refuse(refusal),
    }
}

/// The answer when another poll redeemed the grant at the same moment.
#[must_use]
pub fn lost_race() -> Refusal {
    used("another poll at the same time got the tokens")
}

/// The grant, when the person has said yes and nobody has redeemed it.
fn answered<'a>(
    facts: &Facts<'a>,
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<&'a Grant, Refusal> {
    let Some(device) = facts.device else {
        return Err(trail.refuse(Refusal::new(
            Rule::DeviceCodeUnknown,
            "a device code that is still remembered",
            "one that is not: it was never used in time",
        )));
    };
    trail.passed(Rule::DeviceCodeUnknown);
    trail.require(
        Rule::DeviceCodeOtherClient,
        device.client == facts.client.id,
        || {
            // Not whose it is: that is no business of another client.
            (
                "the client that the device code was issued to".into(),
                facts.client.id.to_string(),
            )
        },
    )?;
    trail.require(Rule::DeviceCodeExpired, now < device.expires_at, || {
        (format!("before {}", device.expires_at), format!("at {now}"))
    })?;
    let id = match device.state {
        DeviceState::Approved { grant } => grant,
        DeviceState::Denied => {
            return Err(trail.refuse(Refusal::new(
                Rule::DeviceAccessDenied,
                "allowed by the person",
                "cancelled by the person",
            )));
        }
        DeviceState::Pending => return Err(pending(device, policy, now, trail)),
    };
    for passed in [
        Rule::DeviceAccessDenied,
        Rule::DeviceAuthorizationPending,
        Rule::DeviceSlowDown,
    ] {
        trail.passed(passed);
    }
    let grant = facts
        .grant
        .filter(|grant| grant.id == id && grant.client == facts.client.id)
        .ok_or_else(|| trail.refuse(used("its grant is long over")))?;
    Ok(grant)
}

/// Nobody has answered: poll again, or poll less often. Clocks of whole seconds make four seconds of five.
fn pending(device: &DeviceAuthorization, policy: &Policy, now: Timestamp, trail: &mut Trail) -> Refusal {
    let interval = policy.device_interval_seconds;
    let since = device.polled_at.map(|polled_at| now.seconds_since(polled_at));
    if let Some(since) = since.filter(|since| *since < interval - 1) {
        return trail.refuse(Refusal::new(
            Rule::DeviceSlowDown,
            format!("{interval} s between polls"),
            format!("{since} s"),
        ));
    }
    trail.passed(Rule::DeviceSlowDown);
    trail.refuse(Refusal::new(
        Rule::DeviceAuthorizationPending,
        "an answer of the person",
        format!(
            "none yet, {} s after the device asked",
            now.seconds_since(device.created_at)
        ),
    ))
}

fn redeem(
    request: &Request,
    (facts, grant): (&Facts<'_>, &Grant),
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<(Active, Issue), Refusal> {
    match &grant.state {
        GrantState::CodeIssued(_) => trail.passed(Rule::DeviceCodeUsed),
        GrantState::Active(active) => {
            let when = format!("a use after the first one at {} or before", active.rotated_at);
            return Err(trail.refuse(used(&when)));
        }
        GrantState::Revoked { why, at } => {
            return Err(trail.refuse(Refusal::new(
                Rule::GrantRevoked,
                "a device code whose grant is not over",
                format!("one whose grant ended at {at} ({})", why.as_str()),
            )));
        }
    }
    let audience = audience::choose(request, &grant.resources, &grant.resources, policy, trail)?;
    // What the operator has since taken from the client is gone.
    let scope = grant.scope.intersection(&facts.client.scope);
    Ok((
        next_generation(1, grant, policy, now),
        Issue::of_grant(&scope, audience, (facts.client, grant), policy, now),
    ))
}

fn used(received: &str) -> Refusal {
    Refusal::new(Rule::DeviceCodeUsed, "the only use of the device code", received)
}

#[cfg(test)]
#[path = "device_code_tests.rs"]
mod tests;
