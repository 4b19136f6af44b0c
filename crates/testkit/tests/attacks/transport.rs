//! The way to the server: a person who came by https is never led back to http.

use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn ssl_stripping_a_browser_that_came_by_https_does_not_come_by_http_again() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    for path in ["/login", "/jwks", "/nowhere"] {
        let answer = alice.get(path, &[]).await;
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
    }
    let local =
        TestServer::start_with(|settings| settings.policy.issuer = "http://localhost:8080".into()).await;
    let answer = local.browser(cast::ALICE).get("/login", &[]).await;
    assert_eq!(answer.header("strict-transport-security"), "");
}

#[tokio::test]
async fn two_authorization_headers_prove_nothing() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let backup = server.app(cast::PHOTO_BACKUP);
    let alice = server.browser(cast::ALICE);
    let (first, second) = (backup.basic(), app.basic());
    for headers in [[&first, &second], [&first, &first]] {
        let headers = headers.map(|value| ("authorization", value.as_str()));
        let form = [("grant_type", "client_credentials"), ("scope", "photos.read")];
        let answer = alice.post_with("/token", &form, &headers).await;
        assert_eq!(
            (answer.status.as_u16(), answer.error().as_str()),
            (401, "invalid_client")
        );
    }
    let code = alice.allows(&app.asks_for("openid photos.read")).await;
    let bearer = format!("Bearer {}", app.redeems(&code).await.tokens().access);
    let twice = [
        ("authorization", bearer.as_str()),
        ("authorization", bearer.as_str()),
    ];
    let answer = alice.post_with("/userinfo", &[], &twice).await;
    assert_eq!(
        (answer.status.as_u16(), answer.error().as_str()),
        (400, "invalid_request")
    );
}

#[tokio::test]
async fn a_token_in_the_header_and_one_in_the_form_open_nothing() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let alice = server.browser(cast::ALICE);
    let code = alice.allows(&app.asks_for("openid photos.read")).await;
    let access = app.redeems(&code).await.tokens().access;
    let bearer = format!("Bearer {access}");
    let header = [("authorization", bearer.as_str())];
    let answer = alice
        .post_with("/userinfo", &[("access_token", &access)], &header)
        .await;
    assert_eq!(
        (answer.status.as_u16(), answer.error().as_str()),
        (400, "invalid_request")
    );
    let answer = alice.post_with("/userinfo", &[], &header).await;
    assert_eq!(answer.status, 200);
}
