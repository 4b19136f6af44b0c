//! Sign-in on demand (Core §3.1.2.1, §3.1.2.3, §5.5.1.1): `prompt`, `max_age`, hints, and how sure it must be.

use super::{allowed, asks, id_token, returned};
use valetkey_model::factor::Totp;
use valetkey_model::{SealedSecret, UserId};
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn a_second_sign_in_really_happens_and_moves_auth_time() {
    let server = TestServer::start().await;
    allowed(&server).await;
    let alice = server.browser(cast::ALICE);
    let asked = asks(&server, "id_token", "openid");
    let (_, first) = returned(&alice.answers(&asked, "allow").await);
    let before = id_token(&server, &first["id_token"]).await["auth_time"].clone();
    server.clock.advance(100);

    let (_, same) = returned(&alice.opens(&asked.clone().and("max_age", "1000")).await);
    assert_eq!(id_token(&server, &same["id_token"]).await["auth_time"], before);

    for again in [
        asked.clone().and("prompt", "login"),
        asked.clone().and("prompt", "select_account"),
        asked.and("max_age", "60"),
    ] {
        let page = alice.opens(&again).await;
        assert!(page.text().contains("id=\"login\""));
        let (_, all) = returned(&alice.goes_on(page, "allow").await);
        let claims = id_token(&server, &all["id_token"]).await;
        assert_eq!(claims["auth_time"], server.clock.timestamp().0);
        server.clock.advance(100);
    }
}

#[tokio::test]
async fn the_default_max_age_of_a_client_holds_when_a_request_names_none() {
    let server = TestServer::start().await;
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.openid.default_max_age_seconds = Some(60);
        })
        .await;
    let alice = server.browser(cast::ALICE);
    let asked = asks(&server, "code", "openid");
    alice.allows(&asked).await;
    server.clock.advance(61);
    assert!(alice.opens(&asked).await.text().contains("id=\"login\""));
    let patient = asked.and("max_age", "600");
    patient.code_from(&alice.opens(&patient).await);
}

#[tokio::test]
async fn a_request_about_somebody_else_is_never_answered_about_whoever_is_here() {
    let server = TestServer::start().await;
    allowed(&server).await;
    let alice = server.browser(cast::ALICE);
    let asked = asks(&server, "id_token", "openid");
    let (_, all) = returned(&alice.answers(&asked, "allow").await);
    let silent = asked.and("prompt", "none");

    let about_alice = silent.clone().and("id_token_hint", &all["id_token"]);
    let (_, answer) = returned(&alice.opens(&about_alice).await);
    assert!(answer.contains_key("id_token"));
    let bob = server.browser(cast::BOB);
    bob.signs_in_for_the_account().await;
    let (_, answer) = returned(&bob.opens(&about_alice).await);
    assert_eq!(answer["error"], "login_required");

    let named = |sub: String| format!(r#"{{"id_token":{{"sub":{{"value":"{sub}"}}}}}}"#);
    let about_bob = silent.clone().and("claims", &named(cast::BOB.sub()));
    let (_, answer) = returned(&alice.opens(&about_bob).await);
    assert_eq!(answer["error"], "login_required");
    let about_alice = silent.and("claims", &named(cast::ALICE.sub()));
    let (_, answer) = returned(&alice.opens(&about_alice).await);
    assert!(answer.contains_key("id_token"), "{answer:?}");
}

#[tokio::test]
async fn an_essential_acr_that_somebody_cannot_meet_is_refused_and_a_voluntary_one_is_not() {
    let server = TestServer::start().await;
    allowed(&server).await;
    let alice = server.browser(cast::ALICE);
    let asked = asks(&server, "id_token", "openid");
    let essential = r#"{"id_token":{"acr":{"essential":true,"values":["2"]}}}"#;
    let (_, answer) = returned(
        &alice
            .answers(&asked.clone().and("claims", essential), "allow")
            .await,
    );
    assert_eq!(answer["error"], "unmet_authentication_requirements");

    let voluntary = asked.and("acr_values", "2 urn:x");
    let (_, answer) = returned(&alice.answers(&voluntary, "allow").await);
    assert_eq!(id_token(&server, &answer["id_token"]).await["acr"], "1");
}

#[tokio::test]
async fn whoever_has_a_second_factor_is_asked_for_it_when_a_client_wants_to_be_surer() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let asked = asks(&server, "code", "openid");
    alice.allows(&asked).await;
    let surer = asked.clone().and("acr_values", "2");
    surer.code_from(&alice.opens(&surer).await);

    let totp = Totp {
        user: UserId(cast::ALICE.sub().parse().unwrap()),
        secret: SealedSecret(vec![1; 48]),
        last_step: 0,
        created_at: server.clock.timestamp(),
    };
    server.store.put_totp(totp, Vec::new()).await.unwrap();
    let page = alice.opens(&surer).await;
    assert!(page.text().contains("id=\"login\""), "{}", page.text());
    let silent = alice.opens(&surer.clone().and("prompt", "none")).await;
    surer.code_from(&silent);
    let essential = r#"{"id_token":{"acr":{"essential":true,"value":"2"}}}"#;
    let silent = asked.and("claims", essential).and("prompt", "none");
    assert_eq!(alice.opens(&silent).await.parameter("error"), "login_required");
}

#[tokio::test]
async fn parameters_that_nobody_knows_change_nothing() {
    let server = TestServer::start().await;
    let alice = server.browser(cast::ALICE);
    let asked = asks(&server, "code", "openid")
        .and("display", "popup")
        .and("ui_locales", "fr-CA fr en")
        .and("claims_locales", "se")
        .and("login_hint", "alice")
        .and("extra", "foobar");
    let login = alice.opens(&asked).await;
    assert!(login.text().contains("value=\"alice\""));
    asked.code_from(&alice.goes_on(login, "allow").await);
    let error = alice.opens(&asked.and("registration", "{}")).await;
    assert_eq!(error.parameter("error"), "registration_not_supported");
}
