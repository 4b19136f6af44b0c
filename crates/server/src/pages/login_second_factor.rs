//! The second step of a sign-in (`/login/second-factor`): one field for the code of the authenticator app, another for a
//! recovery code, and a passkey where the person has one.

use super::brand::Brand;
use super::site::Frame;
use super::{AppView, login, text, when};
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// The app on whose behalf the person signs in.
    pub client: Option<AppView>,
    /// The sealed request on its way, with the first step in it.
    pub flow: String,
    /// Who took the first step.
    pub username: String,
    /// What the browser needs to know to use a passkey, as JSON; `None` when the person has none.
    pub passkey: Option<String>,
    /// What went wrong.
    pub problem: Option<Problem>,
}

/// Why a step was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// In plain words. The answer is a 400.
    Told(&'static str),
    /// Too many wrong codes; how long to wait. The answer is a 429 with `Retry-After`.
    Throttled(i64),
}

#[derive(Template)]
#[template(path = "login_second_factor.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Page<'_> {
    fn problem(&self) -> Option<String> {
        self.view.problem.map(|problem| match problem {
            Problem::Told(says) => says.to_owned(),
            Problem::Throttled(seconds) => format!(
                "Too many wrong codes. You can try again in {}. If it was not you who typed them, change your password.",
                when::wait(seconds)
            ),
        })
    }

    fn offers_beside_username(&self) -> bool {
        false
    }

    fn username(&self) -> String {
        text::short(&self.view.username)
    }
}

/// Renders the page.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        view,
    };
    let mut response = super::send(&page, 200, login::kind(view.passkey.as_ref()));
    match view.problem {
        None => {}
        Some(Problem::Told(_)) => *response.status_mut() = StatusCode::BAD_REQUEST,
        Some(Problem::Throttled(seconds)) => {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let wait = HeaderValue::from(seconds.max(1));
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
    }
    response
}
