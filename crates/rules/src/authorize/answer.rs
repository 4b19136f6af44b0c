//! How an authorization request ends: a grant whose code goes out, with the consent to remember, or a no.

use super::{RedirectError, ValidRequest};
use crate::policy::Policy;
use valetkey_model::grant::{CodeIssued, GrantState};
use valetkey_model::{Consent, Grant, GrantId, Session, UserId};
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::scope::OFFLINE_ACCESS;
use valetkey_protocol::time::Timestamp;

/// The grant, with its code out. Unless it is an offline one it ends when the person signs out; that the
/// session runs out by itself does not end it, because then nobody has said so.
#[must_use]
pub fn grant(valid: &ValidRequest, session: &Session, policy: &Policy, id: GrantId, now: Timestamp) -> Grant {
    Grant {
        id,
        client: valid.client_id.clone(),
        user: session.user,
        session: Some(session.id),
        scope: valid.scope.clone(),
        resources: valid.resources.clone(),
        offline: valid.scope.contains(OFFLINE_ACCESS),
        auth_time: session.auth_time,
        amr: session.amr.clone(),
        nonce: valid.nonce.clone(),
        created_at: now,
        expires_at: now.plus_seconds(valid.grant_ttl_seconds),
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: valid.redirect_uri.clone(),
            redirect_uri_was_given: valid.redirect_uri_was_given,
            code_challenge: valid.code_challenge.clone(),
            code_expires_at: now.plus_seconds(policy.code_ttl_seconds),
        }),
    }
}

/// The consent that "allow" gives.
#[must_use]
pub fn consent(valid: &ValidRequest, user: UserId, now: Timestamp) -> Consent {
    Consent {
        user,
        client: valid.client_id.clone(),
        scope: valid.scope.clone(),
        resources: valid.resources.clone(),
        granted_at: now,
    }
}

/// The answer that "cancel" gives.
#[must_use]
pub fn declined(valid: &ValidRequest) -> RedirectError {
    valid.refused(Refusal::new(
        Rule::AuthorizeAccessDenied,
        "allowed by the person",
        "cancelled by the person",
    ))
}
