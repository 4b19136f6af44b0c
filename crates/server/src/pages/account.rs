//! The account page (`/account`): which apps have access, what they may do, since when, and a button
//! each to take it away.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::{text, when};
use askama::Template;
use axum::response::Response;
use valetkey_protocol::time::Timestamp;

/// What the page shows.
#[derive(Debug, Clone)]
pub struct View {
    /// The name the person signs in with.
    pub username: String,
    /// The name they are called by; may be empty.
    pub display_name: String,
    /// The apps that have access.
    pub apps: Vec<App>,
    /// Proof that a form came from this page.
    pub csrf: String,
    /// What was just done, in plain words.
    pub notice: Option<String>,
}

/// One app that has access.
#[derive(Debug, Clone)]
pub struct App {
    /// Its identifier.
    pub client_id: String,
    /// Its name.
    pub name: String,
    /// What it may do, in plain words.
    pub says: Vec<String>,
    /// When access was first allowed.
    pub since: Timestamp,
    /// How many grants of it are alive now.
    pub live_grants: usize,
}

impl App {
    fn shown_name(&self) -> String {
        text::short(&self.name)
    }

    fn shown_says(&self) -> Vec<String> {
        self.says.iter().map(|says| text::long(says)).collect()
    }

    fn initial(&self) -> String {
        text::initial(&self.name)
    }

    fn since_day(&self) -> String {
        when::day(self.since)
    }

    fn since_machine(&self) -> String {
        when::machine(self.since)
    }

    fn alive(&self) -> String {
        match self.live_grants {
            0 => String::from("not active now"),
            1 => String::from("active in 1 place"),
            many => format!("active in {many} places"),
        }
    }
}

#[derive(Template)]
#[template(path = "account.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Page<'_> {
    fn username(&self) -> String {
        text::short(&self.view.username)
    }

    fn notice(&self) -> Option<String> {
        self.view.notice.as_deref().map(text::long)
    }

    fn called(&self) -> String {
        let name = text::short(self.view.display_name.trim());
        if name.is_empty() { self.username() } else { name }
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
