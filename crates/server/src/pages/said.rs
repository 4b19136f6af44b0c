//! A page that says what was done, or what comes next, and has one way on.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::text;
use askama::Template;
use axum::response::Response;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The id of the headline: what this page is, for scripts and tests.
    pub id: &'static str,
    /// The headline.
    pub title: String,
    /// What there is to say, a sentence or two each.
    pub lines: Vec<String>,
    /// The way on.
    pub next: Option<Next>,
}

/// A way on.
#[derive(Debug, Clone, Default)]
pub struct Next {
    /// Its id.
    pub id: &'static str,
    /// A path on this server.
    pub href: String,
    /// What it says.
    pub label: &'static str,
}

#[derive(Template)]
#[template(path = "said.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let view = View {
        title: text::long(&view.title),
        lines: view.lines.iter().map(|line| text::long(line)).collect(),
        ..view.clone()
    };
    let page = Page {
        frame: Frame::new(brand),
        view: &view,
    };
    super::send(&page, 200, Kind::Page)
}
