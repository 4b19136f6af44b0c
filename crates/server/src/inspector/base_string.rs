//! The signature base string of a signed request (RFC 5849 §3.4.1) as people can read it: in pieces, and as a table of
//! what it says. Values that are secrets are hidden in both before the string is kept.

use super::words;
use crate::pages::text;
use valetkey_protocol::oauth1::{BaseString, base_string};
use valetkey_protocol::observe::{Parameter, SECRET_NAMES};

/// The parameter that carries it, in what the endpoints tell.
pub const BASE_STRING: &str = "signature base string";

/// The one that the app came to, where it is another one.
pub const BASE_STRING_OF_APP: &str = "signature base string of the app";

/// What stands for a hidden value.
const HIDDEN: &str = "hidden";
/// More than this nobody reads.
const MOST_PARAMETERS: usize = 40;

/// The base string as the page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The text itself, cut where a reader would take a breath: after each `&`, encoded or not.
    pub pieces: Vec<String>,
    /// The method.
    pub method: String,
    /// The address, without its query.
    pub address: String,
    /// What is signed beside them.
    pub parameters: Vec<Signed>,
}

/// One signed parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Its name.
    pub name: String,
    /// Its value, decoded.
    pub value: String,
    /// Whether the value is hidden.
    pub masked: bool,
    /// What it is for.
    pub says: &'static str,
}

/// The parameter, fit to be kept: without secrets, and entirely hidden when it cannot be read.
pub(super) fn tamed(value: &str) -> Parameter {
    hidden(value).map_or_else(
        || Parameter::secret(BASE_STRING, value),
        |text| Parameter::plain(BASE_STRING, text),
    )
}

/// The base string with its secrets hidden; `None` for what is none.
pub(super) fn hidden(text: &str) -> Option<String> {
    let parsed = BaseString::parse(text)?;
    if !parsed.parameters.iter().any(|(name, _)| is_secret(name)) {
        return Some(text.to_owned());
    }
    let without: Vec<(String, String)> = parsed
        .parameters
        .into_iter()
        .map(|(name, value)| {
            let value = if is_secret(&name) {
                HIDDEN.to_owned()
            } else {
                value
            };
            (name, value)
        })
        .collect();
    base_string(&parsed.method, &parsed.base_uri, &without)
}

/// The nonce in it.
pub(super) fn nonce(text: &str) -> Option<String> {
    BaseString::parse(text)?.protocol().ok()?.nonce
}

fn is_secret(name: &str) -> bool {
    SECRET_NAMES
        .iter()
        .any(|secret| secret.eq_ignore_ascii_case(name))
}

/// Takes a kept base string apart; `None` for one that is hidden or was cut.
#[must_use]
pub fn shown(text: &str) -> Option<Shown> {
    let parsed = BaseString::parse(text)?;
    let parameters = parsed.parameters.iter().take(MOST_PARAMETERS);
    Some(Shown {
        pieces: pieces(text),
        method: text::short(&parsed.method),
        address: text::long(&parsed.base_uri),
        parameters: parameters
            .map(|(name, value)| Signed {
                name: text::short(name),
                value: text::long(value),
                masked: is_secret(name),
                says: words::parameter(name),
            })
            .collect(),
    })
}

/// The encoded `&` within the parameters is `%26`; one that was encoded twice belongs to a value.
fn pieces(text: &str) -> Vec<String> {
    let parts = text.split_inclusive('&');
    parts
        .flat_map(|part| part.split_inclusive("%26"))
        .map(text::long)
        .collect()
}
