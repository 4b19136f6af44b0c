//! A client acting for itself (RFC 6749 §4.4): no person, no grant, no refresh token, nothing stored.

use super::{Issue, audience, scope};
use crate::policy::{Policy, is_personal};
use valetkey_model::Client;
use valetkey_model::client::GrantType;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::token::Request;

/// The token to issue. A request without scope gets all that the client is registered for, at the API that
/// it names or that those scopes belong to; without the scopes that only make sense with a person.
///
/// # Errors
/// The rule that refused.
pub fn decide(
    request: &Request,
    client: &Client,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Issue, Refusal> {
    let may = !client.is_public() && client.may_use(GrantType::ClientCredentials);
    trail.require(Rule::TokenGrantTypeNotAllowed, may, || {
        (
            "a confidential client registered for client_credentials".into(),
            client.id.to_string(),
        )
    })?;
    let own = client
        .scope
        .filter(|word| policy.knows(word) && !is_personal(word));
    let requested = scope::requested(request, trail)?;
    let asked = requested.as_ref().unwrap_or(&own);
    within(asked, &own, trail)?;

    let allowed = policy.resources_of_client(client);
    let implied = policy.resources_for(asked, &allowed);
    let audience = audience::choose(request, &allowed, &implied, policy, trail)?;
    let issue = Issue::access_only(asked, audience, policy);
    if requested.is_some() || issue.scope.is_empty() {
        // A scope that was asked for by name is given whole or refused, never quietly dropped.
        let there = audience::part_at(&own, issue.audience.as_ref(), policy);
        within(asked, &there, trail)?;
    }
    trail.passed(Rule::TokenScopeNotAllowed);
    Ok(issue)
}

fn within(asked: &Scope, allowed: &Scope, trail: &mut Trail) -> Result<(), Refusal> {
    if !asked.is_empty() && asked.is_subset(allowed) {
        return Ok(());
    }
    let received = if asked.is_empty() {
        "none".to_owned()
    } else {
        asked.to_string()
    };
    Err(trail.refuse(Refusal::new(
        Rule::TokenScopeNotAllowed,
        if allowed.is_empty() {
            "a scope registered for the client".to_owned()
        } else {
            allowed.to_string()
        },
        received,
    )))
}

#[cfg(test)]
#[path = "client_credentials_tests.rs"]
mod tests;
