//! The way to the authorization server and back: `POST /connect` and `GET /callback`.
//!
//! The client library makes and checks `state`, `nonce`, `iss` and the PKCE verifier; the app keeps what is pending in
//! the browser's own session, so a callback that this browser did not begin finishes nothing.

use super::calls::{self, Key, Said};
use super::session::{self, Connected};
use super::{App, PROVIDER_SCOPE, pages, said};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode, Uri};
use std::sync::Arc;
use valetkey_client::{Ask, Client, Error, Tokens};

/// `POST /connect`
pub(super) async fn connect(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let begun = match app.client().await {
        Ok(client) => client.begin(&Ask {
            scope: PROVIDER_SCOPE,
            resource: Some(&app.settings.photos_url),
            ..Ask::default()
        }),
        Err(error) => Err(error),
    };
    let (url, pending) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            let said = said::error("MySweetApp could not ask", &error);
            return pages::problem(&app, StatusCode::BAD_GATEWAY, "That did not work", said);
        }
    };
    let new_session = app.sessions.begin(session::sent(&headers), pending);
    with_cookie(&app, Redirect::to(url.as_str()).into_response(), new_session)
}

/// `GET /connect`: a reload, or a link that somebody made; the button is on the home page.
pub(super) async fn connect_page() -> Redirect {
    Redirect::to("/")
}

/// `GET /callback`
pub(super) async fn callback(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let sent = session::sent(&headers);
    let query = uri.query().unwrap_or_default();
    let state = query_value(Some(query), "state").unwrap_or_default();
    let Some(pending) = app.sessions.take_pending(sent, &state) else {
        return pages::nothing_waits(&app);
    };
    let finished = match app.client().await {
        Ok(client) => {
            let finished = client.finish(pending, query, app.now()).await;
            finished.map(|tokens| (client, tokens))
        }
        Err(error) => Err(error),
    };
    match finished {
        Ok((client, tokens)) => {
            let (said, connected) = welcome(&app, client, tokens, state).await;
            let id = app.sessions.connect(sent, |holding| {
                holding.connected = Some(Arc::new(connected));
                holding.said = Arc::new(said);
            });
            with_cookie(&app, Redirect::to("/").into_response(), id)
        }
        Err(error) => refused(&app, &error),
    }
}

/// The first thing to do with new tokens: the person's name, and the photos.
async fn welcome(app: &App, client: &Client, tokens: Tokens, state: String) -> (Said, Connected) {
    let name = match client.userinfo(&tokens).await {
        Ok(person) => person
            .standard()
            .and_then(|claims| claims.given_name.or(claims.name)),
        Err(error) => {
            tracing::debug!(%error, "no userinfo");
            None
        }
    };
    let key = Key::Bearer(&tokens.access_token);
    let (said, taken) = calls::photos(&*app.http, &app.settings.photos_url, &key).await;
    let connected = Connected {
        tokens: Arc::new(tokens),
        state,
        name,
        taken,
    };
    (said, connected)
}

pub(super) fn refused(app: &App, error: &Error) -> Response {
    let denied = matches!(error, Error::Wire { error, .. } if error == "access_denied" || error == "permission_denied");
    let heading = if denied {
        "All right, no photos"
    } else {
        "That did not work"
    };
    let title = if denied {
        "You said no"
    } else {
        "MySweetApp got no tokens"
    };
    let status = if denied {
        StatusCode::OK
    } else {
        StatusCode::BAD_REQUEST
    };
    pages::problem(app, status, heading, said::error(title, error))
}

pub(super) fn with_cookie(app: &App, mut response: Response, id: Option<String>) -> Response {
    let secure = app.settings.base_url.starts_with("https:");
    if let Some(cookie) = id.and_then(|id| session::cookie(&id, secure)) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    pages::guard(app, response)
}

pub(super) fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query?.as_bytes());
    pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}
