//! What comes back, and where (OAuth 2.0 Multiple Response Types §2.1, §5, Form Post Response Mode): a code, an access token
//! and an ID token in any mixture; in the query, the fragment, or a form. Tokens never stand in a query (RFC 9700 §4.3.2).

use super::redirect_uri::Trusted;
use crate::shown::shown;
use url::Url;
use valetkey_protocol::authorize::{Request, ResponseMode, ResponseType};
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A request for an answer that there is.
pub(super) struct Known<'a> {
    pub(super) trusted: &'a Trusted<'a>,
    pub(super) response_type: ResponseType,
}

pub(super) fn known<'a>(trusted: &'a Trusted<'a>, trail: &mut Trail) -> Result<Known<'a>, Refusal> {
    let request = trusted.request;
    let Some(text) = request.response_type.as_deref() else {
        return Err(trail.refuse(Refusal::new(Rule::AuthorizeResponseTypeMissing, "code", "none")));
    };
    trail.passed(Rule::AuthorizeResponseTypeMissing);
    let Some(response_type) = ResponseType::parse(text) else {
        return Err(trail.refuse(Refusal::new(
            Rule::AuthorizeResponseTypeUnsupported,
            "code, id_token and token, each at most once",
            shown(text),
        )));
    };
    trail.passed(Rule::AuthorizeResponseTypeUnsupported);
    let asked = request.response_mode.as_deref();
    let fits = asked.is_none_or(|asked| asked == mode(request, trusted.redirect_uri).as_str());
    trail.require(Rule::AuthorizeResponseModeUnsupported, fits, || {
        let expected = if response_type.is_front_channel() {
            "fragment or form_post"
        } else {
            "query, fragment or form_post"
        };
        (
            format!("{expected} for response_type={response_type}"),
            shown(asked.unwrap_or_default()),
        )
    })?;
    Ok(Known {
        trusted,
        response_type,
    })
}

/// Where the parameters of the answer stand, an error among them: where the request says, unless that must not be; else the
/// fragment for whoever asks for any kind of token, and the query for a code alone.
pub(super) fn mode(request: &Request, redirect_uri: &str) -> ResponseMode {
    let has_token = request
        .response_type
        .as_deref()
        .unwrap_or_default()
        .split(' ')
        .any(|word| word == "token" || word == "id_token");
    let usual = if has_token {
        ResponseMode::Fragment
    } else {
        ResponseMode::Query
    };
    let asked = request.response_mode.as_deref().and_then(ResponseMode::parse);
    match asked {
        Some(ResponseMode::Query) => usual,
        // A browser sends no form to an app on the device.
        Some(ResponseMode::FormPost) if !is_web(redirect_uri) => usual,
        Some(other) => other,
        None => usual,
    }
}

fn is_web(redirect_uri: &str) -> bool {
    Url::parse(redirect_uri).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}
