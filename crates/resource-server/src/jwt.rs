//! Checking a JWT access token (RFC 9068 §4), but for whether it still counts, which only its issuer knows.

use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value};
use valetkey_jose::{Algorithm, JoseError, KeySet, jwt};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

use crate::access::{Access, Actor, Audience, Via};

/// How far the clocks of issuer and API may lie apart, in seconds.
pub(crate) const LEEWAY_SECONDS: i64 = 30;

/// What the token is held against.
pub(crate) struct Expected<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) resource: &'a str,
    pub(crate) algorithms: &'a [Algorithm],
    pub(crate) now: Timestamp,
}

impl Expected<'_> {
    fn header(&self) -> jwt::Expect<'_> {
        jwt::Expect {
            algs: self.algorithms,
            typ: Some("at+jwt"),
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    exp: Timestamp,
    iat: Timestamp,
    nbf: Option<Timestamp>,
    jti: String,
    client_id: String,
    scope: Option<Scope>,
    gid: Option<String>,
    act: Option<Actor>,
}

/// The name of the key that the token wants. What can be refused without a key is refused here, so that such tokens
/// make nobody fetch keys.
pub(crate) fn key_name(
    token: &str,
    expected: &Expected<'_>,
    trail: &mut Trail,
) -> Result<Option<String>, Refusal> {
    let no_keys = KeySet::default();
    if let Err(error) = jwt::verify::<IgnoredAny>(token, &no_keys, &expected.header())
        && error != JoseError::UnknownKey
    {
        return Err(refuse(&error, trail));
    }
    let unverified = jwt::Unverified::parse(token).map_err(|error| refuse(&error, trail))?;
    Ok(unverified.header().kid.clone())
}

/// Checks signature and claims.
pub(crate) fn check(
    token: &str,
    keys: &KeySet,
    expected: &Expected<'_>,
    trail: &mut Trail,
) -> Result<Access, Refusal> {
    let verified = jwt::verify::<Map<String, Value>>(token, keys, &expected.header());
    let all = verified.map_err(|error| refuse(&error, trail))?.claims;
    let claims: Claims = serde_json::from_value(Value::Object(all.clone())).map_err(|error| {
        trail.refuse(Refusal::new(
            Rule::AccessTokenMalformed,
            "the claims of RFC 9068",
            error.to_string(),
        ))
    })?;
    for rule in [Rule::AccessTokenMalformed].iter().chain(&SIGNATURE_ORDER) {
        trail.passed(*rule);
    }
    check_claims(&claims, expected, trail)?;
    Ok(Access {
        subject: claims.sub,
        client_id: claims.client_id,
        via: Via::Bearer,
        actor: claims.act,
        scope: claims.scope.unwrap_or_default(),
        grant_id: claims.gid,
        token_id: Some(claims.jti),
        expires_at: claims.exp,
        claims: Arc::new(all),
    })
}

/// The rules that [`jwt::verify`] holds, in its order.
const SIGNATURE_ORDER: [Rule; 4] = [
    Rule::AccessTokenAlgorithm,
    Rule::AccessTokenType,
    Rule::AccessTokenKeyUnknown,
    Rule::AccessTokenSignature,
];

fn check_claims(claims: &Claims, expected: &Expected<'_>, trail: &mut Trail) -> Result<(), Refusal> {
    check_issuer(&claims.iss, expected.issuer, trail)?;
    check_audience(&claims.aud, expected.resource, trail)?;
    check_times(
        Some(claims.exp),
        claims.nbf.max(Some(claims.iat)),
        expected.now,
        trail,
    )
}

pub(crate) fn check_issuer(received: &str, issuer: &str, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::AccessTokenIssuer, received == issuer, || {
        (issuer.to_owned(), received.to_owned())
    })
}

pub(crate) fn check_audience(received: &Audience, resource: &str, trail: &mut Trail) -> Result<(), Refusal> {
    let Audience(audience) = received;
    trail.require(
        Rule::AccessTokenAudience,
        audience.iter().any(|aud| aud == resource),
        || (resource.to_owned(), audience.join(" ")),
    )
}

/// The end is taken by the letter, the beginning with some leeway: a token that just came must not fail.
pub(crate) fn check_times(
    ends: Option<Timestamp>,
    begins: Option<Timestamp>,
    now: Timestamp,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let ended = ends.is_some_and(|ends| ends <= now);
    trail.require(Rule::AccessTokenExpired, !ended, || {
        let ends = ends.map(|ends| ends.to_string()).unwrap_or_default();
        (format!("exp after {now}"), format!("exp {ends}"))
    })?;
    let begun = begins.is_none_or(|begins| begins <= now.plus_seconds(LEEWAY_SECONDS));
    trail.require(Rule::AccessTokenNotYetValid, begun, || {
        let begins = begins.map(|begins| begins.to_string()).unwrap_or_default();
        (format!("nbf and iat not after {now}"), begins)
    })
}

fn refuse(error: &JoseError, trail: &mut Trail) -> Refusal {
    let (rule, expected) = match error {
        JoseError::AlgorithmNotAllowed { .. } => {
            (Rule::AccessTokenAlgorithm, "an algorithm of the published keys")
        }
        JoseError::Type => (Rule::AccessTokenType, "typ at+jwt"),
        JoseError::UnknownKey => (Rule::AccessTokenKeyUnknown, "a published key"),
        JoseError::BadSignature => (Rule::AccessTokenSignature, "a good signature"),
        _ => (Rule::AccessTokenMalformed, "a signed JWT"),
    };
    // The trail shows how far the token came.
    let passed = SIGNATURE_ORDER.iter().position(|one| *one == rule);
    if let Some(passed) = passed {
        trail.passed(Rule::AccessTokenMalformed);
        for rule in SIGNATURE_ORDER.iter().take(passed) {
            trail.passed(*rule);
        }
    }
    trail.refuse(Refusal::new(rule, expected, error.to_string()))
}
