//! `GET /session`: the `check_session_iframe` (OpenID Connect Session Management §3.3).

use crate::context::App;
use crate::pages::check_session::render;
use axum::extract::State;
use axum::response::Response;

/// The page is the same for everybody; its script looks at the cookie.
pub(crate) async fn get(State(app): State<App>) -> Response {
    render(&app.settings.brand, &app.cookies.state)
}
