//! Token confusion: what is good in one place passes nowhere else.

use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, OAUTH1_TOKEN_TYPE, TOKEN_EXCHANGE};
use valetkey_testkit::{Begun, TestServer, cast};

/// Everything that a server gives away, by its name.
async fn one_of_each(server: &TestServer) -> Vec<(&'static str, String)> {
    let alice = server.browser(cast::ALICE);
    let app = server.app(cast::MYSWEETAPP);
    let code = alice.allows(&app.asks_for("photos.read")).await;
    let got = alice
        .allows(&app.asks_for("openid photos.read offline_access"))
        .await;
    let tokens = app.redeems(&got).await.tokens();
    let opaque = alice.allows(&app.asks_for("calendar.read")).await;
    let opaque = app.redeems(&opaque).await.tokens();
    let begun = server.app(cast::TV).shows_a_code("photos.read").await;
    let printer = server.consumer(cast::PRINTER);
    let temporary = printer.begins("photos.read").await;
    let credentials = printer.is_allowed_by(&alice, "photos.read").await;
    vec![
        ("code", code.code),
        ("refresh token", tokens.refresh),
        ("access token", tokens.access),
        ("ID token", tokens.id),
        ("opaque access token", opaque.access),
        ("device code", begun.device_code),
        ("user code", begun.user_code),
        ("temporary token", temporary.token),
        ("oauth 1 token", credentials.token),
        ("oauth 1 secret", credentials.secret.expose().to_owned()),
    ]
}

#[tokio::test]
async fn token_confusion_at_the_token_endpoint_opens_nothing() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let tv = server.app(cast::TV);
    let support = server.app(cast::SUPPORT);
    for (kind, text) in one_of_each(&server).await {
        if kind != "refresh token" {
            let answer = app.refreshes_with(&text, &[]).await;
            assert_eq!(answer.error(), "invalid_grant", "{kind} as a refresh token");
        }
        if kind != "code" {
            let pairs = [("grant_type", "authorization_code"), ("code", text.as_str())];
            let answer = app.posts("/token", &pairs).await;
            assert_eq!(answer.error(), "invalid_grant", "{kind} as a code");
        }
        if kind != "device code" {
            let begun = Begun {
                device_code: text.clone(),
                user_code: String::new(),
                json: serde_json::Value::Null,
            };
            assert_eq!(
                tv.polls(&begun).await.error(),
                "invalid_grant",
                "{kind} as a device code"
            );
        }
        if !kind.contains("access token") {
            let pairs = [
                ("grant_type", TOKEN_EXCHANGE),
                ("subject_token", text.as_str()),
                ("subject_token_type", ACCESS_TOKEN_TYPE),
            ];
            let answer = support.posts("/token", &pairs).await;
            assert_eq!(answer.error(), "invalid_request", "{kind} as a subject token");
        }
        let pairs = [
            ("grant_type", TOKEN_EXCHANGE),
            ("subject_token", text.as_str()),
            ("subject_token_type", OAUTH1_TOKEN_TYPE),
        ];
        let answer = support.posts("/token", &pairs).await;
        assert_eq!(answer.error(), "invalid_request", "{kind} without a signature");
    }
}

#[tokio::test]
async fn token_confusion_at_the_apis_opens_nothing() {
    let server = TestServer::start().await;
    let api = server.app(cast::PHOTOS_API);
    let (photos, both) = (server.photos(), server.photos_by_both(&std::sync::Arc::default()));
    for (kind, text) in one_of_each(&server).await {
        let is_access = kind.contains("access token");
        assert_eq!(api.finds_active(&text).await, is_access, "{kind}");
        if kind != "access token" {
            for answer in [photos.shows(&text).await, both.shows(&text).await] {
                assert_eq!(answer.status, 401, "{kind}");
            }
        }
        let userinfo = server.site.get_with_token("/userinfo", &text).await.status;
        assert_eq!(userinfo == 200, kind == "access token", "{kind}: {userinfo}");
    }
}
