//! Token exchange (RFC 8693): who may exchange whose token, for what, and how it ends.

use valetkey_jose::b64;
use valetkey_protocol::rule::Rule;
use valetkey_protocol::token::{ACCESS_TOKEN_TYPE, TOKEN_EXCHANGE};
use valetkey_testkit::{Answer, TestServer, Tokens, cast};

/// An exchange by an app, with what the test adds.
async fn exchanges(
    server: &TestServer,
    app: cast::Registered,
    subject: &str,
    more: &[(&str, &str)],
) -> Answer {
    let mut pairs = vec![
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token", subject),
        ("subject_token_type", ACCESS_TOKEN_TYPE),
    ];
    pairs.extend_from_slice(more);
    server.app(app).posts("/token", &pairs).await
}

/// What Alice allowed an app.
async fn of_alice(server: &TestServer, app: cast::Registered, scope: &str) -> Tokens {
    let app = server.app(app);
    let code = server.browser(cast::ALICE).allows(&app.asks_for(scope)).await;
    app.redeems(&code).await.tokens()
}

/// The token of the gallery itself.
async fn own(server: &TestServer) -> String {
    let gallery = server.app(cast::GALLERY);
    let answer = gallery.asks_for_itself(&[("scope", "photos.read")]).await;
    answer.tokens().access
}

fn acting(token: &str) -> [(&str, &str); 2] {
    [("actor_token", token), ("actor_token_type", ACCESS_TOKEN_TYPE)]
}

/// The claims of a JWT that the Photos API has just taken.
fn claims(token: &str) -> serde_json::Value {
    let payload = token.split('.').nth(1).expect("a JWT has parts");
    serde_json::from_slice(&b64::decode_url(payload).expect("it is base64url")).expect("it is JSON")
}

#[tokio::test]
async fn token_exchange_is_off_by_default() {
    let server = TestServer::start().await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "photos.read").await;
    for registered in [
        cast::MYSWEETAPP,
        cast::OTHERAPP,
        cast::PHOTO_BACKUP,
        cast::PHOTOS_API,
        cast::MYSWEETCLI,
    ] {
        let answer = exchanges(&server, registered, &tokens.access, &[]).await;
        answer.is_refused_by(Rule::TokenGrantTypeNotAllowed);
        assert_eq!(answer.error(), "unauthorized_client");
    }
}

#[tokio::test]
async fn a_token_that_does_not_count_is_exchanged_for_nothing() {
    let server = TestServer::start().await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "openid photos.read offline_access").await;
    for text in ["x", "", &tokens.id, &tokens.refresh] {
        let answer = exchanges(&server, cast::SUPPORT, text, &[]).await;
        assert_eq!(answer.error(), "invalid_request", "{text}");
    }
    server.app(cast::MYSWEETAPP).revokes(&tokens.refresh).await;
    exchanges(&server, cast::SUPPORT, &tokens.access, &[])
        .await
        .is_refused_by(Rule::ExchangeSubjectTokenInvalid);
}

#[tokio::test]
async fn a_token_of_somebody_else_for_somewhere_else_is_not_exchanged() {
    let server = TestServer::start().await;
    // Support acts for mysweetapp alone, and is no API.
    let other = of_alice(&server, cast::OTHERAPP, "photos.read").await;
    exchanges(&server, cast::SUPPORT, &other.access, &[])
        .await
        .is_refused_by(Rule::ExchangeSubjectNotAllowed);
    // The gallery is the Photos API alone.
    let calendar = of_alice(&server, cast::OTHERAPP, "calendar.read").await;
    exchanges(
        &server,
        cast::GALLERY,
        &calendar.access,
        &acting(&own(&server).await),
    )
    .await
    .is_refused_by(Rule::ExchangeSubjectNotAllowed);
}

#[tokio::test]
async fn scope_widening_by_exchange_is_refused() {
    let server = TestServer::start().await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "photos.read").await;
    for wider in [
        "photos.write",
        "photos.read photos.write",
        "photos.read calendar.read",
        "openid",
        "offline_access",
    ] {
        let answer = exchanges(&server, cast::SUPPORT, &tokens.access, &[("scope", wider)]).await;
        assert_eq!(answer.error(), "invalid_scope", "{wider}");
        assert_eq!(answer.member("access_token"), "");
    }
    let calendar = [("resource", cast::CALENDAR)];
    let answer = exchanges(&server, cast::SUPPORT, &tokens.access, &calendar).await;
    answer.is_refused_by(Rule::ExchangeScopeWidened);
}

#[tokio::test]
async fn scope_widening_by_a_chain_of_exchanges_is_refused() {
    let server = TestServer::start().await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "photos.read photos.write").await;
    let narrow = [("scope", "photos.read")];
    let first = exchanges(&server, cast::SUPPORT, &tokens.access, &narrow)
        .await
        .tokens();
    assert_eq!(server.photos().adds(&first.access).await.status, 403);
    let actor = own(&server).await;
    for wider in [
        &[("scope", "photos.write")][..],
        &[("scope", "photos.read photos.write")],
    ] {
        let more = [&acting(&actor)[..], wider].concat();
        exchanges(&server, cast::GALLERY, &first.access, &more)
            .await
            .is_refused_by(Rule::ExchangeScopeWidened);
    }
}

#[tokio::test]
async fn delegation_says_who_acts_for_whom() {
    let server = TestServer::start().await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "photos.read photos.write").await;
    let actor = own(&server).await;
    let more = [&acting(&actor)[..], &[("scope", "photos.read")]].concat();
    let answer = exchanges(&server, cast::GALLERY, &tokens.access, &more).await;
    assert_eq!(answer.member("issued_token_type"), ACCESS_TOKEN_TYPE);
    let new = answer.tokens();
    assert_eq!(
        (new.refresh.as_str(), new.id.as_str()),
        ("", ""),
        "an access token alone"
    );
    assert_eq!(server.photos().shows(&new.access).await.status, 200);
    let claims = claims(&new.access);
    assert_eq!(claims["sub"], cast::ALICE.sub());
    assert_eq!(claims["client_id"], "gallery");
    assert_eq!(claims["act"]["client_id"], "gallery");
    assert_eq!(claims["scope"], "photos.read");
    let seen = server
        .app(cast::PHOTOS_API)
        .posts("/introspect", &[("token", &new.access)])
        .await
        .json();
    assert_eq!((&seen["active"], &seen["act"]), (&true.into(), &claims["act"]));
    // Who acts next says who acted before.
    let again = exchanges(&server, cast::GALLERY, &new.access, &acting(&actor)).await;
    let chain = self::claims(&again.tokens().access);
    assert_eq!(chain["act"]["act"], claims["act"]);
}

#[tokio::test]
async fn impersonation_is_for_those_alone_who_were_allowed_it() {
    let server = TestServer::start().await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "photos.read").await;
    exchanges(&server, cast::GALLERY, &tokens.access, &[])
        .await
        .is_refused_by(Rule::ExchangeImpersonationNotAllowed);
    let new = exchanges(&server, cast::SUPPORT, &tokens.access, &[])
        .await
        .tokens();
    let claims = claims(&new.access);
    assert_eq!(claims["sub"], cast::ALICE.sub());
    assert_eq!(claims.get("act"), None);
    assert_eq!(server.photos().shows(&new.access).await.status, 200);
    // Who acted before does not get lost by it.
    let delegated = exchanges(
        &server,
        cast::GALLERY,
        &tokens.access,
        &acting(&own(&server).await),
    )
    .await
    .tokens();
    server
        .changes(cast::GALLERY, |client| {
            client.exchange.as_mut().unwrap().may_impersonate = true;
        })
        .await;
    let impersonated = exchanges(&server, cast::GALLERY, &delegated.access, &[])
        .await
        .tokens();
    assert_eq!(self::claims(&impersonated.access)["act"]["client_id"], "gallery");
}

#[tokio::test]
async fn an_actor_token_of_somebody_else_makes_nobody_act() {
    let server = TestServer::start().await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "photos.read").await;
    let other = server
        .app(cast::PHOTO_BACKUP)
        .asks_for_itself(&[("scope", "photos.read")])
        .await
        .tokens();
    let delegated = exchanges(
        &server,
        cast::GALLERY,
        &tokens.access,
        &acting(&own(&server).await),
    )
    .await
    .tokens();
    for actor in [&other.access, &tokens.access, &delegated.access, "x"] {
        exchanges(&server, cast::GALLERY, &tokens.access, &acting(actor))
            .await
            .is_refused_by(Rule::ExchangeActorTokenInvalid);
    }
}

#[tokio::test]
async fn an_exchanged_token_dies_with_the_grant() {
    let server = TestServer::start().await;
    let api = server.app(cast::PHOTOS_API);
    let app = server.app(cast::MYSWEETAPP);
    let alice = server.browser(cast::ALICE);
    let code = alice.allows(&app.asks_for("photos.read")).await;
    let tokens = app.redeems(&code).await.tokens();
    let first = exchanges(&server, cast::SUPPORT, &tokens.access, &[])
        .await
        .tokens();
    let actor = own(&server).await;
    let second = exchanges(&server, cast::GALLERY, &first.access, &acting(&actor))
        .await
        .tokens();
    for token in [&first.access, &second.access] {
        assert!(api.finds_active(token).await);
    }
    let page = alice.get("/account", &[]).await;
    assert!(page.text().contains("mysweetapp"));
    alice.submits(&page, &[]).await;
    for token in [&tokens.access, &first.access, &second.access] {
        assert!(!api.finds_active(token).await);
    }
    exchanges(&server, cast::GALLERY, &first.access, &acting(&actor))
        .await
        .is_refused_by(Rule::ExchangeSubjectTokenInvalid);
}

#[tokio::test]
async fn an_exchanged_token_does_not_outlive_its_subject_token_nor_the_right_to_exchange() {
    let server = TestServer::start().await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "photos.read").await;
    server.clock.advance(200);
    let answer = exchanges(&server, cast::SUPPORT, &tokens.access, &[]).await;
    assert_eq!(answer.json()["expires_in"], 100);
    let new = answer.tokens();
    assert_eq!(claims(&new.access)["exp"], claims(&tokens.access)["exp"]);
    let api = server.app(cast::PHOTOS_API);
    assert!(api.finds_active(&new.access).await);
    server
        .changes(cast::SUPPORT, |client| {
            client
                .grant_types
                .remove(&valetkey_model::client::GrantType::TokenExchange);
        })
        .await;
    assert!(!api.finds_active(&new.access).await);
}

#[tokio::test]
async fn an_exchanged_token_can_be_revoked_by_itself() {
    let server = TestServer::start().await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "photos.read").await;
    let new = exchanges(&server, cast::SUPPORT, &tokens.access, &[])
        .await
        .tokens();
    let api = server.app(cast::PHOTOS_API);
    assert_eq!(server.app(cast::SUPPORT).revokes(&new.access).await.status, 200);
    assert!(!api.finds_active(&new.access).await);
}

#[tokio::test]
async fn an_opaque_token_is_exchanged_for_an_opaque_one_that_says_who_acts() {
    let server = TestServer::start().await;
    server
        .changes(cast::GALLERY, |client| {
            let subjects = &mut client.exchange.as_mut().unwrap().subjects;
            subjects.insert(valetkey_model::ClientId::parse("mysweetapp").unwrap());
        })
        .await;
    let tokens = of_alice(&server, cast::MYSWEETAPP, "calendar.read").await;
    let answer = exchanges(
        &server,
        cast::GALLERY,
        &tokens.access,
        &acting(&own(&server).await),
    )
    .await;
    let new = answer.tokens();
    assert!(new.access.starts_with("vka_"), "{}", new.access);
    let seen = server
        .app(cast::PHOTOS_API)
        .posts("/introspect", &[("token", &new.access)])
        .await
        .json();
    assert_eq!(seen["active"], true);
    assert_eq!(seen["aud"], cast::CALENDAR);
    assert_eq!(seen["sub"], cast::ALICE.sub());
    assert_eq!(seen["act"]["client_id"], "gallery");
}
