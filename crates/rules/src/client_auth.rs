//! Client authentication (RFC 6749 §2.3, §3.2.1): who a request says it comes from, and whether it proved it.
//!
//! Two steps, because the client must be looked up in between. Assertions and mutual TLS are not here.

use crate::shown::shown;
use valetkey_jose::hash::sha256;
use valetkey_model::client::{Authentication, SecretHash};
use valetkey_model::{Client, ClientId};
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::ClientSecret;

/// Compared against when there is no client, so that an unknown one takes as long as a known one.
const NOBODY: SecretHash = SecretHash([0; 32]);

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
    let two = presented.basic.is_some() && presented.body_secret.is_some();
    trail.require(Rule::ClientAuthTwoMethods, !two, || {
        (
            "one method".into(),
            "a secret in the Authorization header and one in the body".into(),
        )
    })?;
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
    let Some(id) = basic_id.or(body_id) else {
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

/// Whether the request proved that it comes from `client`, which is `None` when nobody has the claimed id.
///
/// # Errors
/// The rule that refused.
pub fn authenticate(
    presented: &Presented,
    client: Option<&Client>,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let shown_secret = shown_secret(presented);
    let expected_hash = client.and_then(|client| secret_hash(&client.authentication));
    // Before anything is refused, and for everybody: the work must not tell who exists.
    let secret_matches =
        shown_secret.is_some_and(|secret| hash_of(secret) == *expected_hash.unwrap_or(&NOBODY));

    let Some(client) = client else {
        let id = presented_id(presented).unwrap_or_default();
        return Err(trail.refuse(Refusal::new(
            Rule::ClientUnknown,
            "a registered client",
            shown(id),
        )));
    };
    trail.passed(Rule::ClientUnknown);

    let registered = registered_methods(&client.authentication);
    if shown_secret.is_none() && !client.is_public() {
        return Err(trail.refuse(Refusal::new(
            Rule::ClientAuthMissing,
            registered.join(" or "),
            "client_id without a secret",
        )));
    }
    trail.passed(Rule::ClientAuthMissing);
    let used = used_method(presented);
    trail.require(
        Rule::ClientAuthMethodNotRegistered,
        registered.contains(&used),
        || (registered.join(" or "), used.into()),
    )?;
    if client.is_public() {
        return Ok(());
    }
    trail.require(Rule::ClientSecretWrong, secret_matches, || {
        (
            format!("the secret of {}", client.id),
            "another secret (not shown)".into(),
        )
    })
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
        Authentication::None => None,
        Authentication::ClientSecretBasic { secret }
        | Authentication::ClientSecretPost { secret }
        | Authentication::ClientSecret { secret } => Some(secret),
    }
}

/// By the names of RFC 7591 §2.
const fn registered_methods(authentication: &Authentication) -> &'static [&'static str] {
    match authentication {
        Authentication::None => &["none"],
        Authentication::ClientSecretBasic { .. } => &["client_secret_basic"],
        Authentication::ClientSecretPost { .. } => &["client_secret_post"],
        Authentication::ClientSecret { .. } => &["client_secret_basic", "client_secret_post"],
    }
}

const fn used_method(presented: &Presented) -> &'static str {
    if presented.basic.is_some() {
        "client_secret_basic"
    } else if presented.body_secret.is_some() {
        "client_secret_post"
    } else {
        "none"
    }
}

#[cfg(test)]
#[path = "client_auth_tests.rs"]
mod tests;
