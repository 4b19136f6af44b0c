//! The pages about other providers: the first sign-in with one (`/login/with/{provider}/sign-up`), whether its account becomes
//! part of one here (`/login/with/{provider}/link`), and the accounts that are linked (`/account/providers`).
//!
//! What a provider or a person chose to be called is shown cleaned and cut.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::{text, when};
use askama::Template;
use axum::response::Response;
use valetkey_protocol::time::Timestamp;

/// A first sign-in: what the provider told, and the name that the person will have here.
#[derive(Debug, Clone, Default)]
pub struct SignUp {
    /// The provider, as its button says.
    pub provider: String,
    /// Where the form goes.
    pub action: String,
    /// The sealed request on its way.
    pub flow: String,
    /// What the provider calls the person.
    pub name: Option<String>,
    /// The e-mail address that it told.
    pub email: Option<String>,
    /// Whether that counts as verified here.
    pub email_verified: bool,
    /// What the name field holds at first.
    pub username: String,
    /// What was wrong with the name before.
    pub problem: Option<String>,
    /// The sign-in page, for people who have an account here.
    pub sign_in_href: String,
}

/// Whether a provider's account becomes part of one here.
#[derive(Debug, Clone, Default)]
pub struct Link {
    /// The provider, as its button says.
    pub provider: String,
    /// How the account is called there.
    pub account: String,
    /// Where the form goes.
    pub action: String,
    /// The sealed request on its way.
    pub flow: String,
    /// Who has just signed in; `None` when that is still to come.
    pub username: Option<String>,
    /// The sign-in page.
    pub sign_in_href: String,
}

/// The accounts that are linked.
#[derive(Debug, Clone, Default)]
pub struct Account {
    /// They, the oldest first.
    pub links: Vec<Linked>,
    /// Providers whose accounts can be linked.
    pub others: Vec<Other>,
    /// Proof that a form came from this page.
    pub csrf: String,
    /// What was just done, in plain words.
    pub notice: Option<String>,
}

/// An account at a provider.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The provider's name in the configuration.
    pub provider: String,
    /// The provider, as its button says.
    pub label: String,
    /// The person there.
    pub subject: String,
    /// How the account is called there.
    pub account: String,
    /// Since when it is linked.
    pub since: Timestamp,
    /// Whether the provider still signs people in here.
    pub works: bool,
    /// Whether it may be unlinked: nobody locks themselves out.
    pub may_go: bool,
}

/// A provider whose account can be linked.
#[derive(Debug, Clone)]
pub struct Other {
    /// Its name in the configuration.
    pub name: String,
    /// What its button says.
    pub label: String,
    /// Where the button leads.
    pub href: String,
}

impl Linked {
    fn shown_label(&self) -> String {
        text::short(&self.label)
    }

    fn shown_account(&self) -> String {
        text::short(&self.account)
    }

    fn since_day(&self) -> String {
        when::day(self.since)
    }

    fn since_machine(&self) -> String {
        when::machine(self.since)
    }
}

impl Other {
    fn shown_label(&self) -> String {
        text::headline(&self.label)
    }
}

#[derive(Template)]
#[template(path = "provider_sign_up.html")]
struct SignUpPage<'a> {
    frame: Frame<'a>,
    view: &'a SignUp,
}

impl SignUpPage<'_> {
    fn provider(&self) -> String {
        text::headline(&self.view.provider)
    }

    fn name(&self) -> Option<String> {
        self.view.name.as_deref().map(text::short)
    }

    fn email(&self) -> Option<String> {
        self.view.email.as_deref().map(text::short)
    }

    fn username(&self) -> String {
        text::short(&self.view.username)
    }

    fn problem(&self) -> Option<String> {
        self.view.problem.as_deref().map(text::long)
    }
}

#[derive(Template)]
#[template(path = "provider_link.html")]
struct LinkPage<'a> {
    frame: Frame<'a>,
    view: &'a Link,
}

impl LinkPage<'_> {
    fn provider(&self) -> String {
        text::headline(&self.view.provider)
    }

    fn account(&self) -> String {
        text::short(&self.view.account)
    }

    fn username(&self) -> Option<String> {
        self.view.username.as_deref().map(text::short)
    }
}

#[derive(Template)]
#[template(path = "account_providers.html")]
struct AccountPage<'a> {
    frame: Frame<'a>,
    view: &'a Account,
}

impl AccountPage<'_> {
    fn notice(&self) -> Option<String> {
        self.view.notice.as_deref().map(text::long)
    }
}

/// Renders the page of a first sign-in; a 400 when a name before was not taken.
#[must_use]
pub fn sign_up(brand: &Brand, view: &SignUp) -> Response {
    let page = SignUpPage {
        frame: Frame::new(brand),
        view,
    };
    let status = if view.problem.is_some() { 400 } else { 200 };
    // What comes after the form may lead to the app.
    super::send(&page, status, Kind::Authorization)
}

/// Renders the page that asks whether to link.
#[must_use]
pub fn link(brand: &Brand, view: &Link) -> Response {
    let page = LinkPage {
        frame: Frame::new(brand),
        view,
    };
    super::send(&page, 200, Kind::Authorization)
}

/// Renders the page of the account.
#[must_use]
pub fn account(brand: &Brand, view: &Account) -> Response {
    let page = AccountPage {
        frame: Frame::new(brand),
        view,
    };
    super::send(&page, 200, Kind::Page)
}

#[cfg(test)]
#[path = "providers_tests.rs"]
mod tests;
