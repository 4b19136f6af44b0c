//! A client that proves itself by a JWT it signed (RFC 7521 §4.2, RFC 7523 §2.2, §3; OpenID Connect Core §9): with the secret
//! that both know (`client_secret_jwt`) or with its own private key (`private_key_jwt`).
//!
//! Which of the two it is, the registration says and never the assertion: a public key cannot be taken for a shared secret,
//! nor the other way round. The order: algorithm and key, signature, whose it is, for whom it is, when; a `jti` is handed
//! on to be remembered only when all of that is good, so that nobody else can use up a client's.

use super::Facts;
use crate::once::Once;
use crate::policy::Policy;
use crate::sealed::Purpose;
use crate::shown::{listed, shown};
use serde::{Deserialize, Deserializer};
use valetkey_jose::hs256::{self, HmacKey};
use valetkey_jose::jwt::{self, Unverified};
use valetkey_jose::{Algorithm, JoseError, KeySet};
use valetkey_model::client::Authentication;
use valetkey_model::{Client, SealedSecret};
use valetkey_protocol::client_auth::{JWT_BEARER, Presented};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::{ClientAssertion, ClientSecret};
use valetkey_protocol::time::Timestamp;

/// What a client's assertions are checked with.
#[derive(Clone, Copy)]
pub(super) enum Key<'a> {
    Secret(&'a SealedSecret),
    Public,
}

impl<'a> Key<'a> {
    pub(super) fn of(client: &'a Client) -> Option<Self> {
        match &client.authentication {
            Authentication::ClientSecretJwt { secret } => Some(Self::Secret(secret)),
            Authentication::PrivateKeyJwt => Some(Self::Public),
            Authentication::None
            | Authentication::ClientSecretBasic { .. }
            | Authentication::ClientSecretPost { .. }
            | Authentication::ClientSecret { .. } => None,
        }
    }

    fn algorithms(self, client: &Client) -> String {
        match (self, &client.openid.token_endpoint_auth_signing_alg) {
            (_, Some(registered)) => registered.clone(),
            (Self::Secret(_), None) => hs256::ALG.to_owned(),
            (Self::Public, None) => Algorithm::ALL.map(Algorithm::as_str).join(", "),
        }
    }
}

/// What an assertion may be signed with: the one algorithm that the client registered, or any (OpenID Connect
/// Registration §2, `token_endpoint_auth_signing_alg`).
fn public_algorithms(client: &Client) -> Vec<Algorithm> {
    match &client.openid.token_endpoint_auth_signing_alg {
        Some(registered) => registered.parse().into_iter().collect(),
        None => Algorithm::ALL.to_vec(),
    }
}

/// Whether none of the keys has made the assertion: none has the name in its header, or, when it names none, none fits
/// its signature. What is no JWT was made with no key at all.
pub(super) fn is_by_none_of(assertion: &ClientAssertion, keys: Option<&KeySet>) -> bool {
    let Ok(unverified) = Unverified::parse(assertion.expose()) else {
        return false;
    };
    let Some(keys) = keys else {
        return true;
    };
    match &unverified.header().kid {
        Some(kid) => keys.get(kid).is_none(),
        None => {
            let expect = jwt::Expect {
                algs: &Algorithm::ALL,
                typ: None,
            };
            jwt::verify::<Claims>(assertion.expose(), keys, &expect).is_err()
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(deserialize_with = "seconds")]
    exp: Timestamp,
    #[serde(default, deserialize_with = "seconds_where_there")]
    nbf: Option<Timestamp>,
    #[serde(default, deserialize_with = "seconds_where_there")]
    iat: Option<Timestamp>,
    jti: String,
}

/// One text or a list of texts (RFC 7519 §4.1.3).
#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

impl Audience {
    fn texts(&self) -> &[String] {
        match self {
            Self::One(text) => std::slice::from_ref(text),
            Self::Several(texts) => texts,
        }
    }
}

/// A NumericDate may have a fraction (RFC 7519 §2).
#[derive(Deserialize)]
#[serde(untagged)]
enum NumericDate {
    Whole(i64),
    Fraction(f64),
}

impl NumericDate {
    /// A fraction of a second does not count; a number that is too large becomes the largest.
    fn seconds(self) -> Timestamp {
        Timestamp(match self {
            Self::Whole(seconds) => seconds,
            Self::Fraction(seconds) => seconds.floor() as i64,
        })
    }
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    NumericDate::deserialize(deserializer).map(NumericDate::seconds)
}

fn seconds_where_there<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    seconds(deserializer).map(Some)
}

/// The assertion of the request, when it says in the right way that it has one.
pub(super) fn shown_by<'a>(
    presented: &'a Presented,
    trail: &mut Trail,
) -> Result<Option<&'a ClientAssertion>, Refusal> {
    let (assertion, kind) = (presented.assertion.as_ref(), presented.assertion_type.as_deref());
    if assertion.is_none() && kind.is_none() {
        return Ok(None);
    }
    let right = assertion.is_some() && kind == Some(JWT_BEARER);
    trail.require(Rule::ClientAssertionTypeUnsupported, right, || {
        let received = match (assertion, kind) {
            (_, None) => "a client_assertion without a client_assertion_type".to_owned(),
            (None, Some(_)) => "a client_assertion_type without a client_assertion".to_owned(),
            (Some(_), Some(kind)) => shown(kind),
        };
        (format!("client_assertion and {JWT_BEARER}"), received)
    })?;
    Ok(assertion)
}

/// Whose assertion it says it is. Nothing is proven yet.
pub(super) fn claimed_subject(assertion: &ClientAssertion, trail: &mut Trail) -> Result<String, Refusal> {
    #[derive(Deserialize)]
    struct Subject {
        sub: String,
    }
    Unverified::parse(assertion.expose())
        .and_then(|assertion| assertion.unverified_claims::<Subject>())
        .map(|claims| claims.sub)
        .map_err(|error| trail.refuse(unread(&error, "a JWT")))
}

/// Checks the assertion of the client.
pub(super) fn check(
    assertion: &ClientAssertion,
    key: Key<'_>,
    (client, facts): (&Client, &Facts<'_>),
    trail: &mut Trail,
) -> Result<Once, Refusal> {
    let claims = verified(assertion.expose(), key, (client, facts)).map_err(|error| {
        let algorithms = key.algorithms(client);
        trail.refuse(unread(&error, &algorithms))
    })?;
    for rule in [
        Rule::ClientAssertionMalformed,
        Rule::ClientAssertionAlgorithm,
        Rule::ClientAssertionKeyUnknown,
        Rule::ClientAssertionSignature,
    ] {
        trail.passed(rule);
    }
    let own = claims.iss == client.id.as_str() && claims.sub == client.id.as_str();
    trail.require(Rule::ClientAssertionSubject, own, || {
        (
            format!("iss and sub {}", client.id),
            format!("iss {}, sub {}", shown(&claims.iss), shown(&claims.sub)),
        )
    })?;
    for_this_server(&claims.aud, facts, trail)?;
    in_time(&claims, facts.policy, facts.now, trail)?;
    let forgotten_at = claims.exp.plus_seconds(facts.policy.clock_leeway_seconds);
    Ok(Once::assertion(&client.id, &claims.jti, forgotten_at))
}

fn verified(
    assertion: &str,
    key: Key<'_>,
    (client, facts): (&Client, &Facts<'_>),
) -> Result<Claims, JoseError> {
    let claims: Claims = match key {
        Key::Secret(sealed) => {
            let registered = client.openid.token_endpoint_auth_signing_alg.as_deref();
            if registered.is_some_and(|alg| alg != hs256::ALG) {
                return Err(JoseError::AlgorithmNotAllowed {
                    received: hs256::ALG.to_owned(),
                });
            }
            let secret: ClientSecret = facts
                .secrets
                .open(Purpose::ClientSecretJwt, &client.id, sealed)
                .ok_or(JoseError::Decrypt)?;
            let key = HmacKey::new(secret.expose().as_bytes())?;
            hs256::verify(assertion, &key, None)?.claims
        }
        Key::Public => {
            let expect = jwt::Expect {
                algs: &public_algorithms(client),
                typ: None,
            };
            let keys = facts.keys.ok_or(JoseError::BadKey)?;
            jwt::verify(assertion, keys, &expect)?.claims
        }
    };
    if claims.jti.is_empty() {
        return Err(JoseError::Claims);
    }
    Ok(claims)
}

/// What came instead of a good assertion, by the rule that it breaks.
fn unread(error: &JoseError, algorithms: &str) -> Refusal {
    match error {
        JoseError::AlgorithmNotAllowed { received } => {
            Refusal::new(Rule::ClientAssertionAlgorithm, algorithms, shown(received))
        }
        JoseError::UnknownKey | JoseError::BadKey | JoseError::Decrypt => Refusal::new(
            Rule::ClientAssertionKeyUnknown,
            "a key that is registered for the client and can be had",
            error.to_string(),
        ),
        JoseError::BadSignature => Refusal::new(
            Rule::ClientAssertionSignature,
            "a signature by the client's key",
            "another one",
        ),
        other => Refusal::new(
            Rule::ClientAssertionMalformed,
            "a signed JWT with iss, sub, aud, exp and jti",
            other.to_string(),
        ),
    }
}

/// The issuer always does. An endpoint does only where the policy is not strict, and then beside others, as libraries
/// still send it; a strict server wants to be the only one meant, so that nobody can be made to sign for it unawares
/// (audience injection).
fn for_this_server(audience: &Audience, facts: &Facts<'_>, trail: &mut Trail) -> Result<(), Refusal> {
    let (texts, issuer) = (audience.texts(), &facts.policy.issuer);
    let strict = facts.policy.assertion_audience_issuer_only;
    let meant = if strict {
        matches!(texts, [only] if only == issuer)
    } else {
        texts
            .iter()
            .any(|text| text == issuer || text == facts.token_endpoint || text == facts.endpoint)
    };
    trail.require(Rule::ClientAssertionAudience, meant, || {
        let expected = if strict {
            format!("{issuer} alone")
        } else {
            format!("{issuer} (or {})", facts.token_endpoint)
        };
        (expected, listed(texts.iter().map(String::as_str)))
    })
}

fn in_time(claims: &Claims, policy: &Policy, now: Timestamp, trail: &mut Trail) -> Result<(), Refusal> {
    let leeway = policy.clock_leeway_seconds;
    let soon = now.plus_seconds(leeway);
    let latest = soon.plus_seconds(policy.assertion_ttl_seconds);
    let not_over = now < claims.exp.plus_seconds(leeway);
    let begun = [claims.nbf, claims.iat]
        .into_iter()
        .flatten()
        .all(|time| time <= soon);
    let valid = not_over && claims.exp <= latest && begun;
    trail.require(Rule::ClientAssertionExpired, valid, || {
        let show = |time: Option<Timestamp>| time.map_or_else(|| "none".to_owned(), |time| time.to_string());
        (
            format!("exp between {now} and {latest}, and neither iat nor nbf after {soon}"),
            format!(
                "exp {}, iat {}, nbf {}",
                claims.exp,
                show(claims.iat),
                show(claims.nbf)
            ),
        )
    })
}

#[cfg(test)]
#[path = "assertion_tests.rs"]
mod tests;
