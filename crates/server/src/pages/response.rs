//! The headers every page travels with.
//!
//! Sign-in and consent leave `form-action` out of the policy, because browsers apply it to the redirect
//! that follows the post, which leads to the client; they leave the opener policy out, because an app
//! may open them in a window of its own.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;

/// What a page may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Sign-in and consent: part of an authorization request.
    Authorization,
    /// Sign-in where a passkey can be used, which takes our own script.
    SignIn,
    /// Any other page without a script.
    Page,
    /// A page with our own script that listens to this server.
    Scripted,
}

impl Kind {
    const fn content_security_policy(self) -> &'static str {
        match self {
            Self::Authorization => {
                "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
            }
            Self::SignIn => {
                "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'"
            }
            Self::Page => {
                "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
            }
            Self::Scripted => {
                "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
            }
        }
    }
}

/// A page as it goes out.
#[must_use]
pub fn html(status: u16, kind: Kind, html: String) -> Response {
    let mut response = Response::new(Body::from(html));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    secure(headers, kind);
    response
}

/// Sets the headers that keep a page from being framed, cached, sniffed or referred to.
pub fn secure(headers: &mut HeaderMap, kind: Kind) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.insert(name, HeaderValue::from_static(value));
    };
    set(header::CONTENT_SECURITY_POLICY, kind.content_security_policy());
    set(header::X_FRAME_OPTIONS, "DENY");
    set(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    // Not `no-referrer`: browsers would then post forms with `Origin: null`, which the cross-site check refuses.
    set(header::REFERRER_POLICY, "same-origin");
    set(header::CACHE_CONTROL, "no-store");
    if !matches!(kind, Kind::Authorization | Kind::SignIn) {
        set(
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        );
    }
}
