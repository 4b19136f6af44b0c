//! Forms are taken only from our own pages (RFC 6749 §10.12): the browser says by `Sec-Fetch-Site` and
//! `Origin` where a form came from. The sealed request and its cookie, and the hidden field of the account's
//! forms, stand behind this.

use crate::call::Call;
use crate::context::App;
use crate::endpoints::page;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{self, Next};
use axum::response::Response;
use std::sync::Arc;
use tower_http::csrf::{CsrfLayer, ProtectionError};
use valetkey_protocol::rule::{Refusal, Rule};

/// The routes, protected.
pub(crate) fn protected(app: &App, forms: Router<App>) -> Router<App> {
    let layer = CsrfLayer::new();
    // A proxy may have changed `Host`; the issuer's origin is ours whatever it says.
    let layer = layer
        .clone()
        .add_trusted_origin(&app.issuer.origin)
        .unwrap_or(layer);
    forms
        .layer(layer)
        .layer(middleware::from_fn_with_state(Arc::clone(app), explain))
}

/// Turns the layer's bare refusal into the page that names the rule.
async fn explain(State(app): State<App>, request: Request, next: Next) -> Response {
    let extensions = request.extensions().clone();
    let response = next.run(request).await;
    if response.extensions().get::<ProtectionError>().is_none() {
        return response;
    }
    let mut call = Call::new(&app, &extensions);
    let refusal = call.trail.refuse(cross_site());
    page::error(&mut call, &refusal.into())
}

/// The refusal of a form that came from elsewhere.
pub(crate) fn cross_site() -> Refusal {
    Refusal::new(
        Rule::FormCrossSite,
        "a form sent from a page of this server",
        "one sent from elsewhere",
    )
}
