//! The answer to a client as a form that the browser sends by itself (OAuth 2.0 Form Post Response Mode §2). Where no script
//! runs, a button sends it.

use super::brand::Brand;
use super::response::{Kind, html};
use super::site::Frame;
use super::{AppView, send};
use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use url::Url;

/// What the page shows and sends.
#[derive(Debug, Clone, Default)]
pub struct View<'a> {
    /// Whose answer it is.
    pub client: AppView,
    /// The redirect URI.
    pub action: &'a str,
    /// The parameters of the answer, in their order.
    pub fields: &'a [(&'a str, &'a str)],
}

#[derive(Template)]
#[template(path = "form_post.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View<'a>,
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, view: &View<'_>) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        view,
    };
    if !is_a_site(view.action) {
        // The rules let no other redirect URI come here.
        return html(500, Kind::Page, String::from("<!doctype html><title>500</title>"));
    }
    let mut response = send(&page, 200, Kind::Authorization);
    response
        .headers_mut()
        .insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

/// No `form-action`: browsers apply it to wherever the app sends people on from there (docs/decisions/0002).
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; base-uri 'none'; frame-ancestors 'none'";

fn is_a_site(action: &str) -> bool {
    Url::parse(action).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_goes_to_a_site_and_to_nothing_else() {
        for site in [
            "https://app.example/cb?x=1",
            "http://127.0.0.1:8082/cb",
            "http://[::1]:8082/cb",
        ] {
            assert!(is_a_site(site), "{site}");
        }
        for other in ["com.example.app:/cb", "javascript:alert(1)", "/cb", ""] {
            assert!(!is_a_site(other), "{other}");
        }
    }

    #[tokio::test]
    async fn hostile_values_stay_values() {
        let view = View {
            client: AppView {
                name: String::from("<b>App</b>"),
                ..AppView::default()
            },
            action: "https://app.example/cb?a=1&b=\"'",
            fields: &[("code", "c&d"), ("state", "\"><script>alert(1)</script>")],
        };
        let response = render(&Brand::default(), &view);
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()[header::CACHE_CONTROL], "no-store");
        let bytes = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        let page = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(
            !page.contains("<script>alert") && !page.contains("<b>App"),
            "{page}"
        );
        assert!(
            page.contains("type=\"submit\"") && page.contains("form_post-"),
            "{page}"
        );
        assert_eq!(page.matches("type=\"hidden\"").count(), 2);
    }
}
