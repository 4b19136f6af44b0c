//! Parameters come one by one; request objects (OpenID Connect Core §6) are not supported.

use super::redirect_uri::Trusted;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A request that says all it says in its own parameters.
pub(super) struct Direct<'a>(pub(super) &'a Trusted<'a>);

pub(super) fn none<'a>(trusted: &'a Trusted<'a>, trail: &mut Trail) -> Result<Direct<'a>, Refusal> {
    let request = trusted.request;
    trail.require(
        Rule::AuthorizeRequestObjectUnsupported,
        request.request.is_none(),
        || ("no request parameter".into(), "a request parameter".into()),
    )?;
    trail.require(
        Rule::AuthorizeRequestUriUnsupported,
        request.request_uri.is_none(),
        || {
            (
                "no request_uri parameter".into(),
                "a request_uri parameter".into(),
            )
        },
    )?;
    Ok(Direct(trusted))
}
