//! Violations at the Photos API. Bad tokens are made with the server's own keys wherever that is what the attack needs:
//! a second server with another issuer or another clock signs with the same keys.

use super::stage::Stage;
use valetkey_jose::{Algorithm, SigningKey, b64};
use valetkey_protocol::secret::ClientSecret;
use valetkey_testkit::{Answer, Photos, TestServer, cast};

/// An API that believes JWTs by themselves.
pub(super) fn jwt(s: &Stage) -> Photos {
    s.server.photos_with(&s.recorder, |builder| builder.jwt())
}

pub(super) use crate::bent;

pub(super) async fn another_algorithm(s: &Stage) -> Option<Answer> {
    let tokens = s.tokens().await;
    let payload = tokens.access.split('.').nth(1).expect("a JWT has parts");
    let header = b64::encode_url(br#"{"alg":"HS256","typ":"at+jwt"}"#);
    Some(
        jwt(s)
            .shows(&format!("{header}.{payload}.{}", b64::encode_url(&[0; 32])))
            .await,
    )
}

pub(super) async fn a_strangers_key(s: &Stage) -> Option<Answer> {
    let key = SigningKey::generate(Algorithm::ES256).expect("a key can be made");
    let claims = serde_json::json!({ "iss": cast::ISSUER, "aud": cast::PHOTOS, "sub": "x" });
    let token = key.sign_jwt("at+jwt", &claims).expect("it signs");
    Some(jwt(s).shows(&token).await)
}

pub(super) async fn a_bent_signature(s: &Stage) -> Option<Answer> {
    Some(jwt(s).shows(&bent(&s.tokens().await.access)).await)
}

pub(super) async fn another_issuer(s: &Stage) -> Option<Answer> {
    let other =
        TestServer::start_with(|settings| settings.policy.issuer = "https://other.example".into()).await;
    let tokens = tokens_of(&other).await;
    Some(jwt(s).shows(&tokens).await)
}

async fn tokens_of(server: &TestServer) -> String {
    let app = server.app(cast::MYSWEETAPP);
    let code = server
        .browser(cast::ALICE)
        .allows(&app.asks_for("photos.read"))
        .await;
    app.redeems(&code).await.tokens().access
}

pub(super) async fn another_audience(s: &Stage) -> Option<Answer> {
    let tokens = s
        .app
        .redeems_with(&s.code().await, &[("resource", cast::ISSUER)])
        .await
        .tokens();
    Some(jwt(s).shows(&tokens.access).await)
}

pub(super) async fn an_old_token(s: &Stage) -> Option<Answer> {
    let tokens = s.tokens().await;
    s.server.clock.advance(300);
    Some(jwt(s).shows(&tokens.access).await)
}

pub(super) async fn a_token_from_the_future(s: &Stage) -> Option<Answer> {
    let ahead = TestServer::start().await;
    ahead.clock.advance(120);
    let token = tokens_of(&ahead).await;
    Some(jwt(s).shows(&token).await)
}

pub(super) async fn a_revoked_token(s: &Stage) -> Option<Answer> {
    let photos = s.server.photos_with(&s.recorder, |builder| {
        builder
            .jwt()
            .introspect(cast::PHOTOS_API.id, ClientSecret::new(cast::PHOTOS_API.secret))
            .online(0)
    });
    let tokens = s.tokens().await;
    assert_eq!(photos.shows(&tokens.access).await.status, 200);
    s.app.revokes(&tokens.refresh).await;
    Some(photos.shows(&tokens.access).await)
}
