//! The end of an account: `GET` and `POST /account/delete`, for whoever signed in a moment ago and types the username. Every
//! session, grant, consent and way to sign in goes along; clients that wait for sign-outs hear of it.

use super::page;
use super::signed_in::{self, Form, Lately, Who};
use crate::accounts::{self, letters};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::{form as form_page, said};
use crate::{outbox, routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::{Session, User};
use valetkey_protocol::rule::Refusal;
use valetkey_rules::account;

/// Shows the form.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match show(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn show(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    match signed_in::who(call, parts, routes::ACCOUNT_DELETE, Lately::Recently).await? {
        Who::Person(session, user) => Ok(render(call, (&session, &user), None)),
        Who::SignsIn(response) => Ok(*response),
    }
}

/// Takes the form.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match take(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn take(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    let page = (routes::ACCOUNT_DELETE, Lately::Recently);
    let (session, user, form) = match signed_in::take_form(call, parts, body, page).await? {
        Form::From(session, user, form) => (session, user, form),
        Form::SignsIn(response) => return Ok(*response),
    };
    let typed = form.get("username").unwrap_or_default();
    let confirmed = account::may_delete(&user.username, typed, &mut call.trail);
    accounts::tell(call, "End of the account", "POST /account/delete");
    if let Err(refusal) = confirmed {
        let response = render(call, (&session, &user), Some(&refusal));
        call.log(&refusal.into());
        return Ok(response);
    }
    app.store.remove_user(user.id, call.now).await?;
    outbox::nudge(app);
    tracing::info!(user = %user.id, "account deleted");
    letters::account_deleted(app, &user).await?;
    let view = said::View {
        id: "deleted",
        title: String::from("Your account is deleted"),
        lines: vec![
            String::from("You are signed out, and no app has access any more."),
            String::from("Apps may have kept what you gave them; ask them to delete it too."),
        ],
        next: None,
    };
    let response = said::render(&app.settings.brand, &view);
    Ok(page::with_cookies(response, session::no_cookies(app)))
}

fn render(call: &Call<'_>, (session, user): (&Session, &User), problem: Option<&Refusal>) -> Response {
    let app = call.app;
    let view = form_page::View {
        title: String::from("Delete your account"),
        lead: String::from(
            "Everything in it goes: your profile, your ways to sign in, and the access of every app. It cannot be brought back.",
        ),
        facts: vec![("Your username", user.username.clone())],
        action: app.path(routes::ACCOUNT_DELETE),
        hidden: vec![("csrf", session::csrf_field(app, session))],
        fields: vec![form_page::Field {
            autocomplete: "off",
            problem: problem.map(accounts::says),
            ..form_page::Field::required("username", "Type your username to confirm", "text")
        }],
        button: ("delete", "Delete my account for ever"),
        is_danger: true,
        ..form_page::View::default()
    };
    form_page::account(&app.settings.brand, &view)
}
