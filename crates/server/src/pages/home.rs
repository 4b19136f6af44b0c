//! The start page (`/`): what this server is and where to go. The development server adds its cast.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::text;
use askama::Template;
use axum::response::Response;

/// What the development server adds: where its parts are and who is in it.
#[derive(Debug, Clone, Default)]
pub struct Dev {
    /// Where MySweetApp runs.
    pub app_url: String,
    /// Where the Photos API runs.
    pub photos_url: String,
    /// Who can sign in.
    pub people: Vec<Person>,
    /// The registered clients.
    pub clients: Vec<DevClient>,
}

/// A seeded person.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The name to sign in with.
    pub username: String,
    /// The password: everybody may know it here.
    pub password: String,
}

/// A seeded client.
#[derive(Debug, Clone, Default)]
pub struct DevClient {
    /// Its identifier.
    pub client_id: String,
    /// Its secret, where it has one: everybody may know it here.
    pub secret: Option<String>,
    /// What kind of client it is, in a few words.
    pub says: String,
}

#[derive(Template)]
#[template(path = "home.html")]
struct Page<'a> {
    frame: Frame<'a>,
    issuer: String,
    dev: Option<&'a Dev>,
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, issuer: &str, dev: Option<&Dev>) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        issuer: text::long(issuer),
        dev: dev.filter(|_| brand.dev),
    };
    super::send(&page, 200, Kind::Page)
}
