//! Texts that people read: one short line, without characters that rule a screen or turn the order of letters around.

use super::web;
use crate::shown::shown;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// The longest of them.
const MOST_CHARS: usize = 200;

/// `client_name`.
pub(super) fn name(asked: &ClientMetadata, trail: &mut Trail) -> Result<Option<String>, Refusal> {
    line("client_name", asked.client_name.as_deref(), trail)
}

/// `contacts`.
pub(super) fn contacts(asked: &ClientMetadata, trail: &mut Trail) -> Result<Vec<String>, Refusal> {
    let contacts = asked.contacts.as_deref().unwrap_or_default();
    web::few("contacts", contacts, trail)?;
    let read = contacts.iter().map(|text| line("contacts", Some(text), trail));
    read.filter_map(Result::transpose).collect()
}

/// One line.
pub(super) fn line(member: &str, text: Option<&str>, trail: &mut Trail) -> Result<Option<String>, Refusal> {
    let Some(text) = text else { return Ok(None) };
    let is_line = !text.trim().is_empty()
        && text.chars().count() <= MOST_CHARS
        && !text.chars().any(|c| c.is_control() || turns_around(c));
    trail.require(Rule::RegisterText, is_line, || {
        (
            format!("{member} of 1 to {MOST_CHARS} characters on one line"),
            shown(text),
        )
    })?;
    Ok(Some(text.to_owned()))
}

/// Embeddings, overrides, isolates and marks of direction: they make a name read as another.
const fn turns_around(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}' | '\u{61c}')
}
