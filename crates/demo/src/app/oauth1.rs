//! The 1.0 way (RFC 5849): `POST /oauth1/connect`, `GET /oauth1/callback`, and what can be done with the token
//! credentials that they bring. The same photos, at the same API.
//!
//! The client library signs, checks that the server confirms the callback, and that the answer is about the sign-in that
//! this browser began. There is no name of a person here: OAuth 1.0a tells an app what it may do, not who somebody is.

use super::calls::{self, Key};
use super::connect::{query_value, refused, with_cookie};
use super::deeds::back;
use super::sent::{Noting, Sent};
use super::session::{self, Holding, SignedIn};
use super::{App, pages, said};
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use http::{HeaderMap, StatusCode, Uri};
use std::sync::Arc;
use valetkey_client::oauth1::{Callback, Client, Consumer, Provider, Signing, TokenCredentials};
use valetkey_client::{Error, HttpClient};

/// What the app asks for, as in OAuth 2; it is a parameter of Valetkey's own, for the RFC has none.
const SCOPE: (&str, &str) = ("scope", "photos.read");

/// The app at its provider, where it is registered for OAuth 1.0a.
fn client(app: &App, http: Arc<dyn HttpClient>) -> Option<Client> {
    let settings = &app.settings;
    let secret = settings.oauth1_consumer_secret.clone()?;
    let consumer = Consumer {
        key: settings.client_id.clone(),
        signing: Signing::HmacSha256(secret),
    };
    Some(Client::new(http, Provider::of_issuer(&settings.issuer), consumer))
}

/// The same, and the observer sees it.
fn seen(app: &App, http: Arc<dyn HttpClient>) -> Option<Client> {
    let client = client(app, http)?;
    Some(match &app.settings.observer {
        Some(observer) => client.with_observer(Arc::clone(observer)),
        None => client,
    })
}

/// `POST /oauth1/connect`
pub(super) async fn connect(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let Some(client) = seen(&app, Arc::clone(&app.http)) else {
        return pages::not_found(State(app)).await;
    };
    let callback = app.address("/oauth1/callback");
    let begun = client
        .temporary_credentials(Callback::Url(&callback), &[SCOPE], app.now())
        .await;
    let (url, pending) = match begun {
        Ok(begun) => begun,
        Err(error) => {
            let said = said::error("MySweetApp could not ask", &error);
            return pages::problem(&app, StatusCode::BAD_GATEWAY, "That did not work", said);
        }
    };
    let new_session = app.sessions.begin_signing(session::sent(&headers), pending);
    with_cookie(&app, Redirect::to(url.as_str()).into_response(), new_session)
}

/// `GET /oauth1/callback`
pub(super) async fn callback(State(app): State<Arc<App>>, headers: HeaderMap, uri: Uri) -> Response {
    let Some(client) = seen(&app, Arc::clone(&app.http)) else {
        return pages::not_found(State(app)).await;
    };
    let sent = session::sent(&headers);
    let query = uri.query().unwrap_or_default();
    let token = query_value(Some(query), "oauth_token").unwrap_or_default();
    let Some(pending) = app.sessions.take_signing(sent, &token) else {
        return pages::nothing_waits(&app);
    };
    let finished: Result<TokenCredentials, Error> = client.finish(pending, query, app.now()).await;
    match finished {
        Ok(token) => {
            let (said, signed) = call(&app, Arc::new(token)).await;
            let id = app.sessions.connect(sent, |holding| {
                holding.signed = Some(Arc::new(signed));
                holding.said = Arc::new(said);
            });
            with_cookie(&app, Redirect::to("/").into_response(), id)
        }
        Err(error) => refused(&app, &error),
    }
}

/// `GET /oauth1/connect`: a reload, or a link that somebody made; the button is on the home page.
pub(super) async fn connect_page() -> Redirect {
    Redirect::to("/")
}

/// Asks the API for the photos. The list is told to the observer; three pictures would bury the steps.
async fn call(app: &App, token: Arc<TokenCredentials>) -> (said::Said, SignedIn) {
    let noting = Arc::new(Noting::new(Arc::clone(&app.http)));
    let clients = (
        seen(app, Arc::clone(&noting) as Arc<dyn HttpClient>),
        client(app, Arc::clone(&app.http)),
    );
    let (said, taken) = match &clients {
        (Some(list), Some(pictures)) => {
            let key = Key::Signature {
                list,
                pictures,
                token: &token,
                now: app.now(),
            };
            calls::photos(&*app.http, &app.settings.photos_url, &key).await
        }
        _ => (
            said::bad("MySweetApp cannot sign", "It has no consumer secret."),
            None,
        ),
    };
    let sent = noting.take().map(Arc::new);
    (said, SignedIn { token, sent, taken })
}

/// `POST /oauth1/call-api`: the same question, signed anew.
pub(super) async fn call_api(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some((id, signed)) = current(&app, &headers) {
        let (said, signed) = call(&app, Arc::clone(&signed.token)).await;
        app.sessions.update(id, |holding: &mut Holding| {
            holding.signed = Some(Arc::new(signed));
            holding.said = Arc::new(said);
        });
    }
    back(&app)
}

/// `POST /oauth1/replay`: the last request once more, word for word, as somebody would who copied it on the way.
pub(super) async fn replay(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some((id, signed)) = current(&app, &headers)
        && let Some(sent) = &signed.sent
    {
        let said = send_again(&app, sent).await;
        app.sessions.update(id, |holding| holding.said = Arc::new(said));
    }
    back(&app)
}

async fn send_again(app: &App, sent: &Sent) -> said::Said {
    match app.http.send(sent.request.clone()).await {
        Ok(answer) => said::replayed(&answer),
        Err(error) => said::bad("The Photos API did not answer", &error.to_string()),
    }
}

fn current<'a>(app: &App, headers: &'a HeaderMap) -> Option<(&'a str, Arc<SignedIn>)> {
    let id = session::sent(headers)?;
    let signed = app.sessions.holding(Some(id)).signed?;
    Some((id, signed))
}
