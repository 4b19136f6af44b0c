//! The error page: what happened, whose turn it is, and a reference id (RFC 6749 §4.1.2.1).
//!
//! Everybody sees the error code and the reference. Only who is entitled (`View::details`) sees what was
//! expected and received, the rule and the fix; only then does the page carry a link to another site
//! (RFC 9700 §4.2.1 wants none on authorization pages).

use super::brand::Brand;
use super::difference::{Difference, difference};
use super::response::Kind;
use super::site::Frame;
use super::text;
use askama::Template;
use axum::response::Response;
use valetkey_protocol::rule::{Refusal, RuleInfo};

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View<'a> {
    /// The rule that refused, where one did.
    pub refusal: Option<&'a Refusal>,
    /// The HTTP status.
    pub status: u16,
    /// What happened, as a headline.
    pub title: String,
    /// What happened, in one or two plain sentences.
    pub text: String,
    /// The id that the log line carries too.
    pub reference: String,
    /// Whether the viewer may see what was expected and received.
    pub details: bool,
    /// A way on, within this server.
    pub back: Option<Back>,
    /// Whose turn it is; `None` lets the page tell by the refusal and the status.
    pub turn: Option<Turn>,
}

/// A way on.
#[derive(Debug, Clone)]
pub struct Back {
    /// What the button says.
    pub label: String,
    /// A path on this server.
    pub href: String,
}

/// Who can do something about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The person in front of the screen.
    Person,
    /// Whoever makes or runs the app.
    App,
    /// Whoever runs this server.
    Server,
}

impl Turn {
    /// The sentence the page says.
    #[must_use]
    pub const fn says(self) -> &'static str {
        match self {
            Self::Person => "It is your turn: go back and start again.",
            Self::App => {
                "It is the app’s turn: its makers have to put this right. You did nothing wrong, and nothing was shared."
            }
            Self::Server => "It is our turn: please try again in a moment.",
        }
    }
}

/// Whose turn it is, by where the fault lies.
fn turn_of(view: &View<'_>) -> Turn {
    if let Some(turn) = view.turn {
        return turn;
    }
    let id = view.refusal.map_or("", |refusal| refusal.rule.info().id);
    if view.status >= 500 {
        Turn::Server
    } else if view.refusal.is_none()
        || [
            "VK-INTERACTION-",
            "VK-FORM-",
            "VK-LOGIN-",
            "VK-SIGN-UP-",
            "VK-ACCOUNT-",
            "VK-DEVICE-",
            "VK-OAUTH1-AUTHORIZE-",
        ]
        .iter()
        .any(|p| id.starts_with(p))
    {
        Turn::Person
    } else {
        Turn::App
    }
}

struct Details {
    rule: &'static RuleInfo,
    rule_href: String,
    compared: Option<Difference>,
}

#[derive(Template)]
#[template(path = "error.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View<'a>,
    turn: Turn,
    code: Option<&'static str>,
    details: Option<Details>,
}

impl Page<'_> {
    fn title(&self) -> String {
        text::long(&self.view.title)
    }

    fn text(&self) -> String {
        text::long(&self.view.text)
    }
}

fn details(frame: &Frame<'_>, view: &View<'_>) -> Option<Details> {
    let refusal = view.refusal.filter(|_| view.details)?;
    let rule = refusal.rule.info();
    Some(Details {
        rule,
        rule_href: frame.rule(rule.id),
        compared: difference(&refusal.expected, &refusal.received),
    })
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, view: &View<'_>) -> Response {
    let frame = Frame::new(brand);
    let page = Page {
        details: details(&frame, view),
        turn: turn_of(view),
        code: view.refusal.map(|refusal| refusal.rule.info().error.as_str()),
        frame,
        view,
    };
    super::send(&page, view.status, Kind::Page)
}
