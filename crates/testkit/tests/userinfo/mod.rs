//! `/userinfo` (OpenID Connect Core §5.3).

use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn every_claim_of_a_granted_scope_is_there_and_no_other() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let alice = server.browser(cast::ALICE);
    for (scope, there, not_there) in [
        (
            "openid",
            &["sub"][..],
            &["name", "email", "phone_number", "address"][..],
        ),
        (
            "openid profile",
            &["sub", "name", "given_name", "family_name"],
            &["email", "phone_number"],
        ),
        ("openid email", &["email", "email_verified"], &["name"]),
        (
            "openid phone address",
            &["phone_number", "phone_number_verified", "address"],
            &["name", "email"],
        ),
    ] {
        let tokens = app
            .redeems(&alice.allows(&app.asks_for(scope)).await)
            .await
            .tokens();
        let claims = app.reads_userinfo(&tokens.access).await.json();
        for name in there {
            assert!(claims.get(name).is_some(), "{scope}: {name} is missing");
        }
        for name in not_there {
            assert!(claims.get(name).is_none(), "{scope}: {name} is there");
        }
    }
}

#[tokio::test]
async fn a_token_in_the_query_is_not_read() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server.browser(cast::ALICE).allows(&app.asks_for("openid")).await;
    let tokens = app.redeems(&code).await.tokens();
    let answer = server
        .site
        .get("/userinfo", &[("access_token", &tokens.access)])
        .await;
    assert_eq!(answer.status, 401);
    let answer = server
        .site
        .post("/userinfo", &[("access_token", &tokens.access)])
        .await;
    assert_eq!(answer.status, 200);
}
