//! Finding the access token of a request (RFC 6750 §2): in one `Authorization` header and nowhere else.

use http::header::AUTHORIZATION;
use http::request::Parts;
use url::form_urlencoded;
use valetkey_protocol::bearer;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::AccessToken;

/// The token, or why there is none. A token in the query is never taken (RFC 9700 §4.3.2): it would stand in logs.
pub(crate) fn read(request: &Parts, trail: &mut Trail) -> Result<AccessToken, Refusal> {
    let mut headers = request.headers.get_all(AUTHORIZATION).iter();
    let (first, second) = (headers.next(), headers.next());
    // Another scheme is no bearer token: the app does not know yet what this API wants.
    let tries = first.is_some_and(|header| second.is_some() || is_bearer(header.as_bytes()));
    let in_query = has_token_in_query(request);
    trail.require(Rule::BearerTokenMissing, tries, || {
        let received = if in_query {
            "a token in the query"
        } else {
            "no bearer token"
        };
        ("Authorization: Bearer".to_owned(), received.to_owned())
    })?;
    let received = match (second, in_query) {
        (Some(_), _) => "two Authorization headers",
        (None, true) => "a token in the header and one in the query",
        (None, false) => "no token after Bearer",
    };
    let token = first
        .filter(|_| second.is_none() && !in_query)
        .and_then(|header| bearer::read_header(header.as_bytes()));
    trail.require(Rule::BearerHeaderMalformed, token.is_some(), || {
        (
            "one header Authorization: Bearer <token>".to_owned(),
            received.to_owned(),
        )
    })?;
    token.ok_or_else(|| Refusal::plain(Rule::BearerHeaderMalformed))
}

/// Whether the header is of the scheme, well-formed or not.
pub(crate) fn is_bearer(header: &[u8]) -> bool {
    let scheme = header.split(|byte| *byte == b' ').next().unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"bearer")
}

fn has_token_in_query(request: &Parts) -> bool {
    has_token(request.uri.query().unwrap_or_default().as_bytes())
}

/// Whether a query or a form has the parameter that RFC 6750 §2.2 and §2.3 put a token in.
pub(crate) fn has_token(encoded: &[u8]) -> bool {
    form_urlencoded::parse(encoded).any(|(name, _)| name == "access_token")
}
