//! The app without an authorization server: what it must refuse, and what its pages must carry.

use super::calls::Photo;
use super::said::Said;
use super::session::Connected;
use super::*;
use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_SECURITY_POLICY, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use valetkey_client::Tokens;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::secret::{AccessToken, RefreshToken};

/// An address where nobody listens: port 9 on this machine is reserved for throwing things away.
const NOBODY: &str = "http://127.0.0.1:9";
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>";

fn settings() -> AppSettings {
    AppSettings {
        base_url: "http://localhost:8082".into(),
        issuer: NOBODY.into(),
        client_id: "mysweetapp".into(),
        client_secret: ClientSecret::new("mysweetapp-secret"),
        photos_url: NOBODY.into(),
        inspector_url: "http://localhost:8080/inspector".into(),
        spa_client_id: None,
        observer: None,
        clock: Arc::new(|| Timestamp(1_790_000_000)),
    }
}

async fn send(request: Request<Body>) -> Response {
    router(settings()).unwrap().oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

fn post(path: &str, headers: &[(&str, &str)]) -> Request<Body> {
    let mut request = Request::post(path).header("host", "localhost:8082");
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(Body::empty()).unwrap()
}

#[tokio::test]
async fn csrf_no_deed_is_done_for_another_site() {
    for path in ["/connect", "/call-api", "/refresh", "/revoke", "/forget"] {
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "http://localhost:8080"),
            ("origin", "null"),
        ] {
            let response = send(post(path, &[foreign])).await;
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{path} {foreign:?}");
        }
        let own = send(post(path, &[("sec-fetch-site", "same-origin")])).await;
        assert_ne!(own.status(), StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn csrf_no_deed_is_done_by_a_link() {
    for path in ["/call-api", "/refresh", "/revoke", "/forget"] {
        assert_eq!(
            send(get(path)).await.status(),
            StatusCode::METHOD_NOT_ALLOWED,
            "{path}"
        );
    }
    let connect = send(get("/connect")).await;
    assert_eq!(connect.headers()[LOCATION], "/");
}

#[tokio::test]
async fn login_csrf_a_callback_that_this_browser_did_not_begin_finishes_nothing() {
    let mut request = get("/callback?code=vkc_stolen&state=abc&iss=http%3A%2F%2F127.0.0.1%3A9");
    request
        .headers_mut()
        .insert(COOKIE, HeaderValue::from_static("mysweetapp_session=made-up"));
    let response = send(request).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.headers().get(SET_COOKIE).is_none());
    let page = text(response).await;
    assert!(page.contains("No sign-in is waiting"));
    assert!(!page.contains("vkc_stolen"));
}

#[tokio::test]
async fn clickjacking_and_foreign_content_are_kept_out_of_every_page() {
    for path in [
        "/",
        "/callback",
        "/nothing",
        "/assets/mysweetapp.css",
        "/assets/none",
    ] {
        let response = send(get(path)).await;
        let headers = response.headers();
        assert_eq!(headers["x-frame-options"], "DENY", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        let policy = headers[CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        assert!(!policy.contains("script-src"), "{path}: {policy}");
    }
}

#[tokio::test]
async fn the_home_page_promises_what_the_story_tells() {
    let response = send(get("/")).await;
    assert_eq!(response.status(), StatusCode::OK);
    let page = text(response).await;
    assert!(page.contains("MySweetApp wants to show Alice’s photos"));
    assert!(page.contains("without ever seeing her password"));
    assert!(page.contains(r#"<form method="post" action="/connect">"#));
    assert!(page.contains(r#"id="connect""#));
    assert!(!page.contains("<script") && !page.contains(" style="));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_and_begins_no_session() {
    let response = send(post("/connect", &[("origin", "http://localhost:8082")])).await;
    assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
    assert!(response.headers().get(SET_COOKIE).is_none());
    assert!(text(response).await.contains("MySweetApp could not ask"));
}

#[tokio::test]
async fn an_issuer_that_is_no_web_address_is_refused_at_the_start() {
    for address in ["", "localhost:8080", "data:text/html,x", "/", "ftp://a.example"] {
        let settings = AppSettings {
            issuer: address.into(),
            ..settings()
        };
        assert!(
            matches!(router(settings), Err(SettingsError::Address(_))),
            "{address:?}"
        );
    }
}

/// An app with one browser that is connected, everything it got being hostile.
fn connected() -> (Router, String) {
    let app = app(settings()).unwrap();
    let tokens = Tokens {
        access_token: AccessToken::new("vka_secret-access"),
        expires_at: None,
        scope: Scope::parse("openid").unwrap(),
        refresh_token: Some(RefreshToken::new("vkr_secret-refresh")),
        id_token: Some(HOSTILE.into()),
        id_claims: None,
    };
    let photo = Photo {
        id: "../a b?\"".into(),
        title: HOSTILE.into(),
        description: HOSTILE.into(),
        content_type: HeaderValue::from_static("image/svg+xml"),
        picture: "<svg/>".into(),
    };
    let connected = Connected {
        tokens: Arc::new(tokens),
        state: HOSTILE.into(),
        name: Some(HOSTILE.into()),
        said: Said {
            title: HOSTILE.into(),
            line: HOSTILE.into(),
            text: vec![HOSTILE.into()],
            ..Said::default()
        },
        taken: Some(Arc::new(vec![photo])),
    };
    let id = app.sessions.connect(None, connected).unwrap();
    (routes(app), id)
}

fn with_session(mut request: Request<Body>, id: &str) -> Request<Body> {
    let cookie = HeaderValue::try_from(format!("mysweetapp_session={id}")).unwrap();
    request.headers_mut().insert(COOKIE, cookie);
    request
}

#[tokio::test]
async fn html_injection_nothing_that_came_from_elsewhere_becomes_markup() {
    let (router, id) = connected();
    let page = text(router.oneshot(with_session(get("/"), &id)).await.unwrap()).await;
    assert!(
        !page.contains("<script") && !page.contains("<img src=x"),
        "{page}"
    );
    assert!(page.contains("&#60;script&#62;alert(1)"));
    assert!(page.contains("/photos/..%2Fa%20b%3F%22\""), "{page}");
}

#[tokio::test]
async fn the_refresh_token_is_in_no_page() {
    let (router, id) = connected();
    let page = text(router.oneshot(with_session(get("/"), &id)).await.unwrap()).await;
    assert!(page.contains(r#"id="refresh""#));
    assert!(!page.contains("secret-refresh") && !page.contains("secret-access"));
}

#[tokio::test]
async fn a_picture_is_for_the_browser_that_is_connected() {
    let (router, id) = connected();
    let path = "/photos/..%2Fa%20b%3F%22";
    let stranger = router.clone().oneshot(get(path)).await.unwrap();
    assert_eq!(stranger.status(), StatusCode::NOT_FOUND);
    let own = router.oneshot(with_session(get(path), &id)).await.unwrap();
    assert_eq!(own.status(), StatusCode::OK);
    assert!(
        own.headers()[CONTENT_SECURITY_POLICY]
            .to_str()
            .unwrap()
            .ends_with("sandbox")
    );
    assert_eq!(text(own).await, "<svg/>");
}

#[tokio::test]
async fn an_api_that_does_not_answer_takes_the_photos_off_the_page() {
    let (router, id) = connected();
    let call = with_session(
        post("/call-api", &[(ORIGIN.as_str(), "http://localhost:8082")]),
        &id,
    );
    let response = router.clone().oneshot(call).await.unwrap();
    assert_eq!(response.status(), StatusCode::SEE_OTHER);
    let page = text(router.oneshot(with_session(get("/"), &id)).await.unwrap()).await;
    assert!(page.contains("The Photos API did not answer"));
    assert!(page.contains(r#"id="no-photos""#) && !page.contains("<ul class=\"photos\""));
}

#[tokio::test]
async fn signing_out_forgets_the_tokens_on_the_server() {
    let (router, id) = connected();
    let forget = with_session(post("/forget", &[("sec-fetch-site", "same-origin")]), &id);
    let response = router.clone().oneshot(forget).await.unwrap();
    assert!(
        response.headers()[SET_COOKIE]
            .to_str()
            .unwrap()
            .ends_with("Max-Age=0")
    );
    let page = text(router.oneshot(with_session(get("/"), &id)).await.unwrap()).await;
    assert!(page.contains(r#"id="connect""#));
}

#[tokio::test]
async fn the_single_page_variant_runs_its_own_script_and_talks_to_nobody_else() {
    let settings = AppSettings {
        spa_client_id: Some("mysweetspa".into()),
        photos_url: "http://localhost:8081".into(),
        ..settings()
    };
    let response = router(settings).unwrap().oneshot(get("/spa")).await.unwrap();
    let policy = response.headers()[CONTENT_SECURITY_POLICY].to_str().unwrap();
    for part in [
        "default-src 'none'",
        "script-src 'self';",
        "connect-src http://127.0.0.1:9 http://localhost:8081;",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{part} in {policy}");
    }
    let page = text(response).await;
    assert!(page.contains(r#"data-redirect-uri="http://localhost:8082/spa""#));
    assert!(!page.contains("mysweetapp-secret"));
    // Without its client the page is not there at all.
    assert_eq!(send(get("/spa")).await.status(), StatusCode::NOT_FOUND);
}
