//! Addresses of a client that are no redirect URIs: https. On a server that runs by plain http, which only one on this
//! machine can, plain http to the loopback interface does, too.

use crate::policy::Policy;
use url::Url;
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// The longest address.
const MOST_BYTES: usize = 2048;
/// The most entries of a list.
const MOST_ENTRIES: usize = 50;

/// What may stand in an address beside scheme, host, path and query.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fragment {
    Allowed,
    Refused,
}

/// Whether the server itself is only for this machine, by plain http: `valetkey dev`.
pub(super) fn is_on_this_machine(policy: &Policy) -> bool {
    policy.issuer.starts_with("http://") && has_loopback_issuer(policy)
}

/// Whether the server is at a loopback address.
pub(super) fn has_loopback_issuer(policy: &Policy) -> bool {
    Url::parse(&policy.issuer).is_ok_and(|url| is_loopback_host(&url))
}

/// The address, when it is one that may be used.
pub(super) fn address(text: &str, on_this_machine: bool, fragment: Fragment) -> Option<Url> {
    let is_uri = text.len() <= MOST_BYTES && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let url = Url::parse(text).ok().filter(|_| is_uri)?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    let has_fragment = text.contains('#');
    let is_safe = match url.scheme() {
        "https" => url.has_host(),
        "http" => on_this_machine && is_loopback_host(&url),
        _ => false,
    };
    let fits = is_plain && is_safe && (fragment == Fragment::Allowed || !has_fragment);
    fits.then_some(url)
}

/// The host of a web address.
pub(super) fn host(text: &str) -> Option<String> {
    let url = Url::parse(text).ok()?;
    let is_web = matches!(url.scheme(), "http" | "https");
    url.host_str().filter(|_| is_web).map(str::to_owned)
}

/// A list that is not too long.
pub(super) fn few(member: &str, list: &[String], trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::RegisterText, list.len() <= MOST_ENTRIES, || {
        (
            format!("at most {MOST_ENTRIES} entries in {member}"),
            list.len().to_string(),
        )
    })
}
