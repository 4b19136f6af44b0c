//! Cross-origin requests of browser apps (RFC 10017): allowed at the token, revocation, userinfo, metadata and
//! key endpoints, for every origin, without cookies. Never at the authorization endpoint or a page.

use http::{Method, header};
use std::time::Duration;
use tower_http::cors::{Any, CorsLayer};

pub(crate) fn layer() -> CorsLayer {
    CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::GET, Method::POST])
        .allow_headers([header::AUTHORIZATION, header::CONTENT_TYPE])
        .expose_headers([header::WWW_AUTHENTICATE, header::RETRY_AFTER])
        .max_age(Duration::from_secs(3600))
}
