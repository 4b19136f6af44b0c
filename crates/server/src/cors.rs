//! Cross-origin requests of browser apps (RFC 10017): allowed at the token, revocation, userinfo, metadata and
//! key endpoints, for every origin, without cookies. Never at the authorization endpoint or a page.
//!
//! Nothing of the answer depends on who asks, so there is nothing to decide but the endpoint.

use crate::routes::{JWKS, OAUTH_METADATA, OPENID_METADATA, REVOKE, TOKEN, USERINFO, WEBFINGER};
use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use http::{HeaderMap, HeaderValue, Method};

/// Whether pages of other origins may read what this route answers. `base` is the issuer's path.
pub(crate) fn is_open(route: &str, base: &str) -> bool {
    let own = route.strip_prefix(base).unwrap_or_default();
    let is_inserted = |well_known| route.strip_prefix(well_known) == Some(base);
    matches!(own, TOKEN | REVOKE | USERINFO | JWKS | OPENID_METADATA)
        || route == WEBFINGER
        || is_inserted(OAUTH_METADATA)
        || is_inserted(OPENID_METADATA)
}

/// Lets every origin read the answer.
pub(crate) fn allow(headers: &mut HeaderMap) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    let readable = HeaderValue::from_static("www-authenticate,retry-after");
    headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, readable);
}

/// The answer to a browser that asks before it sends (Fetch, CORS preflight).
pub(crate) fn preflight(method: &Method) -> Option<Response> {
    if method != Method::OPTIONS {
        return None;
    }
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    for (name, value) in [
        (ACCESS_CONTROL_ALLOW_METHODS, "GET,POST"),
        (ACCESS_CONTROL_ALLOW_HEADERS, "authorization,content-type"),
        (ACCESS_CONTROL_MAX_AGE, "3600"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    Some(response)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::routes::{ACCOUNT, AUTHORIZE, INTROSPECT};

    #[test]
    fn no_route_is_open_but_those_that_browser_apps_call() {
        for closed in [
            AUTHORIZE,
            INTROSPECT,
            ACCOUNT,
            "",
            "/",
            "unknown",
            "/tokens",
            "/auth/token",
        ] {
            assert!(!is_open(closed, ""), "{closed}");
        }
        for closed in ["/auth/authorize", "/token", "/auth", OAUTH_METADATA] {
            assert!(!is_open(closed, "/auth"), "{closed}");
        }
        for open in [
            TOKEN,
            REVOKE,
            USERINFO,
            JWKS,
            OPENID_METADATA,
            OAUTH_METADATA,
            WEBFINGER,
        ] {
            assert!(is_open(open, ""), "{open}");
        }
        let inserted = format!("{OAUTH_METADATA}/auth");
        for open in [
            "/auth/token",
            &inserted,
            "/auth/.well-known/openid-configuration",
            WEBFINGER,
        ] {
            assert!(is_open(open, "/auth"), "{open}");
        }
    }
}
