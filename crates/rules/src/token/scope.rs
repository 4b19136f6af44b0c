//! The `scope` of a token request (RFC 6749 §3.3).

use crate::shown::shown;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::token::Request;

/// The scope the request asks for; `None` when it leaves it to the server.
pub(super) fn requested(request: &Request, trail: &mut Trail) -> Result<Option<Scope>, Refusal> {
    let Some(text) = request.scope.as_deref() else {
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
