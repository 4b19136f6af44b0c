//! What counts when a request does not say (OpenID Connect Registration §2): `default_max_age`, `default_acr_values`; and
//! where somebody else begins a sign-in (Core §4).

use super::web::{self, Fragment};
use crate::shown::shown;
use valetkey_protocol::acr::Acr;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

pub(super) struct Defaults {
    pub(super) max_age_seconds: Option<i64>,
    pub(super) acr_values: Vec<String>,
}

pub(super) fn read(asked: &ClientMetadata, trail: &mut Trail) -> Result<Defaults, Refusal> {
    let max_age = asked.default_max_age;
    trail.require(
        Rule::RegisterDefaultMaxAge,
        max_age.is_none_or(|seconds| seconds >= 0),
        || {
            (
                "zero or more seconds".into(),
                max_age.unwrap_or_default().to_string(),
            )
        },
    )?;
    let acr_values = asked.default_acr_values.clone().unwrap_or_default();
    for value in &acr_values {
        trail.require(Rule::RegisterDefaultAcr, Acr::parse(value).is_some(), || {
            (Acr::ALL.map(Acr::as_str).join(", "), shown(value))
        })?;
    }
    Ok(Defaults {
        max_age_seconds: max_age,
        acr_values,
    })
}

pub(super) fn initiate_login_uri(
    asked: &ClientMetadata,
    on_this_machine: bool,
    trail: &mut Trail,
) -> Result<Option<String>, Refusal> {
    if let Some(uri) = &asked.initiate_login_uri {
        let sound = web::address(uri, on_this_machine, Fragment::Refused).is_some();
        trail.require(Rule::RegisterInitiateLoginUri, sound, || {
            ("an https address".into(), shown(uri))
        })?;
    }
    Ok(asked.initiate_login_uri.clone())
}
