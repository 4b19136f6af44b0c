//! Client authentication (RFC 6749 §2.3, §3.2.1): who a request says it comes from, and whether it proved it: by a secret
//! (in the `Authorization` header or the body) or by a signed [`assertion`] (RFC 7523 §2.2).
//!
//! Two steps, because the client must be looked up in between. Mutual TLS is not here.

mod assertion;

use crate::once::Once;
use crate::policy::Policy;
use crate::sealed::SecretKeys;
use crate::shown::shown;
use valetkey_jose::KeySet;
use valetkey_jose::hash::sha256;
use valetkey_model::client::{Authentication, SecretHash};
use valetkey_model::{Client, ClientId};
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;

/// Compared against when there is no client, so that an unknown one takes as long as a known one.
const NOBODY: SecretHash = SecretHash([0; 32]);

/// What the second step is decided from.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The client that the request says it comes from; `None` when nobody has that id.
    pub client: Option<&'a Client>,
    /// The URL of the token endpoint.
    pub token_endpoint: &'a str,
    /// The URL of the endpoint that was called.
    pub endpoint: &'a str,
    /// The client's public keys, when it has some and they are to be had.
    pub keys: Option<&'a KeySet>,
    /// Opens the secret of a `client_secret_jwt` client.
    pub secrets: &'a SecretKeys,
    /// The policy.
    pub policy: &'a Policy,
    /// Now.
    pub now: Timestamp,
}

/// The client that the request says it comes from. Nothing is proven yet.
///
/// # Errors
/// The rule that refused.
pub fn claimed_id(presented: &Presented, trail: &mut Trail) -> Result<ClientId, Refusal> {
    trail.require(
        Rule::ClientAuthHeaderUnreadable,
        !presented.unreadable_header,
        || {
            (
                "Authorization: Basic and base64 of client_id:client_secret".into(),
                "a header of another form".into(),
            )
        },
    )?;
    let methods = methods_shown(presented);
    trail.require(Rule::ClientAuthTwoMethods, methods.len() <= 1, || {
        ("one method".into(), methods.join(" and "))
    })?;
    let assertion = assertion::shown_by(presented, trail)?;
    let basic_id = presented.basic.as_ref().map(|basic| basic.id.as_str());
    let body_id = presented.body_id.as_deref();
    if let (Some(header), Some(body)) = (basic_id, body_id) {
        trail.require(Rule::ClientAuthIdsDiffer, header == body, || {
            (
                format!("{} as in the header", shown(header)),
                format!("{} in the body", shown(body)),
            )
        })?;
    }
    let of_assertion = match (basic_id.or(body_id), assertion) {
        (None, Some(assertion)) => Some(assertion::claimed_subject(assertion, trail)?),
        _ => None,
    };
    let Some(id) = basic_id.or(body_id).or(of_assertion.as_deref()) else {
        let received = if presented.body_secret.is_some() {
            "a client_secret without client_id"
        } else {
            "neither client_id nor an Authorization header"
        };
        return Err(trail.refuse(Refusal::new(Rule::ClientAuthMissing, "a client_id", received)));
    };
    // A text that can be no client id is the id of no client.
    ClientId::parse(id).map_err(|_| {
        trail.refuse(Refusal::new(
            Rule::ClientUnknown,
            "a registered client",
            shown(id),
        ))
    })
}

/// Whether an assertion is shown that must be checked with the client's public keys: then the caller gets them.
#[must_use]
pub fn needs_keys(presented: &Presented, client: &Client) -> bool {
    client.authentication == Authentication::PrivateKeyJwt && presented.assertion.is_some()
}

/// Whether the assertion was made with none of these keys, so that it is worth while to fetch them again (OpenID Connect
/// Core §10.1.1).
#[must_use]
pub fn needs_other_keys(presented: &Presented, keys: Option<&KeySet>) -> bool {
    let assertion = presented.assertion.as_ref();
    assertion.is_some_and(|assertion| assertion::is_by_none_of(assertion, keys))
}

/// Whether the request proved that it comes from the client. What it answers must not have been shown before: the caller
/// has the store remember it, and lets the client in only when that is new.
///
/// # Errors
/// The rule that refused.
pub fn authenticate(
    presented: &Presented,
    facts: &Facts<'_>,
    trail: &mut Trail,
) -> Result<Option<Once>, Refusal> {
    let shown_secret = shown_secret(presented);
    let expected_hash = facts
        .client
        .and_then(|client| secret_hash(&client.authentication));
    // Before anything is refused, and for everybody: the work must not tell who exists.
    let secret_matches =
        shown_secret.is_some_and(|secret| hash_of(secret) == *expected_hash.unwrap_or(&NOBODY));

    let Some(client) = facts.client else {
        let id = presented_id(presented).unwrap_or_default();
        return Err(trail.refuse(Refusal::new(
            Rule::ClientUnknown,
            "a registered client",
            shown(id),
        )));
    };
    trail.passed(Rule::ClientUnknown);

    let registered = registered_methods(&client.authentication);
    let used = used_method(presented);
    if used == NONE && !client.is_public() {
        return Err(trail.refuse(Refusal::new(
            Rule::ClientAuthMissing,
            registered.join(" or "),
            "client_id and nothing that proves it",
        )));
    }
    trail.passed(Rule::ClientAuthMissing);
    let by_assertion = presented.assertion.as_ref().zip(assertion::Key::of(client));
    let fits = by_assertion.is_some() || registered.contains(&used);
    trail.require(Rule::ClientAuthMethodNotRegistered, fits, || {
        (registered.join(" or "), used.into())
    })?;
    if let Some((assertion, key)) = by_assertion {
        return assertion::check(assertion, key, (client, facts), trail).map(Some);
    }
    if client.is_public() {
        return Ok(None);
    }
    trail.require(Rule::ClientSecretWrong, secret_matches, || {
        (
            format!("the secret of {}", client.id),
            "another secret (not shown)".into(),
        )
    })?;
    Ok(None)
}

/// The name of authenticating not at all (RFC 7591 §2).
const NONE: &str = "none";

/// Everything in the request that would prove a client, by what it is.
fn methods_shown(presented: &Presented) -> Vec<&'static str> {
    let assertion = presented.assertion.is_some() || presented.assertion_type.is_some();
    [
        (presented.basic.is_some(), "an Authorization header"),
        (presented.body_secret.is_some(), "a client_secret in the body"),
        (assertion, "a client_assertion in the body"),
    ]
    .into_iter()
    .filter_map(|(is_there, what)| is_there.then_some(what))
    .collect()
}

fn presented_id(presented: &Presented) -> Option<&str> {
    presented
        .basic
        .as_ref()
        .map(|basic| basic.id.as_str())
        .or(presented.body_id.as_deref())
}

fn shown_secret(presented: &Presented) -> Option<&ClientSecret> {
    presented
        .basic
        .as_ref()
        .map(|basic| &basic.secret)
        .or(presented.body_secret.as_ref())
}

fn hash_of(secret: &ClientSecret) -> SecretHash {
    SecretHash(sha256(secret.expose().as_bytes()))
}

const fn secret_hash(authentication: &Authentication) -> Option<&SecretHash> {
    match authentication {
        Authentication::None | Authentication::ClientSecretJwt { .. } | Authentication::PrivateKeyJwt => None,
        Authentication::ClientSecretBasic { secret }
        | Authentication::ClientSecretPost { secret }
        | Authentication::ClientSecret { secret } => Some(secret),
    }
}

/// By the names of RFC 7591 §2.
const fn registered_methods(authentication: &Authentication) -> &'static [&'static str] {
    match authentication {
        Authentication::None => &[NONE],
        Authentication::ClientSecretBasic { .. } => &["client_secret_basic"],
        Authentication::ClientSecretPost { .. } => &["client_secret_post"],
        Authentication::ClientSecret { .. } => &["client_secret_basic", "client_secret_post"],
        Authentication::ClientSecretJwt { .. } => &["client_secret_jwt"],
        Authentication::PrivateKeyJwt => &["private_key_jwt"],
    }
}

const fn used_method(presented: &Presented) -> &'static str {
    if presented.basic.is_some() {
        "client_secret_basic"
    } else if presented.body_secret.is_some() {
        "client_secret_post"
    } else if presented.assertion.is_some() {
        "a client_assertion"
    } else {
        NONE
    }
}

#[cfg(test)]
#[path = "client_auth_tests.rs"]
mod tests;
