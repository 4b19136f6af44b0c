//! `/userinfo` (OpenID Connect Core §5.3).

use serde_json::json;
use valetkey_model::UserId;
use valetkey_protocol::claims::{Address, StandardClaims};
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

/// Every claim of Core §5.1.
fn all_of_them() -> StandardClaims {
    let some = |text: &str| Some(text.to_owned());
    StandardClaims {
        name: some("Alice Pleasance Liddell"),
        given_name: some("Alice"),
        family_name: some("Liddell"),
        middle_name: some("Pleasance"),
        nickname: some("Al"),
        preferred_username: some("alice"),
        profile: some("https://wonderland.example/alice"),
        picture: some("https://wonderland.example/alice.png"),
        website: some("https://wonderland.example"),
        gender: some("female"),
        birthdate: some("1852-05-04"),
        zoneinfo: some("Europe/London"),
        locale: some("en-GB"),
        updated_at: Some(1_700_000_000),
        email: some("alice@wonderland.example"),
        email_verified: Some(true),
        phone_number: some("+44 1865 000000"),
        phone_number_verified: Some(false),
        address: Some(Address {
            formatted: some("Christ Church, Oxford"),
            street_address: some("St Aldate's"),
            locality: some("Oxford"),
            region: some("Oxfordshire"),
            postal_code: some("OX1 1DP"),
            country: some("UK"),
        }),
    }
}

#[tokio::test]
async fn every_standard_claim_is_told_as_it_is_by_get_and_by_post() {
    let server = TestServer::start().await;
    let alice = UserId(cast::ALICE.sub().parse().unwrap());
    let before = server.store.find_user(alice).await.unwrap().unwrap().claims;
    assert!(
        server
            .store
            .set_claims(alice, before, all_of_them())
            .await
            .unwrap()
    );
    let app = server.app(cast::MYSWEETAPP);
    let asked = app.asks_for("openid profile email address phone");
    let code = server.browser(cast::ALICE).allows(&asked).await;
    let tokens = app.redeems(&code).await.tokens();
    let mut expected = serde_json::to_value(all_of_them()).unwrap();
    assert_eq!(expected.as_object().unwrap().len(), 19);
    expected["sub"] = cast::ALICE.sub().into();
    let by_get = app.reads_userinfo(&tokens.access).await;
    let by_post = server
        .site
        .post("/userinfo", &[("access_token", &tokens.access)])
        .await;
    assert_eq!(by_get.json(), expected);
    assert_eq!(by_post.json(), expected);
    assert!(by_get.text().starts_with("{\"sub\":"), "sub stands first");
}

#[tokio::test]
async fn single_claims_are_told_beside_the_scope_and_only_with_a_value_that_was_asked_for() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let claims = json!({"userinfo": {
        "given_name": {"essential": true},
        "family_name": {"value": "Hatter"},
        "email": {"values": ["alice@wonderland.example", "al@wonderland.example"]},
        "nickname": null,
        "https://claims.example/unknown": null,
    }});
    let asked = app.asks_for("openid phone").and("claims", &claims.to_string());
    let code = server.browser(cast::ALICE).allows(&asked).await;
    let tokens = app.redeems(&code).await.tokens();
    assert_eq!(
        app.reads_userinfo(&tokens.access).await.json(),
        json!({
            "sub": cast::ALICE.sub(),
            "given_name": "Alice",
            "email": "alice@wonderland.example",
            "phone_number": "+44 1865 000000",
            "phone_number_verified": false,
        })
    );
    let refreshed = app.refreshes(&tokens).await.tokens();
    let later = app.reads_userinfo(&refreshed.access).await.json();
    assert_eq!(
        later["given_name"], "Alice",
        "what was allowed stays with the grant"
    );
}

#[tokio::test]
async fn a_person_without_claims_is_a_sub_and_nothing_empty() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::BOB)
        .allows(&app.asks_for("openid profile email address phone"))
        .await;
    let tokens = app.redeems(&code).await.tokens();
    let told = app.reads_userinfo(&tokens.access).await.json();
    assert_eq!(told, json!({ "sub": cast::BOB.sub() }));
}
