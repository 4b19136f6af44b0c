//! MySweetApp's pages, pictures and style sheet. Templates escape every text; nothing comes from elsewhere and, but
//! for the single-page example, nothing runs.

use super::calls::Photo;
use super::decoded::{Decoded, decode};
use super::how::How;
use super::said::{self, Said};
use super::sent::SentView;
use super::session::{self, Connected, Holding, SignedIn};
use super::{App, PROVIDER_SCOPE};
use crate::headers::{PICTURE_POLICY, guarded};
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Html, IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use std::sync::Arc;
use url::Url;
use valetkey_protocol::observe::Parameter;
use valetkey_protocol::time::Timestamp;

#[derive(Template)]
#[template(path = "app_home.html")]
struct Home<'a> {
    photos_url: &'a str,
    issuer: &'a str,
    spa: bool,
    signing: bool,
    /// What there is to say to somebody who was signed out from elsewhere.
    said: Option<&'a Said>,
}

#[derive(Template)]
#[template(path = "app_connected.html")]
struct ConnectedPage<'a> {
    name: Option<&'a str>,
    said: &'a Said,
    /// Whether a sign-in the 1.0 way can be added.
    signing: bool,
    bearer: Option<BearerView<'a>>,
    signed: Option<SignedView<'a>>,
    account: String,
    side_by_side: String,
}

/// What OAuth 2 gave.
struct BearerView<'a> {
    photos: Option<&'a [Photo]>,
    access: Decoded,
    id_token: Option<Decoded>,
    has_refresh_token: bool,
    scope: String,
    inspect: String,
    host: String,
    /// The token, masked.
    masked: String,
    ends: Option<String>,
    /// How the person signed in.
    how: Option<How>,
}

/// What OAuth 1.0a gave.
struct SignedView<'a> {
    photos: Option<&'a [Photo]>,
    sent: SentView,
    token: &'a str,
}

#[derive(Template)]
#[template(path = "app_spa.html")]
struct SinglePage<'a> {
    issuer: &'a str,
    client_id: &'a str,
    redirect_uri: String,
    photos_url: &'a str,
    scope: &'a str,
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
    let holding = app.sessions.holding(session::sent(&headers));
    if holding.connected.is_some() || holding.signed.is_some() {
        return connected_page(&app, &holding);
    }
    let home = Home {
        photos_url: &app.settings.photos_url,
        issuer: &app.settings.issuer,
        spa: app.settings.spa_client_id.is_some(),
        signing: app.settings.oauth1_consumer_secret.is_some(),
        said: Some(&*holding.said).filter(|said| !said.title.is_empty()),
    };
    page(&app, StatusCode::OK, &home)
}

fn connected_page(app: &App, holding: &Holding) -> Response {
    let settings = &app.settings;
    let connected = holding.connected.as_deref();
    let signed = holding.signed.as_deref();
    let view = ConnectedPage {
        name: connected.and_then(|connected| connected.name.as_deref()),
        said: &holding.said,
        signing: settings.oauth1_consumer_secret.is_some() && signed.is_none(),
        bearer: connected.map(|connected| bearer_view(app, connected)),
        signed: signed.map(signed_view),
        account: format!("{}/account", settings.issuer.trim_end_matches('/')),
        side_by_side: format!("{}/side-by-side", settings.inspector_url.trim_end_matches('/')),
    };
    page(app, StatusCode::OK, &view)
}

fn bearer_view<'a>(app: &App, connected: &'a Connected) -> BearerView<'a> {
    let tokens = &connected.tokens;
    let host = Url::parse(&app.settings.photos_url).map(|url| url.authority().to_owned());
    BearerView {
        photos: connected.taken.as_deref().map(Vec::as_slice),
        access: decode(tokens.access_token.expose()),
        id_token: tokens.id_token.as_deref().map(decode),
        has_refresh_token: tokens.refresh_token.is_some(),
        scope: tokens.scope.to_string(),
        inspect: inspect_url(app, &connected.state),
        host: host.unwrap_or_default(),
        masked: Parameter::secret("access_token", tokens.access_token.expose()).value,
        ends: tokens.expires_at.map(moment),
        how: tokens.id_claims.as_ref().map(How::of),
    }
}

fn signed_view(signed: &SignedIn) -> SignedView<'_> {
    let spent = signed.taken.is_some();
    let sent = signed.sent.as_ref();
    SignedView {
        photos: signed.taken.as_deref().map(Vec::as_slice),
        sent: sent.map(|sent| sent.view(spent)).unwrap_or_default(),
        token: &signed.token.token,
    }
}

pub(super) fn moment(at: Timestamp) -> String {
    jiff::Timestamp::from_second(at.0).map_or_else(
        |_| at.to_string(),
        |at| at.strftime("%-d %b %Y, %H:%M:%S UTC").to_string(),
    )
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
        redirect_uri: app.address("/spa"),
        photos_url: settings.photos_url.trim_end_matches('/'),
        scope: PROVIDER_SCOPE,
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
    let connected = app.sessions.holding(session::sent(&headers)).connected;
    let taken = connected.and_then(|connected| connected.taken.clone());
    shown(app, taken.as_deref(), &id).await
}

/// `GET /oauth1/photos/{id}`: one that the last signed call brought.
pub(super) async fn signed_picture(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Response {
    let signed = app.sessions.holding(session::sent(&headers)).signed;
    let taken = signed.and_then(|signed| signed.taken.clone());
    shown(app, taken.as_deref(), &id).await
}

async fn shown(app: Arc<App>, taken: Option<&Vec<Photo>>, id: &str) -> Response {
    let photo = taken.and_then(|taken| taken.iter().find(|photo| photo.id == id));
    match photo {
        Some(photo) => {
            let kind = [(CONTENT_TYPE, photo.content_type.clone())];
            guarded((kind, photo.picture.clone()).into_response(), PICTURE_POLICY)
        }
        None => not_found(State(app)).await,
    }
}

/// A callback that this browser did not begin.
pub(super) fn nothing_waits(app: &App) -> Response {
    let text = "This answer belongs to no sign-in that this browser began here, or it was finished already. \
                So MySweetApp does not touch it: it could be somebody else’s.";
    let said = said::bad("No sign-in is waiting for this answer", text);
    problem(app, StatusCode::BAD_REQUEST, "Something does not fit", said)
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
