//! The sign-in page (`/login`): one form, the app that asked for it, and what went wrong last time.
//!
//! It does not say whether a name exists: wrong name and wrong password read the same.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::{AppView, text, when};
use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The app on whose behalf the person signs in; `None` when they came by themselves.
    pub client: Option<AppView>,
    /// The sealed request on its way, sent back with the form; empty without one.
    pub flow: String,
    /// What the name field holds at first.
    pub username: String,
    /// What went wrong, in plain words.
    pub problem: Option<String>,
    /// How long to wait before the next try; the answer is then a 429 with `Retry-After`.
    pub retry_after_seconds: Option<i64>,
    /// Development server only: who can sign in, as `alice / wonderland`.
    pub people_hint: Option<String>,
}

/// A button that leads to another provider.
#[derive(Debug, Clone)]
pub struct ProviderButton {
    /// Its name in the configuration.
    pub name: String,
    /// The provider, as the button says.
    pub label: String,
    /// Where the button leads.
    pub href: String,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Page<'_> {
    fn problem(&self) -> Option<String> {
        let wait = self
            .view
            .retry_after_seconds
            .map(|seconds| format!("You can try again in {}.", when::wait(seconds)));
        let problem = self.view.problem.as_deref().map(text::long);
        match (problem, wait) {
            (None, None) => None,
            (Some(problem), None) => Some(problem),
            (None, Some(wait)) => Some(format!("Too many attempts to sign in. {wait}")),
            (Some(problem), Some(wait)) => Some(format!("{problem} {wait}")),
        }
    }

    fn username(&self) -> String {
        text::short(&self.view.username)
    }
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        view,
    };
    let Some(seconds) = view.retry_after_seconds else {
        return super::send(&page, 200, Kind::Authorization);
    };
    let mut response = super::send(&page, 429, Kind::Authorization);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}
