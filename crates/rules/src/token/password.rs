//! A person's password in the hands of an app (RFC 6749 §4.3). RFC 9700 §2.4 says that this must not be used: it is off until
//! somebody allows it for a client, and the authorization code grant is what to use instead.
//!
//! Whether the password is right is not judged here: that is the sign-in's check, with its throttle and its bounded pool, so
//! that this is no second door for guesses. Who has a second factor is refused, because a password is all that this grant can
//! carry.

use super::{Issue, audience, next_generation, scope};
use crate::policy::Policy;
use crate::shown::listed;
use std::collections::BTreeSet;
use valetkey_model::client::GrantType;
use valetkey_model::grant::{Active, GrantState, GrantedBy};
use valetkey_model::{Client, Grant, GrantId, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::{OFFLINE_ACCESS, Scope};
use valetkey_protocol::secret::Password;
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::Request;

/// What the request asks for, and whose password it shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<'a> {
    /// Who is said to have typed the password.
    pub username: &'a str,
    /// The password.
    pub password: &'a Password,
    /// What is asked for.
    pub scope: Scope,
    /// For which API; none when the token is for userinfo alone.
    pub resources: BTreeSet<ResourceIndicator>,
}

/// Judges all of the request but the password, so that what was asked for wrongly costs nobody an attempt.
///
/// # Errors
/// The rule that refused.
pub fn read<'a>(
    request: &'a Request,
    client: &Client,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Asked<'a>, Refusal> {
    trail.require(
        Rule::TokenGrantTypeNotAllowed,
        client.may_use(GrantType::Password),
        || {
            let allowed = client.grant_types.iter().map(|allowed| allowed.as_str());
            (GrantType::Password.as_str().into(), listed(allowed))
        },
    )?;
    let (username, password) = credentials(request, trail)?;
    let scope = scope::of_a_person(request.scope.as_deref(), client, policy, trail)?;
    let resources = audience::of_a_person(&request.resource, &scope, client, policy, trail)?;
    audience::choose(request, &resources, &resources, policy, trail)?;
    Ok(Asked {
        username,
        password,
        scope,
        resources,
    })
}

fn credentials<'a>(request: &'a Request, trail: &mut Trail) -> Result<(&'a str, &'a Password), Refusal> {
    let username = request
        .username
        .as_deref()
        .filter(|username| !username.is_empty());
    let password = request
        .password
        .as_ref()
        .filter(|password| !password.expose().is_empty());
    match (username, password) {
        (Some(username), Some(password)) => {
            trail.passed(Rule::PasswordMissing);
            Ok((username, password))
        }
        (None, Some(_)) => Err(missing("no username", trail)),
        (Some(_), None) => Err(missing("no password", trail)),
        (None, None) => Err(missing("neither", trail)),
    }
}

fn missing(received: &str, trail: &mut Trail) -> Refusal {
    trail.refuse(Refusal::new(
        Rule::PasswordMissing,
        "a username and a password",
        received,
    ))
}

/// Whether a password is enough for this person; asked only once it was found right, so that nobody else learns who has a
/// second factor.
///
/// # Errors
/// The rule that refused.
pub fn password_is_enough(has_second_factor: bool, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::PasswordSecondFactor, !has_second_factor, || {
        (
            "a person who signs in by a password alone".into(),
            "one with a second factor".into(),
        )
    })
}

/// The grant, once the password was found right. There is no session behind it: no browser has signed in.
#[must_use]
pub fn grant(
    asked: &Asked<'_>,
    client: &Client,
    user: UserId,
    policy: &Policy,
    id: GrantId,
    now: Timestamp,
) -> Grant {
    let expires_at = now.plus_seconds(policy.grant_ttl_seconds_for(client));
    let unborn = Active {
        generation: 0,
        rotated_at: now,
        idle_expires_at: expires_at,
    };
    let grant = Grant {
        id,
        client: client.id.clone(),
        user,
        session: None,
        by: GrantedBy::Password,
        migrated_from: None,
        scope: asked.scope.clone(),
        resources: asked.resources.clone(),
        offline: asked.scope.contains(OFFLINE_ACCESS),
        auth_time: now,
        amr: vec!["pwd".to_owned()],
        acr: Acr::OneFactor,
        sid: None,
        claims: ClaimsRequest::default(),
        nonce: None,
        created_at: now,
        expires_at,
        state: GrantState::Active(unborn),
    };
    let active = next_generation(1, &grant, policy, now);
    grant.redeemed(active)
}

/// The tokens of the grant.
#[must_use]
pub fn issue(asked: &Asked<'_>, client: &Client, grant: &Grant, policy: &Policy, now: Timestamp) -> Issue {
    let audience = asked.resources.first().cloned();
    Issue::of_grant(&asked.scope, audience, (client, grant), policy, now)
}

#[cfg(test)]
#[path = "password_tests.rs"]
mod tests;
