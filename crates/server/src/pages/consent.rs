//! The consent page (`/consent`): who asks, for what, for whom, and how to take it back.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::{AppView, text, when};
use askama::Template;
use axum::response::Response;
use valetkey_protocol::time::Timestamp;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// Who asks.
    pub client: AppView,
    /// For whom: the name the person signed in with.
    pub username: String,
    /// For what.
    pub asks: Vec<Ask>,
    /// The device that waits for the answer, when one does.
    pub device: Option<Device>,
    /// Whether the person gets a code to carry to the app (`oob`, RFC 5849 §2.1): nothing says where the app is.
    pub carries_code: bool,
    /// Whether the access does not end by itself.
    pub lasts: bool,
    /// The sealed request on its way, sent back with the form.
    pub flow: String,
}

/// What a person needs to know their own device by (RFC 10027).
#[derive(Debug, Clone)]
pub struct Device {
    /// The code that it must show.
    pub user_code: String,
    /// The network address that asked.
    pub asked_from: String,
    /// Whether the person's browser comes from the same network, where that can be told.
    pub is_same_network: Option<bool>,
    /// When it asked.
    pub asked_at: Timestamp,
    /// When the code stops working.
    pub expires_at: Timestamp,
    /// Now.
    pub now: Timestamp,
}

/// One thing the app asks for.
#[derive(Debug, Clone, Default)]
pub struct Ask {
    /// The scope value, or the name of a single claim behind `claim:`.
    pub scope: String,
    /// What it lets the app do, in plain words.
    pub says: String,
    /// Where it applies; `None` for the account itself.
    pub resource_name: Option<String>,
    /// Whether the person allowed it before.
    pub already: bool,
}

struct Group<'a> {
    name: String,
    asks: Vec<&'a Ask>,
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
    groups: Vec<Group<'a>>,
}

impl Page<'_> {
    fn username(&self) -> String {
        text::short(&self.view.username)
    }
}

impl Ask {
    fn shown_scope(&self) -> String {
        text::short(self.scope.strip_prefix("claim:").unwrap_or(&self.scope))
    }

    fn shown_says(&self) -> String {
        text::long(&self.says)
    }
}

impl Device {
    fn shown_code(&self) -> String {
        text::short(&self.user_code)
    }

    fn shown_from(&self) -> String {
        let address = text::short(&self.asked_from);
        match self.is_same_network {
            Some(true) => format!("{address} (the network you use now)"),
            Some(false) => format!("{address} (not the network you use now)"),
            None => address,
        }
    }

    fn asked(&self) -> String {
        let ago = when::ago(self.now.seconds_since(self.asked_at));
        format!("{ago}, at {} UTC", when::clock(self.asked_at))
    }

    fn machine(&self) -> String {
        when::machine(self.asked_at)
    }

    fn ends_in(&self) -> String {
        when::wait(self.expires_at.seconds_since(self.now))
    }
}

/// The asks by the place they apply to, in the order they came.
fn grouped<'a>(brand: &Brand, asks: &'a [Ask]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for ask in asks {
        let name = ask.resource_name.as_deref().map_or_else(
            || format!("Your {} account", text::short(&brand.name)),
            text::short,
        );
        match groups.iter_mut().find(|group| group.name == name) {
            Some(group) => group.asks.push(ask),
            None => groups.push(Group {
                name,
                asks: vec![ask],
            }),
        }
    }
    groups
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        view,
        groups: grouped(brand, &view.asks),
    };
    super::send(&page, 200, Kind::Authorization)
}
