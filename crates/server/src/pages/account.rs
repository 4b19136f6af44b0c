//! The account page (`/account`): which apps have access, what they may do, since when, how they got in, and a button
//! each to take it away. A grant is a grant here, whichever protocol it came by.

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
    /// The e-mail address, and whether it was proved.
    pub email: Option<(String, bool)>,
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
    /// Where the app can be opened, signed in with this account (OpenID Connect Core §4).
    pub open: Option<String>,
    /// What it may do, in plain words.
    pub says: Vec<String>,
    /// When access was first allowed.
    pub since: Timestamp,
    /// How many grants of it are alive now.
    pub live_grants: usize,
    /// How these came about, each way once.
    pub ways: Vec<Way>,
    /// How long its OAuth 1.0a access lasts, where it has such.
    pub until: Option<Until>,
}

/// How an app got in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// The person signed in on this server and allowed it.
    SignedIn,
    /// The person allowed it for a device.
    Device,
    /// The person gave the app the password.
    Password,
    /// By OAuth 1.0a.
    OAuth1,
    /// By OAuth 2, in exchange for its OAuth 1.0a access.
    Moved,
}

impl Way {
    const fn says(self) -> &'static str {
        match self {
            Self::SignedIn => "signed in here",
            Self::Device => "on a device",
            Self::Password => "with your password",
            Self::OAuth1 => "OAuth 1.0a",
            Self::Moved => "moved from OAuth 1.0a",
        }
    }
}

/// When access ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// It does not.
    TakenBack,
    /// Then.
    Day(Timestamp),
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

    /// `signed in here, OAuth 1.0a`; empty when nothing is alive.
    fn got_in(&self) -> String {
        let ways: Vec<&str> = self.ways.iter().map(|way| way.says()).collect();
        ways.join(", ")
    }

    fn knows_the_password(&self) -> bool {
        self.ways.contains(&Way::Password)
    }

    fn lasts(&self) -> Option<String> {
        self.until.map(|until| match until {
            Until::TakenBack => String::from("until you take it back"),
            Until::Day(at) => format!("until {}", when::day(at)),
        })
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

    fn email(&self) -> Option<(String, bool)> {
        let (email, is_proved) = self.view.email.as_ref()?;
        Some((text::short(email), *is_proved))
    }

    fn notice(&self) -> Option<String> {
        self.view.notice.as_deref().map(text::long)
    }

    fn some_app_knows_the_password(&self) -> bool {
        self.view.apps.iter().any(App::knows_the_password)
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
