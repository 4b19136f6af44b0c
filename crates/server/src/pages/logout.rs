//! Signing out (`/logout`): the question, and the page after it.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::text;
use askama::Template;
use axum::response::Response;

/// What the question shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Who is signed in.
    pub username: String,
    /// Proof that the form came from this page.
    pub csrf: String,
}

#[derive(Template)]
#[template(path = "logout.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Page<'_> {
    fn username(&self) -> String {
        text::short(&self.view.username)
    }
}

#[derive(Template)]
#[template(path = "signed_out.html")]
struct SignedOut<'a> {
    frame: Frame<'a>,
}

/// Renders the question.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        view,
    };
    super::send(&page, 200, Kind::Page)
}

/// Renders the page of somebody who is signed out.
#[must_use]
pub fn signed_out(brand: &Brand) -> Response {
    let page = SignedOut {
        frame: Frame::new(brand),
    };
    super::send(&page, 200, Kind::Page)
}
