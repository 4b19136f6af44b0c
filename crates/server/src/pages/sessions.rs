//! Where somebody is signed in (`/account/sessions`): each browser, and a button to sign out there.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::{text, user_agent, when};
use askama::Template;
use axum::response::Response;
use valetkey_protocol::time::Timestamp;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The sessions, this browser's first.
    pub sessions: Vec<Session>,
    /// Proof that a form came from this page.
    pub csrf: String,
    /// What was just done, in plain words.
    pub notice: Option<String>,
}

/// One session.
#[derive(Debug, Clone)]
pub struct Session {
    /// What the form sends to end it.
    pub name: String,
    /// Whether it is the one of this very browser.
    pub is_here: bool,
    /// The network address that the sign-in came from.
    pub address: String,
    /// The browser's `User-Agent`.
    pub user_agent: String,
    /// When the person last showed who they are.
    pub since: Timestamp,
}

impl Session {
    fn browser(&self) -> String {
        user_agent::words(&self.user_agent)
    }

    fn shown_address(&self) -> String {
        text::short(&self.address)
    }

    fn since_day(&self) -> String {
        when::day(self.since)
    }

    fn since_clock(&self) -> String {
        when::clock(self.since)
    }

    fn since_machine(&self) -> String {
        when::machine(self.since)
    }
}

#[derive(Template)]
#[template(path = "sessions.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Page<'_> {
    fn notice(&self) -> Option<String> {
        self.view.notice.as_deref().map(text::long)
    }

    fn has_others(&self) -> bool {
        self.view.sessions.iter().any(|session| !session.is_here)
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
