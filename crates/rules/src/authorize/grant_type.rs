//! The client must be registered for what it asks for (RFC 6749 §4.1.2.1, §4.2.2.1, `unauthorized_client`). Nobody is for
//! tokens straight from here (`implicit`) unless somebody has allowed it: RFC 9700 §2.1.2 advises against them.

use super::redirect_uri::Trusted;
use super::response_type::{Known, Wanted};
use crate::shown::listed;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A request of a client that may have what it asks for.
pub(super) struct Allowed<'a> {
    pub(super) trusted: &'a Trusted<'a>,
    pub(super) wanted: Wanted,
}

pub(super) fn allowed<'a>(
    Known { trusted, wanted }: Known<'a>,
    trail: &mut Trail,
) -> Result<Allowed<'a>, Refusal> {
    let needed = wanted.grant_type();
    trail.require(
        Rule::AuthorizeGrantTypeNotAllowed,
        trusted.client.may_use(needed),
        || {
            let registered = trusted.client.grant_types.iter().map(|t| t.as_str());
            (needed.as_str().into(), listed(registered))
        },
    )?;
    Ok(Allowed { trusted, wanted })
}
