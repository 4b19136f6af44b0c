//! `scope` (RFC 7591 §2): within what registered clients may ask for; without a word, all of that.

use super::RegistrationPolicy;
use crate::shown::shown;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;

pub(super) fn read(
    asked: &ClientMetadata,
    given: &RegistrationPolicy,
    trail: &mut Trail,
) -> Result<Scope, Refusal> {
    let Some(text) = asked.scope.as_deref() else {
        return Ok(given.scope.clone());
    };
    let scope = Scope::parse(text)
        .ok()
        .filter(|scope| scope.is_subset(&given.scope));
    trail.require(Rule::RegisterScope, scope.is_some(), || {
        (given.scope.to_string(), shown(text))
    })?;
    Ok(scope.unwrap_or_default())
}
