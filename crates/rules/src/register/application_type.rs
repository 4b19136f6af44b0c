//! `application_type` (OpenID Connect Registration §2): `web` or `native`. What is more to be known of an app follows from
//! the rest: without a secret it runs in the browser (RFC 10017), without a person it is a service.

use super::Method;
use crate::shown::shown_or_none;
use std::collections::BTreeSet;
use valetkey_model::client::{ApplicationType, GrantType};
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// Whether it is a native app.
pub(super) fn is_native(asked: &ClientMetadata, trail: &mut Trail) -> Result<bool, Refusal> {
    let given = asked.application_type.as_deref();
    let known = matches!(given, None | Some("web" | "native"));
    trail.require(Rule::RegisterApplicationType, known, || {
        ("web or native".into(), shown_or_none(given))
    })?;
    Ok(given == Some("native"))
}

pub(super) fn of(native: bool, method: Method, grant_types: &BTreeSet<GrantType>) -> ApplicationType {
    let for_itself = |grant_type: &GrantType| *grant_type == GrantType::ClientCredentials;
    match method {
        _ if native => ApplicationType::Native,
        Method::None => ApplicationType::SinglePage,
        _ if !grant_types.is_empty() && grant_types.iter().all(for_itself) => ApplicationType::Service,
        _ => ApplicationType::Web,
    }
}

/// The value of `application_type`.
pub(super) const fn as_str(application_type: ApplicationType) -> &'static str {
    match application_type {
        ApplicationType::Native => "native",
        ApplicationType::Web | ApplicationType::SinglePage | ApplicationType::Service => "web",
    }
}
