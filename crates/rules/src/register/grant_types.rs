//! `grant_types` and `response_types` (RFC 7591 §2.1, OpenID Connect Registration §2): what registered clients may use,
//! and that both fit together. Who says nothing gets `authorization_code` and `code`.

use super::RegistrationPolicy;
use crate::shown::{listed, shown};
use std::collections::BTreeSet;
use valetkey_model::client::GrantType;
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// The grant types that the client gets. Those that it does not name follow from its response types.
pub(super) fn asked(
    asked: &ClientMetadata,
    given: &RegistrationPolicy,
    trail: &mut Trail,
) -> Result<BTreeSet<GrantType>, Refusal> {
    let names: Vec<&str> = match (&asked.grant_types, &asked.response_types) {
        (Some(names), _) => names.iter().map(String::as_str).collect(),
        (None, None) => vec![GrantType::AuthorizationCode.as_str()],
        (None, Some(response_types)) => response_types
            .iter()
            .filter_map(|text| ResponseType::parse(text))
            .flat_map(needed)
            .map(GrantType::as_str)
            .collect(),
    };
    let mut grant_types = BTreeSet::new();
    for name in names {
        let known = GrantType::ALL.into_iter().find(|known| known.as_str() == name);
        if known == Some(GrantType::Implicit) {
            trail.require(Rule::RegisterFrontChannel, given.allow_front_channel, || {
                ("the response type code".into(), "implicit".into())
            })?;
        }
        let Some(grant_type) = known.filter(|known| given.gives(*known)) else {
            let all = GrantType::ALL.into_iter().filter(|known| given.gives(*known));
            let expected = listed(all.map(GrantType::as_str));
            return Err(trail.refuse(Refusal::new(Rule::RegisterGrantType, expected, shown(name))));
        };
        grant_types.insert(grant_type);
    }
    trail.passed(Rule::RegisterGrantType);
    Ok(grant_types)
}

/// The response types that the client gets, each with the grant types that it needs.
pub(super) fn response_types(
    asked: &ClientMetadata,
    grant_types: &BTreeSet<GrantType>,
    trail: &mut Trail,
) -> Result<BTreeSet<ResponseType>, Refusal> {
    let Some(texts) = &asked.response_types else {
        return Ok(unless_told(grant_types));
    };
    let mut response_types = BTreeSet::new();
    for text in texts {
        let Some(response_type) = ResponseType::parse(text) else {
            let all = listed(ResponseType::ALL.iter().map(|known| known.as_str()));
            return Err(trail.refuse(Refusal::new(Rule::RegisterResponseType, all, shown(text))));
        };
        let missing: Vec<&str> = needed(response_type)
            .filter(|grant_type| !grant_types.contains(grant_type))
            .map(GrantType::as_str)
            .collect();
        trail.require(Rule::RegisterResponseTypeGrant, missing.is_empty(), || {
            (
                format!("{} among the grant types, for {text}", missing.join(" and ")),
                listed(grant_types.iter().map(|grant_type| grant_type.as_str())),
            )
        })?;
        response_types.insert(response_type);
    }
    trail.passed(Rule::RegisterResponseType);
    Ok(response_types)
}

/// `code`, where its grant type is there: beside it, the implicit ones must be named.
fn unless_told(grant_types: &BTreeSet<GrantType>) -> BTreeSet<ResponseType> {
    grant_types
        .contains(&GrantType::AuthorizationCode)
        .then_some(ResponseType::CODE)
        .into_iter()
        .collect()
}

/// OpenID Connect Registration §2.
pub(super) fn needed(response_type: ResponseType) -> impl Iterator<Item = GrantType> {
    let code = response_type.code.then_some(GrantType::AuthorizationCode);
    let implicit = response_type.is_front_channel().then_some(GrantType::Implicit);
    code.into_iter().chain(implicit)
}
