//! Reading the authorization server's word on a signature. Good is what it says is good, of this API and of the consumer
//! that the request names; what it refuses, it refuses by a rule, which this API passes on (RFC 5849 §3.2).

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value};
use valetkey_protocol::rule::{Answer as Kind, Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

use super::request::Signed;
use crate::access::{Access, Actor, Audience, Via};
use crate::remembered::Unavailable;
use crate::stop::Stop;

/// How the answer names what was verified.
const TOKEN_TYPE: &str = "oauth1";

/// The answer's members, as far as they matter.
#[derive(Deserialize)]
struct Answer {
    active: bool,
    rule: Option<String>,
    token_type: Option<String>,
    iss: Option<String>,
    #[serde(default)]
    aud: Audience,
    exp: Option<Timestamp>,
    sub: Option<String>,
    client_id: Option<String>,
    scope: Option<Scope>,
    grant_id: Option<String>,
    act: Option<Actor>,
}

/// What the answer is held against.
pub(super) struct Expected<'a> {
    pub(super) signed: &'a Signed,
    pub(super) consumer: &'a str,
    pub(super) issuer: &'a str,
    pub(super) resource: &'a str,
    pub(super) now: Timestamp,
}

/// Reads and checks an answer.
pub(super) fn check(body: &[u8], expected: &Expected<'_>, trail: &mut Trail) -> Result<Access, Stop> {
    let unreadable = |error: serde_json::Error| Unavailable(format!("the answer about a signature: {error}"));
    let all: Map<String, Value> = serde_json::from_slice(body).map_err(unreadable)?;
    let answer: Answer = serde_json::from_value(Value::Object(all.clone())).map_err(unreadable)?;
    check_verified(&answer, expected, trail)?;
    check_of_this_api(&answer, expected, trail)?;
    let in_time = answer.exp.is_none_or(|ends| ends > expected.now);
    trail.require(Rule::OAuth1TokenExpired, in_time, || {
        let ends = answer.exp.map(|ends| ends.to_string()).unwrap_or_default();
        (format!("exp after {}", expected.now), format!("exp {ends}"))
    })?;
    Ok(Access {
        subject: answer.sub.unwrap_or_else(|| expected.consumer.to_owned()),
        client_id: expected.consumer.to_owned(),
        via: Via::OAuth1,
        actor: answer.act,
        scope: answer.scope.unwrap_or_default(),
        grant_id: answer.grant_id,
        token_id: None,
        expires_at: answer.exp.unwrap_or(expected.now),
        claims: Arc::new(all),
    })
}

/// Another kind of token, or an answer of another server, would be the server's mistake and is nobody's access.
fn check_verified(answer: &Answer, expected: &Expected<'_>, trail: &mut Trail) -> Result<(), Stop> {
    if !answer.active {
        let rule = refusing(answer.rule.as_deref());
        let wanted = if rule == Rule::OAuth1SignatureInvalid {
            expected.signed.base_string.clone()
        } else {
            String::new()
        };
        let received = "refused by the authorization server";
        return Err(trail.refuse(Refusal::new(rule, wanted, received)).into());
    }
    let kind = answer.token_type.as_deref().unwrap_or_default();
    let issuer = answer.iss.as_deref().unwrap_or(expected.issuer);
    if kind != TOKEN_TYPE || issuer != expected.issuer {
        let what = format!("the answer about a signature: token_type {kind:?} of {issuer:?}");
        return Err(Unavailable(what).into());
    }
    trail.passed(Rule::OAuth1SignatureInvalid);
    Ok(())
}

/// The rule that the server names. One that this version does not know still refuses.
fn refusing(id: Option<&str>) -> Rule {
    id.and_then(Rule::from_id)
        .filter(|rule| rule.info().answer == Kind::OAuthProblem)
        .unwrap_or(Rule::OAuth1TokenUnknown)
}

fn check_of_this_api(answer: &Answer, expected: &Expected<'_>, trail: &mut Trail) -> Result<(), Stop> {
    let Some(client_id) = &answer.client_id else {
        return Err(Unavailable("the answer about a signature names no client".to_owned()).into());
    };
    trail.require(
        Rule::OAuth1TokenOtherConsumer,
        client_id == expected.consumer,
        || (expected.consumer.to_owned(), client_id.clone()),
    )?;
    let Audience(audience) = &answer.aud;
    let here = audience.iter().any(|aud| aud == expected.resource);
    trail.require(Rule::OAuth1OtherResource, here, || {
        (expected.resource.to_owned(), audience.join(" "))
    })?;
    Ok(())
}
