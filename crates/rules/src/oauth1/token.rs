//! Token credentials (RFC 5849 §2.3): temporary credentials that the person has allowed, with the verifier that the
//! person brought back, once.
//!
//! The verifier is always asked for: it says that who finishes is who was sent to the authorization page and came back
//! (session fixation of OAuth Core 1.0). Temporary credentials that are shown again with it after their use take the
//! grant back, as a code does.

use super::consumer::may_begin;
use super::parameters::needed;
use crate::handle::{HandleKeys, Temporary};
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy, RevokedWhy};
use valetkey_model::{Client, Grant};
use valetkey_protocol::oauth1::Protocol;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// What the decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the request's token says, by [`read`].
    pub temporary: &'a Temporary,
    /// The consumer that signed.
    pub client: &'a Client,
    /// The grant of that name, when the person has allowed it.
    pub grant: Option<&'a Grant>,
    /// Knows the verifier.
    pub handles: &'a HandleKeys,
}

/// What to do about the temporary credentials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Redeem them with the store's `redeem_code`; answer with token credentials only when that is won.
    Redeem {
        /// The state that the grant goes to.
        active: Active,
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

/// The temporary credentials that the request names. Whether they still count is not said. Token credentials are none.
///
/// # Errors
/// The rule that refused.
pub fn read(protocol: &Protocol, handles: &HandleKeys, trail: &mut Trail) -> Result<Temporary, Refusal> {
    let token = needed("oauth_token", protocol.token.as_deref(), trail)?;
    handles.open_temporary(token).ok_or_else(|| {
        trail.refuse(Refusal::new(
            Rule::OAuth1TokenUnknown,
            "the oauth_token of temporary credentials of this server",
            "a text that is none (not shown)",
        ))
    })
}

/// Decides about a request whose signature was verified.
#[must_use]
pub fn decide(protocol: &Protocol, facts: &Facts<'_>, now: Timestamp, trail: &mut Trail) -> Outcome {
    match redeemable(protocol, facts, now, trail) {
        Ok(active) => Outcome::Redeem { active },
        Err(outcome) => *outcome,
    }
}

/// What to do when the store's `redeem_code` was lost: another request used the same temporary credentials at the same
/// moment. `grant_now` is the grant as the store then found it.
#[must_use]
pub fn lost_race(grant_now: &Grant) -> Outcome {
    match &grant_now.state {
        GrantState::Revoked { why, at } => Outcome::Refuse(revoked(*why, *at)),
        // The store does not lose against an unredeemed grant; if it says so, nothing is issued.
        GrantState::Active(_) | GrantState::CodeIssued(_) => used_again("two uses at the same time"),
    }
}

fn redeemable(
    protocol: &Protocol,
    facts: &Facts<'_>,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Active, Box<Outcome>> {
    let refuse = |refusal| Box::new(Outcome::Refuse(refusal));
    let Facts {
        temporary, client, ..
    } = *facts;
    own(temporary, client, trail).map_err(refuse)?;
    may_begin(client, now, trail).map_err(refuse)?;
    let verifier = needed("oauth_verifier", protocol.verifier.as_deref(), trail).map_err(refuse)?;
    let fits = facts.handles.verifier_fits(temporary, verifier);
    let Some(grant) = facts.grant else {
        in_time(temporary.expires_at, now, trail).map_err(refuse)?;
        return Err(refuse(trail.refuse(Refusal::new(
            Rule::OAuth1NotAuthorized,
            "temporary credentials that the person has allowed",
            "ones that nobody has answered",
        ))));
    };
    trail.passed(Rule::OAuth1NotAuthorized);
    let issued = unused(grant, facts, fits, trail)?;
    let end = temporary
        .expires_at
        .min(issued.code_expires_at)
        .min(grant.expires_at);
    in_time(end, now, trail).map_err(refuse)?;
    trail
        .require(Rule::OAuth1VerifierInvalid, fits, || {
            (
                "the oauth_verifier that went out with these credentials (not shown)".into(),
                "another (not shown)".into(),
            )
        })
        .map_err(refuse)?;
    Ok(Active {
        generation: 1,
        rotated_at: now,
        // There is nothing to rotate: token credentials last as long as the grant.
        idle_expires_at: grant.expires_at,
    })
}

fn own(temporary: &Temporary, client: &Client, trail: &mut Trail) -> Result<(), Refusal> {
    let own = temporary.client == client.id;
    trail.require(Rule::OAuth1TokenOtherConsumer, own, || {
        // Not whose they are: that is no business of another consumer.
        (
            "the consumer that asked for the temporary credentials".into(),
            client.id.to_string(),
        )
    })
}

/// The grant, when these credentials were not used yet.
fn unused<'a>(
    grant: &'a Grant,
    facts: &Facts<'_>,
    fits: bool,
    trail: &mut Trail,
) -> Result<&'a CodeIssued, Box<Outcome>> {
    let same =
        grant.id == facts.temporary.id && grant.client == facts.client.id && grant.by == GrantedBy::OAuth1;
    let outcome = match &grant.state {
        _ if !same => Outcome::Refuse(Refusal::new(
            Rule::OAuth1TokenUnknown,
            "temporary credentials whose grant is of OAuth 1.0a",
            "a grant of another kind",
        )),
        GrantState::CodeIssued(issued) => {
            trail.passed(Rule::OAuth1TokenUsed);
            return Ok(issued);
        }
        GrantState::Revoked { why, at } => Outcome::Refuse(revoked(*why, *at)),
        GrantState::Active(active) => {
            let received = format!("a use after the first one at {}", active.rotated_at);
            // Who does not know the verifier is not who was sent: the person's access does not hang on them.
            if fits {
                used_again(&received)
            } else {
                Outcome::Refuse(used(&received))
            }
        }
    };
    if let Outcome::Refuse(refusal) | Outcome::RevokeGrant { refusal, .. } = &outcome {
        let _ = trail.refuse(refusal.clone());
    }
    Err(Box::new(outcome))
}

fn in_time(end: Timestamp, now: Timestamp, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::OAuth1TokenExpired, now < end, || {
        (
            format!("before {end}"),
            format!("at {now}, {} s late", now.seconds_since(end)),
        )
    })
}

fn used(received: &str) -> Refusal {
    Refusal::new(
        Rule::OAuth1TokenUsed,
        "the only use of the temporary credentials",
        received,
    )
}

fn used_again(received: &str) -> Outcome {
    Outcome::RevokeGrant {
        why: RevokedWhy::CodeReplayed,
        refusal: used(received),
    }
}

fn revoked(why: RevokedWhy, at: Timestamp) -> Refusal {
    let rule = match why {
        RevokedWhy::CodeReplayed => Rule::OAuth1TokenUsed,
        _ => Rule::OAuth1TokenRevoked,
    };
    Refusal::new(
        rule,
        "temporary credentials whose grant is not over",
        format!("ones whose grant ended at {at} ({})", why.as_str()),
    )
}
