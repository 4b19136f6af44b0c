//! No parameter twice (RFC 6749 §3.1): two readers that take different ones are an attack.

use crate::shown::shown;
use valetkey_protocol::authorize::Request;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A request that says each thing once.
pub(super) struct Once<'a>(pub(super) &'a Request);

pub(super) fn once<'a>(request: &'a Request, trail: &mut Trail) -> Result<Once<'a>, Refusal> {
    let repeated = request.repeated.as_deref();
    trail.require(Rule::AuthorizeParameterRepeated, repeated.is_none(), || {
        let name = shown(repeated.unwrap_or_default());
        (format!("{name} once"), format!("{name} more than once"))
    })?;
    Ok(Once(request))
}
