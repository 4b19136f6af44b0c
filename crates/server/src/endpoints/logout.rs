//! Sign-out: `GET` and `POST /logout`. The person asks for it here, or answers to a client that asks ([`super::end_session`]).
//! Ends the session and the grants that were bound to it.

use super::login::app_view;
use super::page;
use super::sign_out::{Asked, end, last_page, leave};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::pages::logout::{View, render};
use crate::{csrf, form, session};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use valetkey_protocol::params::Params;
use valetkey_protocol::rule::Rule;

/// Asks, or says that nobody is signed in.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match ask(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
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

async fn ask(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    let query = Params::parse_raw(parts.uri.query().unwrap_or_default().as_bytes()).unwrap_or_default();
    let sealed = query.get("request");
    let asked = asked(call, parts, sealed).await?;
    let back = asked.as_ref().and_then(|asked| asked.back.as_ref());
    let Some((session, user)) = session::signed_in(app, &parts.headers).await? else {
        return last_page(call, Vec::new(), back).await;
    };
    let asking = call.client.as_ref().filter(|_| asked.is_some());
    let asks = asking.map(|client| app_view(client, back.map_or("", |back| back.uri.as_str())));
    let view = View {
        username: user.username,
        csrf: session::csrf_field(app, &session),
        request: sealed.map(str::to_owned),
        asks,
    };
    Ok(render(&app.settings.brand, &view))
}

/// The client's request that this is the answer to, when there is one.
async fn asked(call: &mut Call<'_>, parts: &Parts, sealed: Option<&str>) -> Result<Option<Asked>, Failure> {
    let Some(sealed) = sealed else {
        return Ok(None);
    };
    let asked = Asked::open(call, sealed, &parts.headers)?;
    asked.find_client(call).await?;
    Ok(Some(asked))
}

async fn sign_out(call: &mut Call<'_>, parts: &Parts, body: Body) -> Result<Response, Failure> {
    let app = call.app;
    let form = form::of_page(call, body).await?;
    let asked = asked(call, parts, form.get("request")).await?;
    let session = session::current(app, &parts.headers).await?;
    if let Some(session) = &session {
        if !session::csrf_field_fits(app, session, form.get("csrf")) {
            return Err(call.trail.refuse(csrf::cross_site()).into());
        }
        call.trail.passed(Rule::FormCrossSite);
    }
    let frames = end(call, session.as_ref()).await?;
    let back = asked.and_then(|asked| asked.back);
    leave(call, &parts.headers, frames, back.as_ref()).await
}
