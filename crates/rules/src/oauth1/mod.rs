//! OAuth 1.0a (RFC 5849): whether a signed request is good, and what each step of the flow decides about it.
//!
//! Every signed request goes the same way: [`read`] its parameters, find the [`consumer`], let the step that it is for
//! ([`token`], [`resource`], [`migration`]; [`initiate`] has none) read its token, [`verify`] the signature, remember the
//! nonce ([`Once`]), then decide. [`verify`] is the ordered list of checks, one file a check. It names what is to be
//! remembered only after the signature was found good: nobody else can fill the store or use a nonce up. Of a request to an
//! API ([`resource`]) the nonce is remembered last, because who asks about it is not who sent it.
//!
//! [`authorize`] is the page in between, which no signature protects. No secret is stored: see [`crate::handle`].
//! Nothing here is HTTP, and the form of the errors is the server's.

pub mod authorize;
mod consumer;
pub mod initiate;
mod message;
mod method;
pub mod migration;
mod parameters;
pub mod resource;
mod signature;
mod timestamp;
pub mod token;
mod version;

pub use consumer::consumer;
pub(crate) use consumer::may_still_use;
pub use message::{Message, Signed, Told};
pub use parameters::read;

use crate::once::Once;
use crate::policy::Policy;
use crate::sealed::SecretKeys;
use valetkey_model::Client;
use valetkey_protocol::rule::{Refusal, Trail};
use valetkey_protocol::secret::OAuth1Secret;
use valetkey_protocol::time::Timestamp;

/// What a signature is verified with.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The client that the consumer key names, when there is one.
    pub client: Option<&'a Client>,
    /// Opens its secret.
    pub secrets: &'a SecretKeys,
    /// Every limit.
    pub policy: &'a Policy,
    /// The time.
    pub now: Timestamp,
}

/// Whether the consumer signed the request, with the secret of the token that it names, if it names one. The answer is
/// what must not have been shown before: ask the store, and where it was, answer with [`Once::refusal`].
///
/// # Errors
/// The rule that refused. [`Rule::OAuth1SignatureInvalid`](valetkey_protocol::rule::Rule::OAuth1SignatureInvalid) expects
/// the signature base string.
pub fn verify(
    signed: &Signed<'_>,
    token_secret: Option<&OAuth1Secret>,
    facts: &Facts<'_>,
    trail: &mut Trail,
) -> Result<Once, Refusal> {
    version::one_zero(signed.protocol, trail)?;
    let method = method::named(signed, facts.policy, trail)?;
    let fresh = timestamp::fresh(signed.protocol, facts, trail)?;
    let received = signature::there(signed, trail)?;
    let keys = consumer::keys(facts);
    // Before anything about the consumer is refused, and for everybody: the work must not tell who exists.
    let holds = signature::holds(signed.base_string, received, method, (&keys, token_secret));
    let client = consumer::known(signed.protocol, facts, trail)?;
    method::registered(method, &keys, trail)?;
    let proven = signature::good(holds, method, signed, trail)?;
    Ok(fresh.once(client, signed.protocol, &proven))
}

#[cfg(test)]
mod tests;
