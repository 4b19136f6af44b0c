//! The authorization page (RFC 5849 §2.2). No signature protects it: the person comes with a token in the query. Who asks
//! and where the answer goes stands sealed in that token, so nobody can change it on the way.
//!
//! From here on a request goes through the same pages as one of OAuth 2: see
//! [`oauth1_request`](crate::authorize::oauth1_request).

use super::consumer::may_still_use;
use super::initiate::is_registered;
use crate::handle::{HandleKeys, Temporary};
use valetkey_model::Client;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// The temporary credentials that the person was sent with.
///
/// # Errors
/// [`Rule::OAuth1AuthorizeTokenUnknown`].
pub fn temporary(
    token: Option<&str>,
    handles: &HandleKeys,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<Temporary, Refusal> {
    let Some(token) = token else {
        return Err(refused("none", trail));
    };
    let Some(temporary) = handles.open_temporary(token) else {
        return Err(refused("a text that is none (not shown)", trail));
    };
    if now >= temporary.expires_at {
        let late = now.seconds_since(temporary.expires_at);
        return Err(refused(&format!("one that is {late} s too old"), trail));
    }
    trail.passed(Rule::OAuth1AuthorizeTokenUnknown);
    Ok(temporary)
}

/// The client that asks, when it is still there, may still use OAuth 1.0a, and still has the callback.
///
/// # Errors
/// [`Rule::OAuth1AuthorizeTokenUnknown`].
pub fn consumer<'a>(
    temporary: &Temporary,
    client: Option<&'a Client>,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<&'a Client, Refusal> {
    let Some(client) = client.filter(|client| client.id == temporary.client) else {
        return Err(refused("one of a client that was removed", trail));
    };
    if !may_still_use(client, now) {
        return Err(refused("one of a client that OAuth 1.0a is off for", trail));
    }
    let goes_somewhere = temporary
        .callback
        .as_deref()
        .is_none_or(|callback| is_registered(client, callback));
    if !goes_somewhere {
        return Err(refused("one whose callback is not registered any more", trail));
    }
    trail.passed(Rule::OAuth1AuthorizeTokenUnknown);
    Ok(client)
}

/// The answer when a grant of that name is there: somebody has answered already.
#[must_use]
pub fn answered_already() -> Refusal {
    Refusal::new(
        Rule::OAuth1AuthorizeTokenUnknown,
        EXPECTED,
        "one that was answered before",
    )
}

const EXPECTED: &str = "the oauth_token of temporary credentials that are fresh";

fn refused(received: &str, trail: &mut Trail) -> Refusal {
    trail.refuse(Refusal::new(
        Rule::OAuth1AuthorizeTokenUnknown,
        EXPECTED,
        received,
    ))
}
