//! The app without an authorization server: what it must refuse, and what its pages must carry.

use super::calls::Photo;
use super::said::Said;
use super::sent::Sent;
use super::session::{Connected, Holding, SignedIn};
use super::*;
use axum::body::Body;
use axum::response::Response;
use http::header::{CONTENT_SECURITY_POLICY, COOKIE, LOCATION, ORIGIN, SET_COOKIE};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;
use valetkey_client::Tokens;
use valetkey_client::oauth1::{Consumer, Signing, TokenCredentials};
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
        oauth1_consumer_secret: Some(OAuth1Secret::new("mysweetapp-oauth1-secret")),
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
    for path in [
        "/connect",
        "/call-api",
        "/refresh",
        "/revoke",
        "/forget",
        "/oauth1/connect",
        "/oauth1/call-api",
        "/oauth1/replay",
    ] {
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
    for path in [
        "/call-api",
        "/refresh",
        "/revoke",
        "/forget",
        "/oauth1/call-api",
        "/oauth1/replay",
    ] {
        assert_eq!(
            send(get(path)).await.status(),
            StatusCode::METHOD_NOT_ALLOWED,
            "{path}"
        );
    }
    for path in ["/connect", "/oauth1/connect"] {
        assert_eq!(send(get(path)).await.headers()[LOCATION], "/");
    }
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
async fn session_fixation_a_verifier_for_credentials_that_this_browser_did_not_fetch_finishes_nothing() {
    let mut request = get("/oauth1/callback?oauth_token=vkt_stolen&oauth_verifier=v");
    request
        .headers_mut()
        .insert(COOKIE, HeaderValue::from_static("mysweetapp_session=made-up"));
    let response = send(request).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert!(response.headers().get(SET_COOKIE).is_none());
    assert!(!text(response).await.contains("vkt_stolen"));
}

#[tokio::test]
async fn without_a_consumer_secret_there_is_no_1_0_way() {
    let settings = || AppSettings {
        oauth1_consumer_secret: None,
        ..settings()
    };
    let send = async |request| router(settings()).unwrap().oneshot(request).await.unwrap();
    assert!(!text(send(get("/")).await).await.contains("1.0"));
    let own = ("sec-fetch-site", "same-origin");
    for request in [
        post("/oauth1/connect", &[own]),
        get("/oauth1/callback?oauth_token=x"),
    ] {
        assert_eq!(send(request).await.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn clickjacking_and_foreign_content_are_kept_out_of_every_page() {
    for path in [
        "/",
        "/callback",
        "/oauth1/callback",
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
    assert!(page.contains(r#"id="connect""#) && page.contains(r#"action="/oauth1/connect""#));
    assert!(!page.contains("<script") && !page.contains(" style="));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_told_and_begins_no_session() {
    for path in ["/connect", "/oauth1/connect"] {
        let response = send(post(path, &[("origin", "http://localhost:8082")])).await;
        assert_eq!(response.status(), StatusCode::BAD_GATEWAY);
        assert!(response.headers().get(SET_COOKIE).is_none());
        assert!(text(response).await.contains("MySweetApp could not ask"));
    }
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

fn photo() -> Photo {
    Photo {
        id: "../a b?\"".into(),
        title: HOSTILE.into(),
        description: HOSTILE.into(),
        content_type: HeaderValue::from_static("image/svg+xml"),
        picture: "<svg/>".into(),
    }
}

/// What the 1.0 way gave, with a request that was signed and sent.
fn signed_in() -> SignedIn {
    let token = TokenCredentials {
        token: format!("vko_{HOSTILE}"),
        secret: OAuth1Secret::new("secret-of-the-token"),
    };
    let consumer = Consumer {
        key: HOSTILE.into(),
        signing: Signing::HmacSha256(OAuth1Secret::new("secret-of-the-app")),
    };
    let mut request = http::Request::get("http://localhost:8081/photos")
        .body(Vec::new())
        .unwrap();
    consumer
        .sign_request(&mut request, Some(&token), Timestamp(1_790_000_000))
        .unwrap();
    SignedIn {
        token: Arc::new(token),
        sent: Some(Arc::new(Sent { request })),
        taken: Some(Arc::new(vec![photo()])),
    }
}

/// What OAuth 2 gave.
fn by_oauth2() -> Connected {
    let tokens = Tokens {
        access_token: AccessToken::new("vka_secret-access-and-a-little-more"),
        expires_at: Some(Timestamp(1_790_000_300)),
        scope: Scope::parse("openid").unwrap(),
        refresh_token: Some(RefreshToken::new("vkr_secret-refresh")),
        id_token: Some(HOSTILE.into()),
        id_claims: None,
    };
    Connected {
        tokens: Arc::new(tokens),
        state: HOSTILE.into(),
        name: Some(HOSTILE.into()),
        taken: Some(Arc::new(vec![photo()])),
    }
}

/// An app with one browser that is connected, everything it got being hostile.
fn holding(connected: Option<Connected>, signed: Option<SignedIn>) -> (Router, String) {
    let app = app(settings()).unwrap();
    let said = Said {
        title: HOSTILE.into(),
        line: HOSTILE.into(),
        text: vec![HOSTILE.into()],
        ..Said::default()
    };
    let id = app.sessions.connect(None, |holding| {
        *holding = Holding {
            connected: connected.map(Arc::new),
            signed: signed.map(Arc::new),
            said: Arc::new(said),
        };
    });
    (routes(app), id.unwrap())
}

fn connected() -> (Router, String) {
    holding(Some(by_oauth2()), None)
}

async fn home_of((router, id): (Router, String)) -> String {
    text(router.oneshot(with_session(get("/"), &id)).await.unwrap()).await
}

fn with_session(mut request: Request<Body>, id: &str) -> Request<Body> {
    let cookie = HeaderValue::try_from(format!("mysweetapp_session={id}")).unwrap();
    request.headers_mut().insert(COOKIE, cookie);
    request
}

#[tokio::test]
async fn html_injection_nothing_that_came_from_elsewhere_becomes_markup() {
    for (two, one) in [(true, false), (false, true), (true, true)] {
        let held = holding(two.then(by_oauth2), one.then(signed_in));
        let page = home_of(held).await;
        assert!(
            !page.contains("<script") && !page.contains("<img src=x"),
            "{page}"
        );
        assert!(page.contains("&#60;script&#62;alert(1)"));
        assert_eq!(page.contains("\"/photos/..%2Fa%20b%3F%22\""), two);
        assert_eq!(page.contains("\"/oauth1/photos/..%2Fa%20b%3F%22\""), one);
    }
}

#[tokio::test]
async fn no_token_that_opens_anything_and_no_secret_is_in_a_page() {
    let page = home_of(holding(Some(by_oauth2()), Some(signed_in()))).await;
    assert!(page.contains(r#"id="refresh""#));
    assert!(!page.contains("secret-"), "{page}");
    assert!(page.contains("Authorization: Bearer <i>vka_… (35 characters)</i>"));
}

#[tokio::test]
async fn both_protocols_stand_side_by_side_once_both_are_connected() {
    let two = home_of(connected()).await;
    assert!(two.contains(r#"id="connect-oauth1""#) && !two.contains(r#"id="two""#));
    let one = home_of(holding(None, Some(signed_in()))).await;
    assert!(one.contains(r#"id="connect""#) && !one.contains(r#"id="two""#));
    assert!(one.contains("oauth_signature=") && one.contains("class=\"base-string\""));
    let both = home_of(holding(Some(by_oauth2()), Some(signed_in()))).await;
    for part in [
        r#"id="two""#,
        "Until <b>21 Sep 2026, 14:18:20 UTC</b>",
        "Until you take it back.",
        r#"href="http://localhost:8080/inspector/side-by-side""#,
        "http%3A%2F%2Flocalhost%3A8081%2Fphotos",
    ] {
        assert!(both.contains(part), "{part} in {both}");
    }
    assert!(!both.contains(r#"id="connect""#) && !both.contains(r#"id="connect-oauth1""#));
    assert!(!both.contains("<script") && !both.contains(" style="));
}

#[tokio::test]
async fn a_second_connection_keeps_the_first_and_changes_the_session_id() {
    let app = app(settings()).unwrap();
    let first = app
        .sessions
        .connect(None, |holding| holding.connected = Some(Arc::new(by_oauth2())));
    let second = app.sessions.connect(first.as_deref(), |holding| {
        holding.signed = Some(Arc::new(signed_in()));
    });
    assert_ne!(first, second);
    assert!(app.sessions.holding(first.as_deref()).connected.is_none());
    let both = app.sessions.holding(second.as_deref());
    assert!(both.connected.is_some() && both.signed.is_some());
}

#[tokio::test]
async fn an_api_that_does_not_answer_a_signed_request_is_told_and_its_signature_is_masked() {
    let (router, id) = holding(None, Some(signed_in()));
    let origin = (ORIGIN.as_str(), "http://localhost:8082");
    for path in ["/oauth1/replay", "/oauth1/call-api"] {
        let response = router
            .clone()
            .oneshot(with_session(post(path, &[origin]), &id))
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
    }
    let page = home_of((router, id)).await;
    assert!(page.contains("The Photos API did not answer"));
    assert!(page.contains(r#"id="no-photos""#) && !page.contains("<ul class=\"photos\""));
    assert!(page.contains("(44 characters)"), "{page}");
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
    // What another script needs in the place of this one, a library's for example.
    for part in [
        r#"data-issuer="http://127.0.0.1:9""#,
        r#"data-client-id="mysweetspa""#,
        r#"data-redirect-uri="http://localhost:8082/spa""#,
        r#"data-photos-url="http://localhost:8081""#,
        r#"data-scope="openid profile photos.read""#,
        r#"<script src="/assets/spa.js" defer>"#,
        r#"id="spa-start""#,
        r#"id="spa-connect""#,
        r#"id="spa-deeds""#,
        r#"id="spa-call-api""#,
        r#"id="spa-refresh""#,
        r#"id="spa-revoke""#,
        r#"id="spa-photos""#,
        r#"id="spa-said-title""#,
        r#"id="spa-said-text""#,
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!page.contains("mysweetapp-secret"));
    // Without its client the page is not there at all.
    assert_eq!(send(get("/spa")).await.status(), StatusCode::NOT_FOUND);
}
