//! The client must be registered (RFC 6749 §4.1.1, §4.1.2.1).

use super::parameters::Once;
use crate::shown::shown;
use valetkey_model::Client;
use valetkey_protocol::authorize::Request;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A request of a client that is known.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) request: &'a Request,
    pub(super) client: &'a Client,
}

pub(super) fn known<'a>(
    Once(request): Once<'a>,
    client: Option<&'a Client>,
    trail: &mut Trail,
) -> Result<Known<'a>, Refusal> {
    let Some(received) = request.client_id.as_deref() else {
        return Err(trail.refuse(Refusal::new(
            Rule::AuthorizeClientIdMissing,
            "a client_id",
            "none",
        )));
    };
    trail.passed(Rule::AuthorizeClientIdMissing);
    let Some(client) = client.filter(|client| client.id.as_str() == received) else {
        return Err(trail.refuse(Refusal::new(
            Rule::AuthorizeClientUnknown,
            "a registered client",
            shown(received),
        )));
    };
    trail.passed(Rule::AuthorizeClientUnknown);
    Ok(Known { request, client })
}
