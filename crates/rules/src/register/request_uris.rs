//! `request_uris` (OpenID Connect Registration §2): https, since they are fetched; a fragment can hold the hash of the
//! document (Core §6.2).

use super::web::{self, Fragment};
use crate::shown::shown;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

pub(super) fn read(asked: &ClientMetadata, trail: &mut Trail) -> Result<Vec<String>, Refusal> {
    let uris = asked.request_uris.as_deref().unwrap_or_default();
    web::few("request_uris", uris, trail)?;
    for uri in uris {
        let sound = web::address(uri, false, Fragment::Allowed).is_some();
        trail.require(Rule::RegisterRequestUri, sound, || {
            ("an https address".into(), shown(uri))
        })?;
    }
    Ok(uris.to_vec())
}
