//! The passkeys of one's own account (`/account/passkeys`): which there are, a button each to remove it, and a form for
//! another one, which takes the browser's help and so our script.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::{text, when};
use askama::Template;
use axum::response::Response;
use valetkey_protocol::time::Timestamp;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The passkeys, oldest first.
    pub passkeys: Vec<Passkey>,
    /// What a new one takes; `None` where browsers have none.
    pub adding: Option<Adding>,
    /// Proof that a form came from this page.
    pub csrf: String,
    /// What was just done, in plain words.
    pub notice: Option<&'static str>,
    /// Why it was not done.
    pub problem: Option<&'static str>,
}

/// One passkey.
#[derive(Debug, Clone)]
pub struct Passkey {
    /// What the form sends to remove it.
    pub handle: String,
    /// What the person calls it.
    pub name: String,
    /// Since when.
    pub since: Timestamp,
    /// When it was last used.
    pub last_used: Option<Timestamp>,
    /// Whether its owner's other devices have it too.
    pub is_backed_up: bool,
}

/// What a new passkey takes.
#[derive(Debug, Clone)]
pub struct Adding {
    /// What the browser needs to know, as JSON.
    pub options: String,
    /// The challenge, sealed.
    pub challenge: String,
}

impl Passkey {
    fn shown_name(&self) -> String {
        text::short(&self.name)
    }

    fn since_day(&self) -> String {
        when::day(self.since)
    }

    fn since_machine(&self) -> String {
        when::machine(self.since)
    }

    fn last_used_day(&self) -> Option<String> {
        self.last_used.map(when::day)
    }

    fn last_used_machine(&self) -> String {
        self.last_used.map(when::machine).unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "account_passkeys.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        view,
    };
    super::send(&page, 200, Kind::Scripted)
}
