//! The `scope` of a token request, or of another request in the back channel (RFC 6749 §3.3).

use crate::policy::Policy;
use crate::shown::shown;
use valetkey_model::Client;
use valetkey_model::client::GrantType;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::{OFFLINE_ACCESS, OPENID, Scope};
use valetkey_protocol::token::Request;

/// The scope the request asks for; `None` when it leaves it to the server.
pub(crate) fn requested(request: &Request, trail: &mut Trail) -> Result<Option<Scope>, Refusal> {
    parsed(request.scope.as_deref(), trail)
}

fn parsed(text: Option<&str>, trail: &mut Trail) -> Result<Option<Scope>, Refusal> {
    let Some(text) = text else {
        return Ok(None);
    };
    match Scope::parse(text) {
        Ok(scope) if !scope.is_empty() => {
            trail.passed(Rule::TokenScopeMalformed);
            Ok(Some(scope))
        }
        _ => Err(trail.refuse(Refusal::new(
            Rule::TokenScopeMalformed,
            "words set apart by spaces",
            shown(text),
        ))),
    }
}

/// The scope of a request for a person's access that does not come through the authorization endpoint, by the same rules
/// as there: without `scope` all that the client is registered for but `openid` and `offline_access`, and
/// `offline_access` only for who may use refresh tokens.
pub(crate) fn of_a_person(
    text: Option<&str>,
    client: &Client,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Scope, Refusal> {
    let allowed = client.scope.intersection(&policy.known_scope());
    let scope = match parsed(text, trail)? {
        None => allowed.without(&words(&[OPENID, OFFLINE_ACCESS])),
        Some(scope) if client.may_use(GrantType::RefreshToken) => scope,
        Some(scope) => scope.without(&words(&[OFFLINE_ACCESS])),
    };
    let may = !scope.is_empty() && scope.is_subset(&allowed);
    trail.require(Rule::TokenScopeNotAllowed, may, || {
        (allowed.to_string(), shown(&scope.to_string()))
    })?;
    Ok(scope)
}

fn words(words: &[&str]) -> Scope {
    Scope::parse(&words.join(" ")).unwrap_or_default()
}
