//! Sign-out that a client asks for: `GET` and `POST /end_session` (OpenID Connect RP-Initiated Logout §2).
//!
//! `logout_hint` and `ui_locales` are read and change nothing: the session says who is signed in, and the pages speak one
//! language.

use super::sign_out::{Asked, end, leave};
use super::{authorize, page};
use crate::call::{Call, Failure, Told, shown_all};
use crate::context::App;
use crate::interaction::Browser;
use crate::{form, routes, session};
use axum::extract::{Request, State};
use axum::response::Response;
use http::request::Parts;
use url::form_urlencoded;
use valetkey_protocol::logout;
use valetkey_protocol::observe::{Role, Step};
use valetkey_protocol::params::Params;
use valetkey_rules::logout::{Back, Decision, Facts, client_of, decide, read_hint};

/// Answers a request with the parameters in the query.
pub(crate) async fn get(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match answer(&mut call, &parts).await {
        Ok(response) => response,
        Err(failure) => page::error(&mut call, &failure),
    }
}

/// Answers a request with the parameters in the form: the same request again, as a GET. A form sent from
/// another site comes without our cookies, so nobody would seem to be signed in.
pub(crate) async fn post(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    match authorize::as_query(&mut call, body).await {
        Ok(query) => page::see_other(&format!("{}?{query}", app.path(routes::END_SESSION))),
        Err(refusal) => page::error(&mut call, &refusal.into()),
    }
}

async fn answer(call: &mut Call<'_>, parts: &Parts) -> Result<Response, Failure> {
    let app = call.app;
    let query = parts.uri.query().unwrap_or_default();
    let params = form::parameters(call, query.as_bytes())?;
    let request = logout::Request::from_params(&params);
    let keys = app.current_keys()?;
    let hint = read_hint(&request, &app.policy().issuer, keys.verifying(), &mut call.trail);
    let named = match &hint {
        Ok(hint) => client_of(&request, hint.as_ref(), &mut call.trail),
        // A hint that is no good names nobody.
        Err(_) => Ok(None),
    };
    if let Ok(Some(id)) = &named {
        call.client = app.client(id).await?;
    }
    tell(call, parts, &params);
    named?;
    let hint = hint?;
    let session = session::current(app, &parts.headers).await?;
    let client = call.client.clone();
    let known = client.as_deref().zip(session.as_ref());
    let subject = known.map(|(client, session)| app.subjects.subject(client, session.user));
    let facts = Facts {
        hint: hint.as_ref(),
        client: client.as_deref(),
        session: session.as_ref(),
        subject: subject.as_deref(),
        sid: known.map(|(client, session)| app.subjects.session(client, session.sid)),
    };
    match decide(&request, &facts, &mut call.trail)? {
        Decision::Ask(back) => Ok(ask(call, parts, back)),
        Decision::SignOut(back) => {
            let frames = end(call, session.as_ref()).await?;
            leave(call, &parts.headers, frames, back.as_ref()).await
        }
        Decision::Nobody(back) => leave(call, &parts.headers, Vec::new(), back.as_ref()).await,
    }
}

/// Sends the browser to the page that asks the person.
fn ask(call: &Call<'_>, parts: &Parts, back: Option<Back>) -> Response {
    let app = call.app;
    let browser = Browser::of(app, &parts.headers);
    let asked = Asked::begin(app, call.client.as_deref(), back, &browser);
    let query: String = form_urlencoded::Serializer::new(String::new())
        .append_pair("request", &asked.seal(app))
        .finish();
    let response = page::see_other(&format!("{}?{query}", app.path(routes::LOGOUT)));
    page::with_cookies(response, browser.cookie(app))
}

fn tell(call: &mut Call<'_>, parts: &Parts, params: &Params) {
    call.tell(Told {
        from: Role::Client,
        to: Role::AuthorizationServer,
        step: Step::Other,
        title: "Sign-out request",
        line: format!("{} {}", parts.method, routes::END_SESSION),
        parameters: shown_all(params),
    });
}
