//! The inspector's addresses. Mounted in development, or on the management listener.
//!
//! Pages poll themselves with `?part=VERSION`: 204 while nothing changed, else the part that changes.

use super::side_by_side::{self, Two};
use super::{FlowId, Inspector, view};
use crate::pages::error::Back;
use crate::pages::site::{Frame, Site, not_found};
use crate::pages::{paths, response};
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, RawQuery, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use axum::routing::get;
use std::sync::Arc;
use tower_http::compression::CompressionLayer;
use url::form_urlencoded;

#[derive(Clone)]
struct Shared {
    site: Arc<Site>,
    inspector: Arc<Inspector>,
}

/// The inspector's pages.
pub fn routes<S: Clone + Send + Sync + 'static>(site: Arc<Site>, inspector: Arc<Inspector>) -> Router<S> {
    Router::new()
        .route(paths::INSPECTOR, get(list))
        .route(paths::INSPECTOR_FIND, get(find))
        .route(paths::INSPECTOR_FLOW, get(flow))
        .route(paths::INSPECTOR_SIDE_BY_SIDE, get(side_by_side))
        // Many rules make a long page; it holds no secret that its length could tell.
        .layer(CompressionLayer::new())
        .with_state(Shared { site, inspector })
}

async fn list(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let changes = shared.inspector.changes();
    let part = parameter(query.as_deref(), "part");
    if part.as_deref() == Some(changes.to_string().as_str()) {
        return unchanged();
    }
    view::list(
        &shared.site.brand,
        &shared.inspector.flows(),
        changes,
        part.is_some(),
    )
}

async fn flow(State(shared): State<Shared>, Path(id): Path<String>, RawQuery(query): RawQuery) -> Response {
    let found = id.parse().ok().and_then(|id| shared.inspector.flow(FlowId(id)));
    let Some(flow) = found else {
        return gone(
            &shared.site,
            "This flow is not kept any more",
            "Only the latest flows are kept, and all are forgotten when the server stops.",
        );
    };
    let part = parameter(query.as_deref(), "part");
    if part.as_deref() == Some(flow.version.to_string().as_str()) {
        return unchanged();
    }
    view::flow(&shared.site.brand, &flow, part.is_some())
}

async fn find(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let client_id = parameter(query.as_deref(), "client_id").unwrap_or_default();
    let state = parameter(query.as_deref(), "state").unwrap_or_default();
    let by_state = || shared.inspector.find(&client_id, &state);
    let found = match parameter(query.as_deref(), "token_sha256") {
        Some(hash) => shared.inspector.find_token(&hash),
        None => by_state(),
    };
    let Some(id) = found else {
        return gone(
            &shared.site,
            "This flow was not seen",
            "No message of it reached the inspector, or it is not kept any more.",
        );
    };
    let frame = Frame::new(&shared.site.brand);
    let to = frame.url(&paths::INSPECTOR_FLOW.replace("{id}", &id.to_string()));
    redirect(&to)
}

async fn side_by_side(State(shared): State<Shared>, RawQuery(query): RawQuery) -> Response {
    let flows = shared.inspector.flows();
    let chosen = |side: &str| parameter(query.as_deref(), side).map(|id| id.parse().map(FlowId).ok());
    match Two::of(&flows, chosen("left"), chosen("right")) {
        Some(two) => side_by_side::render(&shared.site.brand, &two),
        None => gone(
            &shared.site,
            "This flow is not kept any more",
            "Only the latest flows are kept, and all are forgotten when the server stops.",
        ),
    }
}

fn gone(site: &Site, title: &str, text: &str) -> Response {
    let href = Frame::new(&site.brand).url(paths::INSPECTOR);
    not_found(
        &site.brand,
        title,
        text,
        Back {
            label: String::from("All flows"),
            href,
        },
    )
}

fn parameter(query: Option<&str>, name: &str) -> Option<String> {
    form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value.into_owned())
}

fn unchanged() -> Response {
    empty(StatusCode::NO_CONTENT)
}

fn redirect(to: &str) -> Response {
    let mut response = empty(StatusCode::SEE_OTHER);
    if let Ok(location) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

fn empty(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response::secure(response.headers_mut(), response::Kind::Page);
    response
}
