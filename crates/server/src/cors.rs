//! Cross-origin requests of browser apps (RFC 10017): allowed at the token, revocation, userinfo, metadata, WebFinger and
//! key endpoints, for every origin, without cookies. Never at the authorization endpoint or a page.
//!
//! Nothing of the answer depends on who asks, so there is nothing to decide but the endpoint. Which one it is says the path
//! of the route that matched, as [`crate::routes`] writes it: nested below another path, none would be open.

use crate::routes::{JWKS, OAUTH_METADATA, OPENID_METADATA, REVOKE, TOKEN, USERINFO, WEBFINGER};
use axum::body::Body;
use axum::response::Response;
use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
};
use http::{HeaderMap, HeaderValue, Method};

/// Those below the issuer's path.
const OPEN: [&str; 5] = [TOKEN, REVOKE, USERINFO, JWKS, OPENID_METADATA];

/// Whether pages of other origins may read what this route answers. `base` is the issuer's path.
pub(crate) fn is_open(route: &str, base: &str) -> bool {
    let own = route.strip_prefix(base).unwrap_or_default();
    let is_inserted = |well_known| route.strip_prefix(well_known) == Some(base);
    OPEN.contains(&own) || route == WEBFINGER || is_inserted(OAUTH_METADATA) || is_inserted(OPENID_METADATA)
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
    use crate::routes::{self, ACCOUNT, AUTHORIZE, INTROSPECT};
    use std::collections::BTreeSet;

    const ROUTES: &str = include_str!("routes.rs");

    /// What clients and APIs call, and whether browser apps may.
    const FOR_CLIENTS: [(&str, &str, bool); 15] = [
        ("TOKEN", routes::TOKEN, true),
        ("REVOKE", routes::REVOKE, true),
        ("USERINFO", routes::USERINFO, true),
        ("JWKS", routes::JWKS, true),
        ("OPENID_METADATA", routes::OPENID_METADATA, true),
        // For APIs, which have credentials to keep.
        ("INTROSPECT", routes::INTROSPECT, false),
        ("OAUTH1_VERIFY", routes::OAUTH1_VERIFY, false),
        // For apps with secrets or on devices.
        ("DEVICE_AUTHORIZATION", routes::DEVICE_AUTHORIZATION, false),
        ("OAUTH1_INITIATE", routes::OAUTH1_INITIATE, false),
        ("OAUTH1_TOKEN", routes::OAUTH1_TOKEN, false),
        // For who builds clients.
        ("REGISTER", routes::REGISTER, false),
        ("REGISTERED_CLIENT", routes::REGISTERED_CLIENT, false),
        // For our own pages, and for operators.
        ("CLIENT_LOGO", routes::CLIENT_LOGO, false),
        ("HEALTHZ", routes::HEALTHZ, false),
        ("READYZ", routes::READYZ, false),
    ];

    /// The names of the routes that a function of `routes.rs` makes, as they stand there.
    fn made_by(function: &str) -> BTreeSet<&str> {
        let start = ROUTES.find(&format!("\nfn {function}(")).unwrap();
        let body = &ROUTES[start..];
        let body = &body[..body.find("\n}").unwrap()];
        let after = body.split(".route(").skip(1);
        let arguments = after.map(|rest| rest.trim_start().trim_start_matches("&format!(\"{"));
        let end = |c: char| !c.is_ascii_alphanumeric() && c != '_';
        arguments.map(|rest| rest.split(end).next().unwrap()).collect()
    }

    #[test]
    fn every_endpoint_of_clients_is_open_or_closed_on_purpose() {
        let named: BTreeSet<&str> = FOR_CLIENTS.iter().map(|(name, _, _)| *name).collect();
        assert_eq!(made_by("for_clients"), named);
        for (_, path, open) in FOR_CLIENTS {
            assert_eq!(is_open(path, ""), open, "{path}");
            assert_eq!(is_open(&format!("/auth{path}"), "/auth"), open, "{path}");
        }
        let before = ["OAUTH_METADATA", "WEBFINGER", "OPENID_METADATA"];
        assert_eq!(made_by("inserted"), before.into());
    }

    #[test]
    fn every_open_path_is_one_of_a_route() {
        let there: BTreeSet<&str> = FOR_CLIENTS.iter().map(|(_, path, _)| *path).collect();
        for path in OPEN {
            assert!(there.contains(path), "{path}");
        }
    }

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
