//! Redeeming an authorization code (RFC 6749 §4.1.3, RFC 7636 §4.5, RFC 9700 §4.5).
//!
//! A code is redeemed once. A second use by its client takes back what the first one gave (§4.1.2). A use
//! by another client is refused and changes nothing: otherwise whoever sees a code in passing could burn it.
//! A check that fails before the redemption does not use the code up: what cannot be guessed (the MAC,
//! the verifier) needs no count of attempts, and it dies within a minute anyway.

use super::{Facts, Issue, audience, next_generation, pkce};
use crate::handle::HandleKeys;
use crate::policy::Policy;
use crate::shown::shown_or_none;
use valetkey_model::grant::{Active, CodeIssued, GrantState, RevokedWhy};
use valetkey_model::{Grant, GrantId};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::Request;

/// What to do about a code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Redeem the code with the store's `redeem_code`; issue only when that is won.
    Redeem {
        /// The state that the grant goes to.
        active: Active,
        /// The tokens.
        issue: Issue,
    },
    /// Revoke the grant, then refuse.
    RevokeGrant {
        /// Why it ends.
        why: RevokedWhy,
        /// The answer.
        refusal: Refusal,
    },
    /// Refuse, and change nothing.
    Refuse(Refusal),
}

/// The grant whose code the request shows.
///
/// # Errors
/// The rule that refused.
pub fn read(request: &Request, keys: &HandleKeys, trail: &mut Trail) -> Result<GrantId, Refusal> {
    let Some(code) = &request.code else {
        return Err(trail.refuse(Refusal::new(Rule::CodeMissing, "a code", "none")));
    };
    trail.passed(Rule::CodeMissing);
    keys.read_code(code).ok_or_else(|| {
        trail.refuse(Refusal::new(
            Rule::CodeUnknown,
            "a code that this server made",
            "a text that is none (not shown)",
        ))
    })
}

/// Decides about the code.
#[must_use]
pub fn decide(
    request: &Request,
    facts: &Facts<'_>,
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Outcome {
    let (grant, issued) = match unredeemed(facts, trail) {
        Ok(found) => found,
        Err(outcome) => return *outcome,
    };
    match redeem(request, (facts, grant, issued), policy, now, trail) {
        Ok(outcome) => outcome,
        Err(refusal) => Outcome::Refuse(refusal),
    }
}

/// What to do when the store's `redeem_code` was lost: another request used the same code at the same
/// moment, which is a second use. `grant_now` is the grant as the store then found it.
#[must_use]
pub fn lost_race(grant_now: &Grant) -> Outcome {
    match &grant_now.state {
        GrantState::Revoked { why, at } => Outcome::Refuse(revoked(*why, *at)),
        // The store does not lose against an unredeemed code; if it says so, nothing is issued.
        GrantState::Active(_) | GrantState::CodeIssued(_) => replayed("two uses at the same time"),
    }
}

/// The grant, when its code is this client's and was not redeemed yet.
fn unredeemed<'a>(facts: &Facts<'a>, trail: &mut Trail) -> Result<(&'a Grant, &'a CodeIssued), Box<Outcome>> {
    let refuse = |refusal| Box::new(Outcome::Refuse(refusal));
    let Some(grant) = facts.grant else {
        return Err(refuse(trail.refuse(Refusal::new(
            Rule::CodeUnknown,
            "a code that is still remembered",
            "one that is not: it was never redeemed in time, or its grant is long over",
        ))));
    };
    trail.passed(Rule::CodeUnknown);
    trail
        .require(Rule::CodeOtherClient, grant.client == facts.client.id, || {
            // Not whose it is: that is no business of another client.
            (
                "the client that the code was issued to".into(),
                facts.client.id.to_string(),
            )
        })
        .map_err(refuse)?;
    match &grant.state {
        GrantState::CodeIssued(issued) => {
            trail.passed(Rule::CodeReplayed);
            Ok((grant, issued))
        }
        GrantState::Active(active) => {
            let outcome = replayed(&format!(
                "a use after the first one at {} or before",
                active.rotated_at
            ));
            if let Outcome::RevokeGrant { refusal, .. } = &outcome {
                let _ = trail.refuse(refusal.clone());
            }
            Err(Box::new(outcome))
        }
        GrantState::Revoked { why, at } => Err(refuse(trail.refuse(revoked(*why, *at)))),
    }
}

fn redeem(
    request: &Request,
    (facts, grant, issued): (&Facts<'_>, &Grant, &CodeIssued),
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Outcome, Refusal> {
    let in_time = now < issued.code_expires_at && now < grant.expires_at;
    trail.require(Rule::CodeExpired, in_time, || {
        (
            format!("before {}", issued.code_expires_at),
            format!("at {now}, {} s late", now.seconds_since(issued.code_expires_at)),
        )
    })?;
    redirect_uri(request, issued, trail)?;
    pkce::check(
        issued.code_challenge.as_ref(),
        request.code_verifier.as_ref(),
        trail,
    )?;
    let audience = audience::choose(request, &grant.resources, &grant.resources, policy, trail)?;
    // What the operator has since taken from the client is gone.
    let scope = grant.scope.intersection(&facts.client.scope);
    Ok(Outcome::Redeem {
        active: next_generation(1, grant, policy, now),
        issue: Issue::of_grant(&scope, audience, (facts.client, grant), policy, now),
    })
}

/// RFC 6749 §4.1.3: when the authorization request named the redirect URI, the token request must name the
/// same; when it did not, a named one must still be the one that was used.
fn redirect_uri(request: &Request, issued: &CodeIssued, trail: &mut Trail) -> Result<(), Refusal> {
    let same = match request.redirect_uri.as_deref() {
        Some(received) => received == issued.redirect_uri,
        None => !issued.redirect_uri_was_given,
    };
    trail.require(Rule::CodeRedirectUriMismatch, same, || {
        (
            issued.redirect_uri.clone(),
            shown_or_none(request.redirect_uri.as_deref()),
        )
    })
}

fn replayed(received: &str) -> Outcome {
    Outcome::RevokeGrant {
        why: RevokedWhy::CodeReplayed,
        refusal: Refusal::new(Rule::CodeReplayed, "the only use of the code", received),
    }
}

fn revoked(why: RevokedWhy, at: Timestamp) -> Refusal {
    let rule = match why {
        RevokedWhy::CodeReplayed => Rule::CodeReplayed,
        _ => Rule::GrantRevoked,
    };
    Refusal::new(
        rule,
        "a code whose grant is not over",
        format!("one whose grant ended at {at} ({})", why.as_str()),
    )
}

#[cfg(test)]
#[path = "authorization_code_tests.rs"]
mod tests;
