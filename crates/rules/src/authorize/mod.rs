//! The authorization endpoint (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2): whether a request is valid,
//! and what comes next: sign-in, consent, a code (and, where the client is allowed that, tokens: OpenID Connect
//! Core §3.2, §3.3), or a refusal.
//!
//! [`validate`] is the ordered list of checks, one file a check. Each takes what the one before it made, so
//! another order does not compile. Until the redirect URI is trusted every refusal is a page for the person
//! ([`Denied::ShowPage`]); from then on it goes to the client ([`Denied::Redirect`]).

mod acr;
mod answer;
mod claims;
mod client;
mod decide;
mod grant_type;
mod id_token_hint;
mod max_age;
mod nonce;
mod parameters;
mod pkce;
mod prompt;
mod redirect_uri;
mod redirect_uri_hint;
mod request_object;
mod request_uri;
mod resource;
mod respond;
mod response_type;
mod scope;

pub use answer::{Answered, answered, consent, declined, front_channel_issue, grant, may_redirect_now};
pub use claims::asked_for;
pub use decide::{Decision, LoginWhy, Situation, decide};
pub use redirect_uri::registered_still;
pub use request_object::{Loaded, Need, needs};
pub use request_uri::{FAILED_FETCH_SECONDS, FETCH_WINDOW_SECONDS, Fetches, MOST_DOCUMENT_BYTES, NoDocument};
pub use respond::{DeviceRespond, OAuth1Respond, Respond, answer_may_go, device_request, oauth1_request};

use crate::policy::Policy;
use crate::sealed::SecretKeys;
use redirect_uri::Trusted;
use request_object::Meant;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_model::{Client, ClientId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::authorize::{Prompt, Request, ResponseMode};
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

/// An authorization request that may be carried out. It travels sealed with the browser through sign-in
/// and consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValidRequest {
    /// Who asks.
    pub client_id: ClientId,
    /// Where the answer goes; empty when no browser is sent anywhere (a device, or OAuth 1.0a out of band).
    pub redirect_uri: String,
    /// Whether the request named it; then the token request must, too.
    pub redirect_uri_was_given: bool,
    /// What is asked for.
    pub scope: Scope,
    /// For which APIs.
    pub resources: BTreeSet<ResourceIndicator>,
    /// Goes back to the client as it came.
    pub state: Option<String>,
    /// Goes into the ID token.
    pub nonce: Option<String>,
    /// Which pages the client wants shown, or none.
    pub prompt: BTreeSet<Prompt>,
    /// Single claims that are asked for (OpenID Connect Core §5.5).
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// How surely the client wants to know who it is; any of these will do.
    #[serde(default)]
    pub acr_values: Vec<Acr>,
    /// Whether nothing else will do (OpenID Connect Core §5.5.1.1).
    #[serde(default)]
    pub acr_is_essential: bool,
    /// How long ago, in seconds, the person may have signed in.
    pub max_age: Option<i64>,
    /// What the code will be bound to.
    pub code_challenge: Option<CodeChallenge>,
    /// What the person might type to sign in.
    pub login_hint: Option<String>,
    /// The only people whom the client wants to hear about, as it knows them (`sub`); `None`: anybody.
    #[serde(default)]
    pub hinted: Option<BTreeSet<String>>,
    /// How long the grant will live; it depends on the kind of client.
    pub grant_ttl_seconds: i64,
    /// How the answer goes out.
    #[serde(default)]
    pub respond: Respond,
}

/// Why a request is not carried out, by where the answer may go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Denied {
    /// A page for the person: nobody knows whose redirect URI it is (RFC 6749 §4.1.2.1).
    ShowPage(Refusal),
    /// An error response to the client.
    Redirect(Box<RedirectError>),
}

/// An error response to a redirect URI that is trusted (RFC 6749 §4.1.2.1).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RedirectError {
    /// The rule that refused.
    pub refusal: Refusal,
    /// Whose redirect URI it is.
    pub client_id: ClientId,
    /// Where the answer goes.
    pub redirect_uri: String,
    /// Goes back to the client as it came.
    pub state: Option<String>,
    /// Where the error's parameters stand.
    #[serde(default)]
    pub mode: ResponseMode,
    /// Whether the client asked for no page (`prompt=none`). If not, the person is shown something before
    /// the redirect, or the endpoint would be an open redirector (RFC 9700 §4.11.2).
    pub silent: bool,
}

/// What a request is judged by.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The client that `client_id` names, when there is one.
    pub client: Option<&'a Client>,
    /// What was fetched, as far as [`needs`] said that it must be.
    pub loaded: Loaded<'a>,
    /// Opens the secret of a client that signs its request objects with it.
    pub secrets: &'a SecretKeys,
    /// The policy.
    pub policy: &'a Policy,
    /// Now.
    pub now: Timestamp,
}

/// Checks the request. A request object that cannot be trusted is refused at the redirect URI beside it, where that is
/// registered.
///
/// # Errors
/// The rule that refused, and where the answer may go.
pub fn validate(request: &Request, facts: &Facts<'_>, trail: &mut Trail) -> Result<ValidRequest, Denied> {
    let once = parameters::once(request, trail).map_err(Denied::ShowPage)?;
    let known = client::known(once, facts.client, trail).map_err(Denied::ShowPage)?;
    let meant = match request_object::opened(known, facts, trail) {
        Ok(meant) => meant,
        Err(refusal) => return Err(denied(&Meant::outside(known), refusal)),
    };
    let trusted = redirect_uri::trusted(&meant, trail).map_err(Denied::ShowPage)?;
    validate_trusted(&trusted, facts.policy, trail)
        .map_err(|refusal| Denied::Redirect(Box::new(trusted.refused(refusal))))
}

fn denied(outside: &Meant<'_>, refusal: Refusal) -> Denied {
    match redirect_uri::trusted(outside, &mut Trail::off()) {
        Ok(trusted) => Denied::Redirect(Box::new(trusted.refused(refusal))),
        Err(_) => Denied::ShowPage(refusal),
    }
}

fn validate_trusted(
    trusted: &Trusted<'_>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<ValidRequest, Refusal> {
    let answered = response_type::known(trusted, trail)?;
    let allowed = grant_type::allowed(answered, trail)?;
    let scoped = scope::requested(allowed, policy, trail)?;
    let bound_to_browser = nonce::given(scoped, trail)?;
    let aimed = resource::requested(bound_to_browser, policy, trail)?;
    let bound = pkce::bound(aimed, trail)?;
    let prompted = prompt::read(bound, trail)?;
    let valid = max_age::read(prompted, policy, trail)?;
    let valid = claims::read(valid, trusted, trail)?;
    let valid = acr::read(valid, trusted);
    id_token_hint::read(valid, trusted, policy, trail)
}

/// What a word of a remembered consent that is no scope lets an app do.
pub(crate) fn claim_says(word: &str) -> Option<&'static str> {
    claims::says(word)
}

#[cfg(test)]
mod implicit_tests;
#[cfg(test)]
mod openid_tests;
#[cfg(test)]
mod tests;
