//! One-time codes and recovery codes of one's own account (`/account/second-factor`): how to set an app up, how it stands, and
//! the recovery codes, which are on a page once.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::when;
use askama::Template;
use axum::response::Response;
use valetkey_protocol::time::Timestamp;

/// What the page shows. It may hold secrets, so it does not print itself.
#[derive(Clone)]
pub struct View {
    /// Proof that a form came from this page.
    pub csrf: String,
    /// How it stands.
    pub shown: Shown,
    /// What was just done, in plain words.
    pub notice: Option<&'static str>,
}

impl std::fmt::Debug for View {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// How it stands.
#[derive(Clone)]
pub enum Shown {
    /// There is no app; here is a secret for one.
    Off(NewApp),
    /// There is one.
    On {
        /// Since when.
        since: Timestamp,
        /// How many recovery codes are left.
        recovery_codes: u32,
    },
    /// Recovery codes, to be kept.
    RecoveryCodes(Vec<String>),
}

impl std::fmt::Debug for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// A secret for an app.
#[derive(Clone)]
pub struct NewApp {
    /// As an SVG picture, made by this server.
    pub picture: String,
    /// As text.
    pub secret: String,
    /// As a link for an app on the same device.
    pub link: String,
    /// The same, sealed, for the form to bring back.
    pub set_up: String,
    /// What was wrong with the code before.
    pub problem: Option<&'static str>,
}

impl std::fmt::Debug for NewApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[derive(Template)]
#[template(path = "account_second_factor.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Page<'_> {
    fn day(&self, at: &Timestamp) -> String {
        when::day(*at)
    }

    fn machine(&self, at: &Timestamp) -> String {
        when::machine(*at)
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
