//! Token exchange (RFC 8693): an access token of this server for another one, for an API that has to call the next
//! (delegation: the new token says who acts), or for a client that may stand in for the person (impersonation).
//!
//! The new token names the subject's grant, so it ends with that; nothing is stored. It never allows more than the
//! subject token, never lives longer, and has no refresh token. Tokens of OAuth 1.0a are
//! [`migration`](crate::oauth1::migration)'s: [`read`] only tells them apart.

use super::{Issue, audience, scope};
use crate::issue::{AccessTokenClaims, Actor};
use crate::policy::Policy;
use crate::shown::{listed, shown, shown_or_none};
use std::collections::BTreeSet;
use valetkey_model::Client;
use valetkey_model::client::GrantType;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::AnyToken;
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, JWT_TYPE, OAUTH1_TOKEN_TYPE, REFRESH_TOKEN_TYPE, Request};

/// So many may act one after the other: a chain that goes in a circle ends, and no token grows without bound.
pub const MOST_ACTORS: usize = 8;

/// Which tokens the request shows.
#[derive(Debug, Clone, Copy)]
pub enum Asked<'a> {
    /// An access token, and that of who wants to act.
    AccessToken {
        /// The token to exchange.
        subject: &'a AnyToken,
        /// The token of who will act.
        actor: Option<&'a AnyToken>,
    },
    /// The token of OAuth 1.0a token credentials.
    OAuth1 {
        /// The token to exchange.
        subject: &'a AnyToken,
    },
}

/// What a shown text turned out to be.
#[derive(Debug, Clone)]
pub struct Shown {
    /// Its claims, when it is an access token of this server that has not expired
    /// ([`crate::access_token::read`]).
    pub claims: Option<AccessTokenClaims>,
    /// Whether it still counts ([`crate::access_token::counts`]).
    pub counts: bool,
}

/// What the decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The client that authenticated.
    pub client: &'a Client,
    /// The subject token.
    pub subject: &'a Shown,
    /// The actor token, when there is one.
    pub actor: Option<&'a Shown>,
}

/// The token to issue, with [`crate::issue::exchanged_access_token`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exchanged {
    /// What it allows, and where.
    pub issue: Issue,
    /// The token that it is made from.
    pub subject: AccessTokenClaims,
    /// Who acts.
    pub act: Option<Actor>,
}

/// The tokens of the request (§2.1). Whether they count is not said.
///
/// # Errors
/// The rule that refused.
pub fn read<'a>(request: &'a Request, trail: &mut Trail) -> Result<Asked<'a>, Refusal> {
    let there = request
        .subject_token
        .as_ref()
        .zip(request.subject_token_type.as_deref());
    let Some((subject, subject_type)) = there else {
        let received = match (&request.subject_token, &request.subject_token_type) {
            (None, None) => "neither",
            (Some(_), _) => "no subject_token_type",
            (None, Some(_)) => "no subject_token",
        };
        return Err(trail.refuse(Refusal::new(
            Rule::ExchangeSubjectTokenMissing,
            "subject_token and subject_token_type",
            received,
        )));
    };
    trail.passed(Rule::ExchangeSubjectTokenMissing);
    let actor = actor(request, trail)?;
    let asked = match (subject_type, actor) {
        (ACCESS_TOKEN_TYPE | JWT_TYPE, actor) => Asked::AccessToken { subject, actor },
        (OAUTH1_TOKEN_TYPE, None) => Asked::OAuth1 { subject },
        (OAUTH1_TOKEN_TYPE, Some(_)) => {
            return Err(unsupported(trail, "an OAuth 1.0a token beside an actor_token"));
        }
        (other, _) => return Err(unsupported(trail, &shown(other))),
    };
    trail.passed(Rule::ExchangeTokenTypeUnsupported);
    requested_type(request, &asked, trail)?;
    Ok(asked)
}

/// §2.1: `actor_token_type` stands with an `actor_token`, and never without.
fn actor<'a>(request: &'a Request, trail: &mut Trail) -> Result<Option<&'a AnyToken>, Refusal> {
    match (&request.actor_token, request.actor_token_type.as_deref()) {
        (None, None) => Ok(None),
        (Some(actor), Some(ACCESS_TOKEN_TYPE | JWT_TYPE)) => Ok(Some(actor)),
        (Some(_), None) => Err(unsupported(trail, "an actor_token without actor_token_type")),
        (None, Some(_)) => Err(unsupported(trail, "an actor_token_type without actor_token")),
        (Some(_), Some(other)) => Err(unsupported(trail, &shown(other))),
    }
}

fn unsupported(trail: &mut Trail, received: &str) -> Refusal {
    trail.refuse(Refusal::new(
        Rule::ExchangeTokenTypeUnsupported,
        ACCESS_TOKEN_TYPE,
        received,
    ))
}

/// A migration also gives a refresh token; whoever asks for that kind gets both.
fn requested_type(request: &Request, asked: &Asked<'_>, trail: &mut Trail) -> Result<(), Refusal> {
    let given = match request.requested_token_type.as_deref() {
        None | Some(ACCESS_TOKEN_TYPE) => true,
        Some(REFRESH_TOKEN_TYPE) => matches!(asked, Asked::OAuth1 { .. }),
        Some(_) => false,
    };
    trail.require(Rule::ExchangeRequestedTypeUnsupported, given, || {
        (
            ACCESS_TOKEN_TYPE.into(),
            shown_or_none(request.requested_token_type.as_deref()),
        )
    })
}

/// Decides about the exchange: who asks, whether the tokens count, whose the subject token may be, who acts, and what
/// the new token allows where.
///
/// # Errors
/// The rule that refused.
pub fn decide(
    request: &Request,
    facts: &Facts<'_>,
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Exchanged, Refusal> {
    let client = facts.client;
    let may = !client.is_public() && client.may_use(GrantType::TokenExchange);
    trail.require(Rule::TokenGrantTypeNotAllowed, may, || {
        (
            "a confidential client registered for token exchange".into(),
            client.id.to_string(),
        )
    })?;
    let subject = subject(facts.subject, trail)?;
    let actor = facts
        .actor
        .map(|shown| acting(shown, client, trail))
        .transpose()?;
    theirs_to_exchange(subject, client, trail)?;
    let act = acts(actor, subject, client, trail)?;
    let issue = issue(request, (client, subject), policy, now, trail)?;
    Ok(Exchanged {
        issue,
        subject: subject.clone(),
        act,
    })
}

fn subject<'a>(shown: &'a Shown, trail: &mut Trail) -> Result<&'a AccessTokenClaims, Refusal> {
    let Some(claims) = shown.claims.as_ref().filter(|_| shown.counts) else {
        return Err(trail.refuse(Refusal::new(
            Rule::ExchangeSubjectTokenInvalid,
            "an access token of this server that still counts",
            what_is_wrong(shown),
        )));
    };
    trail.passed(Rule::ExchangeSubjectTokenInvalid);
    Ok(claims)
}

/// The actor token must be the client's own, got without an exchange: the subject of an exchanged one is a person who
/// never agreed to act.
fn acting<'a>(
    shown: &'a Shown,
    client: &Client,
    trail: &mut Trail,
) -> Result<&'a AccessTokenClaims, Refusal> {
    let refuse = |received: String, trail: &mut Trail| {
        trail.refuse(Refusal::new(
            Rule::ExchangeActorTokenInvalid,
            format!(
                "an access token that was issued to {} and still counts",
                client.id
            ),
            received,
        ))
    };
    let Some(claims) = shown.claims.as_ref().filter(|_| shown.counts) else {
        return Err(refuse(what_is_wrong(shown).to_owned(), trail));
    };
    if claims.client_id != client.id {
        return Err(refuse("one of another client".to_owned(), trail));
    }
    if claims.was_exchanged() {
        return Err(refuse("one that was itself exchanged".to_owned(), trail));
    }
    trail.passed(Rule::ExchangeActorTokenInvalid);
    Ok(claims)
}

const fn what_is_wrong(shown: &Shown) -> &'static str {
    match shown.claims {
        None => "a text that is none, or one that has expired",
        Some(_) => "one that was revoked, or whose grant or client is gone",
    }
}

fn theirs_to_exchange(
    subject: &AccessTokenClaims,
    client: &Client,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let for_its_api = client.introspects.iter().any(|api| api.as_str() == subject.aud);
    let registered = client
        .exchange
        .as_ref()
        .is_some_and(|exchange| exchange.subjects.contains(&subject.client_id));
    let may = for_its_api || registered || subject.client_id == client.id;
    trail.require(Rule::ExchangeSubjectNotAllowed, may, || {
        (
            format!(
                "a token for an API that {} is, or of a client that it acts for",
                client.id
            ),
            "one of another client, for another API".into(),
        )
    })
}

/// Who the new token says that acts (§4.1): with an actor token that one, for whom acted before; without, whoever
/// acted before.
fn acts(
    actor: Option<&AccessTokenClaims>,
    subject: &AccessTokenClaims,
    client: &Client,
    trail: &mut Trail,
) -> Result<Option<Actor>, Refusal> {
    let Some(actor) = actor else {
        let may = client
            .exchange
            .as_ref()
            .is_some_and(|exchange| exchange.may_impersonate);
        trail.require(Rule::ExchangeImpersonationNotAllowed, may, || {
            (
                "an actor_token, or a client that may impersonate".into(),
                "no actor_token".into(),
            )
        })?;
        return Ok(subject.act.clone());
    };
    let act = Actor {
        sub: actor.sub.clone(),
        client_id: Some(client.id.clone()),
        act: subject.act.clone().map(Box::new),
    };
    let depth = act.depth();
    trail.require(Rule::ExchangeSubjectTokenInvalid, depth <= MOST_ACTORS, || {
        too_many_actors(depth)
    })?;
    Ok(Some(act))
}

fn too_many_actors(received: usize) -> (String, String) {
    (
        format!("a token that {MOST_ACTORS} actors at most have handed on"),
        format!("{received}"),
    )
}

/// What the new token allows. A scope that was asked for by name is given whole or refused, never quietly dropped.
fn issue(
    request: &Request,
    (client, subject): (&Client, &AccessTokenClaims),
    policy: &Policy,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Issue, Refusal> {
    let ceiling = subject.scope.intersection(&client.scope);
    let requested = scope::requested(request, trail)?;
    let asked = requested.as_ref().unwrap_or(&ceiling);
    within(asked, &ceiling, trail)?;
    let target = target(request, client, asked, policy, trail)?;
    let issue = Issue::access_only(asked, Some(target), policy);
    let there = ceiling.intersection(&audience::scope_at(issue.audience.as_ref(), policy));
    let needed = requested.as_ref().unwrap_or(&issue.scope);
    within(needed, &there, trail)?;
    trail.passed(Rule::ExchangeScopeWidened);
    Ok(Issue {
        ttl_seconds: issue.ttl_seconds.min(subject.exp.seconds_since(now)),
        ..issue
    })
}

fn within(asked: &Scope, allowed: &Scope, trail: &mut Trail) -> Result<(), Refusal> {
    if !asked.is_empty() && asked.is_subset(allowed) {
        return Ok(());
    }
    Err(trail.refuse(Refusal::new(
        Rule::ExchangeScopeWidened,
        listed(allowed.words()),
        listed(asked.words()),
    )))
}

/// The one API that the new token is for (§2.1: `resource` and `audience` both name it).
fn target(
    request: &Request,
    client: &Client,
    asked: &Scope,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<ResourceIndicator, Refusal> {
    let allowed = policy.resources_of_client(client);
    let named: BTreeSet<&str> = request
        .resource
        .iter()
        .chain(&request.audience)
        .map(String::as_str)
        .collect();
    if named.is_empty() {
        let implied = policy.resources_for(asked, &allowed);
        trail.require(Rule::TokenResourceAmbiguous, implied.len() == 1, || {
            let choice = if implied.is_empty() { &allowed } else { &implied };
            (format!("one of {}", list(choice)), "none".into())
        })?;
        return implied
            .into_iter()
            .next()
            .ok_or_else(|| Refusal::plain(Rule::TokenResourceAmbiguous));
    }
    let mut names = named.iter();
    let found = names
        .next()
        .filter(|_| names.next().is_none())
        .and_then(|name| allowed.iter().find(|api| api.as_str() == *name));
    let Some(target) = found else {
        return Err(trail.refuse(Refusal::new(
            Rule::ExchangeTargetNotAllowed,
            format!("one of {}", list(&allowed)),
            listed(named),
        )));
    };
    trail.passed(Rule::ExchangeTargetNotAllowed);
    Ok(target.clone())
}

fn list(resources: &BTreeSet<ResourceIndicator>) -> String {
    listed(resources.iter().map(ResourceIndicator::as_str))
}

#[cfg(test)]
#[path = "exchange_tests.rs"]
mod tests;
