//! Signing out (`/logout`): the question, and the page after it, which tells clients in frames that nobody sees (OpenID
//! Connect Front-Channel Logout §2).

use super::AppView;
use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::text;
use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use std::collections::BTreeSet;
use url::Url;

/// What the question shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Who is signed in.
    pub username: String,
    /// Proof that the form came from this page.
    pub csrf: String,
    /// The client's sealed request, when one asks.
    pub request: Option<String>,
    /// The app that asks, when it said which it is; its host is where the browser goes afterwards.
    pub asks: Option<AppView>,
}

/// What the page afterwards shows.
#[derive(Debug, Clone, Default)]
pub struct SignedOut {
    /// The names of the apps that are told here.
    pub apps: Vec<String>,
    /// The addresses at which they are told.
    pub frames: Vec<String>,
    /// Where it goes on.
    pub onward: Option<Onward>,
}

/// Where the browser goes after the last page.
#[derive(Debug, Clone, Default)]
pub struct Onward {
    /// The app.
    pub name: String,
    /// The address.
    pub href: String,
}

impl Onward {
    fn headline(&self) -> String {
        text::headline(&self.name)
    }
}

#[derive(Template)]
#[template(path = "logout.html")]
struct Question<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Question<'_> {
    fn username(&self) -> String {
        text::short(&self.view.username)
    }
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct LastPage<'a> {
    frame: Frame<'a>,
    view: &'a SignedOut,
}

impl LastPage<'_> {
    fn apps(&self) -> Vec<String> {
        let mut apps: Vec<String> = self.view.apps.iter().map(|name| text::short(name)).collect();
        apps.sort_unstable();
        apps.dedup();
        apps
    }
}

/// Renders the question.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let page = Question {
        frame: Frame::new(brand),
        view,
    };
    // The answer to a client's request leads to the client: see `response`.
    let kind = if view.request.is_some() {
        Kind::Authorization
    } else {
        Kind::Page
    };
    super::send(&page, 200, kind)
}

/// Renders the page of somebody who is signed out.
#[must_use]
pub fn signed_out(brand: &Brand, view: &SignedOut) -> Response {
    let page = LastPage {
        frame: Frame::new(brand),
        view,
    };
    let mut response = super::send(&page, 200, Kind::Page);
    if !view.frames.is_empty() {
        let policy = HeaderValue::from_str(&policy(&view.frames));
        if let Ok(policy) = policy {
            let headers = response.headers_mut();
            headers.insert(header::CONTENT_SECURITY_POLICY, policy);
        }
    }
    response
}

/// The policy of other pages, with our script and frames of these origins alone.
fn policy(frames: &[String]) -> String {
    let origins: BTreeSet<String> = frames
        .iter()
        .filter_map(|url| Url::parse(url).ok())
        .map(|url| url.origin())
        .filter(url::Origin::is_tuple)
        .map(|origin| origin.ascii_serialization())
        .collect();
    let origins: Vec<String> = origins.into_iter().collect();
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; frame-src {}; base-uri 'none'; frame-ancestors 'none'; form-action 'self'",
        origins.join(" ")
    )
}

#[cfg(test)]
#[path = "logout_tests.rs"]
mod tests;
