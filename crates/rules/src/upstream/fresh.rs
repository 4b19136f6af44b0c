//! How lately somebody must have signed in at the provider, when a fresh sign-in is asked for here (`prompt=login`,
//! `max_age`: OpenID Connect Core §3.1.2.1). The provider is asked the same, and must say when it was.

use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// How far the provider's clock may be off.
const LEEWAY_SECONDS: i64 = 30;
/// A sign-in that may be no older than this is a new one: a person who reads the provider's pages takes as long.
const AT_ONCE_SECONDS: i64 = 60;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fresh {
    /// Nothing: whoever is signed in at the provider is.
    Any,
    /// A sign-in no longer ago than these seconds.
    Within(i64),
    /// A new sign-in.
    Anew,
}

impl Fresh {
    /// What `prompt` and `max_age` of a request come to.
    #[must_use]
    pub const fn of(prompt_login: bool, max_age: Option<i64>) -> Self {
        match max_age {
            _ if prompt_login => Self::Anew,
            Some(seconds) if seconds <= AT_ONCE_SECONDS => Self::Anew,
            Some(seconds) => Self::Within(seconds),
            None => Self::Any,
        }
    }
}

/// Whether a provider can serve at all: one that signs no ID token never says when somebody signed in.
pub fn can_tell(fresh: Fresh, tells_auth_time: bool, trail: &mut Trail) -> Result<(), Refusal> {
    let can = tells_auth_time || fresh == Fresh::Any;
    trail.require(Rule::UpstreamNotFresh, can, || {
        (
            String::from("a provider that says when somebody signed in"),
            String::from("one that does not"),
        )
    })
}

/// Whether what came back was fresh. `began_at` is when the person was sent to the provider. What may be old within limits
/// was held against them by the client library.
pub fn was_fresh(
    fresh: Fresh,
    auth_time: Option<Timestamp>,
    began_at: Timestamp,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let holds = match fresh {
        Fresh::Any => true,
        Fresh::Within(_) => auth_time.is_some(),
        Fresh::Anew => auth_time.is_some_and(|at| at.seconds_since(began_at) >= -LEEWAY_SECONDS),
    };
    trail.require(Rule::UpstreamNotFresh, holds, || {
        let received = auth_time.map_or_else(
            || String::from("no auth_time"),
            |at| format!("one {} seconds before that", began_at.seconds_since(at)),
        );
        (
            String::from("a sign-in after the person was sent there"),
            received,
        )
    })
}
