//! Temporary credentials (RFC 5849 §2.1): a signed request, the callback, and what is asked for.
//!
//! The callback is bound here, before the person is sent anywhere: leaving it to the authorization page was the hole of
//! OAuth Core 1.0 that 1.0a closed (session fixation). `scope` is Valetkey's own parameter, so that OAuth 1.0a too asks
//! for what it needs; without it, all that the client may ask for at APIs is asked for.

use super::consumer::may_begin;
use super::parameters::needed;
use crate::handle::Temporary;
use crate::policy::Policy;
use crate::shown::{listed, shown};
use valetkey_model::{Client, GrantId};
use valetkey_protocol::oauth1::Collected;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// The callback that stands for none: the person carries the verifier over.
pub const OUT_OF_BAND: &str = "oob";

/// The temporary credentials that a verified request gets; `id` names the grant that may come of them.
///
/// # Errors
/// The rule that refused.
pub fn decide(
    request: &Collected,
    client: &Client,
    policy: &Policy,
    id: GrantId,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Temporary, Refusal> {
    may_begin(client, now, trail)?;
    // There is no token yet: the secret of one that stood here took no part in the signature.
    trail.require(Rule::OAuth1TokenUnknown, request.protocol.token.is_none(), || {
        ("no oauth_token".into(), "one".into())
    })?;
    let callback = callback(request, client, trail)?;
    let scope = scope(request, client, policy, trail)?;
    Ok(Temporary {
        id,
        client: client.id.clone(),
        callback,
        resources: policy.resources_for(&scope, &policy.resources_of_client(client)),
        scope,
        expires_at: now.plus_seconds(policy.oauth1_temporary_ttl_seconds),
    })
}

/// `None` for `oob`.
fn callback(request: &Collected, client: &Client, trail: &mut Trail) -> Result<Option<String>, Refusal> {
    let received = needed("oauth_callback", request.protocol.callback.as_deref(), trail)?;
    let out_of_band = received == OUT_OF_BAND;
    let registered = is_registered(client, received);
    trail.require(
        Rule::OAuth1CallbackUnregistered,
        out_of_band || registered,
        || {
            let uris = client.redirect_uris.iter().map(RedirectUri::as_str);
            (listed(uris.chain([OUT_OF_BAND])), shown(received))
        },
    )?;
    Ok((!out_of_band).then(|| received.to_owned()))
}

/// Character by character, the port of a loopback redirect too: a library of OAuth 1.0a sends what it was given.
pub(super) fn is_registered(client: &Client, callback: &str) -> bool {
    client.redirect_uris.iter().any(|uri| uri.as_str() == callback)
}

fn scope(request: &Collected, client: &Client, policy: &Policy, trail: &mut Trail) -> Result<Scope, Refusal> {
    let at_apis = policy
        .resources_of_client(client)
        .iter()
        .filter_map(|indicator| policy.resource(indicator))
        .fold(Scope::default(), |all, resource| all.union(&resource.scope()));
    let allowed = client
        .scope
        .intersection(&at_apis)
        .without(&policy.issuer_scope());
    let mut texts = request.others.iter().filter(|(name, _)| name == "scope");
    let text = texts.next().map(|(_, value)| value.as_str());
    trail.require(Rule::OAuth1ParameterRepeated, texts.next().is_none(), || {
        ("scope once".into(), "scope more than once".into())
    })?;
    let asked = match text {
        None => allowed.clone(),
        Some(text) => Scope::parse(text).unwrap_or_default(),
    };
    let may = !asked.is_empty() && asked.is_subset(&allowed);
    trail.require(Rule::OAuth1ScopeNotAllowed, may, || {
        (
            listed(allowed.words()),
            text.map_or_else(|| "no scope at any API".to_owned(), shown),
        )
    })?;
    Ok(asked)
}
