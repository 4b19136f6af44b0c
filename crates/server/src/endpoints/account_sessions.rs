//! Where the person is signed in: `GET` and `POST /account/sessions`. Clients that took part in a session that ends here hear
//! of it by the back channel.

use super::page;
use super::signed_in::{self, Form, Lately, Who};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::sessions::{Session as Row, View, render};
use crate::{outbox, routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{Session, User};
use valetkey_protocol::params::Params;

/// What the form sends to end every session but this browser's.
const OTHERS: &str = "others";

/// Shows the sessions.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

/// Ends one of them, or all others.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match end(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    let who = signed_in::who(call, parts, routes::ACCOUNT_SESSIONS, Lately::Anytime).await?;
    let (session, user) = match who {
        Who::Person(session, user) => (session, user),
        Who::SignsIn(response) => return Ok(*response),
    };
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let notice = query.get("ended").and_then(|ended| ended.parse().ok()).map(said);
    let view = View {
        sessions: rows(call, &session, &user).await?,
        csrf: session::csrf_field(app, &session),
        notice,
    };
    Ok(render(&app.settings.brand, &view))
}

async fn rows(call: &Call<'_>, here: &Session, user: &User) -> Result<Vec<Row>, Failure> {
    let sessions = call.app.store.list_sessions(user.id, call.now).await?;
    let mut rows: Vec<Row> = sessions
        .into_iter()
        .map(|session| Row {
            name: session.sid.to_string(),
            is_here: session.id == here.id,
            address: session.from.address,
            user_agent: session.from.user_agent,
            since: session.auth_time,
        })
        .collect();
    rows.sort_by_key(|row| !row.is_here);
    Ok(rows)
}

fn said(ended: u64) -> String {
    match ended {
        0 => String::from("Nothing was signed out: that session was over already."),
        1 => String::from("Signed out in one browser. Apps that took part in that session are told."),
        many => {
            format!("Signed out in {many} browsers. Apps that took part in those sessions are told.")
        }
    }
}

async fn end(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let page = (routes::ACCOUNT_SESSIONS, Lately::Anytime);
    let (here, user, form) = match signed_in::take_form(call, parts, body, page).await? {
        Form::From(session, user, form) => (session, user, form),
        Form::SignsIn(response) => return Ok(*response),
    };
    let app = call.app;
    let named = form.get("session").unwrap_or_default();
    if named == here.sid.to_string() {
        // Apps are told through this browser, too.
        return Ok(page::see_other(&app.path(routes::LOGOUT)));
    }
    let ended = if named == OTHERS {
        app.store
            .end_sessions_of(user.id, Some(here.id), call.now)
            .await?
    } else {
        u64::from(end_one(call, &user, named).await?)
    };
    outbox::nudge(app);
    tracing::info!(user = %user.id, ended, "signed out elsewhere");
    let to = format!("{}?ended={ended}", app.path(routes::ACCOUNT_SESSIONS));
    Ok(page::see_other(&to))
}

/// Ends the session of that name, when it is one of this person's.
async fn end_one(call: &Call<'_>, user: &User, named: &str) -> Result<bool, Failure> {
    let store = &call.app.store;
    let sessions = store.list_sessions(user.id, call.now).await?;
    match sessions.iter().find(|session| session.sid.to_string() == named) {
        Some(session) => Ok(store.end_session(session.id, call.now).await?),
        None => Ok(false),
    }
}
