//! The page where a person types the code that a device shows (`/device`), and the one that says how it ended.
//!
//! What the device asks for, and from where, the consent page says.

use super::brand::Brand;
use super::response::Kind;
use super::site::Frame;
use super::{AppView, text, when};
use askama::Template;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;

/// What the page shows.
#[derive(Debug, Clone, Default)]
pub struct View {
    /// What the field holds at first.
    pub user_code: String,
    /// Whether a link filled it in: then the person is asked to compare it.
    pub is_from_link: bool,
    /// What was wrong with the code before.
    pub problem: Option<Problem>,
}

/// Why a code was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// No device shows it now. The answer is a 400.
    Unknown,
    /// Too many wrong ones; how long to wait. The answer is a 429 with `Retry-After`.
    Throttled(i64),
}

impl Problem {
    fn says(self) -> String {
        match self {
            Self::Unknown => String::from(
                "No device shows this code now. Check each letter; if the code is more than a few minutes old, let the device show a new one.",
            ),
            Self::Throttled(seconds) => format!(
                "Too many wrong codes came from your network. You can try again in {}.",
                when::wait(seconds)
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "device.html")]
struct Page<'a> {
    frame: Frame<'a>,
    view: &'a View,
}

impl Page<'_> {
    fn problem(&self) -> Option<String> {
        self.view.problem.map(Problem::says)
    }

    fn user_code(&self) -> String {
        text::short(&self.view.user_code)
    }
}

/// Renders the form.
#[must_use]
pub fn render(brand: &Brand, view: &View) -> Response {
    let page = Page {
        frame: Frame::new(brand),
        view,
    };
    let mut response = super::send(&page, 200, Kind::Page);
    match view.problem {
        None => {}
        Some(Problem::Unknown) => *response.status_mut() = StatusCode::BAD_REQUEST,
        Some(Problem::Throttled(seconds)) => {
            *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
            let wait = HeaderValue::from(seconds.max(1));
            response.headers_mut().insert(header::RETRY_AFTER, wait);
        }
    }
    response
}

/// How the person answered a request that leads nowhere in this browser.
#[derive(Debug, Clone, Default)]
pub struct Ended {
    /// The app elsewhere.
    pub client: AppView,
    /// Whether they allowed it.
    pub allowed: bool,
    /// Whether a device asked, by a code that the person typed.
    pub is_device: bool,
}

#[derive(Template)]
#[template(path = "device_ended.html")]
struct EndedPage<'a> {
    frame: Frame<'a>,
    view: &'a Ended,
}

/// Renders the end.
#[must_use]
pub fn ended(brand: &Brand, view: &Ended) -> Response {
    let page = EndedPage {
        frame: Frame::new(brand),
        view,
    };
    super::send(&page, 200, Kind::Page)
}
