//! Request objects (OpenID Connect Core §6, RFC 9101): the parameters in a JWT that the client signs, by value (`request`) or
//! by reference (`request_uri`). What stands inside wins. A client that must sign its requests is heard by what it signed
//! alone (RFC 9101 §6.3).
//!
//! The keys and the document that is named must be fetched, which is the caller's: [`needs`] says what is missing, and is
//! asked again until nothing is. Unsigned and encrypted objects are not read.

use super::Facts;
use super::client::Known;
use super::request_uri::{NoDocument, is_registered, referenced};
use crate::sealed::Purpose;
use crate::shown::{listed, shown, shown_or_none};
use std::borrow::Cow;
use valetkey_jose::hs256::{self, HmacKey};
use valetkey_jose::jwt::{self, Expect, Unverified};
use valetkey_jose::{Algorithm, JoseError, KeySet};
use valetkey_model::Client;
use valetkey_model::client::{Authentication, ClientKeys, SigningAlg};
use valetkey_protocol::authorize::{Request, ResponseType};
use valetkey_protocol::request_object::{RequestObject, TYPE};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::ClientSecret;
use valetkey_protocol::time::Timestamp;

/// What was fetched for a request so far.
#[derive(Debug, Clone, Copy, Default)]
pub struct Loaded<'a> {
    /// The document that `request_uri` names, or why there is none.
    pub document: Option<Result<&'a str, &'a NoDocument>>,
    /// The keys of the client that check signatures; none when it has none, or they cannot be had.
    pub keys: Option<&'a KeySet>,
    /// Whether the keys were fetched anew for this request.
    pub keys_are_fresh: bool,
}

/// What must be fetched before a request can be judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Need {
    /// The document at this address, which the client has registered.
    Document(String),
    /// The keys of the client.
    Keys,
    /// The keys of the client once more: those at hand lack the one that is named.
    FreshKeys,
}

/// What is missing. `client` is the one that `client_id` names.
#[must_use]
pub fn needs(request: &Request, client: Option<&Client>, loaded: &Loaded<'_>) -> Option<Need> {
    let client = client.filter(|client| request.client_id.as_deref() == Some(client.id.as_str()))?;
    let text = match (request.request.as_deref(), request.request_uri.as_deref()) {
        (Some(text), None) => text,
        (None, Some(uri)) if is_registered(client, uri) => match loaded.document {
            None => return Some(Need::Document(uri.to_owned())),
            Some(document) => document.ok()?.trim(),
        },
        _ => return None,
    };
    let token = Unverified::parse(text).ok()?;
    let algorithm: Algorithm = token.header().alg.parse().ok()?;
    if !algorithms(client).contains(&algorithm) {
        return None;
    }
    let Some(keys) = loaded.keys else {
        return Some(Need::Keys);
    };
    let kid = token.header().kid.as_deref()?;
    let may_be_new = matches!(client.keys, Some(ClientKeys::JwksUri(_))) && !loaded.keys_are_fresh;
    (may_be_new && keys.get(kid).is_none()).then_some(Need::FreshKeys)
}

/// A request as it is meant: with the parameters of its request object, where it has one.
pub(super) struct Meant<'a> {
    pub(super) request: Cow<'a, Request>,
    pub(super) client: &'a Client,
}

impl<'a> Meant<'a> {
    /// The parameters that stand outside, for an answer to a request object that is not trusted.
    pub(super) const fn outside(known: Known<'a>) -> Self {
        Self {
            request: Cow::Borrowed(known.request),
            client: known.client,
        }
    }
}

pub(super) fn opened<'a>(
    known: Known<'a>,
    facts: &Facts<'_>,
    trail: &mut Trail,
) -> Result<Meant<'a>, Refusal> {
    let Known { request, client } = known;
    let twice = request.request.is_some() && request.request_uri.is_some();
    trail.require(Rule::RequestObjectTwice, !twice, || {
        ("request or request_uri".into(), "both".into())
    })?;
    let text = match (request.request.as_deref(), request.request_uri.as_deref()) {
        (Some(text), _) => Some(text),
        (None, Some(uri)) => Some(referenced(uri, client, facts, trail)?),
        (None, None) => None,
    };
    let must_sign = client.openid.require_signed_request_object;
    trail.require(Rule::RequestObjectRequired, text.is_some() || !must_sign, || {
        ("a signed request object".into(), "parameters alone".into())
    })?;
    let Some(text) = text else {
        return Ok(Meant::outside(known));
    };
    let object = signed(text, client, facts, trail)?;
    in_time(&object, facts, trail)?;
    of_this_request(&object, known, trail)?;
    for_this_server(&object, facts, trail)?;
    let outside = if must_sign {
        Request {
            client_id: request.client_id.clone(),
            ..Request::default()
        }
    } else {
        request.clone()
    };
    Ok(Meant {
        request: Cow::Owned(object.over(outside)),
        client,
    })
}

/// The claims, once the signature is good.
fn signed(
    text: &str,
    client: &Client,
    facts: &Facts<'_>,
    trail: &mut Trail,
) -> Result<RequestObject, Refusal> {
    let object = match verified(text, client, facts) {
        Ok(object) => object,
        Err(refusal) => return Err(trail.refuse(refusal)),
    };
    for rule in [
        Rule::RequestObjectUnsigned,
        Rule::RequestObjectSignatureInvalid,
        Rule::RequestObjectMalformed,
    ] {
        trail.passed(rule);
    }
    Ok(object)
}

fn verified(text: &str, client: &Client, facts: &Facts<'_>) -> Result<RequestObject, Refusal> {
    let malformed = |received: &str| Refusal::new(Rule::RequestObjectMalformed, "one signed JWT", received);
    if text.split('.').count() == 5 {
        return Err(malformed("an encrypted JWT, which is not read here"));
    }
    let token = Unverified::parse(text).map_err(|error| match error {
        JoseError::AlgorithmNotAllowed { received } => Refusal::new(
            Rule::RequestObjectUnsigned,
            "a signature",
            format!("alg {}", shown(&received)),
        ),
        other => malformed(&other.to_string()),
    })?;
    let header = token.header();
    let typ = header.typ.as_deref();
    if !typ.is_none_or(is_request_object) {
        return Err(malformed(&format!("a JWT of the type {}", shown_or_none(typ))));
    }
    let read = if header.alg == hs256::ALG {
        by_secret(text, client, facts)
    } else {
        by_key(text, client, facts)
    };
    let object = read.map_err(|error| unread(&error, client))?;
    if object.request.is_some() || object.request_uri.is_some() {
        return Err(malformed("one with request or request_uri inside"));
    }
    if object.holds_nul() {
        return Err(malformed("one with the character NUL in a parameter"));
    }
    Ok(object)
}

/// A JWT of another explicit type was signed for another use (RFC 9101 §10.8).
fn is_request_object(typ: &str) -> bool {
    let short = typ.to_ascii_lowercase();
    let short = short.strip_prefix("application/").unwrap_or(&short);
    short == TYPE || short == "jwt"
}

/// What may sign the client's request objects by a key.
fn algorithms(client: &Client) -> Vec<Algorithm> {
    match client.openid.request_object_signing_alg.map(SigningAlg::as_str) {
        Some(name) => name.parse().into_iter().collect(),
        None => Algorithm::ALL.to_vec(),
    }
}

fn by_key(text: &str, client: &Client, facts: &Facts<'_>) -> Result<RequestObject, JoseError> {
    let none = KeySet::default();
    let expect = Expect {
        algs: &algorithms(client),
        typ: None,
    };
    jwt::verify(text, facts.loaded.keys.unwrap_or(&none), &expect).map(|verified| verified.claims)
}

/// Only a secret that is kept readable can check an HMAC; the others are kept as hashes.
fn by_secret(text: &str, client: &Client, facts: &Facts<'_>) -> Result<RequestObject, JoseError> {
    let not_allowed = || JoseError::AlgorithmNotAllowed {
        received: hs256::ALG.to_owned(),
    };
    let Authentication::ClientSecretJwt { secret } = &client.authentication else {
        return Err(not_allowed());
    };
    if client.openid.request_object_signing_alg.is_some() {
        return Err(not_allowed());
    }
    let secret: ClientSecret = facts
        .secrets
        .open(Purpose::ClientSecretJwt, &client.id, secret)
        .ok_or(JoseError::Decrypt)?;
    let key = HmacKey::new(secret.expose().as_bytes())?;
    hs256::verify(text, &key, None).map(|verified| verified.claims)
}

fn unread(error: &JoseError, client: &Client) -> Refusal {
    match error {
        JoseError::AlgorithmNotAllowed { received } => {
            let mut expected: Vec<&str> = algorithms(client).into_iter().map(Algorithm::as_str).collect();
            let has_secret = matches!(client.authentication, Authentication::ClientSecretJwt { .. });
            if has_secret && client.openid.request_object_signing_alg.is_none() {
                expected.push(hs256::ALG);
            }
            Refusal::new(
                Rule::RequestObjectSignatureInvalid,
                listed(expected),
                shown(received),
            )
        }
        JoseError::UnknownKey | JoseError::BadKey | JoseError::Decrypt | JoseError::BadSignature => {
            let expected = "a signature by a key that is registered for the client";
            Refusal::new(Rule::RequestObjectSignatureInvalid, expected, error.to_string())
        }
        other => Refusal::new(
            Rule::RequestObjectMalformed,
            "the parameters of an authorization request",
            other.to_string(),
        ),
    }
}

fn in_time(object: &RequestObject, facts: &Facts<'_>, trail: &mut Trail) -> Result<(), Refusal> {
    let (now, leeway) = (facts.now, facts.policy.clock_leeway_seconds);
    let not_over = object
        .exp
        .is_none_or(|exp| now < Timestamp(exp).plus_seconds(leeway));
    let begun = object
        .nbf
        .is_none_or(|nbf| Timestamp(nbf) <= now.plus_seconds(leeway));
    trail.require(Rule::RequestObjectExpired, not_over && begun, || {
        let show = |time: Option<i64>| time.map_or_else(|| "none".to_owned(), |time| time.to_string());
        (
            format!("exp after {now}, and nbf not"),
            format!("exp {}, nbf {}", show(object.exp), show(object.nbf)),
        )
    })
}

/// What Core §6.1 wants outside as well must say the same; RFC 9101 §5 wants only `client_id`.
fn of_this_request(
    object: &RequestObject,
    Known { request, client }: Known<'_>,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let id = client.id.as_str();
    let (inside, outside) = (object.response_type(), request.response_type.as_deref());
    let same_type = match (inside, outside) {
        (Some(inside), Some(outside)) => {
            let read = ResponseType::parse(inside);
            inside == outside || (read.is_some() && read == ResponseType::parse(outside))
        }
        // Core §6.1 wants it outside, too; RFC 9101 §5 does not, and clients of either are served. Without it anywhere the
        // request is refused for that.
        (None, _) | (_, None) => true,
    };
    let own = object.client_id().is_none_or(|inside| inside == id)
        && object.iss.as_deref().is_none_or(|iss| iss == id);
    trail.require(Rule::RequestObjectMismatch, same_type && own, || {
        (
            format!("client_id and iss {id}, response_type {}", shown_or_none(outside)),
            format!(
                "client_id {}, iss {}, response_type {}",
                shown_or_none(object.client_id()),
                shown_or_none(object.iss.as_deref()),
                shown_or_none(inside)
            ),
        )
    })
}

fn for_this_server(object: &RequestObject, facts: &Facts<'_>, trail: &mut Trail) -> Result<(), Refusal> {
    let issuer = &facts.policy.issuer;
    let meant = object.aud.is_empty() || object.aud.contains(issuer);
    trail.require(Rule::RequestObjectAudience, meant, || {
        (issuer.clone(), listed(object.aud.iter().map(String::as_str)))
    })
}

#[cfg(test)]
#[path = "request_object_tests.rs"]
mod tests;
