//! `id_token_hint` (OpenID Connect Core §3.1.2.2): an app that means Alice must not be told about Bob.

use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn an_app_that_means_alice_is_not_signed_in_as_bob_who_sits_there_now() {
    let server = TestServer::start().await;
    let app = server.app(cast::MYSWEETAPP);
    let asked = app.asks_for("openid photos.read");
    let browser = server.browser(cast::ALICE);
    let of_alice = app.redeems(&browser.allows(&asked).await).await.tokens();
    let means_alice = asked.and("id_token_hint", &of_alice.id);
    let silent = means_alice.clone().with("prompt", "none");
    let answer = browser.get("/authorize", &silent.pairs()).await;
    assert_eq!(answer.parameter("error"), "", "Alice is still here");

    let bobs = server.browser(cast::BOB);
    bobs.allows(&app.asks_for("openid photos.read")).await;
    let answer = bobs.get("/authorize", &silent.pairs()).await;
    assert_eq!(answer.parameter("error"), "login_required");
    // Asked to sign in, Bob is himself again: the app hears of nobody.
    let login = bobs.opens(&means_alice).await;
    let answer = bobs.signs_in(&login).await;
    assert_eq!(answer.parameter("error"), "login_required");
}
