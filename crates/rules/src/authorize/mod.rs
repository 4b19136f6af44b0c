//! The authorization endpoint (RFC 6749 §4.1.1, OpenID Connect Core §3.1.2): whether a request is valid,
//! and what comes next: sign-in, consent, a code (or, where the client is allowed that, an access token: RFC 6749
//! §4.2), or a refusal.
//!
//! [`validate`] is the ordered list of checks, one file a check. Each takes what the one before it made, so
//! another order does not compile. Until the redirect URI is trusted every refusal is a page for the person
//! ([`Denied::ShowPage`]); from then on it goes to the client ([`Denied::Redirect`]).

mod answer;
mod client;
mod decide;
mod grant_type;
mod id_token_hint;
mod max_age;
mod parameters;
mod pkce;
mod prompt;
mod redirect_uri;
mod redirect_uri_hint;
mod request_object;
mod resource;
mod respond;
mod response_type;
mod scope;

pub use answer::{Answered, answered, consent, declined, grant, implicit_issue, may_redirect_now};
pub use decide::{Decision, LoginWhy, Situation, decide};
pub use redirect_uri::registered_still;
pub use respond::{DeviceRespond, OAuth1Respond, Respond, answer_may_go, device_request, oauth1_request};

use crate::policy::Policy;
use redirect_uri::Trusted;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use valetkey_model::{Client, ClientId, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::authorize::{Prompt, Request, ResponseMode};
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Trail};
use valetkey_protocol::scope::Scope;

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
    /// How surely the client wants to know who it is (`acr_values`), the preferred first.
    #[serde(default)]
    pub acr_values: Vec<Acr>,
    /// How long ago, in seconds, the person may have signed in.
    pub max_age: Option<i64>,
    /// What the code will be bound to.
    pub code_challenge: Option<CodeChallenge>,
    /// What the person might type to sign in.
    pub login_hint: Option<String>,
    /// The one person whom the client wants to hear about, by an ID token that it got before.
    #[serde(default)]
    pub hinted: Option<UserId>,
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

/// Checks the request; `client` is the one that its `client_id` names, when there is one.
///
/// # Errors
/// The rule that refused, and where the answer may go.
pub fn validate(
    request: &Request,
    client: Option<&Client>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<ValidRequest, Denied> {
    let once = parameters::once(request, trail).map_err(Denied::ShowPage)?;
    let known = client::known(once, client, trail).map_err(Denied::ShowPage)?;
    let trusted = redirect_uri::trusted(known, trail).map_err(Denied::ShowPage)?;
    validate_trusted(&trusted, policy, trail)
        .map_err(|refusal| Denied::Redirect(Box::new(trusted.refused(refusal))))
}

fn validate_trusted(
    trusted: &Trusted<'_>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<ValidRequest, Refusal> {
    let direct = request_object::none(trusted, trail)?;
    let answered = response_type::known(direct, trail)?;
    let allowed = grant_type::allowed(answered, trail)?;
    let scoped = scope::requested(allowed, policy, trail)?;
    let aimed = resource::requested(scoped, policy, trail)?;
    let bound = pkce::bound(aimed, trail)?;
    let prompted = prompt::read(bound, trail)?;
    let valid = max_age::read(prompted, policy, trail)?;
    id_token_hint::read(valid, trusted, policy, trail)
}

#[cfg(test)]
mod implicit_tests;
#[cfg(test)]
mod tests;
