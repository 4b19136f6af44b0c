//! Signing out, from all three sides. The person signs out here and at the server (OpenID Connect RP-Initiated Logout 1.0);
//! the server tells the app that they signed out elsewhere, by itself (Back-Channel Logout 1.0) or through the browser
//! (Front-Channel Logout 1.0). What the app holds by OAuth 1.0a knows no person, so only the first ends it.

use super::session::{self, Connected};
use super::{App, pages, said};
use crate::headers::guarded;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Redirect, Response};
use http::header::{CACHE_CONTROL, CONTENT_TYPE, SET_COOKIE, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;
use valetkey_client::{Client, Error, IdClaims, LogoutToken, Timestamp};

/// Where the server sends people back after they have signed out.
const SIGNED_OUT: &str = "/signed-out";
/// How far the clocks may lie apart: so long after its end a logout token is remembered.
const LEEWAY_SECONDS: i64 = 60;

/// The logout tokens that were used, by `jti`, until they have ended.
#[derive(Default)]
pub(super) struct Seen(Mutex<HashMap<String, Timestamp>>);

impl Seen {
    /// Whether it is seen for the first time.
    fn is_new(&self, token: &LogoutToken, now: Timestamp) -> bool {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        seen.retain(|_, exp| now <= exp.plus_seconds(LEEWAY_SECONDS));
        seen.insert(token.jti.clone(), token.exp).is_none()
    }
}

/// `POST /sign-out`: first here, then at the server when it offers that.
pub(super) async fn sign_out(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let sent = session::sent(&headers);
    let connected = app.sessions.holding(sent).connected;
    app.sessions.end(sent);
    let client = app
        .client()
        .await
        .inspect_err(|error| tracing::debug!(%error, "no sign-out there"));
    let there = match (client, &connected) {
        (Ok(client), Some(connected)) => at_server(&app, client, connected),
        _ => None,
    };
    let (to, cookie) = match &there {
        Some((url, id)) => (url.as_str(), session::cookie(id, app.is_secure())),
        None => (SIGNED_OUT, Some(session::no_cookie())),
    };
    let mut response = pages::guard(&app, Redirect::to(to).into_response());
    response
        .headers_mut()
        .extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    response
}

/// The address for signing out there, and the id of a session that waits for the answer.
fn at_server(app: &App, client: &Client, connected: &Connected) -> Option<(Url, String)> {
    let (id, state) = app.sessions.begin_sign_out()?;
    let id_token = connected.tokens.id_token.as_deref();
    let url = client.end_session_url(id_token, Some(&app.address(SIGNED_OUT)), Some(&state));
    match url {
        Ok(url) => Some((url, id)),
        Err(_) => {
            app.sessions.end(Some(&id));
            None
        }
    }
}

/// `GET /signed-out`: back from there, or straight from here.
pub(super) async fn signed_out(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let sent = session::sent(&headers);
    let holding = app.sessions.holding(sent);
    if holding.connected.is_some() || holding.signed.is_some() {
        // A link that somebody made; it must not say what is not so.
        return pages::guard(&app, Redirect::to("/").into_response());
    }
    let state = super::connect::query_value(uri.query(), "state").unwrap_or_default();
    let there_too = app.sessions.take_sign_out(sent, &state);
    let said = if there_too {
        said::good(
            "Signed out, here and at Valetkey",
            "GET /end_session → back here",
            "MySweetApp forgot its tokens and sent you to Valetkey with the ID token, so that it knew whose session to end. Other \
             apps that you used in it hear of it from Valetkey. (OpenID Connect RP-Initiated Logout 1.0 §2)",
        )
    } else {
        said::good(
            "Signed out here",
            "",
            "MySweetApp forgot its tokens. Valetkey may still know you: then the next sign-in asks for no password.",
        )
    };
    let mut response = pages::problem(&app, StatusCode::OK, "Goodbye", said);
    // A sign-in of another tab may be on its way in any other session.
    if there_too {
        app.sessions.end(sent);
        response.headers_mut().append(SET_COOKIE, session::no_cookie());
    }
    response
}

/// `POST /backchannel-logout`: the server says that a session has ended there.
pub(super) async fn back_channel(State(app): State<Arc<App>>, form: Bytes) -> Response {
    let told = match app.client().await {
        Ok(client) => client.back_channel_logout(&form, app.now()).await,
        Err(error) => Err(error),
    };
    let mut response = match told {
        Ok(token) if app.logouts.is_new(&token, app.now()) => {
            let ended = end(&app, |claims| is_meant(&token, claims));
            tracing::debug!(ended, "signed out by the back channel");
            StatusCode::OK.into_response()
        }
        Ok(_) => refused("This logout token was used before."),
        Err(Error::Http(error)) => {
            tracing::warn!(%error, "a logout token could not be checked");
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
        Err(error) => refused(&error.to_string()),
    };
    let no_store = HeaderValue::from_static("no-store");
    response.headers_mut().insert(CACHE_CONTROL, no_store);
    response
}

/// Back-Channel Logout 1.0 §2.8.
fn refused(description: &str) -> Response {
    let body = serde_json::json!({"error": "invalid_request", "error_description": description});
    let kind = [(CONTENT_TYPE, "application/json")];
    (StatusCode::BAD_REQUEST, kind, body.to_string()).into_response()
}

/// `sid` names one session; without it the person is meant, wherever they are signed in.
fn is_meant(token: &LogoutToken, claims: &IdClaims) -> bool {
    let of_session = token.sid.is_none() || token.sid.as_deref() == claims.sid();
    let of_person = token.sub.as_deref().is_none_or(|sub| claims.sub == sub);
    of_session && of_person
}

/// `GET /frontchannel-logout`, in a frame that nobody sees. The app's cookie does not come with it, but `sid` does.
pub(super) async fn front_channel(State(app): State<Arc<App>>, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let client = app.client().await.ok();
    let sid = client.and_then(|client| client.front_channel_sid(query));
    let (status, text) = match sid {
        Some(sid) => {
            end(&app, |claims| claims.sid() == Some(&sid));
            (StatusCode::OK, "MySweetApp has ended this session.")
        }
        None => (StatusCode::BAD_REQUEST, "This names no session."),
    };
    let page =
        format!("<!doctype html>\n<html lang=\"en\"><title>MySweetApp</title>\n<p>{text}</p>\n</html>\n");
    let mut response = guarded((status, Html(page)).into_response(), app.framed_policy.clone());
    response.headers_mut().remove(X_FRAME_OPTIONS);
    response
}

fn end(app: &App, is_one: impl Fn(&IdClaims) -> bool) -> usize {
    let word = said::bad(
        "You were signed out",
        "Valetkey told MySweetApp that you signed out there, so it forgot you and its tokens. (OpenID Connect Back-Channel \
         Logout 1.0 §2.7, Front-Channel Logout 1.0 §2)",
    );
    app.sessions.end_signed_in(is_one, &Arc::new(word))
}

/// The server shows the page for the front channel in a frame, and nobody else does.
pub(super) fn framed_policy(issuer_origin: &str) -> Result<HeaderValue, http::header::InvalidHeaderValue> {
    HeaderValue::try_from(format!(
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors {issuer_origin}"
    ))
}
