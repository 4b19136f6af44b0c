//! What a client registers about sign-out: where the browser goes afterwards (RP-Initiated Logout §3.1), and where it
//! wants to hear of it (Front-Channel Logout §2, Back-Channel Logout §2.2).

use super::redirect_uris;
use super::web::{self, Fragment};
use crate::policy::Policy;
use crate::shown::{listed, shown};
use url::Url;
use valetkey_model::client::ApplicationType;
use valetkey_model::relying_party::LogoutUri;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// `post_logout_redirect_uris`, each once. The browser is sent there as it is to a redirect URI.
pub(super) fn post_logout(
    asked: &ClientMetadata,
    application_type: ApplicationType,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Vec<String>, Refusal> {
    let texts = asked.post_logout_redirect_uris.as_deref().unwrap_or_default();
    web::few("post_logout_redirect_uris", texts, trail)?;
    let native = application_type == ApplicationType::Native;
    let mut uris: Vec<String> = Vec::new();
    for text in texts {
        let sound = RedirectUri::parse(text).is_ok() && redirect_uris::fits(text, native, false, policy);
        trail.require(Rule::RegisterPostLogoutUri, sound, || {
            ("what could be a redirect URI of the client".into(), shown(text))
        })?;
        if !uris.contains(text) {
            uris.push(text.clone());
        }
    }
    Ok(uris)
}

/// The front-channel and the back-channel logout URI.
pub(super) fn read(
    asked: &ClientMetadata,
    redirect_uris: &[RedirectUri],
    on_this_machine: bool,
    trail: &mut Trail,
) -> Result<(Option<LogoutUri>, Option<LogoutUri>), Refusal> {
    if let Some(uri) = &asked.frontchannel_logout_uri {
        let url = web::address(uri, on_this_machine, Fragment::Refused);
        let is_of_client = url.is_some_and(|url| {
            let mut own = redirect_uris
                .iter()
                .filter_map(|own| Url::parse(own.as_str()).ok());
            own.any(|own| own.origin() == url.origin())
        });
        trail.require(Rule::RegisterFrontchannelLogoutUri, is_of_client, || {
            (
                format!(
                    "at the site of one of {}",
                    listed(redirect_uris.iter().map(RedirectUri::as_str))
                ),
                shown(uri),
            )
        })?;
    }
    if let Some(uri) = &asked.backchannel_logout_uri {
        let sound = web::address(uri, on_this_machine, Fragment::Refused).is_some();
        trail.require(Rule::RegisterBackchannelLogoutUri, sound, || {
            ("an https address without fragment".into(), shown(uri))
        })?;
    }
    let front = logout_uri(
        asked.frontchannel_logout_uri.as_deref(),
        asked.frontchannel_logout_session_required,
        trail,
    )?;
    let back = logout_uri(
        asked.backchannel_logout_uri.as_deref(),
        asked.backchannel_logout_session_required,
        trail,
    )?;
    Ok((front, back))
}

fn logout_uri(
    uri: Option<&str>,
    session_required: Option<bool>,
    trail: &mut Trail,
) -> Result<Option<LogoutUri>, Refusal> {
    let session_required = session_required.unwrap_or_default();
    trail.require(
        Rule::RegisterLogoutSession,
        uri.is_some() || !session_required,
        || ("a logout URI".into(), "none".into()),
    )?;
    Ok(uri.map(|uri| LogoutUri {
        uri: uri.to_owned(),
        session_required,
    }))
}
