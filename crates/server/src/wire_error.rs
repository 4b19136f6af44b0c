//! Failures on the wire: as JSON (RFC 6749 §5.2, RFC 6750 §3), and as the form that clients of OAuth 1.0a know (RFC 5849
//! has statuses only; the names are those of the OAuth Problem Reporting extension). The public sentence is for everybody;
//! what was expected and received, for those who are entitled to see it.

use crate::call::{Call, Failure};
use crate::context::Context;
use axum::body::Body;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use serde::Serialize;
use url::form_urlencoded;
use valetkey_protocol::bearer::Challenge;
use valetkey_protocol::error::ErrorCode;
use valetkey_protocol::params::FORM;
use valetkey_protocol::rule::{Answer, Refusal, Rule, RuleInfo};

/// After how many seconds a busy server may be asked again.
const RETRY_AFTER_SECONDS: i64 = 2;

#[derive(Serialize)]
struct ErrorBody<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<&'a str>,
    error_description: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error_uri: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    valetkey: Option<Details<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    reference: &'a str,
}

/// What an engineer needs to find the fault.
#[derive(Serialize)]
struct Details<'a> {
    rule: &'static str,
    spec: &'static str,
    spec_url: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    expected: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    received: &'a str,
    fix: &'static str,
    reference: &'a str,
}

/// Logs the failure and renders it.
pub(crate) fn json(call: &Call<'_>, failure: &Failure) -> Response {
    call.log(failure);
    match failure {
        Failure::Broken(_) => server_error(call.reference()),
        Failure::Refused(refusal) => refused(call, refusal),
    }
}

/// Where a rule is explained.
pub(crate) fn error_uri(app: &Context, rule: Rule) -> String {
    app.url(&crate::pages::paths::RULE.replace("{id}", rule.id()))
}

fn refused(call: &Call<'_>, refusal: &Refusal) -> Response {
    let info = refusal.rule.info();
    // RFC 6750 §3.1: a request that showed no token is told no error.
    let error = (refusal.rule != Rule::BearerTokenMissing).then(|| code(info));
    let details = call.shows_details().then(|| Details {
        rule: info.id,
        spec: info.spec,
        spec_url: info.url,
        expected: &refusal.expected,
        received: &refusal.received,
        fix: info.fix,
        reference: call.reference(),
    });
    let body = ErrorBody {
        error: error.map(ErrorCode::as_str),
        error_description: info.says,
        error_uri: Some(error_uri(call.app, refusal.rule)),
        valetkey: details,
        reference: call.reference(),
    };
    let status = StatusCode::from_u16(info.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = no_store_json(status, serde_json::to_string(&body).unwrap_or_default());
    let headers = response.headers_mut();
    if info.answer == Answer::Challenge {
        let challenge = Challenge {
            realm: Some(call.app.policy().issuer.clone()),
            error,
            error_description: error.map(|_| info.says.to_owned()),
            ..Challenge::default()
        };
        set(headers, header::WWW_AUTHENTICATE, &challenge.to_header());
    } else if status == StatusCode::UNAUTHORIZED && info.answer == Answer::OAuthProblem {
        set(headers, header::WWW_AUTHENTICATE, &oauth1_challenge(call));
    } else if status == StatusCode::UNAUTHORIZED && call.used_basic {
        let realm = format!("Basic realm=\"{}\"", call.app.policy().issuer);
        set(headers, header::WWW_AUTHENTICATE, &realm);
    }
    retry_later(call, refusal, headers);
    response
}

/// Says when to come again, where that helps.
pub(crate) fn retry_later(call: &Call<'_>, refusal: &Refusal, headers: &mut HeaderMap) {
    let busy = (refusal.rule == Rule::ServerBusy).then_some(RETRY_AFTER_SECONDS);
    if let Some(seconds) = busy.or(call.retry_after_seconds) {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
}

/// The code of the error. Where a signed request meets an endpoint of OAuth 2, its own words are foreign there.
fn code(info: &RuleInfo) -> ErrorCode {
    match (info.answer, info.status) {
        (Answer::OAuthProblem, 401) => ErrorCode::InvalidClient,
        (Answer::OAuthProblem, _) => ErrorCode::InvalidRequest,
        _ => info.error,
    }
}

fn oauth1_challenge(call: &Call<'_>) -> String {
    format!("OAuth realm=\"{}\"", call.app.policy().issuer)
}

/// Logs the failure and renders it for a client of OAuth 1.0a.
pub(crate) fn oauth_problem(call: &Call<'_>, failure: &Failure) -> Response {
    call.log(failure);
    let refusal = match failure {
        Failure::Broken(_) => return form_error(call, StatusCode::INTERNAL_SERVER_ERROR, &[BROKEN]),
        Failure::Refused(refusal) => refusal,
    };
    let info = refusal.rule.info();
    let uri = error_uri(call.app, refusal.rule);
    let mut members = vec![
        (OAUTH_PROBLEM, info.error.as_str()),
        ("oauth_problem_advice", info.says),
        ("more", uri.as_str()),
    ];
    if call.shows_base_string() {
        members.extend([
            ("rule", info.id),
            ("expected", refusal.expected.as_str()),
            ("received", refusal.received.as_str()),
            ("fix", info.fix),
        ]);
    }
    let status = StatusCode::from_u16(info.status).unwrap_or(StatusCode::BAD_REQUEST);
    let mut response = form_error(call, status, &members);
    retry_later(call, refusal, response.headers_mut());
    response
}

const OAUTH_PROBLEM: &str = "oauth_problem";
const BROKEN: (&str, &str) = (OAUTH_PROBLEM, ErrorCode::ServerError.as_str());

fn form_error(call: &Call<'_>, status: StatusCode, members: &[(&str, &str)]) -> Response {
    let reference = ("reference", call.reference());
    let there = members.iter().chain([&reference]);
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(there.filter(|(_, value)| !value.is_empty()))
        .finish();
    let mut response = no_store_form(status, body);
    if status == StatusCode::UNAUTHORIZED {
        let challenge = oauth1_challenge(call);
        set(response.headers_mut(), header::WWW_AUTHENTICATE, &challenge);
    }
    response
}

fn set(headers: &mut HeaderMap, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        headers.insert(name, value);
    }
}

/// The answer when the server itself failed: a reference, and nothing that helps an attacker.
pub(crate) fn server_error(reference: &str) -> Response {
    let body = ErrorBody {
        error: Some(ErrorCode::ServerError.as_str()),
        error_description: "The server failed. Please try again.",
        error_uri: None,
        valetkey: None,
        reference,
    };
    let body = serde_json::to_string(&body).unwrap_or_default();
    no_store_json(StatusCode::INTERNAL_SERVER_ERROR, body)
}

/// A JSON answer that nobody may keep (RFC 6749 §5.1).
pub(crate) fn no_store_json(status: StatusCode, body: String) -> Response {
    no_store(status, "application/json", body)
}

/// A form that nobody may keep: credentials of OAuth 1.0a (RFC 5849 §2.1), or why there are none.
pub(crate) fn no_store_form(status: StatusCode, body: String) -> Response {
    no_store(status, FORM, body)
}

fn no_store(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    // Room for these and for what is added on the way out.
    *response.headers_mut() = HeaderMap::with_capacity(12);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_of_oauth_2_never_answers_in_the_words_of_oauth_1() {
        for rule in Rule::ALL {
            let info = rule.info();
            let told = code(info);
            match info.answer {
                Answer::OAuthProblem if info.status == 401 => assert_eq!(told, ErrorCode::InvalidClient),
                Answer::OAuthProblem => assert_eq!(told, ErrorCode::InvalidRequest),
                _ => assert_eq!(told, info.error, "{}", info.id),
            }
        }
    }
}
