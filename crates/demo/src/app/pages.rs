//! MySweetApp's pages, pictures and style sheet. Templates escape every text; nothing comes from elsewhere and, but
//! for the single-page example, nothing runs.

use super::App;
use super::calls::Photo;
use super::decoded::{Decoded, decode};
use super::said::{self, Said};
use super::session::{self, Connected};
use crate::headers::{PICTURE_POLICY, guarded};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::sync::Arc;

#[derive(Template)]
#[template(path = "app_home.html")]
struct Home<'a> {
    photos_url: &'a str,
    issuer: &'a str,
    spa: bool,
}

#[derive(Template)]
#[template(path = "app_connected.html")]
struct ConnectedPage<'a> {
    name: Option<&'a str>,
    photos: Option<&'a [Photo]>,
    said: &'a Said,
    access: &'a Decoded,
    id_token: Option<&'a Decoded>,
    has_refresh_token: bool,
    scope: String,
    inspect: String,
}

#[derive(Template)]
#[template(path = "app_spa.html")]
struct SinglePage<'a> {
    issuer: &'a str,
    client_id: &'a str,
    redirect_uri: String,
    photos_url: &'a str,
    inspector_url: &'a str,
}

#[derive(Template)]
#[template(path = "app_problem.html")]
struct Problem<'a> {
    heading: &'a str,
    said: &'a Said,
}

/// `GET /`
pub(super) async fn home(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(connected) = app.sessions.connected(session::sent(&headers)) {
        return connected_page(&app, &connected);
    }
    let home = Home {
        photos_url: &app.settings.photos_url,
        issuer: &app.settings.issuer,
        spa: app.settings.spa_client_id.is_some(),
    };
    page(&app, StatusCode::OK, &home)
}

fn connected_page(app: &App, connected: &Connected) -> Response {
    let tokens = &connected.tokens;
    let id_token = tokens.id_token.as_deref().map(decode);
    let view = ConnectedPage {
        name: connected.name.as_deref(),
        photos: connected.taken.as_deref().map(Vec::as_slice),
        said: &connected.said,
        access: &decode(tokens.access_token.expose()),
        id_token: id_token.as_ref(),
        has_refresh_token: tokens.refresh_token.is_some(),
        scope: tokens.scope.to_string(),
        inspect: inspect_url(app, &connected.state),
    };
    page(app, StatusCode::OK, &view)
}

/// Where the inspector shows the flow that began with this `state`.
fn inspect_url(app: &App, state: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", &app.settings.client_id)
        .append_pair("state", state)
        .finish();
    let inspector = app.settings.inspector_url.trim_end_matches('/');
    format!("{inspector}/find?{query}")
}

/// `GET /spa`: the variant that runs in the browser alone; also its redirect URI.
pub(super) async fn single_page(State(app): State<Arc<App>>) -> Response {
    let settings = &app.settings;
    let Some(client_id) = &settings.spa_client_id else {
        return not_found(State(app)).await;
    };
    let template = SinglePage {
        issuer: &settings.issuer,
        client_id,
        redirect_uri: format!("{}/spa", settings.base_url.trim_end_matches('/')),
        photos_url: settings.photos_url.trim_end_matches('/'),
        inspector_url: settings.inspector_url.trim_end_matches('/'),
    };
    guarded(rendered(StatusCode::OK, &template), app.spa_policy.clone())
}

/// A page that says what did not work.
pub(super) fn problem(app: &App, status: StatusCode, heading: &str, said: Said) -> Response {
    page(app, status, &Problem { heading, said: &said })
}

/// `GET /photos/{id}`: a picture that the last call brought.
pub(super) async fn picture(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let connected = app.sessions.connected(session::sent(&headers));
    let photo = connected
        .as_ref()
        .and_then(|connected| connected.taken.as_ref())
        .and_then(|taken| taken.iter().find(|photo| photo.id == id));
    match photo {
        Some(photo) => {
            let kind = [(CONTENT_TYPE, photo.content_type.clone())];
            guarded((kind, photo.picture.clone()).into_response(), PICTURE_POLICY)
        }
        None => not_found(State(app)).await,
    }
}

pub(super) async fn not_found(State(app): State<Arc<App>>) -> Response {
    let said = said::bad(
        "There is nothing here",
        "Or not for this browser. The start page knows the way.",
    );
    problem(&app, StatusCode::NOT_FOUND, "Not found", said)
}

/// `GET /assets/{name}`
pub(super) async fn asset(State(app): State<Arc<App>>, Path(name): Path<String>) -> Response {
    let (kind, text) = match name.as_str() {
        "mysweetapp.css" => (
            "text/css; charset=utf-8",
            include_str!("../../assets/mysweetapp.css"),
        ),
        "spa.js" => (
            "text/javascript; charset=utf-8",
            include_str!("../../assets/spa.js"),
        ),
        "sweet.svg" => ("image/svg+xml", include_str!("../../assets/sweet.svg")),
        "alice.svg" => ("image/svg+xml", include_str!("../../assets/alice.svg")),
        _ => return not_found(State(app)).await,
    };
    guarded(([(CONTENT_TYPE, kind)], text).into_response(), PICTURE_POLICY)
}

fn page(app: &App, status: StatusCode, template: &impl Template) -> Response {
    guard(app, rendered(status, template))
}

fn rendered(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(text) => (status, Html(text)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The headers of everything that is a page or leads to one.
pub(super) fn guard(app: &App, response: Response) -> Response {
    guarded(response, app.policy.clone())
}

/// Chromium holds `form-action` against the redirects that follow a form too, so the issuer is on the list: pressing
/// the button leads there.
pub(super) fn policy(issuer_origin: &str) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    HeaderValue::try_from(format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' {issuer_origin}"
    ))
}

/// The single-page variant runs one script of the app's own, which talks to the server and the API and nobody else.
pub(super) fn spa_policy(
    issuer_origin: &str,
    photos_origin: &str,
) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    HeaderValue::try_from(format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; \
         connect-src {issuer_origin} {photos_origin}; base-uri 'none'; frame-ancestors 'none'; form-action 'none'"
    ))
}
