//! The answer is a code, in the query (RFC 6749 §3.1.1, RFC 9700 §2.1.2).

use super::redirect_uri::Trusted;
use super::request_object::Direct;
use crate::shown::shown;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// A request for a code.
pub(super) struct CodeFlow<'a>(pub(super) &'a Trusted<'a>);

pub(super) fn code<'a>(Direct(trusted): Direct<'a>, trail: &mut Trail) -> Result<CodeFlow<'a>, Refusal> {
    let request = trusted.request;
    let Some(response_type) = request.response_type.as_deref() else {
        return Err(trail.refuse(Refusal::new(Rule::AuthorizeResponseTypeMissing, "code", "none")));
    };
    trail.passed(Rule::AuthorizeResponseTypeMissing);
    trail.require(
        Rule::AuthorizeResponseTypeUnsupported,
        response_type == "code",
        || ("code".into(), shown(response_type)),
    )?;
    let mode = request.response_mode.as_deref();
    trail.require(
        Rule::AuthorizeResponseModeUnsupported,
        mode.is_none_or(|mode| mode == "query"),
        || ("query".into(), shown(mode.unwrap_or_default())),
    )?;
    Ok(CodeFlow(trusted))
}
