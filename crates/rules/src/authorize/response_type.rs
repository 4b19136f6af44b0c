//! The answer is a code, in the query (RFC 6749 §3.1.1), or an access token, in the fragment (RFC 6749 §4.2.2). Tokens never
//! stand in a query (RFC 9700 §4.3.2), and nothing is answered with an ID token here.

use super::redirect_uri::Trusted;
use super::request_object::Direct;
use crate::shown::shown;
use valetkey_model::client::GrantType;
use valetkey_protocol::authorize::ResponseMode;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wanted {
    /// `response_type=code`.
    Code,
    /// `response_type=token`.
    Token,
}

impl Wanted {
    pub(super) const fn grant_type(self) -> GrantType {
        match self {
            Self::Code => GrantType::AuthorizationCode,
            Self::Token => GrantType::Implicit,
        }
    }

    const fn only_mode(self) -> &'static str {
        match self {
            Self::Code => "query",
            Self::Token => "fragment",
        }
    }
}

/// A request for an answer that there is.
pub(super) struct Known<'a> {
    pub(super) trusted: &'a Trusted<'a>,
    pub(super) wanted: Wanted,
}

pub(super) fn known<'a>(Direct(trusted): Direct<'a>, trail: &mut Trail) -> Result<Known<'a>, Refusal> {
    let request = trusted.request;
    let Some(response_type) = request.response_type.as_deref() else {
        return Err(trail.refuse(Refusal::new(Rule::AuthorizeResponseTypeMissing, "code", "none")));
    };
    trail.passed(Rule::AuthorizeResponseTypeMissing);
    let wanted = match response_type {
        "code" => Wanted::Code,
        "token" => Wanted::Token,
        other => {
            return Err(trail.refuse(Refusal::new(
                Rule::AuthorizeResponseTypeUnsupported,
                "code, or token for a client that may use implicit",
                shown(other),
            )));
        }
    };
    trail.passed(Rule::AuthorizeResponseTypeUnsupported);
    let mode = request.response_mode.as_deref();
    trail.require(
        Rule::AuthorizeResponseModeUnsupported,
        mode.is_none_or(|mode| mode == wanted.only_mode()),
        || {
            (
                format!("{} for response_type={response_type}", wanted.only_mode()),
                shown(mode.unwrap_or_default()),
            )
        },
    )?;
    Ok(Known { trusted, wanted })
}

/// Where the parameters of an error stand: where those of the answer would (OAuth 2.0 Multiple Response Types §5). Whoever asks
/// for any kind of token looks into the fragment.
pub(super) fn mode_of_errors(response_type: Option<&str>) -> ResponseMode {
    let has_token = response_type
        .unwrap_or_default()
        .split(' ')
        .any(|word| word == "token" || word == "id_token");
    if has_token {
        ResponseMode::Fragment
    } else {
        ResponseMode::Query
    }
}
