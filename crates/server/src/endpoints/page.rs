//! What the endpoints for browsers share: error pages, redirects, cookies.

use super::told;
use crate::call::{Call, Failure, Told};
use crate::pages::{self, error::Back};
use crate::{routes, wire_error};
use axum::body::Body;
use axum::response::Response;
use http::{HeaderValue, StatusCode, header};
use valetkey_protocol::error::ErrorCode;
use valetkey_protocol::observe::{Parameter, Role, Step};
use valetkey_protocol::rule::{Refusal, Rule};

/// Logs the failure and shows it as a page. The checks that nobody was told of yet go with it.
pub(crate) fn error(call: &mut Call<'_>, failure: &Failure) -> Response {
    call.log(failure);
    let refusal = match failure {
        Failure::Refused(refusal) => Some(refusal),
        Failure::Broken(_) => None,
    };
    let (title, text) = refusal.map_or(told::BROKEN, |refusal| told::of(refusal.rule));
    let view = pages::error::View {
        refusal,
        status: refusal.map_or(500, |refusal| page_status(refusal.rule)),
        title: title.to_owned(),
        text: text.to_owned(),
        reference: call.reference().to_owned(),
        details: call.shows_details(),
        back: refusal.and_then(|refusal| onward(call, refusal.rule)),
        ..pages::error::View::default()
    };
    let mut response = pages::error::render(&call.app.settings.brand, &view);
    if let Some(refusal) = refusal {
        wire_error::retry_later(call, refusal, response.headers_mut());
    }
    call.tell(Told {
        from: Role::AuthorizationServer,
        to: Role::ResourceOwner,
        step: if call.client.is_some() {
            Step::AuthorizationGrant
        } else {
            Step::Other
        },
        title: "Error page",
        line: response.status().to_string(),
        parameters: error_parameters(failure),
    });
    response
}

/// The way on from a link of a letter that does not count (any more): who has what they wanted signs in, and the page for
/// that leads to a new letter.
fn onward(call: &Call<'_>, rule: Rule) -> Option<Back> {
    let leads_on = matches!(
        rule,
        Rule::AccountLinkUsed | Rule::AccountLinkExpired | Rule::AccountLinkInvalid | Rule::AccountEmailTaken
    );
    leads_on.then(|| Back {
        label: String::from("Sign in"),
        href: call.app.path(routes::LOGIN),
    })
}

/// A rule that would answer by a redirect is shown as a page only when there is nowhere to redirect to. Then there can be the
/// status that `temporarily_unavailable` stands for in a redirect (RFC 6749 §4.1.2.1).
fn page_status(rule: Rule) -> u16 {
    let info = rule.info();
    match info.status {
        status @ 400..=599 => status,
        _ if info.error == ErrorCode::TemporarilyUnavailable => 503,
        _ => 400,
    }
}

/// Sends the browser on with a GET (RFC 9700 §4.12: never 307).
pub(crate) fn see_other(location: &str) -> Response {
    let mut response = Response::new(Body::empty());
    // A registered URI may hold letters beyond ASCII; control characters never pass registration.
    let Ok(location) = HeaderValue::from_bytes(location.as_bytes()) else {
        *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return response;
    };
    *response.status_mut() = StatusCode::SEE_OTHER;
    let headers = response.headers_mut();
    headers.insert(header::LOCATION, location);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// Adds cookies to an answer.
pub(crate) fn with_cookies(
    mut response: Response,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response {
    for cookie in cookies {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    response
}

/// What the inspector shows of a failure.
pub(crate) fn error_parameters(failure: &Failure) -> Vec<Parameter> {
    match failure {
        Failure::Refused(refusal) => refusal_parameters(refusal),
        Failure::Broken(_) => vec![Parameter::plain("error", "server_error")],
    }
}

/// What the inspector shows of a refusal.
pub(crate) fn refusal_parameters(refusal: &Refusal) -> Vec<Parameter> {
    let info = refusal.rule.info();
    vec![
        Parameter::plain("error", info.error.as_str()),
        Parameter::plain("error_description", info.says),
    ]
}
