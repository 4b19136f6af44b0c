//! Pages of somebody's own account: who it is, whether they signed in lately enough for what they want to change, and
//! whether the form came from a page of ours.

use super::{flow, page};
use crate::call::{Call, Failure};
use crate::interaction::{Browser, Interaction, Pending};
use crate::{csrf, form, routes, session};
use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{Session, User};
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Rule;

/// How lately somebody must have signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lately {
    /// At any time.
    Anytime,
    /// Within [`RECENT_SECONDS`]: what they change decides who can sign in.
    Recently,
}

/// For so long after a sign-in nobody is asked for it again.
const RECENT_SECONDS: i64 = 10 * 60;

/// Who asks for a page.
pub(super) enum Who {
    /// This person.
    Person(Box<Session>, Box<User>),
    /// Nobody yet, or not lately: the answer that sends them to sign in, and back to the page afterwards.
    SignsIn(Box<Response>),
}

/// Who asks for the page at `path`.
pub(super) async fn who(
    call: &mut Call<'_>,
    parts: &Parts,
    path: &str,
    lately: Lately,
) -> Result<Who, Failure> {
    let app = call.app;
    let signed_in = session::signed_in(app, &parts.headers).await?;
    let is_late = |session: &Session| {
        lately == Lately::Recently && call.now.seconds_since(session.auth_time) > RECENT_SECONDS
    };
    match signed_in {
        Some((session, user)) if !is_late(&session) => Ok(Who::Person(Box::new(session), Box::new(user))),
        other => {
            let pending = Pending::Account {
                to: path.to_owned(),
                fresh: other.is_some(),
            };
            let browser = Browser::of(app, &parts.headers);
            let interaction = Interaction::begin(app, pending, &browser);
            let response = flow::to_page(call, &interaction, routes::LOGIN);
            Ok(Who::SignsIn(Box::new(page::with_cookies(
                response,
                browser.cookie(app),
            ))))
        }
    }
}

/// A form of an account page.
pub(super) enum Form {
    /// This person sent it.
    From(Box<Session>, Box<User>, Params),
    /// See [`Who::SignsIn`].
    SignsIn(Box<Response>),
}

/// Takes a form that belongs to the page at `path`: the field `csrf` must be the one that the page gave to this session.
pub(super) async fn take_form(
    call: &mut Call<'_>,
    parts: &Parts,
    body: Body,
    (path, lately): (&str, Lately),
) -> Result<Form, Failure> {
    let form = form::of_page(call, body).await?;
    match who(call, parts, path, lately).await? {
        Who::SignsIn(response) => Ok(Form::SignsIn(response)),
        Who::Person(session, user) => {
            if !session::csrf_field_fits(call.app, &session, form.get("csrf")) {
                return Err(call.trail.refuse(csrf::cross_site()).into());
            }
            call.trail.passed(Rule::FormCrossSite);
            Ok(Form::From(session, user, form))
        }
    }
}
