//! PKCE (RFC 7636 §4.3, RFC 9700 §2.1.1): public clients must use it, others unless their registration
//! says no. Only S256 exists here; who sends a challenge sends a good one, also where none is required.

use super::redirect_uri::Trusted;
use super::resource::Aimed;
use crate::shown::{shown, shown_or_none};
use std::collections::BTreeSet;
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::scope::Scope;

/// A request whose code will be bound to its challenge, where it has one.
pub(super) struct Bound<'a> {
    pub(super) trusted: &'a Trusted<'a>,
    pub(super) response_type: ResponseType,
    pub(super) scope: Scope,
    pub(super) resources: BTreeSet<ResourceIndicator>,
    pub(super) code_challenge: Option<CodeChallenge>,
}

pub(super) fn bound<'a>(aimed: Aimed<'a>, trail: &mut Trail) -> Result<Bound<'a>, Refusal> {
    let Aimed {
        trusted,
        response_type,
        scope,
        resources,
    } = aimed;
    let code_challenge = if response_type.code {
        challenge(trusted, trail)?
    } else {
        None
    };
    Ok(Bound {
        trusted,
        response_type,
        scope,
        resources,
        code_challenge,
    })
}

fn challenge(trusted: &Trusted<'_>, trail: &mut Trail) -> Result<Option<CodeChallenge>, Refusal> {
    let request = trusted.request;
    let method = request.code_challenge_method.as_deref();
    let challenge = request.code_challenge.as_deref();
    let may_be_absent = !trusted.client.must_use_pkce() && method.is_none();
    trail.require(
        Rule::PkceChallengeMissing,
        challenge.is_some() || may_be_absent,
        || ("a code_challenge".into(), "none".into()),
    )?;
    challenge.map(|text| s256(text, method, trail)).transpose()
}

fn s256(text: &str, method: Option<&str>, trail: &mut Trail) -> Result<CodeChallenge, Refusal> {
    trail.require(Rule::PkceMethodNotS256, method == Some("S256"), || {
        let received = match method {
            None => "none, which means plain (RFC 7636 §4.3)".to_owned(),
            Some(_) => shown_or_none(method),
        };
        ("S256".into(), received)
    })?;
    match CodeChallenge::parse(text) {
        Ok(challenge) => {
            trail.passed(Rule::PkceChallengeMalformed);
            Ok(challenge)
        }
        Err(_) => Err(trail.refuse(Refusal::new(
            Rule::PkceChallengeMalformed,
            "43 base64url characters",
            format!("{} characters: {}", text.chars().count(), shown(text)),
        ))),
    }
}
