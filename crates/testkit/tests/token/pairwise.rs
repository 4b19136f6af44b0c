//! Pairwise subjects (OpenID Connect Core §8): one person, known to each sector by another name.

use serde_json::Value;
use valetkey_jose::jwt::Unverified;
use valetkey_model::relying_party::SubjectType;
use valetkey_testkit::cast::Registered;
use valetkey_testkit::{TestServer, Tokens, cast};

fn claims(token: &str) -> Value {
    Unverified::parse(token).unwrap().unverified_claims().unwrap()
}

async fn make_pairwise(server: &TestServer, registered: Registered, sector: Option<&str>) {
    server
        .changes(registered, |client| {
            client.openid.subject_type = SubjectType::Pairwise;
            client.openid.sector_identifier_uri = sector.map(str::to_owned);
        })
        .await;
}

/// Alice signs in there; every place must tell the app the same name.
async fn alice_at(server: &TestServer, registered: Registered) -> (String, Tokens) {
    let app = server.app(registered);
    let alice = server.browser(cast::ALICE);
    let code = alice.allows(&app.asks_for("openid photos.read")).await;
    let tokens = app.redeems(&code).await.tokens();
    let sub = claims(&tokens.id)["sub"].as_str().unwrap().to_owned();
    assert_eq!(claims(&tokens.access)["sub"], sub.as_str());
    assert_eq!(app.reads_userinfo(&tokens.access).await.member("sub"), sub);
    for token in [&tokens.access, &tokens.refresh] {
        let told = app.posts("/introspect", &[("token", token)]).await;
        assert_eq!(told.member("sub"), sub);
    }
    let refreshed = app.refreshes(&tokens).await.tokens();
    assert_eq!(claims(&refreshed.id)["sub"], sub.as_str());
    (sub, tokens)
}

#[tokio::test]
async fn two_sectors_cannot_tell_that_they_know_the_same_person() {
    let server = TestServer::start().await;
    make_pairwise(&server, cast::MYSWEETAPP, None).await;
    make_pairwise(&server, cast::OTHERAPP, None).await;
    let (mine, tokens) = alice_at(&server, cast::MYSWEETAPP).await;
    let (other, _) = alice_at(&server, cast::OTHERAPP).await;
    assert_ne!(mine, other);
    for sub in [&mine, &other] {
        assert_ne!(*sub, cast::ALICE.sub());
        assert_eq!(sub.len(), 43, "no public subject has that length");
    }
    let (again, _) = alice_at(&server, cast::MYSWEETAPP).await;
    assert_eq!(again, mine, "the same at every sign-in");
    let public = cast::ALICE.sub();
    for token in [&tokens.id, &tokens.access] {
        assert!(!claims(token).to_string().contains(&public));
    }
}

#[tokio::test]
async fn correlation_two_sectors_cannot_tell_that_they_share_a_session() {
    let server = TestServer::start().await;
    make_pairwise(&server, cast::MYSWEETAPP, None).await;
    make_pairwise(&server, cast::OTHERAPP, None).await;
    let alice = server.browser(cast::ALICE);
    let mut known = Vec::new();
    for registered in [cast::MYSWEETAPP, cast::OTHERAPP, cast::TWODOORS] {
        let app = server.app(registered);
        let code = alice.allows(&app.asks_for("openid")).await;
        let tokens = app.redeems(&code).await.tokens();
        let sid = claims(&tokens.id)["sid"].clone();
        let refreshed = app.refreshes(&tokens).await.tokens();
        assert_eq!(claims(&refreshed.id)["sid"], sid);
        assert!(uuid::Uuid::try_parse(sid.as_str().unwrap()).is_ok(), "{sid}");
        assert!(!known.contains(&sid), "{registered:?}");
        known.push(sid);
        // It proves the session to us, as any other: nobody is asked.
        if registered.id == cast::OTHERAPP.id {
            let hint = [("id_token_hint", tokens.id.as_str())];
            let out = alice.get("/end_session", &hint).await;
            assert!(
                !out.location().unwrap_or_default().contains("request="),
                "{out:?}"
            );
            let account = alice.get("/account", &[]).await;
            assert_ne!(account.status, 200, "signed out");
        }
    }
}

#[tokio::test]
async fn clients_of_one_sector_know_a_person_by_one_name() {
    let server = TestServer::start().await;
    let sector = Some("https://sector.example/redirect-uris.json");
    make_pairwise(&server, cast::MYSWEETAPP, sector).await;
    make_pairwise(&server, cast::OTHERAPP, sector).await;
    let (mine, _) = alice_at(&server, cast::MYSWEETAPP).await;
    let (other, _) = alice_at(&server, cast::OTHERAPP).await;
    assert_eq!(mine, other);
}

#[tokio::test]
async fn an_api_learns_a_person_as_the_client_of_the_token_knows_them() {
    let server = TestServer::start().await;
    make_pairwise(&server, cast::MYSWEETAPP, None).await;
    let (mine, tokens) = alice_at(&server, cast::MYSWEETAPP).await;
    let told = server
        .app(cast::PHOTOS_API)
        .posts("/introspect", &[("token", &tokens.access)])
        .await;
    assert_eq!(told.member("sub"), mine);
}
