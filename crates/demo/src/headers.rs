//! The headers that every page and picture of the demo carries.

use axum::response::Response;
use http::HeaderValue;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};

/// For a picture: it may be shown, and can do nothing when somebody opens it as a document of its own.
pub(crate) const PICTURE_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");

/// Sets `policy` and what goes with it; answers are never kept by a cache.
pub(crate) fn guarded(mut response: Response, policy: HeaderValue) -> Response {
    let fixed: [(HeaderName, HeaderValue); 4] = [
        (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        (REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    let headers = response.headers_mut();
    headers.extend(fixed);
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    response
}
