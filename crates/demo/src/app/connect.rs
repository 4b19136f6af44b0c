//! The way to the authorization server and back: `POST /connect` and `GET /callback`. Two more ways begin the same: `/login`,
//! where somebody else sends a person (OpenID Connect Core §4), and `POST /confirm`, which asks for a second proof.
//!
//! The client library makes and checks `state`, `nonce`, `iss` and the PKCE verifier; the app keeps what is pending in
//! the browser's own session, so a callback that this browser did not begin finishes nothing.

use super::calls::{self, Key, Said};
use super::session::{self, Begun, Connected};
use super::{App, PROVIDER_SCOPE, how, pages, said};
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::header::SET_COOKIE;
use http::{HeaderMap, StatusCode, Uri};
use std::sync::Arc;
use url::Url;
use valetkey_client::{Ask, Client, Error, ThirdPartyLogin, Tokens};

/// `POST /connect`
pub(super) async fn connect(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    away(&app, &headers, Ask::default(), Purpose::default()).await
}

/// `POST /confirm`: the same person once more, and more surely. It is a wish, so the answer is looked at.
pub(super) async fn confirm(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let connected = app.sessions.holding(session::sent(&headers)).connected;
    let id_token = connected
        .as_ref()
        .and_then(|connected| connected.tokens.id_token.as_deref());
    let Some(id_token) = id_token else {
        return pages::guard(&app, Redirect::to("/").into_response());
    };
    let ask = Ask {
        acr_values: Some(how::SURE),
        id_token_hint: Some(id_token),
        ..Ask::default()
    };
    let purpose = Purpose {
        confirming: true,
        ..Purpose::default()
    };
    away(&app, &headers, ask, purpose).await
}

/// `GET /login`: somebody else, who knows where the person is signed in, starts the sign-in.
pub(super) async fn login(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let query = uri.query().unwrap_or_default();
    let settings = &app.settings;
    match ThirdPartyLogin::read(query, &[&settings.issuer], &settings.base_url) {
        Ok(login) => {
            let ask = Ask {
                login_hint: login.login_hint.as_deref(),
                ..Ask::default()
            };
            let purpose = Purpose {
                target: login.target_link_uri,
                ..Purpose::default()
            };
            away(&app, &headers, ask, purpose).await
        }
        Err(error) => {
            let said = said::error("MySweetApp does not follow this link", &error);
            pages::problem(&app, StatusCode::BAD_REQUEST, "Something does not fit", said)
        }
    }
}

/// `POST /login`: the same as a form. The browser sends no cookie with a form of another site; it does after this redirect,
/// so that its session is kept.
pub(super) async fn posted_login(State(app): State<Arc<App>>, form: Bytes) -> Response {
    // Written anew: nothing of the form may become a header as it is.
    let query = url::form_urlencoded::Serializer::new(String::new())
        .extend_pairs(url::form_urlencoded::parse(&form))
        .finish();
    pages::guard(&app, Redirect::to(&format!("/login?{query}")).into_response())
}

/// What is to happen when the person comes back.
#[derive(Default)]
struct Purpose {
    target: Option<Url>,
    confirming: bool,
}

/// Sends the browser to the authorization server.
async fn away(app: &App, headers: &HeaderMap, ask: Ask<'_>, purpose: Purpose) -> Response {
    let begun = match app.client().await {
        Ok(client) => client.begin(&Ask {
            scope: PROVIDER_SCOPE,
            resource: Some(&app.settings.photos_url),
            ..ask
        }),
        Err(error) => Err(error),
    };
    let (url, pending) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            let said = said::error("MySweetApp could not ask", &error);
            return pages::problem(app, StatusCode::BAD_GATEWAY, "That did not work", said);
        }
    };
    let begun = Begun {
        pending,
        target: purpose.target,
        confirming: purpose.confirming,
    };
    let new_session = app.sessions.begin(session::sent(headers), begun);
    with_cookie(app, Redirect::to(url.as_str()).into_response(), new_session)
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
    let Some(begun) = app.sessions.take_pending(sent, &state) else {
        return pages::nothing_waits(&app);
    };
    let finished = match app.client().await {
        Ok(client) => {
            let finished = client.finish(begun.pending, query, app.now()).await;
            finished.map(|tokens| (client, tokens))
        }
        Err(error) => Err(error),
    };
    match finished {
        Ok((client, tokens)) => {
            let (said, connected) = welcome(&app, client, tokens, state).await;
            let said = if begun.confirming {
                how::confirmed(connected.tokens.id_claims.as_ref())
            } else {
                said
            };
            let to = begun.target.as_ref().map_or("/", Url::as_str);
            let id = app.sessions.connect(sent, |holding| {
                holding.connected = Some(Arc::new(connected));
                holding.said = Arc::new(said);
            });
            with_cookie(&app, Redirect::to(to).into_response(), id)
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
    if let Some(cookie) = id.and_then(|id| session::cookie(&id, app.is_secure())) {
        response.headers_mut().append(SET_COOKIE, cookie);
    }
    pages::guard(app, response)
}

pub(super) fn query_value(query: Option<&str>, name: &str) -> Option<String> {
    let mut pairs = url::form_urlencoded::parse(query?.as_bytes());
    pairs.find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}
