//! The sign-in page (`/login`): the form for username and password, the other ways to sign in, the app that asked for it, and
//! what went wrong last time.
//!
//! It does not say whether a name exists: wrong name and wrong password read the same.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::{AppView, text, when};
use askama::Template;
use axum::http::{HeaderValue, header};
use axum::response::Response;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The app on whose behalf the person signs in; `None` when they came by themselves.
    pub client: Option<AppView>,
    /// Why somebody must sign in who is signed in.
    pub why: Option<Why>,
    /// The sealed request on its way, sent back with the form; empty without one.
    pub flow: String,
    /// What the name field holds at first.
    pub username: String,
    /// What happened elsewhere, in plain words.
    pub notice: Option<String>,
    /// What went wrong, in plain words.
    pub problem: Option<String>,
    /// How long to wait before the next try; the answer is then a 429 with `Retry-After`.
    pub retry_after_seconds: Option<i64>,
    /// Development server only: who can sign in, as `alice / wonderland`.
    pub people_hint: Option<String>,
    /// What the browser needs to know to use a passkey, as JSON; `None` where there are none.
    pub passkey: Option<String>,
    /// Other providers to sign in with.
    pub providers: Vec<ProviderButton>,
    /// Where to open an account; `None` where nobody can.
    pub sign_up: Option<String>,
    /// Where to go without the password; `None` where that leads nowhere.
    pub forgot: Option<String>,
}

/// A button that leads to another provider.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProviderButton {
    /// The provider's name in the configuration.
    pub name: String,
    /// What people call it.
    pub label: String,
    /// Where it leads.
    pub href: String,
}

impl ProviderButton {
    pub(super) fn shown_label(&self) -> String {
        text::short(&self.label)
    }
}

/// Why somebody must sign in who is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// They want to change who can sign in.
    Change,
    /// The app wants it.
    Again,
    /// The app wants a sign-in that is not so long ago.
    Lately,
    /// The app wants to be surer that it is them.
    Surer,
    /// The app wants them to choose an account.
    Choose,
    /// The app means somebody else.
    Other,
}

#[derive(Template)]
#[template(path = "login.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Page<'_> {
    fn headline(&self) -> &'static str {
        match (self.view.why, &self.view.client) {
            (Some(Why::Change | Why::Again | Why::Lately | Why::Surer), _) => "Confirm that it is you",
            (Some(Why::Choose), _) => "Choose an account",
            (Some(Why::Other), _) => "Sign in with the other account",
            (None, Some(_)) => "Sign in to continue",
            (None, None) => "Sign in",
        }
    }

    /// Why, after the name of the app where there is one.
    fn reason(&self) -> Option<&'static str> {
        Some(match self.view.why? {
            Why::Change => {
                "What you are about to change decides who can sign in to your account, so please sign in once more."
            }
            Why::Again => "asks you to sign in once more.",
            Why::Lately => "asks you to sign in once more, because your sign-in is some time ago.",
            Why::Surer => {
                "needs to be surer that it is you: sign in with your password and a code, or with a passkey."
            }
            Why::Choose => "asks which account to use. Sign in with the one that you choose.",
            Why::Other => "expects another account than the one that is signed in here.",
        })
    }

    fn names_the_app(&self) -> bool {
        self.view.client.is_some() && self.view.why.is_some_and(|why| why != Why::Change)
    }

    fn problem(&self) -> Option<String> {
        let wait = self
            .view
            .retry_after_seconds
            .map(|seconds| format!("You can try again in {}.", when::wait(seconds)));
        let problem = self.view.problem.as_deref().map(text::long);
        match (problem, wait) {
            (None, None) => None,
            (Some(problem), None) => Some(problem),
            (None, Some(wait)) => Some(format!("Too many attempts to sign in. {wait}")),
            (Some(problem), Some(wait)) => Some(format!("{problem} {wait}")),
        }
    }

    fn notice(&self) -> Option<String> {
        self.view.notice.as_deref().map(text::long)
    }

    fn username(&self) -> String {
        text::short(&self.view.username)
    }

    /// Whether nothing is offered beside the password but what takes a script.
    fn only_by_script(&self) -> bool {
        self.view.providers.is_empty()
    }

    /// Not after a refusal: a browser that answers by itself would be refused again and again.
    fn offers_beside_username(&self) -> bool {
        self.problem().is_none()
    }

    fn has_other_ways(&self) -> bool {
        self.view.passkey.is_some() || !self.view.providers.is_empty()
    }
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        view,
    };
    let kind = kind(view.passkey.as_ref());
    let Some(seconds) = view.retry_after_seconds else {
        return super::send(&page, 200, kind);
    };
    let mut response = super::send(&page, 429, kind);
    response
        .headers_mut()
        .insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
    response
}

/// A page without passkeys needs no script.
pub(super) const fn kind(passkey: Option<&String>) -> Kind {
    match passkey {
        None => Kind::Authorization,
        Some(_) => Kind::SignIn,
    }
}
