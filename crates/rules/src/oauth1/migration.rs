//! From OAuth 1.0a to OAuth 2: token credentials exchanged for tokens (RFC 8693), proved by a signature over the exchange
//! itself, so that no secret is in it.
//!
//! What comes of it is a grant of its own, by the same person to the same client, for the same APIs, with the same scope
//! or less. The old one stays until it is revoked or the client retires, so that an app may move one machine after the
//! other: it may be done again, and gives a new grant each time.

use super::consumer::may_still_use;
use super::resource::usable;
use crate::handle::HandleKeys;
use crate::policy::Policy;
use crate::shown::listed;
use crate::token::{Issue, audience, next_generation, scope};
use valetkey_model::client::GrantType;
use valetkey_model::grant::GrantedBy;
use valetkey_model::{Client, Grant, GrantId};
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::oauth1::Protocol;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_protocol::token::Request;

/// What the decision is made from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The consumer that signed.
    pub client: &'a Client,
    /// The grant that the token names, when it is there.
    pub grant: Option<&'a Grant>,
}

/// The grant to insert, and the tokens to give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migrated {
    /// Active, in its first generation.
    pub grant: Grant,
    /// An access token and a refresh token.
    pub issue: Issue,
}

/// The signature is one way to authenticate, and there must not be two (RFC 6749 §2.3); a `client_id` beside it must name
/// the consumer. `presented` is what the body says: an `Authorization` header cannot be two things.
///
/// # Errors
/// The rule that refused.
pub fn authenticated_once(
    presented: &Presented,
    signed: &Protocol,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let is_alone = presented.body_secret.is_none()
        && presented.assertion.is_none()
        && presented.assertion_type.is_none();
    trail.require(Rule::ClientAuthTwoMethods, is_alone, || {
        (
            "one method".into(),
            "a signature, and a secret or an assertion in the body".into(),
        )
    })?;
    let Some(named) = presented.body_id.as_deref() else {
        return Ok(());
    };
    let is_same = signed.consumer_key.as_deref() == Some(named);
    trail.require(Rule::ClientAuthIdsDiffer, is_same, || {
        (
            "client_id as oauth_consumer_key".into(),
            "another client_id in the body".into(),
        )
    })
}

/// The grant whose token is exchanged: the token that signed the request. `signed` is `None` when it was not signed.
/// Verify the signature before [`decide`].
///
/// # Errors
/// The rule that refused.
pub fn read(
    request: &Request,
    signed: Option<&Protocol>,
    handles: &HandleKeys,
    trail: &mut Trail,
) -> Result<GrantId, Refusal> {
    let subject = request.subject_token.as_ref().map(|token| token.expose());
    let signer = signed
        .filter(|protocol| protocol.signature.is_some())
        .and_then(|protocol| protocol.token.as_deref());
    let proved = signer.is_some() && signer == subject;
    trail.require(Rule::ExchangeProofMissing, proved, || {
        let received = match signer {
            None => "a request that no token has signed",
            Some(_) => "a signature with another token",
        };
        (
            "a signature with the token that is exchanged".into(),
            received.into(),
        )
    })?;
    let id = signer.and_then(|token| handles.read_oauth1_token(token));
    id.ok_or_else(|| {
        trail.refuse(Refusal::new(
            Rule::ExchangeSubjectTokenInvalid,
            "the oauth_token of token credentials of this server",
            "a text that is none (not shown)",
        ))
    })
}

/// Decides about a request whose signature was verified; `id` names the new grant.
///
/// # Errors
/// The rule that refused.
pub fn decide(
    request: &Request,
    facts: &Facts<'_>,
    policy: &Policy,
    id: GrantId,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Migrated, Refusal> {
    let client = facts.client;
    allowed(client, now, trail)?;
    let old = usable(facts.grant, client, now, trail)?;
    let scope = migrated_scope(request, client, old, trail)?;
    let grant = Grant {
        id,
        client: client.id.clone(),
        user: old.user,
        session: None,
        by: GrantedBy::Migration,
        migrated_from: Some(old.id),
        resources: policy.resources_for(&scope, &old.resources),
        scope,
        offline: true,
        auth_time: old.created_at,
        amr: old.amr.clone(),
        acr: old.acr,
        sid: old.sid,
        claims: old.claims.clone(),
        nonce: None,
        created_at: now,
        // Never longer than what it continues.
        expires_at: now
            .plus_seconds(policy.grant_ttl_seconds_for(client))
            .min(old.expires_at),
        state: old.state.clone(),
    };
    let active = next_generation(1, &grant, policy, now);
    let grant = grant.redeemed(active);
    let audience = target(request, &grant, policy, trail)?;
    let issue = Issue {
        // OAuth 1.0a signed nobody in.
        id_token: false,
        ..Issue::of_grant(&grant.scope, audience, (client, &grant), policy, now)
    };
    Ok(Migrated { grant, issue })
}

/// The API that the access token is for (RFC 8693 §2.1: `resource` and `audience` both name it).
fn target(
    request: &Request,
    grant: &Grant,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Option<ResourceIndicator>, Refusal> {
    let named = Request {
        resource: [request.resource.as_slice(), &request.audience].concat(),
        ..Request::default()
    };
    audience::choose(&named, &grant.resources, &grant.resources, policy, trail)
}

fn allowed(client: &Client, now: Timestamp, trail: &mut Trail) -> Result<(), Refusal> {
    let oauth1 = client.oauth1.as_ref();
    let on = may_still_use(client, now);
    let may = on && client.may_use(GrantType::RefreshToken);
    trail.require(Rule::ExchangeMigrationNotAllowed, may, || {
        let received = match oauth1 {
            None => format!("{} without OAuth 1.0a", client.id),
            Some(_) if !on => format!("{}, retired from OAuth 1.0a", client.id),
            Some(_) => format!("{} without refresh_token", client.id),
        };
        (
            "a client registered for OAuth 1.0a and for refresh_token, not retired yet".into(),
            received,
        )
    })
}

/// What the old grant has and the client may still have, or of that what the request names.
fn migrated_scope(
    request: &Request,
    client: &Client,
    old: &Grant,
    trail: &mut Trail,
) -> Result<Scope, Refusal> {
    let ceiling = old.scope.intersection(&client.scope);
    let asked = scope::requested(request, trail)?.unwrap_or_else(|| ceiling.clone());
    let within = !asked.is_empty() && asked.is_subset(&ceiling);
    trail.require(Rule::ExchangeScopeWidened, within, || {
        (listed(ceiling.words()), listed(asked.words()))
    })?;
    Ok(asked)
}
