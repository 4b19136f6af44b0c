//! The verifier for an app that has no address to return to (RFC 5849 §2.2, `oob`): shown to the person, who types it
//! into the app.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::{AppView, text, when};
use askama::Template;
use axum::response::Response;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The app that waits for it.
    pub client: AppView,
    /// The name the person signed in with.
    pub username: String,
    /// The verifier, as it is to be typed.
    pub verifier: String,
    /// For how many seconds it works.
    pub seconds: i64,
}

#[derive(Template)]
#[template(path = "oob.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Page<'_> {
    fn username(&self) -> String {
        text::short(&self.view.username)
    }

    fn works_for(&self) -> String {
        when::wait(self.view.seconds)
    }

    /// One letter at a time, for who hears the page instead of seeing it.
    fn spelled(&self) -> String {
        let letters: Vec<String> = self
            .view
            .verifier
            .chars()
            .filter(|letter| *letter != '-')
            .map(String::from)
            .collect();
        letters.join(" ")
    }
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        view,
    };
    super::send(&page, 200, Kind::Page)
}
