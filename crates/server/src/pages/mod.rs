//! The pages that people meet: what they show and how they travel (headers, cache, page size).
//!
//! A page takes a `View` of plain texts and gives an axum [`Response`]; it decides nothing and knows no
//! store. Templates escape by themselves. No page needs a script, none has inline script or style
//! (RFC 9700 §4.16 and §4.2: framing refused, no referrer, no third party).

pub mod account;
pub mod account_passkeys;
pub mod account_second_factor;
pub mod assets;
pub mod brand;
pub mod check_session;
pub mod consent;
pub mod device;
pub mod difference;
pub mod error;
pub mod form;
pub mod form_post;
#[cfg(test)]
mod form_tests;
pub mod home;
pub mod login;
pub mod login_second_factor;
pub mod logout;
pub mod oob;
pub mod paths;
pub mod providers;
pub mod response;
pub mod rules;
pub mod said;
pub mod sessions;
pub mod site;
pub mod text;
mod user_agent;
pub mod when;

#[cfg(test)]
mod factor_tests;
#[cfg(test)]
mod tests;

pub use brand::{Brand, Logo};
pub use site::{Site, routes};

use axum::response::Response;

/// The app that asks, as a page names it.
#[derive(Debug, Clone, Default)]
pub struct AppView {
    /// The name its registration gives. May be hostile: shown cleaned and cut.
    pub name: String,
    /// The verified host (and port) its redirect URI leads to; `None` for an app on the person's device.
    pub host: Option<String>,
    /// The path of its logo on this server, when it has one: pages load nothing from elsewhere.
    pub logo: Option<String>,
    /// The address of its privacy policy.
    pub policy_uri: Option<String>,
    /// The address of its terms of service.
    pub tos_uri: Option<String>,
}

impl AppView {
    /// The name as it may be shown.
    #[must_use]
    pub fn shown_name(&self) -> String {
        text::short(&self.name)
    }

    /// The name within a headline.
    #[must_use]
    pub fn headline(&self) -> String {
        text::headline(&self.name)
    }

    /// The host as it may be shown.
    #[must_use]
    pub fn shown_host(&self) -> Option<String> {
        self.host.as_deref().map(text::short)
    }

    /// The address of its privacy policy, where that is a web address.
    #[must_use]
    pub fn policy_link(&self) -> Option<&str> {
        self.policy_uri.as_deref().filter(|uri| is_web(uri))
    }

    /// The address of its terms of service, where that is a web address.
    #[must_use]
    pub fn tos_link(&self) -> Option<&str> {
        self.tos_uri.as_deref().filter(|uri| is_web(uri))
    }

    /// The first letter of the name, for the app's badge.
    #[must_use]
    pub fn initial(&self) -> String {
        text::initial(&self.name)
    }
}

fn is_web(uri: &str) -> bool {
    url::Url::parse(uri).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// Renders a template and sends it with the headers of its kind.
pub(crate) fn send(page: &impl askama::Template, status: u16, kind: response::Kind) -> Response {
    match page.render() {
        Ok(html) => response::html(status, kind, html),
        Err(_) => response::html(
            500,
            response::Kind::Page,
            String::from("<!doctype html><title>500</title>"),
        ),
    }
}
