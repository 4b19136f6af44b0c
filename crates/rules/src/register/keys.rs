//! `jwks` or `jwks_uri` (RFC 7591 §2): public keys, one way or the other, fit for what the client registers. What a
//! document at `jwks_uri` holds is seen when it is needed.

use super::Method;
use super::algorithms::Algorithms;
use super::web::{self, Fragment};
use crate::shown::shown;
use serde_json::{Map, Value};
use valetkey_jose::jwe::{EncryptingKey, KeyManagement};
use valetkey_jose::{JwkSet, KeySet};
use valetkey_model::client::ClientKeys;
use valetkey_protocol::register::ClientMetadata;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// The members of a JWK that are the owner's alone (RFC 7518 §6, RFC 8037 §2).
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

pub(super) fn read(
    asked: &ClientMetadata,
    method: Method,
    algorithms: &Algorithms,
    on_this_machine: bool,
    trail: &mut Trail,
) -> Result<Option<ClientKeys>, Refusal> {
    match (&asked.jwks, asked.jwks_uri.as_deref()) {
        (Some(_), Some(_)) => {
            let twice = Refusal::new(Rule::RegisterKeysTwice, "jwks or jwks_uri", "both");
            Err(trail.refuse(twice))
        }
        (Some(jwks), None) => {
            trail.passed(Rule::RegisterKeysTwice);
            let jwks = public(jwks, method, algorithms, trail)?;
            trail.passed(Rule::RegisterKeysMissing);
            Ok(Some(ClientKeys::Jwks(jwks)))
        }
        (None, Some(uri)) => {
            trail.passed(Rule::RegisterKeysTwice);
            let sound = web::address(uri, on_this_machine, Fragment::Refused).is_some();
            trail.require(Rule::RegisterUriNotHttps, sound, || {
                ("an https address as jwks_uri".into(), shown(uri))
            })?;
            trail.passed(Rule::RegisterKeysMissing);
            Ok(Some(ClientKeys::JwksUri(uri.to_owned())))
        }
        (None, None) => {
            let needs_keys = method == Method::PrivateKeyJwt || algorithms.key_managements().next().is_some();
            trail.require(Rule::RegisterKeysMissing, !needs_keys, || {
                ("jwks or jwks_uri".into(), "neither".into())
            })?;
            Ok(None)
        }
    }
}

/// The set as it is stored: the public members of the keys that are understood, and nothing else.
fn public(
    jwks: &Map<String, Value>,
    method: Method,
    algorithms: &Algorithms,
    trail: &mut Trail,
) -> Result<String, Refusal> {
    let private = jwks
        .get("keys")
        .and_then(Value::as_array)
        .is_some_and(|keys| keys.iter().any(is_private));
    trail.require(Rule::RegisterKeysPrivate, !private, || {
        ("public keys".into(), "a private or a shared key".into())
    })?;
    let unusable = |trail: &mut Trail, why: &str| {
        let refusal = Refusal::new(Rule::RegisterKeysUnusable, "a JWK set with a key that fits", why);
        trail.refuse(refusal)
    };
    let text = serde_json::to_string(jwks).unwrap_or_default();
    let set = JwkSet::from_json(&text).map_err(|_| unusable(trail, "no JWK set"))?;
    let verifying = !KeySet::from_jwks(&set).is_empty();
    if method == Method::PrivateKeyJwt && !verifying {
        return Err(unusable(trail, "no key that checks signatures"));
    }
    if let Some(alg) = algorithms
        .key_managements()
        .find(|alg| EncryptingKey::select(&set, *alg, None).is_err())
    {
        return Err(unusable(trail, &format!("no key to encrypt to with {alg}")));
    }
    let encrypting = KeyManagement::ALL
        .into_iter()
        .any(|alg| EncryptingKey::select(&set, alg, None).is_ok());
    if !verifying && !encrypting {
        return Err(unusable(trail, "no key of a known kind"));
    }
    trail.passed(Rule::RegisterKeysUnusable);
    Ok(serde_json::to_string(&set).unwrap_or_default())
}

fn is_private(key: &Value) -> bool {
    key.get("kty").and_then(Value::as_str) == Some("oct")
        || PRIVATE.iter().any(|member| key.get(member).is_some())
}
