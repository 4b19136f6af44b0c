//! How long ago the person may have signed in (OpenID Connect Core §3.1.2.1); where the request does not say, what the client
//! registered (`default_max_age`, Registration §2).

use super::ValidRequest;
use super::prompt::Prompted;
use super::redirect_uri::Trusted;
use super::respond::Respond;
use super::response_type::mode;
use crate::policy::Policy;
use crate::shown::shown;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

pub(super) fn read(
    Prompted { bound, prompt }: Prompted<'_>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<ValidRequest, Refusal> {
    let Trusted {
        request,
        client,
        redirect_uri,
        was_given,
    } = bound.trusted;
    let text = request.max_age.as_deref();
    let max_age = text.and_then(whole_seconds);
    trail.require(
        Rule::AuthorizeMaxAgeMalformed,
        text.is_none() || max_age.is_some(),
        || {
            (
                "a whole number of seconds, zero or more".into(),
                shown(text.unwrap_or_default()),
            )
        },
    )?;
    Ok(ValidRequest {
        client_id: client.id.clone(),
        redirect_uri: (*redirect_uri).to_owned(),
        redirect_uri_was_given: *was_given,
        scope: bound.scope,
        resources: bound.resources,
        state: request.state.clone(),
        nonce: request.nonce.clone(),
        prompt,
        claims: ClaimsRequest::default(),
        acr_values: Vec::new(),
        acr_is_essential: false,
        max_age: max_age.or(client.openid.default_max_age_seconds),
        code_challenge: bound.code_challenge,
        login_hint: request.login_hint.clone(),
        hinted: None,
        grant_ttl_seconds: policy.grant_ttl_seconds_for(client),
        respond: Respond::Redirect {
            response_type: bound.response_type,
            mode: mode(request, redirect_uri),
        },
    })
}

fn whole_seconds(text: &str) -> Option<i64> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
