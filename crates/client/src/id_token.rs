//! ID token validation (OpenID Connect Core §3.1.3.7; on refresh §12.2), in the order of the spec's list.

use valetkey_jose::{Algorithm, JoseError, KeySet, hash, jwt};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::AccessToken;
use valetkey_protocol::time::Timestamp;

use crate::{Client, Error, IdClaims};

/// How far the clocks of client and server may lie apart, in seconds.
const LEEWAY_SECONDS: i64 = 30;

/// What the claims are held against.
pub(crate) struct Expected<'a> {
    pub(crate) access_token: &'a AccessToken,
    pub(crate) nonce: Nonce<'a>,
    pub(crate) max_age: Option<i64>,
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
    let verified = verify_with_known_or_new_keys(client, token, trail).await?;
    check_type(verified.header.typ.as_deref(), trail)?;
    let claims = verified.claims;
    check_issuer(client, &claims, trail)?;
    check_audience(client, &claims, trail)?;
    check_times(&claims, expected.now, trail)?;
    check_nonce(&claims, expected.nonce, trail)?;
    check_max_age(&claims, expected, trail)?;
    check_access_token_hash(&claims, &verified.header.alg, expected.access_token, trail)?;
    if let Some(earlier) = expected.earlier {
        check_same_person(&claims, earlier, trail)?;
    }
    Ok(claims)
}

/// An unknown key means that the server has changed its keys: they are fetched once.
async fn verify_with_known_or_new_keys(
    client: &Client,
    token: &str,
    trail: &mut Trail,
) -> Result<jwt::Verified<IdClaims>, Error> {
    let algs = client.id_token_algorithms();
    let mut outcome = verify(token, &client.known_keys(), &algs);
    if outcome == Err(JoseError::UnknownKey) {
        outcome = verify(token, &*client.fetch_keys().await?, &algs);
    }
    outcome
        .map_err(|error| Error::Refused(trail.refuse(refusal(&error, &algs))))
        .inspect(|_| {
            trail.passed(Rule::IdTokenMalformed);
            trail.passed(Rule::IdTokenSignature);
        })
}

fn verify(token: &str, keys: &KeySet, algs: &[Algorithm]) -> Result<jwt::Verified<IdClaims>, JoseError> {
    jwt::verify(token, keys, &jwt::Expect { algs, typ: None })
}

fn refusal(error: &JoseError, algs: &[Algorithm]) -> Refusal {
    match error {
        JoseError::AlgorithmNotAllowed { received } => {
            let names: Vec<_> = algs.iter().map(|alg| alg.as_str()).collect();
            Refusal::new(Rule::IdTokenSignature, names.join(" or "), received)
        }
        JoseError::BadSignature | JoseError::UnknownKey => {
            Refusal::new(Rule::IdTokenSignature, "a key of the issuer", error.to_string())
        }
        other => Refusal::new(Rule::IdTokenMalformed, "an ID token", other.to_string()),
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
    let fresh = age.is_some_and(|age| age <= max_age.saturating_add(LEEWAY_SECONDS));
    trail.require(Rule::IdTokenExpired, fresh, || {
        let received = age.map_or_else(|| "no auth_time".to_owned(), |age| format!("{age} seconds ago"));
        (format!("a sign-in at most {max_age} seconds ago"), received)
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
