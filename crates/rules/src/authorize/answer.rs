//! How an authorization request ends: a grant whose code (or token, or verifier) goes out, with the consent to remember, or
//! a no.

use super::claims::asked_for;
use super::{RedirectError, Respond, ValidRequest};
use crate::policy::{NEVER, Policy};
use crate::token::Issue;
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy};
use valetkey_model::{Client, Consent, Grant, GrantId, Session, SessionId, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::rule::Refusal;
use valetkey_protocol::scope::OFFLINE_ACCESS;
use valetkey_protocol::time::Timestamp;

/// What goes into [`CodeIssued::redirect_uri`] when the verifier is carried over by the person (RFC 5849 §2.1).
const OUT_OF_BAND: &str = "oob";

/// The grant, with its code (or what goes out instead) out. Unless it is an offline one it ends when the person signs out;
/// that the session runs out by itself does not end it, because then nobody has said so. A device's grant does not hang
/// on the session: the browser that answered is not the device, and may be a borrowed one.
///
/// Its name is `id`; of OAuth 1.0a the one that the temporary credentials have, so that they are answered once.
#[must_use]
pub fn grant(valid: &ValidRequest, session: &Session, policy: &Policy, id: GrantId, now: Timestamp) -> Grant {
    let (id, by) = match &valid.respond {
        Respond::Redirect { response_type, .. } if response_type.code => (id, GrantedBy::AuthorizationCode),
        Respond::Redirect { .. } => (id, GrantedBy::Implicit),
        Respond::Device(_) => (id, GrantedBy::DeviceCode),
        Respond::OAuth1(oauth1) => (oauth1.id, GrantedBy::OAuth1),
    };
    let expires_at = expires_at(valid, policy, now);
    Grant {
        id,
        client: valid.client_id.clone(),
        user: session.user,
        session: (by != GrantedBy::DeviceCode).then_some(session.id),
        by,
        migrated_from: None,
        scope: valid.scope.clone(),
        resources: valid.resources.clone(),
        offline: by == GrantedBy::OAuth1 || valid.scope.contains(OFFLINE_ACCESS),
        auth_time: session.auth_time,
        amr: session.amr.clone(),
        acr: acr(valid, session),
        sid: (by != GrantedBy::DeviceCode).then_some(session.sid),
        claims: valid.claims.clone(),
        nonce: valid.nonce.clone(),
        created_at: now,
        expires_at,
        state: state(valid, expires_at, policy, now),
    }
}

/// Without a code there is no refresh token: the grant is over with its access token, and at once when nothing but an ID
/// token goes out, which says what it says and opens nothing.
fn expires_at(valid: &ValidRequest, policy: &Policy, now: Timestamp) -> Timestamp {
    let ttl = match valid.respond {
        Respond::Redirect { response_type, .. } if !response_type.code => {
            if response_type.token {
                access_only(valid, policy).ttl_seconds
            } else {
                0
            }
        }
        Respond::Redirect { .. } | Respond::Device(_) | Respond::OAuth1(_) => valid.grant_ttl_seconds,
    };
    now.plus_seconds(ttl).min(NEVER)
}

/// How surely it was them: what the session says, unless the client named values and only lesser ones are met. Whoever
/// showed two factors has shown one.
fn acr(valid: &ValidRequest, session: &Session) -> Acr {
    let met = valid.acr_values.iter().filter(|acr| **acr <= session.acr).max();
    met.copied().unwrap_or(session.acr)
}

fn state(valid: &ValidRequest, expires_at: Timestamp, policy: &Policy, now: Timestamp) -> GrantState {
    let issued = |redirect_uri: &str, code_expires_at| CodeIssued {
        redirect_uri: redirect_uri.to_owned(),
        redirect_uri_was_given: valid.redirect_uri_was_given,
        code_challenge: valid.code_challenge.clone(),
        code_expires_at,
    };
    GrantState::CodeIssued(match &valid.respond {
        Respond::Redirect { response_type, .. } if !response_type.code => {
            return GrantState::Active(Active {
                generation: 0,
                rotated_at: now,
                idle_expires_at: expires_at,
            });
        }
        Respond::Redirect { .. } => issued(&valid.redirect_uri, now.plus_seconds(policy.code_ttl_seconds)),
        Respond::Device(device) => issued("", device.expires_at),
        Respond::OAuth1(oauth1) => issued(
            oauth1.callback.as_deref().unwrap_or(OUT_OF_BAND),
            oauth1.expires_at,
        ),
    })
}

/// The access token of a request that asked for one (RFC 6749 §4.2.2, OpenID Connect Core §3.3.2.5): for the one API of the
/// request, and never beyond its grant. `openid` in the scope opens userinfo.
#[must_use]
pub fn front_channel_issue(
    valid: &ValidRequest,
    grant: &Grant,
    client: &Client,
    policy: &Policy,
    now: Timestamp,
) -> Issue {
    let issue = access_only(valid, policy);
    Issue {
        // What the operator has since taken from the client is gone.
        scope: issue.scope.intersection(&client.scope),
        ttl_seconds: issue.ttl_seconds.min(grant.expires_at.seconds_since(now)),
        ..issue
    }
}

fn access_only(valid: &ValidRequest, policy: &Policy) -> Issue {
    Issue::access_only(&valid.scope, valid.resources.first().cloned(), policy)
}

/// The consent that "allow" gives.
#[must_use]
pub fn consent(valid: &ValidRequest, user: UserId, now: Timestamp) -> Consent {
    Consent {
        user,
        client: valid.client_id.clone(),
        scope: asked_for(valid),
        resources: valid.resources.clone(),
        granted_at: now,
    }
}

/// The answer that "cancel" gives. Where it goes, [`ValidRequest::respond`] says.
#[must_use]
pub fn declined(valid: &ValidRequest) -> RedirectError {
    valid.refused(Refusal::new(
        valid.respond.rule_of_the_answer(),
        "allowed by the person",
        "cancelled by the person",
    ))
}

/// What the answer of the consent page means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answered {
    /// The person allowed it.
    Allowed,
    /// The person, or whoever sits there now, wants nothing of it.
    Declined,
    /// Nobody has answered for themselves: show the page that is due now.
    Nothing,
}

/// Reads the answer. Only who the page was made for can allow: somebody else may have signed in in another tab since, and
/// would give what they have not seen. Anybody may cancel.
#[must_use]
pub fn answered(answer: &str, shown_to: Option<SessionId>, session: Option<&Session>) -> Answered {
    let same_person = session.is_some_and(|session| shown_to == Some(session.id));
    match answer {
        "cancel" => Answered::Declined,
        "allow" if same_person => Answered::Allowed,
        _ => Answered::Nothing,
    }
}

/// Whether an error may be redirected at once. Unless the request was silent it waits until somebody is signed in, or the
/// endpoint would send anybody anywhere that somebody could register (RFC 9700 §4.11.2).
#[must_use]
pub const fn may_redirect_now(error: &RedirectError, somebody_signed_in: bool) -> bool {
    somebody_signed_in || error.silent
}
