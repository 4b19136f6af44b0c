//! Which of the two protocols a flow speaks. OAuth 1.0a (RFC 5849) is known by its endpoints and by what only a
//! signed request carries; whatever else there is, is OAuth 2 (RFC 6749).

use super::base_string::BASE_STRING;
use super::flow::Flow;
use valetkey_protocol::observe::Event;

/// A protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// RFC 5849.
    OAuth1,
    /// RFC 6749.
    OAuth2,
}

/// What stands in the path of every endpoint of OAuth 1.0a.
const PATH: &str = "/oauth1/";
/// Parameters of OAuth 1.0a that no other protocol has.
const NAMES: [&str; 3] = ["oauth_consumer_key", "oauth_token", BASE_STRING];

impl Generation {
    /// Of a flow. One in which both are spoken (token credentials that were exchanged) began as OAuth 1.0a.
    #[must_use]
    pub fn of(flow: &Flow) -> Self {
        let mut messages = flow.messages.iter();
        if messages.any(|message| is_oauth1(&message.event)) {
            Self::OAuth1
        } else {
            Self::OAuth2
        }
    }

    /// Its name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OAuth1 => "OAuth 1.0a",
            Self::OAuth2 => "OAuth 2",
        }
    }
}

fn is_oauth1(event: &Event) -> bool {
    let is_of_it = |name: &str| NAMES.contains(&name);
    event.line.contains(PATH) || event.parameters.iter().any(|parameter| is_of_it(&parameter.name))
}
