//! The Photos API by itself: without a token nobody gets in, whatever they ask. What a good token opens is tried with
//! the real server in the workspace's integration tests.

use super::*;
use axum::body::Body;
use axum::response::Response;
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use valetkey_protocol::time::Timestamp;

fn settings() -> PhotosSettings {
    PhotosSettings {
        resource: "http://localhost:8081".into(),
        issuer: "http://127.0.0.1:9".into(),
        client_id: "photos-api".into(),
        client_secret: ClientSecret::new("photos-api-secret"),
        pictures_of: Some("alice".into()),
        browser_origins: vec!["http://localhost:8082".into()],
        observer: None,
        clock: Arc::new(|| Timestamp(1_790_000_000)),
    }
}

async fn send(request: Request<Body>) -> Response {
    router(settings()).unwrap().oneshot(request).await.unwrap()
}

fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder().method(method).uri(path)
}

#[tokio::test]
async fn nobody_gets_in_without_a_token() {
    for (method, path) in [
        (Method::GET, "/photos"),
        (Method::POST, "/photos"),
        (Method::GET, "/photos/beach-at-dusk/image"),
        (Method::GET, "/photos/nothing/image"),
        (Method::GET, "/photos?access_token=abc"),
    ] {
        let response = send(request(method, path).body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
        let challenge = response.headers()[WWW_AUTHENTICATE].to_str().unwrap();
        assert!(
            challenge.starts_with("Bearer ") && !challenge.contains("error="),
            "{challenge}"
        );
        let metadata = "resource_metadata=\"http://localhost:8081/.well-known/oauth-protected-resource\"";
        assert!(challenge.contains(metadata), "{challenge}");
    }
}

#[tokio::test]
async fn a_forged_token_is_refused() {
    let forged = "eyJhbGciOiJub25lIiwidHlwIjoiYXQrand0In0.eyJzdWIiOiJhbGljZSJ9.";
    for token in ["x", forged, &format!("{forged}c2ln")] {
        let request = request(Method::GET, "/photos").header(AUTHORIZATION, format!("Bearer {token}"));
        let response = send(request.body(Body::empty()).unwrap()).await;
        assert_ne!(response.status(), StatusCode::OK, "{token}");
    }
}

#[tokio::test]
async fn only_pages_of_the_apps_own_origin_may_call_from_a_browser() {
    let preflight = |origin: &str| {
        request(Method::OPTIONS, "/photos")
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization")
            .body(Body::empty())
            .unwrap()
    };
    let allowed = send(preflight("http://localhost:8082")).await;
    assert_eq!(allowed.status(), StatusCode::OK);
    assert_eq!(
        allowed.headers()["access-control-allow-origin"],
        "http://localhost:8082"
    );
    assert!(
        allowed
            .headers()
            .get("access-control-allow-credentials")
            .is_none()
    );
    for foreign in ["https://evil.example", "http://localhost:8080", "null"] {
        let answer = send(preflight(foreign)).await;
        assert!(
            answer.headers().get("access-control-allow-origin").is_none(),
            "{foreign}"
        );
    }
}

#[tokio::test]
async fn the_metadata_says_whom_to_ask_for_which_scope() {
    let path = "/.well-known/oauth-protected-resource";
    let response = send(request(Method::GET, path).body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    let metadata: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(metadata["resource"], "http://localhost:8081");
    assert_eq!(metadata["authorization_servers"][0], "http://127.0.0.1:9");
    assert_eq!(metadata["scopes_supported"], serde_json::json!([READ, WRITE]));
}

#[tokio::test]
async fn people_who_open_the_api_in_a_browser_are_told_what_it_is() {
    let response = send(request(Method::GET, "/").body(Body::empty()).unwrap()).await;
    assert_eq!(response.status(), StatusCode::OK);
    let page = response.into_body().collect().await.unwrap().to_bytes();
    assert!(String::from_utf8_lossy(&page).contains("http://localhost:8081/photos"));
    let missing = send(request(Method::GET, "/nothing").body(Body::empty()).unwrap()).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn an_api_whose_server_could_be_listened_in_on_is_not_built() {
    let settings = PhotosSettings {
        issuer: "http://auth.example.com".into(),
        ..settings()
    };
    assert!(router(settings).is_err());
}
