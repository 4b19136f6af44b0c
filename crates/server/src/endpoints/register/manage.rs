//! A client reads, replaces or removes its own registration (RFC 7592 §2, OpenID Connect Registration §4):
//! `GET`, `PUT`, `DELETE /register/{client_id}`, with its registration access token.

use super::{admission, commit, decide, presented, read, respond, tell_request, tell_response, told};
use crate::call::{Call, Failure};
use crate::context::App;
use crate::endpoints::page;
use crate::wire_error;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use std::sync::Arc;
use valetkey_model::{Client, ClientId};
use valetkey_protocol::register as wire;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_rules::register::{token, update};

/// What is registered.
pub(crate) async fn get(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let mut call = Call::new(&app, request.extensions());
    let answer = owner(&mut call, request.headers(), &id).await;
    tell_request(&mut call, "GET", &wire::Request::default());
    let answer = answer.map(|client| told(&app, &client, None));
    respond(&mut call, StatusCode::OK, answer)
}

/// Replaces all of it.
pub(crate) async fn put(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let mut call = Call::new(&app, &parts.extensions);
    let mut asked = wire::Request::default();
    let answer = replace(&mut call, (&parts, body), &id, &mut asked).await;
    tell_request(&mut call, "PUT", &asked);
    respond(&mut call, StatusCode::OK, answer)
}

/// Removes the client with all that people gave it.
pub(crate) async fn delete(State(app): State<App>, Path(id): Path<String>, request: Request) -> Response {
    let mut call = Call::new(&app, request.extensions());
    let answer = remove(&mut call, request.headers(), &id).await;
    tell_request(&mut call, "DELETE", &wire::Request::default());
    let (response, parameters) = match &answer {
        Ok(()) => (removed(), Vec::new()),
        Err(failure) => (wire_error::json(&call, failure), page::error_parameters(failure)),
    };
    tell_response(&mut call, &response, parameters);
    response
}

/// The client whose token was shown, as it is stored now.
async fn owner(call: &mut Call<'_>, headers: &HeaderMap, id: &str) -> Result<Client, Failure> {
    let Some(shown) = presented(call, headers)? else {
        return Err(call.trail.refuse(Refusal::plain(Rule::BearerTokenMissing)).into());
    };
    call.trail.passed(Rule::BearerTokenMissing);
    let found = match ClientId::parse(id) {
        Ok(id) => call.app.store.find_client(&id).await?,
        Err(_) => None,
    };
    let keys = &call.app.registrations;
    let client = token::manages(&shown, found.as_ref(), keys, &mut call.trail)?.clone();
    call.client = Some(Arc::new(client.clone()));
    call.proved = true;
    Ok(client)
}

async fn replace(
    call: &mut Call<'_>,
    (parts, body): (&Parts, Body),
    id: &str,
    asked: &mut wire::Request,
) -> Result<wire::Response, Failure> {
    let app = call.app;
    let before = owner(call, &parts.headers, id).await?;
    token::is_on(app.policy().registration.mode, &mut call.trail)?;
    let registered = before.registration.as_ref();
    if registered.is_none_or(|own| own.initial_access_token.is_none()) {
        admission::not_too_often(call, parts).await?;
    }
    *asked = read(call, &parts.headers, body).await?;
    let secrets = &app.secrets_of_clients;
    update::check(&asked.reserved, &before, secrets, &mut call.trail)?;
    let registration = decide(call, &asked.metadata).await?;
    let (authentication, secret) = match update::kept(registration.method, &before.authentication) {
        Some(kept) => (kept, None),
        None => commit::authentication(app, registration.method, &before.id),
    };
    let client = update::replaced(&before, registration, authentication, call.now);
    update::keeps_its_sector(&before, &client, &mut call.trail)?;
    commit::make_keys(app, &client).await?;
    if !app.store.update_client(client.clone()).await? {
        return Err(commit::gone(call));
    }
    app.clients.forget();
    Ok(told(app, &client, secret))
}

async fn remove(call: &mut Call<'_>, headers: &HeaderMap, id: &str) -> Result<(), Failure> {
    let client = owner(call, headers, id).await?;
    if !call.app.store.remove_client(&client.id).await? {
        return Err(commit::gone(call));
    }
    call.app.clients.forget();
    Ok(())
}

fn removed() -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::NO_CONTENT;
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(header::CACHE_CONTROL, no_store);
    response
}
