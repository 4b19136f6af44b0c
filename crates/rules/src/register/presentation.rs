//! What people are shown of a client (RFC 7591 §2): links are https, texts are one line.

use super::text;
use super::web::{self, Fragment};
use crate::shown::shown;
use valetkey_model::relying_party::Presentation;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

pub(super) fn read(
    asked: &ClientMetadata,
    on_this_machine: bool,
    trail: &mut Trail,
) -> Result<Presentation, Refusal> {
    let mut link = |member: &str, text: &Option<String>| {
        if let Some(text) = text {
            let sound = web::address(text, on_this_machine, Fragment::Allowed).is_some();
            trail.require(Rule::RegisterUriNotHttps, sound, || {
                (format!("an https address as {member}"), shown(text))
            })?;
        }
        Ok::<_, Refusal>(text.clone())
    };
    Ok(Presentation {
        logo_uri: link("logo_uri", &asked.logo_uri)?,
        client_uri: link("client_uri", &asked.client_uri)?,
        policy_uri: link("policy_uri", &asked.policy_uri)?,
        tos_uri: link("tos_uri", &asked.tos_uri)?,
        contacts: text::contacts(asked, trail)?,
    })
}
