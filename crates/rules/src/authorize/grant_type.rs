//! The client must be registered for codes (RFC 6749 §4.1.2.1, `unauthorized_client`).

use super::redirect_uri::Trusted;
use super::response_type::CodeFlow;
use crate::shown::listed;
use valetkey_model::client::GrantType;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A request for a code by a client that may have one.
pub(super) struct Allowed<'a>(pub(super) &'a Trusted<'a>);

pub(super) fn allowed<'a>(
    CodeFlow(trusted): CodeFlow<'a>,
    trail: &mut Trail,
) -> Result<Allowed<'a>, Refusal> {
    let may = trusted.client.may_use(GrantType::AuthorizationCode);
    trail.require(Rule::AuthorizeGrantTypeNotAllowed, may, || {
        let registered = trusted.client.grant_types.iter().map(|t| t.as_str());
        ("authorization_code".into(), listed(registered))
    })?;
    Ok(Allowed(trusted))
}
