//! Reading a signed request: its parameters (RFC 5849 §3.5) and its signature base string (§3.4.1), composed for the
//! address that clients know.

use http::header::AUTHORIZATION;
use http::request::Parts;
use valetkey_protocol::oauth1::{Collected, Invalid, base_string};
use valetkey_protocol::params::MAX_PARAMETERS;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

use crate::bearer;

/// A request that says it is signed. Whether it is, only the authorization server can tell.
pub(super) struct Signed {
    pub(super) parameters: Collected,
    pub(super) base_string: String,
}

/// Whether the request tries OAuth 1.0a at all; a refusal when it tries a bearer token as well.
pub(super) fn is_tried(request: &Parts, form: Option<&[u8]>, trail: &mut Trail) -> Result<bool, Refusal> {
    let query = request.uri.query();
    let headers: Vec<&[u8]> = request
        .headers
        .get_all(AUTHORIZATION)
        .iter()
        .map(http::HeaderValue::as_bytes)
        .collect();
    let in_a_header = |header: &&[u8]| Collected::is_oauth1(Some(header), None, None);
    let tried = Collected::is_oauth1(None, query, form) || headers.iter().any(in_a_header);
    if !tried {
        return Ok(false);
    }
    let bearer = headers.iter().any(|header| bearer::is_bearer(header));
    if bearer && headers.len() > 1 {
        // The other reader says what is wrong: two Authorization headers.
        return Ok(false);
    }
    let token_elsewhere =
        bearer::has_token(query.unwrap_or_default().as_bytes()) || form.is_some_and(bearer::has_token);
    let one = !bearer && !token_elsewhere;
    trail.require(Rule::OAuth1ParametersInTwoPlaces, one, || {
        (
            "either a bearer token or a signature".to_owned(),
            "both".to_owned(),
        )
    })?;
    let alone = headers.len() < 2;
    trail.require(Rule::OAuth1ParametersUnreadable, alone, || {
        ("one Authorization header".to_owned(), "more than one".to_owned())
    })?;
    Ok(true)
}

/// Reads the request. The `Host` header is not looked at: whoever sends the request may write anything there.
pub(super) fn read(
    request: &Parts,
    form: Option<&[u8]>,
    public_address: &str,
    trail: &mut Trail,
) -> Result<Signed, Refusal> {
    let authorization = request.headers.get(AUTHORIZATION);
    let authorization = authorization.map(http::HeaderValue::as_bytes);
    let parameters = Collected::read(authorization, request.uri.query(), form);
    let parameters = parameters.map_err(|invalid| trail.refuse(unreadable(invalid)))?;
    trail.passed(Rule::OAuth1ParameterRepeated);
    let uri = format!("{public_address}{}", request.uri.path());
    let text = base_string(request.method.as_str(), &uri, &parameters.signed);
    let text = text.ok_or_else(|| {
        trail.refuse(Refusal::new(
            Rule::OAuth1ParametersUnreadable,
            "an http or https URI of visible ASCII characters",
            "another",
        ))
    })?;
    Ok(Signed {
        parameters,
        base_string: text,
    })
}

fn unreadable(invalid: Invalid) -> Refusal {
    let (rule, expected) = match &invalid {
        Invalid::InTwoPlaces => (
            Rule::OAuth1ParametersInTwoPlaces,
            "the Authorization header, the form or the query".to_owned(),
        ),
        Invalid::Repeated(name) => (Rule::OAuth1ParameterRepeated, format!("{name:?} once")),
        Invalid::TooMany => (
            Rule::OAuth1ParametersUnreadable,
            format!("at most {MAX_PARAMETERS} parameters"),
        ),
        Invalid::Unreadable(_) => (
            Rule::OAuth1ParametersUnreadable,
            "parameters that are encoded as RFC 5849 says".to_owned(),
        ),
    };
    Refusal::new(rule, expected, invalid.to_string())
}

/// What every request to an API needs. Time and nonce are the authorization server's to miss.
pub(super) struct Needed<'a> {
    pub(super) consumer: &'a str,
    pub(super) signature: &'a str,
}

impl Signed {
    /// A request that lost its signature, or names no person, does not reach the authorization server.
    pub(super) fn needed(&self, trail: &mut Trail) -> Result<Needed<'_>, Refusal> {
        let protocol = &self.parameters.protocol;
        let mut need = |name: &str, value: &'_ Option<String>| {
            let there = value.is_some();
            trail.require(Rule::OAuth1ParameterMissing, there, || {
                (name.to_owned(), "none".to_owned())
            })
        };
        need("oauth_consumer_key", &protocol.consumer_key)?;
        need("oauth_token", &protocol.token)?;
        need("oauth_signature_method", &protocol.signature_method)?;
        need("oauth_signature", &protocol.signature)?;
        Ok(Needed {
            consumer: protocol.consumer_key.as_deref().unwrap_or_default(),
            signature: protocol.signature.as_deref().unwrap_or_default(),
        })
    }
}
