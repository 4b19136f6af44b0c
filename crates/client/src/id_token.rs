//! ID token validation (OpenID Connect Core §3.1.3.7; on refresh §12.2), in the order of the spec's list.

use serde_json::Value;
use valetkey_jose::{Algorithm, JoseError, hash};
use valetkey_protocol::claims_request::Asked;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::AccessToken;
use valetkey_protocol::time::Timestamp;

use crate::{Client, Error, IdClaims};

/// How far the clocks of client and server may lie apart, in seconds.
pub(crate) const LEEWAY_SECONDS: i64 = 30;

/// What the claims are held against.
#[derive(Clone, Copy)]
pub(crate) struct Expected<'a> {
    pub(crate) access_token: &'a AccessToken,
    pub(crate) nonce: Nonce<'a>,
    pub(crate) max_age: Option<i64>,
    /// The `acr` that was asked for as essential.
    pub(crate) acr: Option<&'a Asked>,
    /// The person who was meant, when one was.
    pub(crate) sub: Option<&'a str>,
    /// The claims of the ID token before, on refresh.
    pub(crate) earlier: Option<&'a IdClaims>,
    pub(crate) now: Timestamp,
}

/// What is known about the nonce.
#[derive(Clone, Copy)]
pub(crate) enum Nonce<'a> {
    /// It was sent: it must come back.
    Sent(&'a str),
    /// A refreshed ID token may carry the nonce of the first one, or none.
    Earlier(Option<&'a str>),
}

/// Checks the signature and every claim.
pub(crate) async fn check(
    client: &Client,
    token: &str,
    expected: &Expected<'_>,
    trail: &mut Trail,
) -> Result<IdClaims, Error> {
    let verified = client.verify::<IdClaims>(token, expected.now).await?;
    let verified = verified.map_err(|error| trail.refuse(refusal(&error, &client.id_token_algorithms())))?;
    trail.passed(Rule::IdTokenMalformed);
    trail.passed(Rule::IdTokenSignature);
    check_type(verified.header.typ.as_deref(), trail)?;
    let claims = verified.claims;
    check_issuer(client, &claims, trail)?;
    check_audience(client, &claims, trail)?;
    check_times(&claims, expected.now, trail)?;
    check_nonce(&claims, expected.nonce, trail)?;
    check_max_age(&claims, expected, trail)?;
    check_acr(&claims, expected.acr, trail)?;
    check_access_token_hash(&claims, &verified.header.alg, expected.access_token, trail)?;
    check_person(&claims, expected.sub, trail)?;
    if let Some(earlier) = expected.earlier {
        check_same_person(&claims, earlier, trail)?;
    }
    Ok(claims)
}

fn refusal(error: &JoseError, algs: &[Algorithm]) -> Refusal {
    signature_refusal(error, algs, Rule::IdTokenSignature)
        .unwrap_or_else(|| Refusal::new(Rule::IdTokenMalformed, "an ID token", error.to_string()))
}

/// The refusal by `rule` when it is the signature that is wrong, and not what was signed.
pub(crate) fn signature_refusal(error: &JoseError, algs: &[Algorithm], rule: Rule) -> Option<Refusal> {
    match error {
        JoseError::AlgorithmNotAllowed { received } => {
            let names: Vec<_> = algs.iter().map(|alg| alg.as_str()).collect();
            Some(Refusal::new(rule, names.join(" or "), received))
        }
        JoseError::BadSignature | JoseError::UnknownKey => {
            Some(Refusal::new(rule, "a key of the issuer", error.to_string()))
        }
        _ => None,
    }
}

/// Another kind of token of the same issuer, as an access token (`at+jwt`), is no ID token (RFC 8725 §3.11).
fn check_type(typ: Option<&str>, trail: &mut Trail) -> Result<(), Refusal> {
    let is_jwt =
        typ.is_none_or(|typ| typ.eq_ignore_ascii_case("JWT") || typ.eq_ignore_ascii_case("application/jwt"));
    trail.require(Rule::IdTokenMalformed, is_jwt, || {
        ("typ JWT".to_owned(), typ.unwrap_or_default().to_owned())
    })
}

fn check_issuer(client: &Client, claims: &IdClaims, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::IdTokenIssuer, claims.iss == client.issuer(), || {
        (client.issuer().to_owned(), claims.iss.clone())
    })
}

/// This client must be an audience; among several, `azp` must say that the token was made for it.
fn check_audience(client: &Client, claims: &IdClaims, trail: &mut Trail) -> Result<(), Refusal> {
    let me = client.client_id();
    let listed = claims.aud.iter().any(|aud| aud == me);
    let authorized = match &claims.azp {
        Some(azp) => azp == me,
        None => claims.aud.len() == 1,
    };
    trail.require(Rule::IdTokenAudience, listed && authorized, || {
        let azp = claims.azp.as_deref().unwrap_or("none");
        (me.to_owned(), format!("aud {}, azp {azp}", claims.aud.join(" ")))
    })
}

fn check_times(claims: &IdClaims, now: Timestamp, trail: &mut Trail) -> Result<(), Refusal> {
    let alive = now < claims.exp.plus_seconds(LEEWAY_SECONDS);
    let born = claims.iat <= now.plus_seconds(LEEWAY_SECONDS);
    trail.require(Rule::IdTokenExpired, alive && born, || {
        (
            format!("iat before and exp after {now}"),
            format!("iat {}, exp {}", claims.iat, claims.exp),
        )
    })
}

fn check_nonce(claims: &IdClaims, nonce: Nonce<'_>, trail: &mut Trail) -> Result<(), Refusal> {
    let received = claims.nonce.as_deref();
    let holds = match nonce {
        Nonce::Sent(sent) => received == Some(sent),
        Nonce::Earlier(earlier) => received.is_none() || received == earlier,
    };
    trail.require(Rule::IdTokenNonce, holds, || {
        let received = if received.is_some() {
            "another nonce"
        } else {
            "no nonce"
        };
        ("the nonce that was sent".to_owned(), received.to_owned())
    })
}

/// Who asked for a fresh sign-in must look whether it was one (§3.1.3.7, 13). Without that question nothing is checked.
fn check_max_age(claims: &IdClaims, expected: &Expected<'_>, trail: &mut Trail) -> Result<(), Refusal> {
    let Some(max_age) = expected.max_age else {
        return Ok(());
    };
    let age = claims.auth_time.map(|at| expected.now.seconds_since(at));
    let fresh =
        age.is_some_and(|age| age >= -LEEWAY_SECONDS && age <= max_age.saturating_add(LEEWAY_SECONDS));
    trail.require(Rule::IdTokenExpired, fresh, || {
        let received = age.map_or_else(|| "no auth_time".to_owned(), |age| format!("{age} seconds ago"));
        (format!("a sign-in at most {max_age} seconds ago"), received)
    })
}

/// Who asked for an essential `acr` must not take a lesser one (§5.5.1.1). Without that question nothing is checked.
fn check_acr(claims: &IdClaims, asked: Option<&Asked>, trail: &mut Trail) -> Result<(), Refusal> {
    let Some(asked) = asked else {
        return Ok(());
    };
    let received = claims.more.get("acr").filter(|acr| acr.is_string());
    let holds = received.is_some_and(|acr| asked.accepts(acr));
    trail.require(Rule::IdTokenAcr, holds, || {
        let values = asked.value.iter().chain(&asked.values).map(Value::to_string);
        let values: Vec<_> = values.collect();
        let expected = if values.is_empty() {
            "an acr".to_owned()
        } else {
            values.join(" or ")
        };
        (
            expected,
            received.map_or_else(|| "no acr".to_owned(), Value::to_string),
        )
    })
}

/// A server that was told by a hint who is meant answers about nobody else (§3.1.2.1, `id_token_hint`).
fn check_person(claims: &IdClaims, meant: Option<&str>, trail: &mut Trail) -> Result<(), Refusal> {
    let Some(meant) = meant else {
        return Ok(());
    };
    trail.require(Rule::IdTokenSubjectDiffers, claims.sub == meant, || {
        (meant.to_owned(), claims.sub.clone())
    })
}

/// `at_hash`, where present, ties the ID token to the access token beside it (§3.1.3.8).
fn check_access_token_hash(
    claims: &IdClaims,
    alg: &str,
    access_token: &AccessToken,
    trail: &mut Trail,
) -> Result<(), Refusal> {
    let (Some(received), Ok(alg)) = (&claims.at_hash, alg.parse()) else {
        return Ok(());
    };
    let computed = hash::left_half_b64(alg, access_token.expose());
    trail.require(Rule::IdTokenMalformed, *received == computed, || {
        (
            "at_hash of the access token".to_owned(),
            "another at_hash".to_owned(),
        )
    })
}

/// A refreshed ID token is about the same person, from the same issuer to the same audience (§12.2).
fn check_same_person(claims: &IdClaims, earlier: &IdClaims, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(Rule::IdTokenSubjectDiffers, claims.sub == earlier.sub, || {
        (earlier.sub.clone(), claims.sub.clone())
    })?;
    trail.require(Rule::IdTokenIssuer, claims.iss == earlier.iss, || {
        (earlier.iss.clone(), claims.iss.clone())
    })?;
    let holds = earlier.aud.iter().all(|aud| claims.aud.contains(aud));
    trail.require(Rule::IdTokenAudience, holds, || {
        (earlier.aud.join(" "), claims.aud.join(" "))
    })
}
