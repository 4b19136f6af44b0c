//! The buttons of the connected page: call the API again, refresh, revoke, be forgotten. Each is a form post that goes
//! back to `/`, which tells how it came out.

use super::calls::{self, Key, Said};
use super::session::{self, Connected};
use super::{App, pages, said};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::HeaderMap;
use http::header::SET_COOKIE;
use std::sync::Arc;

/// `POST /call-api`
pub(super) async fn call_api(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some((id, connected)) = current(&app, &headers) {
        let key = Key::Bearer(&connected.tokens.access_token);
        let (said, taken) = calls::photos(&*app.http, &app.settings.photos_url, &key).await;
        let connected = Connected {
            taken,
            ..(*connected).clone()
        };
        tell(&app, id, said, Some(connected));
    }
    back(&app)
}

/// `POST /refresh` (RFC 6749 §6)
pub(super) async fn refresh(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some((id, connected)) = current(&app, &headers) {
        let refreshed = match app.client().await {
            Ok(client) => client.refresh(&connected.tokens, app.now()).await,
            Err(error) => Err(error),
        };
        match refreshed {
            Ok(tokens) => {
                let rotated = tokens.refresh_token != connected.tokens.refresh_token;
                let text = if rotated {
                    "A new access token came, and a new refresh token with it: the old one is used up. (RFC 9700 §4.14)"
                } else {
                    "A new access token came."
                };
                let connected = Connected {
                    tokens: Arc::new(tokens),
                    ..(*connected).clone()
                };
                let said = said::good("Refreshed", "POST /token → 200 OK", text);
                tell(&app, id, said, Some(connected));
            }
            Err(error) => tell(&app, id, said::error("Valetkey gave no new token", &error), None),
        }
    }
    back(&app)
}

/// `POST /revoke` (RFC 7009): the refresh token where there is one, since it ends the whole grant.
pub(super) async fn revoke(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some((id, connected)) = current(&app, &headers) {
        let tokens = &connected.tokens;
        let token = tokens
            .refresh_token
            .as_ref()
            .map_or(tokens.access_token.expose(), |token| token.expose());
        let revoked = match app.client().await {
            Ok(client) => client.revoke(token, app.now()).await,
            Err(error) => Err(error),
        };
        let said = match revoked {
            Ok(()) => said::good(
                "The key was given back",
                "POST /revoke → 200 OK",
                "Valetkey has ended the grant: neither token counts any more. Call the API again and see.",
            ),
            Err(error) => said::error("Valetkey did not take the key back", &error),
        };
        tell(&app, id, said, None);
    }
    back(&app)
}

/// `POST /forget`: MySweetApp forgets the browser and its tokens; Valetkey is not told.
pub(super) async fn forget(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    app.sessions.end(session::sent(&headers));
    let mut response = back(&app);
    response.headers_mut().append(SET_COOKIE, session::no_cookie());
    response
}

fn current<'a>(app: &App, headers: &'a HeaderMap) -> Option<(&'a str, Arc<Connected>)> {
    let id = session::sent(headers)?;
    let connected = app.sessions.holding(Some(id)).connected?;
    Some((id, connected))
}

/// How the deed came out, and what the app holds since.
fn tell(app: &App, id: &str, said: Said, connected: Option<Connected>) {
    app.sessions.update(id, |holding| {
        holding.said = Arc::new(said);
        if let Some(connected) = connected {
            holding.connected = Some(Arc::new(connected));
        }
    });
}

pub(super) fn back(app: &App) -> Response {
    pages::guard(app, Redirect::to("/").into_response())
}
