//! The page that clients' pages hold in a frame (OpenID Connect Session Management §3.3). It shows nothing, holds nothing of
//! the person, and is the one page that other sites may frame.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// Without `frame-ancestors`: whoever embeds it learns nothing but what its own client was told.
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'");

#[derive(Template)]
#[template(path = "check_session.html")]
struct Page<'a> {
    frame: Frame<'a>,
    cookie: &'a str,
}

/// Renders the page; `cookie` names the browser state's.
#[must_use]
pub fn render(brand: &Brand, cookie: &str) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        cookie,
    };
    let mut response = super::send(&page, 200, Kind::Page);
    let headers = response.headers_mut();
    headers.remove(header::X_FRAME_OPTIONS);
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anybody_may_frame_it_and_it_may_do_nothing_but_run_our_script() {
        let response = render(&Brand::default(), "vk_state");
        let headers = response.headers();
        assert!(!headers.contains_key(header::X_FRAME_OPTIONS));
        let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert_eq!(
            policy,
            "default-src 'none'; script-src 'self'; base-uri 'none'; form-action 'none'"
        );
    }

    #[test]
    fn only_this_page_may_be_framed() {
        use crate::pages::response;
        for kind in [Kind::Authorization, Kind::Page, Kind::Scripted] {
            let page = response::html(200, kind, String::new());
            let policy = page.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
            assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
            assert_eq!(page.headers()[header::X_FRAME_OPTIONS], "DENY");
        }
    }
}
