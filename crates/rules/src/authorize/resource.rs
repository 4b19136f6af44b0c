//! For which APIs (RFC 8707 §2.1). Named ones must be known and the client's; when none is named, they are
//! those that the scope belongs to. Every scope must then work at one of them. An access token straight from here is for one
//! API, as every access token is; a code leaves the choice to the token request.

use super::redirect_uri::Trusted;
use super::scope::Scoped;
use crate::policy::Policy;
use crate::shown::{listed, shown};
use std::collections::BTreeSet;
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;

/// A request whose scope and APIs go together.
pub(super) struct Aimed<'a> {
    pub(super) trusted: &'a Trusted<'a>,
    pub(super) response_type: ResponseType,
    pub(super) scope: Scope,
    pub(super) resources: BTreeSet<ResourceIndicator>,
}

pub(super) fn requested<'a>(
    Scoped {
        trusted,
        response_type,
        scope,
    }: Scoped<'a>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Aimed<'a>, Refusal> {
    let allowed = policy.resources_of_client(trusted.client);
    let named = named(&trusted.request.resource, &allowed, trail)?;
    let resources = if named.is_empty() {
        policy.resources_for(&scope, &allowed)
    } else {
        named
    };
    // A scope that would work nowhere must not be shown to the person as if it were given.
    let usable = policy
        .resources
        .iter()
        .filter(|resource| resources.contains(&resource.indicator))
        .fold(policy.issuer_scope(), |all, resource| {
            all.union(&resource.scope())
        });
    trail.require(Rule::AuthorizeScopeNotAllowed, scope.is_subset(&usable), || {
        (
            format!("scopes of {}", list(&resources)),
            shown(&scope.without(&usable).to_string()),
        )
    })?;
    if response_type.token {
        trail.require(Rule::TokenResourceAmbiguous, resources.len() <= 1, || {
            (format!("one of {}", list(&resources)), list(&resources))
        })?;
    }
    Ok(Aimed {
        trusted,
        response_type,
        scope,
        resources,
    })
}

fn named(
    texts: &[String],
    allowed: &BTreeSet<ResourceIndicator>,
    trail: &mut Trail,
) -> Result<BTreeSet<ResourceIndicator>, Refusal> {
    let mut named = BTreeSet::new();
    for text in texts {
        let Ok(resource) = ResourceIndicator::parse(text) else {
            return Err(trail.refuse(Refusal::new(
                Rule::AuthorizeResourceMalformed,
                "an absolute URI without a fragment",
                shown(text),
            )));
        };
        trail.passed(Rule::AuthorizeResourceMalformed);
        trail.require(
            Rule::AuthorizeResourceUnknown,
            allowed.contains(&resource),
            || (list(allowed), shown(text)),
        )?;
        named.insert(resource);
    }
    Ok(named)
}

fn list(resources: &BTreeSet<ResourceIndicator>) -> String {
    listed(resources.iter().map(ResourceIndicator::as_str))
}
