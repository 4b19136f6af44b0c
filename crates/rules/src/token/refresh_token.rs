//! Refreshing (RFC 6749 §6) with rotation and replay detection (RFC 9700 §4.14.2).
//!
//! Each use of the current refresh token makes the next generation. The one that was just replaced gets the
//! *same* successor again for a short window, so that a lost answer logs nobody out; anything older, or
//! later, means that two hold the token, and ends the grant. Within the window the successor is the same text
//! for everybody, so a thief gains nothing that the next use by the other does not reveal.
//!
//! When the store's `rotate_refresh` is lost, decide again with the grant as the store then found it: the
//! race becomes a repeat within the window.

use super::{Facts, Issue, audience, next_generation, scope};
use crate::handle::HandleKeys;
use crate::policy::Policy;
use std::collections::BTreeSet;
use valetkey_model::grant::{Active, GrantState, RevokedWhy};
use valetkey_model::{Grant, GrantId};
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::Request;

/// What to do about a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Move to the next generation with the store's `rotate_refresh`; issue only when that is won.
    Rotate {
        /// The generation that was shown.
        from: u32,
        /// The state that the grant goes to; the new refresh token is of its generation.
        next: Active,
        /// The tokens.
        issue: Issue,
    },
    /// Issue again, with the refresh token of the generation that is already the current one.
    Repeat {
        /// That generation.
        generation: u32,
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

/// The grant and the generation whose refresh token the request shows.
///
/// # Errors
/// The rule that refused.
pub fn read(request: &Request, keys: &HandleKeys, trail: &mut Trail) -> Result<(GrantId, u32), Refusal> {
    let Some(token) = &request.refresh_token else {
        return Err(trail.refuse(Refusal::new(Rule::RefreshTokenMissing, "a refresh_token", "none")));
    };
    trail.passed(Rule::RefreshTokenMissing);
    keys.read_refresh(token.expose()).ok_or_else(|| {
        trail.refuse(Refusal::new(
            Rule::RefreshTokenUnknown,
            "a refresh token that this server made",
            "a text that is none (not shown)",
        ))
    })
}

/// Decides about the refresh token of `generation`.
#[must_use]
pub fn decide(
    request: &Request,
    generation: u32,
    facts: &Facts<'_>,
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Outcome {
    let (grant, active) = match live(facts, now, trail) {
        Ok(found) => found,
        Err(refusal) => return Outcome::Refuse(refusal),
    };
    let turn = match turn(generation, active, policy, now) {
        Ok(turn) => turn,
        Err(refusal) => {
            let refusal = trail.refuse(refusal);
            return match refusal.rule {
                Rule::RefreshTokenReused => Outcome::RevokeGrant {
                    why: RevokedWhy::RefreshTokenReused,
                    refusal,
                },
                _ => Outcome::Refuse(refusal),
            };
        }
    };
    trail.passed(Rule::RefreshTokenReused);
    match issue(request, (facts, grant), policy, now, trail) {
        Err(refusal) => Outcome::Refuse(refusal),
        Ok(issue) => match turn {
            Turn::Next(next) => Outcome::Rotate {
                from: generation,
                next: next_generation(next, grant, policy, now),
                issue,
            },
            Turn::Again(current) => Outcome::Repeat {
                generation: current,
                issue,
            },
        },
    }
}

/// The grant, when it is this client's and not over.
fn live<'a>(
    facts: &Facts<'a>,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<(&'a Grant, &'a Active), Refusal> {
    let unknown = || {
        Refusal::new(
            Rule::RefreshTokenUnknown,
            "a refresh token whose grant is still remembered",
            "one whose grant is not",
        )
    };
    let Some(grant) = facts.grant else {
        return Err(trail.refuse(unknown()));
    };
    trail.require(
        Rule::RefreshTokenOtherClient,
        grant.client == facts.client.id,
        || {
            // Not whose it is: that is no business of another client.
            (
                "the client that the refresh token was issued to".into(),
                facts.client.id.to_string(),
            )
        },
    )?;
    let active = match &grant.state {
        GrantState::Active(active) => active,
        GrantState::Revoked { why, at } => {
            return Err(trail.refuse(Refusal::new(
                Rule::GrantRevoked,
                "a grant that is not over",
                format!("one that ended at {at} ({})", why.as_str()),
            )));
        }
        // No refresh token is made before the code is redeemed.
        GrantState::CodeIssued(_) => return Err(trail.refuse(unknown())),
    };
    trail.passed(Rule::RefreshTokenUnknown);
    trail.passed(Rule::GrantRevoked);
    let end = active.idle_expires_at.min(grant.expires_at);
    trail.require(Rule::RefreshTokenExpired, now < end, || {
        let which = if end == grant.expires_at {
            "the grant's end"
        } else {
            "the end of its idle time"
        };
        (
            format!("before {end}, {which}"),
            format!("at {now}, {} s late", now.seconds_since(end)),
        )
    })?;
    Ok((grant, active))
}

/// What a refresh token of a living grant brings.
enum Turn {
    /// The current one: make this generation.
    Next(u32),
    /// The one just replaced: give its successor, this generation, again.
    Again(u32),
}

fn turn(generation: u32, active: &Active, policy: &Policy, now: Timestamp) -> Result<Turn, Refusal> {
    if generation > active.generation {
        // Its MAC is right, so the store has gone back in time (an old backup). Nobody stole anything.
        return Err(Refusal::new(
            Rule::RefreshTokenUnknown,
            "a generation that the grant has reached",
            "a later one",
        ));
    }
    if generation == active.generation {
        return generation.checked_add(1).map(Turn::Next).ok_or_else(|| {
            Refusal::new(
                Rule::RefreshTokenExpired,
                "a grant that can be refreshed again",
                "one at its last generation",
            )
        });
    }
    let age = now.seconds_since(active.rotated_at);
    let just_replaced = generation.checked_add(1) == Some(active.generation);
    if just_replaced && age <= policy.refresh_retry_window_seconds {
        return Ok(Turn::Again(active.generation));
    }
    let received = if just_replaced {
        format!("the one before it, replaced {age} s ago")
    } else {
        "a much older one".to_owned()
    };
    Err(Refusal::new(
        Rule::RefreshTokenReused,
        format!(
            "the current refresh token, or the one before it within {} s",
            policy.refresh_retry_window_seconds
        ),
        received,
    ))
}

/// The tokens: the granted scope or a part of it, which narrows this access token and not the grant.
fn issue(
    request: &Request,
    (facts, grant): (&Facts<'_>, &Grant),
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Issue, Refusal> {
    // What the operator has since taken from the client is gone.
    let granted = grant.scope.intersection(&facts.client.scope);
    let narrowed = scope::requested(request, trail)?;
    if let Some(asked) = &narrowed {
        trail.require(Rule::TokenScopeWidened, asked.is_subset(&granted), || {
            (granted.to_string(), asked.to_string())
        })?;
    }
    let implied = implied(narrowed.as_ref(), grant, policy);
    let audience = audience::choose(request, &grant.resources, &implied, policy, trail)?;
    let scope = narrowed.unwrap_or(granted);
    Ok(Issue::of_grant(
        &scope,
        audience,
        (facts.client, grant),
        policy,
        now,
    ))
}

/// The granted APIs that the request can mean: a narrowed scope leaves out those it has no word of.
fn implied(narrowed: Option<&Scope>, grant: &Grant, policy: &Policy) -> BTreeSet<ResourceIndicator> {
    match narrowed {
        None => grant.resources.clone(),
        Some(scope) => policy.resources_for(scope, &grant.resources),
    }
}

#[cfg(test)]
#[path = "refresh_token_tests.rs"]
mod tests;
