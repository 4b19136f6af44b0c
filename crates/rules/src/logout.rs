//! Sign-out that a client asks for (OpenID Connect RP-Initiated Logout §2, §3, §4): whether the person is asked first, and
//! where the browser goes afterwards.
//!
//! Nobody is signed out by a link alone: without an ID token that proves to be of this very session the person is asked.
//! Nobody is sent to an address that is not registered, and without an ID token only by their own press of the button.

use crate::shown::{listed, shown};
use serde::{Deserialize, Serialize};
use valetkey_jose::jwt::{self, Unverified};
use valetkey_jose::{Algorithm, KeySet};
use valetkey_model::{Client, Session, Sid};
use valetkey_protocol::authorize::redirect_with_query;
use valetkey_protocol::logout::Request;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// What an `id_token_hint` says. It may have expired.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hint {
    /// The client that it was issued to.
    pub audience: String,
    /// The person, as that client knows them.
    pub subject: String,
    /// The session.
    pub sid: Option<String>,
    /// Whether a key that is still here signed it. One that has been replaced long ago is not here any more.
    pub is_proved: bool,
}

/// Where the browser goes once it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// The client.
    pub client: String,
    /// A post-logout redirect URI of it.
    pub uri: String,
    /// Goes back as it came.
    pub state: Option<String>,
}

impl Back {
    /// The address with `state`, which goes back as it came (§3).
    #[must_use]
    pub fn location(&self) -> String {
        let Some(state) = &self.state else {
            return self.uri.clone();
        };
        let (uri, fragment) = match self.uri.split_once('#') {
            Some((uri, fragment)) => (uri, Some(fragment)),
            None => (self.uri.as_str(), None),
        };
        let mut location = redirect_with_query(uri, &[("state", state)]);
        if let Some(fragment) = fragment {
            location.push('#');
            location.push_str(fragment);
        }
        location
    }
}

/// What the request is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// What the `id_token_hint` says.
    pub hint: Option<&'a Hint>,
    /// The client that `client_id`, or else the hint, names.
    pub client: Option<&'a Client>,
    /// Who is signed in in this browser.
    pub session: Option<&'a Session>,
    /// The `sub` by which the client knows them.
    pub subject: Option<&'a str>,
    /// The `sid` by which the client knows the session.
    pub sid: Option<Sid>,
}

/// What comes next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Ask the person; with a yes, sign out and go there.
    Ask(Option<Back>),
    /// Sign out and go there.
    SignOut(Option<Back>),
    /// Nobody is signed in: go there.
    Nobody(Option<Back>),
}

#[derive(Deserialize)]
struct HintClaims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(default)]
    sid: Option<String>,
    /// Each ID token has one (Core §2), a signed userinfo answer has none. Hints are old, so it may lie in the past.
    #[serde(rename = "exp")]
    _exp: i64,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Reads the `id_token_hint`, when there is one. A signature by a key that is here must be right; by one that is not here
/// any more it proves nothing, and the hint is good only for telling which client asks.
///
/// # Errors
/// It is no ID token of this server.
pub fn read_hint(
    request: &Request,
    issuer: &str,
    keys: &KeySet,
    trail: &mut Trail,
) -> Result<Option<Hint>, Refusal> {
    let Some(text) = request.id_token_hint.as_deref() else {
        return Ok(None);
    };
    let read = hint(text, issuer, keys);
    trail.require(Rule::LogoutHintInvalid, read.is_some(), || {
        (
            "an ID token of this server, unchanged".into(),
            "another text (not shown)".into(),
        )
    })?;
    Ok(read)
}

fn hint(text: &str, issuer: &str, keys: &KeySet) -> Option<Hint> {
    let unverified = Unverified::parse(text).ok()?;
    let kid = unverified.header().kid.clone()?;
    let is_proved = keys.get(&kid).is_some();
    let claims: HintClaims = if is_proved {
        let expect = jwt::Expect {
            algs: &Algorithm::ALL,
            typ: Some(crate::issue::ID_TOKEN_TYPE),
        };
        jwt::verify(text, keys, &expect).ok()?.claims
    } else {
        unverified.unverified_claims().ok()?
    };
    let audience = match claims.aud {
        Audience::One(audience) => audience,
        Audience::Several(several) => several.into_iter().next()?,
    };
    (claims.iss == issuer).then_some(Hint {
        audience,
        subject: claims.sub,
        sid: claims.sid,
        is_proved,
    })
}

/// The client that the request names: `client_id`, or the audience of the hint.
///
/// # Errors
/// They name two.
pub fn client_of<'a>(
    request: &'a Request,
    hint: Option<&'a Hint>,
    trail: &mut Trail,
) -> Result<Option<&'a str>, Refusal> {
    trail.require(Rule::LogoutParameterRepeated, request.repeated.is_none(), || {
        (
            "each parameter once".into(),
            shown(request.repeated.as_deref().unwrap_or_default()),
        )
    })?;
    let named = request.client_id.as_deref();
    let audience = hint.map(|hint| hint.audience.as_str());
    let agree = named.is_none() || audience.is_none() || named == audience;
    trail.require(Rule::LogoutClientMismatch, agree, || {
        (
            shown(audience.unwrap_or_default()),
            shown(named.unwrap_or_default()),
        )
    })?;
    Ok(named.or(audience))
}

/// Decides what comes next.
///
/// # Errors
/// The rule that refused; its answer is a page.
pub fn decide(request: &Request, facts: &Facts<'_>, trail: &mut Trail) -> Result<Decision, Refusal> {
    let back = back(request, facts.client, trail)?;
    if facts.session.is_none() {
        // Without an ID token that is surely ours nobody vouches for the request, and nobody has pressed anything.
        let is_vouched_for = facts.hint.is_some_and(|hint| hint.is_proved);
        return Ok(Decision::Nobody(back.filter(|_| is_vouched_for)));
    }
    let proves = facts
        .hint
        .is_some_and(|hint| hint.is_proved && is_of(hint, facts));
    Ok(if proves {
        Decision::SignOut(back)
    } else {
        Decision::Ask(back)
    })
}

/// Whether the hint is of this session: the same `sid`, or, where it names none, the same person.
fn is_of(hint: &Hint, facts: &Facts<'_>) -> bool {
    let same_person = facts.subject == Some(hint.subject.as_str());
    match &hint.sid {
        Some(named) => same_person && facts.sid.is_some_and(|sid| *named == sid.to_string()),
        None => same_person,
    }
}

fn back(request: &Request, client: Option<&Client>, trail: &mut Trail) -> Result<Option<Back>, Refusal> {
    let Some(uri) = request.post_logout_redirect_uri.as_deref() else {
        return Ok(None);
    };
    let Some(client) = client else {
        return Err(trail.refuse(Refusal::new(
            Rule::LogoutClientUnknown,
            "client_id, or an id_token_hint, of a registered client",
            "neither",
        )));
    };
    trail.passed(Rule::LogoutClientUnknown);
    registered(client, uri, trail)?;
    Ok(Some(Back {
        client: client.id.to_string(),
        uri: uri.to_owned(),
        state: request.state.clone(),
    }))
}

fn registered(client: &Client, uri: &str, trail: &mut Trail) -> Result<(), Refusal> {
    let registered = &client.post_logout_redirect_uris;
    trail.require(
        Rule::LogoutRedirectUriUnregistered,
        registered.iter().any(|known| known == uri),
        || (listed(registered.iter().map(String::as_str)), shown(uri)),
    )
}

/// Whether the browser may still go there: the person took their time to answer, and an operator may meanwhile have taken
/// the address from the client.
///
/// # Errors
/// The rule that refused; its answer is a page.
pub fn registered_still(back: &Back, client: Option<&Client>, trail: &mut Trail) -> Result<(), Refusal> {
    match client {
        Some(client) => registered(client, &back.uri, trail),
        None => Err(trail.refuse(Refusal::new(
            Rule::LogoutClientUnknown,
            "a registered client",
            "one that was removed",
        ))),
    }
}

#[cfg(test)]
#[path = "logout_tests.rs"]
mod tests;
