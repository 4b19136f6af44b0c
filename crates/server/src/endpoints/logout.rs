//! Sign-out: `GET` and `POST /logout`. Ends the session and the grants that were bound to it.

use super::page;
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::logout::{View, render, signed_out};
use crate::{csrf, form, routes, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_protocol::rule::Rule;

/// Asks, or says that nobody is signed in.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match session::signed_in(&app, &parts.headers).await {
        Ok(Some((session, user))) => render(
            &app.settings.brand,
            &View {
                username: user.username,
                csrf: session::csrf_field(&app, &session),
            },
        ),
        Ok(None) => signed_out(&app.settings.brand),
        Err(error) => page::error(&mut call, &error.into()),
    }
}

/// Signs out.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match sign_out(&mut call, &parts, body).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

async fn sign_out(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    let form = form::of_page(call, body).await?;
    if let Some(session) = session::current(app, &parts.headers).await? {
        if !session::csrf_field_fits(app, &session, form.get("csrf")) {
            return Err(call.trail.refuse(csrf::cross_site()).into());
        }
        call.trail.passed(Rule::FormCrossSite);
        app.store.end_session(session.id, call.now).await?;
        tracing::info!(user = %session.user, session = %session.id, "signed out");
    }
    let response = page::see_other(&app.path(routes::LOGOUT));
    Ok(page::with_cookies(
        response,
        app.cookies.remove(&app.cookies.session),
    ))
}
