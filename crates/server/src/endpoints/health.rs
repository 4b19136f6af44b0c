//! Whether the server lives (`/healthz`), whether it can work (`/readyz`), and what it counted (`/metrics`).

use crate::context::App;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The store reads and writes.
pub(crate) async fn ready(State(app): State<App>) -> Response {
    match app.store.ready().await {
        Ok(()) => "ready\n".into_response(),
        Err(error) => {
            tracing::warn!(%error, "the store is not ready");
            (StatusCode::SERVICE_UNAVAILABLE, "the store is not ready\n").into_response()
        }
    }
}

/// The counters.
pub(crate) async fn metrics(State(app): State<App>) -> Response {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    let page = app.metrics.render(app.passwords.waiting());
    ([(header::CONTENT_TYPE, content_type)], page).into_response()
}
