//! What the client asks for (RFC 6749 §3.3).
//!
//! A request without `scope` means all that the client is registered for, but for `openid` and
//! `offline_access`: whether it is an OpenID Connect request, and whether it may last, must be said.
//! `offline_access` of a client that may not use refresh tokens, or in a request whose answer holds no code, is ignored
//! (OpenID Connect Core §11). An ID token is for an OpenID Connect request alone (§3.1.2.1).

use super::grant_type::Allowed;
use super::redirect_uri::Trusted;
use crate::policy::Policy;
use crate::shown::shown;
use valetkey_model::client::GrantType;
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::{OFFLINE_ACCESS, OPENID, Scope};

/// A request whose scope the client may ask for.
pub(super) struct Scoped<'a> {
    pub(super) trusted: &'a Trusted<'a>,
    pub(super) response_type: ResponseType,
    pub(super) scope: Scope,
}

pub(super) fn requested<'a>(
    Allowed {
        trusted,
        response_type,
    }: Allowed<'a>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Scoped<'a>, Refusal> {
    let client = trusted.client;
    let allowed = client.scope.intersection(&policy.known_scope());
    let may_last = response_type.code && client.may_use(GrantType::RefreshToken);
    let scope = match trusted.request.scope.as_deref() {
        None => without(&without(&allowed, OPENID), OFFLINE_ACCESS),
        Some(text) if may_last => parse(text, trail)?,
        Some(text) => without(&parse(text, trail)?, OFFLINE_ACCESS),
    };
    let may = !scope.is_empty() && scope.is_subset(&allowed);
    trail.require(Rule::AuthorizeScopeNotAllowed, may, || {
        let beyond = scope.without(&allowed);
        let received = if beyond.is_empty() {
            "no scope at all".to_owned()
        } else {
            format!(
                "{} (not allowed: {})",
                shown(&scope.to_string()),
                shown(&beyond.to_string())
            )
        };
        (allowed.to_string(), received)
    })?;
    let is_openid = !response_type.id_token || scope.contains(OPENID);
    trail.require(Rule::AuthorizeScopeOpenidMissing, is_openid, || {
        (
            format!("{OPENID}, for response_type={response_type}"),
            shown(&scope.to_string()),
        )
    })?;
    Ok(Scoped {
        trusted,
        response_type,
        scope,
    })
}

fn parse(text: &str, trail: &mut Trail) -> Result<Scope, Refusal> {
    match Scope::parse(text) {
        Ok(scope) if !scope.is_empty() => {
            trail.passed(Rule::AuthorizeScopeMalformed);
            Ok(scope)
        }
        _ => Err(trail.refuse(Refusal::new(
            Rule::AuthorizeScopeMalformed,
            "words set apart by spaces",
            shown(text),
        ))),
    }
}

fn without(scope: &Scope, word: &str) -> Scope {
    match Scope::parse(word) {
        Ok(word) => scope.without(&word),
        Err(_) => scope.clone(),
    }
}
