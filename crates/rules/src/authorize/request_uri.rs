//! Request objects by reference (OpenID Connect Core §6.2, RFC 9101 §5.2): which addresses are fetched, how often, and what is
//! answered where there is no document. Whoever sends a browser here with the id of a client can make this server fetch
//! (RFC 9101 §10.4.1), so it does that rarely.
//!
//! Fetching and counting are the caller's.

use super::Facts;
use crate::shown::{listed, shown};
use url::Url;
use valetkey_model::Client;
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// The longest document that `request_uri` may name.
pub const MOST_DOCUMENT_BYTES: usize = 64 * 1024;
/// Over which time fetches are counted.
pub const FETCH_WINDOW_SECONDS: i64 = 60;
/// For so long an address that failed is not asked again.
pub const FAILED_FETCH_SECONDS: i64 = 30;
/// How many fetches there are for one client in the window.
const MOST_FETCHES_PER_CLIENT: u32 = 60;
/// How many of them one network address can cause, of IPv6 a /64, so that most are left to others. Whoever has three of those,
/// as with any IPv6 /48, can use them all up.
const MOST_FETCHES_PER_ADDRESS: u32 = 20;

/// Why there is no document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoDocument {
    /// It was not fetched: [`Fetches::may_be_more`] said no.
    TooOften,
    /// It cannot be fetched or read, for this reason.
    Unreadable(String),
}

/// What was fetched for a client in the window that runs. Neither what is at hand is counted nor who waits for what another
/// fetches; what a made-up fragment asks for is. What can be answered without a fetch is answered also beyond the limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fetches {
    /// For whomever.
    pub of_client: u32,
    /// For the network address that asks now.
    pub of_address: u32,
}

impl Fetches {
    /// Whether one more is made. One that is not must not be counted.
    #[must_use]
    pub const fn may_be_more(self) -> bool {
        self.of_client < MOST_FETCHES_PER_CLIENT && self.of_address < MOST_FETCHES_PER_ADDRESS
    }
}

/// Compared without the fragment, which only says that the document changed (Core §6.2).
pub(super) fn is_registered(client: &Client, uri: &str) -> bool {
    let bare = without_fragment(uri);
    let registered = &client.openid.request_uris;
    let is_safe = Url::parse(bare)
        .is_ok_and(|url| url.scheme() == "https" || (url.scheme() == "http" && is_loopback_host(&url)));
    is_safe && registered.iter().any(|known| without_fragment(known) == bare)
}

fn without_fragment(uri: &str) -> &str {
    uri.split_once('#').map_or(uri, |(bare, _)| bare)
}

pub(super) fn referenced<'a>(
    uri: &str,
    client: &Client,
    facts: &Facts<'a>,
    trail: &mut Trail,
) -> Result<&'a str, Refusal> {
    trail.require(Rule::RequestUriUnregistered, is_registered(client, uri), || {
        let registered = client.openid.request_uris.iter().map(String::as_str);
        (listed(registered), shown(uri))
    })?;
    let refusal = match facts.loaded.document {
        Some(Ok(text)) => {
            trail.passed(Rule::RequestUriTooOften);
            trail.passed(Rule::RequestUriUnreadable);
            return Ok(text.trim());
        }
        Some(Err(NoDocument::TooOften)) => Refusal::new(
            Rule::RequestUriTooOften,
            format!(
                "at most {MOST_FETCHES_PER_CLIENT} in {FETCH_WINDOW_SECONDS} seconds, {MOST_FETCHES_PER_ADDRESS} of them \
                 for one network address"
            ),
            "more",
        ),
        Some(Err(NoDocument::Unreadable(why))) => unreadable(shown(why)),
        None => unreadable("nothing that was fetched".into()),
    };
    Err(trail.refuse(refusal))
}

fn unreadable(received: String) -> Refusal {
    let expected = "a request object that can be fetched";
    Refusal::new(Rule::RequestUriUnreadable, expected, received)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn fetches(of_client: u32, of_address: u32) -> Fetches {
        Fetches {
            of_client,
            of_address,
        }
    }

    #[test]
    fn reflection_a_client_has_so_many_fetches_and_one_address_only_a_part_of_them() {
        assert!(!fetches(MOST_FETCHES_PER_CLIENT, 0).may_be_more());
        assert!(!fetches(MOST_FETCHES_PER_ADDRESS, MOST_FETCHES_PER_ADDRESS).may_be_more());
        assert!(fetches(MOST_FETCHES_PER_CLIENT - 1, MOST_FETCHES_PER_ADDRESS - 1).may_be_more());
        assert!(Fetches::default().may_be_more());
    }

    #[test]
    fn one_address_leaves_most_fetches_to_others() {
        const { assert!(MOST_FETCHES_PER_ADDRESS * 2 < MOST_FETCHES_PER_CLIENT) };
    }
}
