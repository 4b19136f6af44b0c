//! `mysweetcli login`: the person signs in with the browser of this machine, and the answer comes to a port of the
//! loopback interface that the system chose (RFC 8252 §7.3). Never an embedded browser, which could read the password
//! (§8.12).

use super::{Machine, Places, Problem, SCOPE, client};
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY};
use http::{HeaderValue, StatusCode};
use serde_json::json;
use std::future::IntoFuture as _;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use valetkey_client::{Ask, HttpClient, Tokens};

/// How long the person may take.
const PATIENCE_SECONDS: u64 = 300;

/// The page that the browser ends on: it has no script and loads nothing.
const PAGE: &str = include_str!("../../assets/back-to-terminal.html");
/// Its few lines of style stand in it, and nothing in it comes from elsewhere.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
);

pub(super) async fn run(
    places: &Places,
    http: &Arc<dyn HttpClient>,
    machine: &dyn Machine,
    open: bool,
) -> Result<Tokens, Problem> {
    // The address with the number, not the name: names can be made to lead elsewhere (§8.3).
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let port = listener.local_addr()?.port();
    let redirect_uri = format!("http://127.0.0.1:{port}/callback");
    let client = client(places, http, Some(redirect_uri)).await?;
    let (url, pending) = client.begin(&Ask {
        scope: SCOPE,
        resource: Some(&places.photos),
        ..Ask::default()
    })?;
    let text = format!("Open this address in your browser, sign in, and say yes or no:\n\n  {url}\n");
    let object = json!({ "event": "authorize", "url": url });
    places.tell(machine, &text, &object);
    if open {
        machine.open(url.as_str());
    }
    let query = answer(listener, pending.state(), machine).await?;
    Ok(client.finish(pending, &query, machine.now()).await?)
}

/// The query of the callback that belongs to this sign-in. Whatever else comes to the port is told so and changes
/// nothing; the port is closed afterwards (§8.3).
async fn answer(listener: TcpListener, state: &str, machine: &dyn Machine) -> Result<String, Problem> {
    let (sender, mut receiver) = mpsc::channel(1);
    let door = Arc::new(Door {
        state: state.to_owned(),
        sender,
    });
    let router = Router::new().route("/callback", get(callback)).with_state(door);
    // Serves until the answer is there and its page was sent.
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    let serving = serving.into_future();
    tokio::pin!(serving);
    let query = tokio::select! {
        query = receiver.recv() => query.ok_or(Problem::TooLate),
        () = machine.wait(PATIENCE_SECONDS) => Err(Problem::TooLate),
        ended = &mut serving => Err(ended.err().map_or(Problem::TooLate, Problem::NoPort)),
    };
    drop(stop);
    // The browser may keep its connection; nobody waits for that.
    tokio::select! {
        _ = &mut serving => {}
        () = machine.wait(1) => {}
    }
    query
}

struct Door {
    state: String,
    sender: mpsc::Sender<String>,
}

async fn callback(State(door): State<Arc<Door>>, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let mut pairs = url::form_urlencoded::parse(query.as_bytes());
    let is_ours = pairs.any(|(name, value)| name == "state" && value == door.state.as_str());
    if !is_ours || door.sender.try_send(query).is_err() {
        return (StatusCode::BAD_REQUEST, "Nobody waits for this answer here.").into_response();
    }
    // The address of this page holds the code: no other site is to see it.
    let headers = [
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    (headers, Html(PAGE)).into_response()
}
