//! Reading the authorization server's word on a token (RFC 7662 §2.2). "Active" is not enough: it must be an access token
//! of this issuer for this API.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

use crate::access::{Access, Actor, Audience, Via};
use crate::jwt::{Expected, check_audience, check_issuer, check_times};
use crate::remembered::Unavailable;
use crate::stop::Stop;

/// The answer's members, as far as they matter.
#[derive(Deserialize)]
pub(crate) struct Answer {
    active: bool,
    iss: Option<String>,
    #[serde(default)]
    aud: Audience,
    token_type: Option<String>,
    exp: Option<Timestamp>,
    nbf: Option<Timestamp>,
    sub: Option<String>,
    client_id: Option<String>,
    scope: Option<Scope>,
    jti: Option<String>,
    grant_id: Option<String>,
    act: Option<Actor>,
}

/// What the answer gives; `ends` is `None` when the server does not tell.
pub(crate) struct Told {
    pub(crate) access: Access,
    pub(crate) ends: Option<Timestamp>,
}

/// Reads and checks an answer.
pub(crate) fn check(body: &[u8], expected: &Expected<'_>, trail: &mut Trail) -> Result<Told, Stop> {
    let unreadable = |error: serde_json::Error| Unavailable(format!("the introspection answer: {error}"));
    let all: Map<String, Value> = serde_json::from_slice(body).map_err(unreadable)?;
    let answer: Answer = serde_json::from_value(Value::Object(all.clone())).map_err(unreadable)?;
    check_active(&answer, trail)?;
    check_issuer(
        answer.iss.as_deref().unwrap_or(expected.issuer),
        expected.issuer,
        trail,
    )?;
    check_audience(&answer.aud, expected.resource, trail)?;
    check_times(answer.exp, answer.nbf, expected.now, trail)?;
    let Some(client_id) = answer.client_id else {
        return Err(Unavailable("the introspection answer names no client".to_owned()).into());
    };
    let access = Access {
        subject: answer.sub.unwrap_or_else(|| client_id.clone()),
        client_id,
        via: Via::Bearer,
        actor: answer.act,
        scope: answer.scope.unwrap_or_default(),
        grant_id: answer.grant_id,
        token_id: answer.jti,
        expires_at: answer.exp.unwrap_or(expected.now),
        claims: Arc::new(all),
    };
    Ok(Told {
        access,
        ends: answer.exp,
    })
}

/// A refresh token may be active too, and must not open an API.
fn check_active(answer: &Answer, trail: &mut Trail) -> Result<(), Refusal> {
    let kind = answer.token_type.as_deref().unwrap_or("Bearer");
    let is_access_token = kind.eq_ignore_ascii_case("bearer");
    trail.require(
        Rule::AccessTokenInactive,
        answer.active && is_access_token,
        || {
            let received = if answer.active {
                format!("token_type {kind}")
            } else {
                "active: false".to_owned()
            };
            ("active: true".to_owned(), received)
        },
    )
}
