//! Access tokens of the authorization endpoint while the code beside them is still out (OpenID Connect Core §3.3.3.8).

use valetkey_model::client::GrantType;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{Code, TestServer, VERIFIER, cast};

/// A code, and the access token that came beside it.
async fn both(server: &TestServer) -> (Code, String) {
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.grant_types.insert(GrantType::Implicit);
        })
        .await;
    let app = server.app(cast::MYSWEETAPP);
    let asked = app
        .asks_for("openid profile")
        .with("response_type", "code token")
        .and("nonce", "n");
    let answer = server.browser(cast::ALICE).answers(&asked, "allow").await;
    let code = Code {
        code: answer.fragment("code"),
        redirect_uri: cast::MYSWEETAPP.redirect_uri.to_owned(),
        verifier: VERIFIER.to_owned(),
    };
    (code, answer.fragment("access_token"))
}

#[tokio::test]
async fn a_token_that_was_revoked_before_its_code_is_redeemed_ends_alone() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let (code, front) = both(&server).await;
    assert_eq!(app.reads_userinfo(&front).await.status, 200);
    assert!(app.finds_active(&front).await);

    assert_eq!(app.revokes(&front).await.status, 200);
    assert!(!app.finds_active(&front).await);
    let answer = app.reads_userinfo(&front).await;
    answer.is_refused_by(Rule::UserinfoTokenInvalid);
    let tokens = app.redeems(&code).await.tokens();
    assert_eq!(app.reads_userinfo(&tokens.access).await.status, 200);
    assert!(!app.finds_active(&front).await, "redeeming brings nothing back");
}

#[tokio::test]
async fn code_replay_also_ends_the_token_that_came_beside_the_code() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let (code, front) = both(&server).await;
    let tokens = app.redeems(&code).await.tokens();
    for token in [&front, &tokens.access] {
        assert!(app.finds_active(token).await);
    }
    app.redeems(&code).await.is_refused_by(Rule::CodeReplayed);
    for token in [&front, &tokens.access] {
        assert!(!app.finds_active(token).await);
    }
}

#[tokio::test]
async fn a_token_lives_on_when_nobody_redeems_the_code() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let (code, front) = both(&server).await;
    server.clock.advance(cast::policy().code_ttl_seconds + 1);
    app.redeems(&code).await.is_refused_by(Rule::CodeExpired);
    assert!(app.finds_active(&front).await);
}
