//! Violations at the token endpoint that take more than one request.

use super::stage::Stage;
use valetkey_testkit::{Answer, VERIFIER, cast};

pub(super) async fn late_code(s: &Stage) -> Option<Answer> {
    let code = s.code().await;
    s.server.clock.advance(60);
    Some(s.app.redeems(&code).await)
}

pub(super) async fn code_twice(s: &Stage) -> Option<Answer> {
    let code = s.code().await;
    s.app.redeems(&code).await.tokens();
    Some(s.app.redeems(&code).await)
}

pub(super) async fn verifier_out_of_nowhere(s: &Stage) -> Option<Answer> {
    let old = s.server.app(cast::OLDAPP);
    let asked = old
        .asks_for("openid")
        .without("code_challenge")
        .without("code_challenge_method");
    let mut code = s.alice.allows(&asked).await;
    VERIFIER.clone_into(&mut code.verifier);
    Some(old.redeems(&code).await)
}

pub(super) async fn idle_too_long(s: &Stage) -> Option<Answer> {
    let tokens = s.tokens().await;
    s.server.clock.advance(14 * 24 * 3600);
    Some(s.app.refreshes(&tokens).await)
}

pub(super) async fn refresh_token_again(s: &Stage) -> Option<Answer> {
    let tokens = s.tokens().await;
    s.app.refreshes(&tokens).await.tokens();
    s.server.clock.advance(31);
    Some(s.app.refreshes(&tokens).await)
}

pub(super) async fn after_revocation(s: &Stage) -> Option<Answer> {
    let tokens = s.tokens().await;
    assert_eq!(s.app.revokes(&tokens.refresh).await.status, 200);
    Some(s.app.refreshes(&tokens).await)
}

pub(super) async fn userinfo_without_openid(s: &Stage) -> Option<Answer> {
    let code = s.alice.allows(&s.app.asks_for("photos.read")).await;
    let tokens = s.app.redeems(&code).await.tokens();
    Some(s.app.reads_userinfo(&tokens.access).await)
}
