//! Single claims by the parameter `claims` (Core §5.5): asked about, told, and remembered.

use super::{allowed, asks, id_token, returned};
use valetkey_testkit::{TestServer, cast};

const NAME: &str = r#"{"userinfo":{"name":{"essential":true}},"id_token":{"email":null}}"#;

#[tokio::test]
async fn claims_that_are_malformed_are_refused() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    alice.signs_in_for_the_account().await;
    for bad in ["x", "[]", r#"{"userinfo":[]}"#] {
        let asked = asks(&server, "code", "openid").and("claims", bad);
        let answer = alice.opens(&asked).await;
        assert_eq!(answer.parameter("error"), "invalid_request", "{bad}");
    }
}

#[tokio::test]
async fn a_person_is_told_of_single_claims_and_then_the_client_is_told_them() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let asked = asks(&server, "code", "openid").and("claims", NAME);
    let login = alice.opens(&asked).await;
    let page = alice.signs_in(&login).await;
    let text = page.text();
    for says in ["See your full name", "See your e-mail address"] {
        assert!(text.contains(says), "{says}: {text}");
    }
    assert!(!text.contains("claim:"), "{text}");

    let code = asked.code_from(&alice.goes_on(page, "allow").await);
    let app = server.app(cast::MYSWEETAPP);
    let tokens = app.redeems(&code).await.tokens();
    let userinfo = app.reads_userinfo(&tokens.access).await.json();
    assert_eq!(userinfo["name"], "Alice Liddell");
    assert_eq!(userinfo.get("given_name"), None);
    assert_eq!(userinfo.get("email"), None, "that was for the ID token");
    let claims = id_token(&server, &tokens.id).await;
    assert_eq!(claims["email"], "alice@wonderland.example");
    assert_eq!(claims.get("name"), None);
    assert_eq!(tokens.json["scope"], "openid", "a single claim is no scope");
}

#[tokio::test]
async fn a_single_claim_is_asked_about_once_and_not_by_the_way() {
    let server = TestServer::start().await;
    allowed(&server).await;
    let alice = server.browser(cast::ALICE);
    alice.allows(&asks(&server, "code", "openid")).await;
    let silent = asks(&server, "id_token", "openid")
        .and("claims", NAME)
        .and("prompt", "none");
    let (_, answer) = returned(&alice.opens(&silent).await);
    assert_eq!(answer["error"], "consent_required");

    let asked = asks(&server, "id_token", "openid").and("claims", NAME);
    alice.answers(&asked, "allow").await;
    let (_, answer) = returned(&alice.opens(&silent).await);
    let claims = id_token(&server, &answer["id_token"]).await;
    assert_eq!(claims["email"], "alice@wonderland.example");
    let account = alice.get("/account", &[]).await.text();
    assert!(account.contains("See your e-mail address"), "{account}");

    // What was allowed singly is no scope that can be asked for.
    let sly = asks(&server, "code", "openid claim:name");
    assert_eq!(alice.opens(&sly).await.parameter("error"), "invalid_scope");
}
