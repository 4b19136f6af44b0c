//! `redirect_uris` (RFC 6749 §3.1.2, OpenID Connect Registration §2): https for web, the loopback interface and
//! private-use schemes for native clients (RFC 8252 §7), so that no client is both.

use super::web;
use crate::policy::Policy;
use crate::shown::shown;
use std::collections::BTreeSet;
use url::Url;
use valetkey_model::client::GrantType;
use valetkey_protocol::redirect_uri::{RedirectUri, is_loopback_host};
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

pub(super) fn read(
    asked: &ClientMetadata,
    native: bool,
    grant_types: &BTreeSet<GrantType>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<Vec<RedirectUri>, Refusal> {
    let texts = asked.redirect_uris.as_deref().unwrap_or_default();
    web::few("redirect_uris", texts, trail)?;
    let comes_back = [GrantType::AuthorizationCode, GrantType::Implicit]
        .iter()
        .any(|grant_type| grant_types.contains(grant_type));
    trail.require(
        Rule::RegisterRedirectUriMissing,
        !comes_back || !texts.is_empty(),
        || ("at least one redirect URI".into(), "none".into()),
    )?;
    let implicit = grant_types.contains(&GrantType::Implicit);
    let mut uris = Vec::new();
    for text in texts {
        let uri = RedirectUri::parse(text).map_err(|error| {
            let received = format!("{}: {error}", shown(text));
            trail.refuse(Refusal::new(
                Rule::RegisterRedirectUriInvalid,
                "an absolute URI without fragment",
                received,
            ))
        })?;
        trail.require(
            Rule::RegisterRedirectUriKind,
            fits(text, native, implicit, policy),
            || (expected(native, implicit).into(), shown(text)),
        )?;
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    trail.passed(Rule::RegisterRedirectUriInvalid);
    Ok(uris)
}

/// Whether the kind of app may come back there; the text is a sound redirect URI.
pub(super) fn fits(text: &str, native: bool, implicit: bool, policy: &Policy) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let loopback = is_loopback_host(&url);
    match url.scheme() {
        // Registration §2: not `localhost` for the implicit grant, where the token itself goes there. On a server that
        // is itself on this machine there is nothing else.
        "https" => native || !implicit || !loopback || web::has_loopback_issuer(policy),
        "http" => loopback && (native || web::is_on_this_machine(policy)),
        _ => native,
    }
}

const fn expected(native: bool, implicit: bool) -> &'static str {
    match (native, implicit) {
        (true, _) => "https, http to the loopback interface, or a private-use scheme",
        (false, true) => "https, and not localhost, for a web client that uses implicit",
        (false, false) => "https, for a web client",
    }
}
