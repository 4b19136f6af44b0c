//! The client must be registered for what it asks for (RFC 6749 §4.1.2.1, §4.2.2.1, `unauthorized_client`; OpenID Connect
//! Registration §2): for its grant types, and, where it named response types, for this one. Nobody is for tokens straight
//! from here (`implicit`) unless somebody has allowed it: RFC 9700 §2.1.2 advises against them.

use super::redirect_uri::Trusted;
use super::response_type::Known;
use crate::shown::{listed, shown};
use valetkey_model::Client;
use valetkey_model::client::GrantType;
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A request of a client that may have what it asks for.
pub(super) struct Allowed<'a> {
    pub(super) trusted: &'a Trusted<'a>,
    pub(super) response_type: ResponseType,
}

pub(super) fn allowed<'a>(
    Known {
        trusted,
        response_type,
    }: Known<'a>,
    trail: &mut Trail,
) -> Result<Allowed<'a>, Refusal> {
    let client = trusted.client;
    may_still_have(client, response_type, trail)?;
    let named = &client.openid.response_types;
    let is_named = named.is_empty() || named.contains(&response_type);
    trail.require(Rule::AuthorizeResponseTypeNotRegistered, is_named, || {
        let expected = listed(named.iter().map(|known| known.as_str()));
        (expected, response_type.to_string())
    })?;
    trail.require(
        Rule::AuthorizeRegistrationUnsupported,
        trusted.request.registration.is_none(),
        || {
            let received = trusted.request.registration.as_deref().unwrap_or_default();
            ("no registration parameter".into(), shown(received))
        },
    )?;
    Ok(Allowed {
        trusted,
        response_type,
    })
}

/// Whether the grant types of the client allow it. Asked again before the answer goes out.
pub(super) fn may_still_have(
    client: &Client,
    response_type: ResponseType,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let lacks = |needed| (!client.may_use(needed)).then_some(needed);
    let for_code = response_type.code.then_some(GrantType::AuthorizationCode);
    let for_tokens = response_type.is_front_channel().then_some(GrantType::Implicit);
    let missing = [for_code, for_tokens].into_iter().flatten().find_map(lacks);
    trail.require(Rule::AuthorizeGrantTypeNotAllowed, missing.is_none(), || {
        let registered = client.grant_types.iter().map(|t| t.as_str());
        (missing.map_or("", GrantType::as_str).into(), listed(registered))
    })
}
