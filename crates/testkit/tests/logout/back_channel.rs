//! OpenID Connect Back-Channel Logout: what is sent, how often, and to whom.

use super::receiver::Receiver;
use super::{claim, signs_in};
use serde_json::{Value, json};
use std::sync::Arc;
use valetkey_client::{Client, ClientAuthentication, Registration};
use valetkey_jose::jwe::{self, ContentEncryption, DecryptingKey, KeyManagement};
use valetkey_jose::{Algorithm, JwkSet, KeySet, jwt};
use valetkey_model::client::{ClientKeys, SigningAlg};
use valetkey_model::relying_party::{Encryption, SubjectType};
use valetkey_protocol::secret::ClientSecret;
use valetkey_testkit::{Browser, TestServer, cast};

/// A server that may post to the loopback interface.
async fn server() -> TestServer {
    TestServer::start_with(|settings| {
        settings.outbound.allow_private = vec!["127.0.0.0/8".parse().unwrap()];
    })
    .await
}

async fn signs_out(browser: &Browser) {
    let page = browser.get("/logout", &[]).await;
    let answer = browser.submits(&page, &[]).await;
    assert!(
        answer.status.is_redirection() || answer.status == 200,
        "{}",
        answer.status
    );
}

async fn waiting(server: &TestServer) -> u64 {
    server
        .store
        .count_deliveries(server.clock.timestamp())
        .await
        .unwrap()
}

async fn keys(server: &TestServer) -> KeySet {
    let set = JwkSet::from_json(&server.site.get("/jwks", &[]).await.text()).unwrap();
    KeySet::from_jwks(&set)
}

/// MySweetApp as an app author writes it.
async fn mysweetapp(server: &TestServer) -> Client {
    let registration = Registration {
        issuer: cast::ISSUER.to_owned(),
        client_id: cast::MYSWEETAPP.id.to_owned(),
        authentication: ClientAuthentication::SecretBasic(ClientSecret::new(cast::MYSWEETAPP.secret)),
        redirect_uri: Some(cast::MYSWEETAPP.redirect_uri.to_owned()),
    };
    Client::discover(Arc::new(server.site.clone()), registration)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_logout_token_is_by_the_letter_and_nothing_more() {
    let server = server().await;
    let receiver = Receiver::start();
    receiver.is_of(&server, cast::MYSWEETAPP).await;
    let alice = server.browser(cast::ALICE);
    let id = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    signs_out(&alice).await;
    server.clock.advance(7);
    server.deliver().await;

    let tokens = receiver.tokens();
    assert_eq!(tokens.len(), 1);
    let expect = jwt::Expect {
        algs: &[Algorithm::RS256],
        typ: Some("logout+jwt"),
    };
    let verified = jwt::verify::<Value>(&tokens[0], &keys(&server).await, &expect).unwrap();
    let mut claims = verified.claims;
    let jti = claims.as_object_mut().unwrap().remove("jti").unwrap();
    assert!(jti.as_str().unwrap().len() >= 16);
    let now = server.clock.timestamp().0;
    assert_eq!(
        claims,
        json!({
            "iss": cast::ISSUER,
            "sub": claim(&id, "sub"),
            "aud": "mysweetapp",
            "iat": now,
            "exp": now + 120,
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "sid": claim(&id, "sid"),
        })
    );
    assert_eq!(waiting(&server).await, 0);

    // And the client library takes it.
    let client = mysweetapp(&server).await;
    let form = receiver.posted().remove(0);
    let token = client
        .back_channel_logout(&form, server.clock.timestamp())
        .await
        .unwrap();
    assert_eq!(token.sid.as_deref(), Some(claim(&id, "sid").as_str()));
    assert_eq!(token.sub.as_deref(), Some(claim(&id, "sub").as_str()));
}

#[tokio::test]
async fn the_token_is_signed_and_encrypted_as_the_clients_id_tokens_are_and_for_its_own_sub() {
    let server = server().await;
    let receiver = Receiver::start();
    receiver.is_of(&server, cast::MYSWEETAPP).await;
    let key = DecryptingKey::generate(KeyManagement::EcdhEs).unwrap();
    let set = JwkSet {
        keys: vec![key.public_jwk()],
    };
    server
        .changes(cast::MYSWEETAPP, |client| {
            client.id_token_signed_response_alg = SigningAlg::ES384;
            client.openid.subject_type = SubjectType::Pairwise;
            client.keys = Some(ClientKeys::Jwks(serde_json::to_string(&set).unwrap()));
            client.openid.id_token_encryption = Some(Encryption {
                alg: "ECDH-ES".to_owned(),
                enc: "A256GCM".to_owned(),
            });
        })
        .await;
    let alice = server.browser(cast::ALICE);
    let encrypted = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    signs_out(&alice).await;
    server.deliver().await;

    let keys = keys(&server).await;
    let opened = |token: &str, typ| {
        let outside = jwe::Expect {
            algs: &[KeyManagement::EcdhEs],
            encs: &[ContentEncryption::A256Gcm],
        };
        let inside = jwt::Expect {
            algs: &[Algorithm::ES384],
            typ: Some(typ),
        };
        jwe::decrypt_jwt::<Value>(token, (&[&key], &outside), (&keys, &inside))
            .unwrap()
            .claims
    };
    let id_token = opened(&encrypted, "JWT");
    let logout_token = opened(&receiver.tokens()[0], "logout+jwt");
    for name in ["sub", "sid", "iss", "aud"] {
        assert_eq!(logout_token[name], id_token[name], "{name}");
    }
    assert!(
        uuid::Uuid::try_parse(logout_token["sub"].as_str().unwrap()).is_err(),
        "a pairwise sub"
    );
}

#[tokio::test]
async fn every_client_of_the_session_hears_of_it_once_and_no_other_does() {
    let server = server().await;
    let (one, other, third) = (Receiver::start(), Receiver::start(), Receiver::start());
    one.is_of(&server, cast::MYSWEETAPP).await;
    other.is_of(&server, cast::OTHERAPP).await;
    third.is_of(&server, cast::TWODOORS).await;
    let (alice, bob) = (server.browser(cast::ALICE), server.browser(cast::BOB));
    for app in [cast::MYSWEETAPP, cast::MYSWEETAPP, cast::OTHERAPP, cast::OLDAPP] {
        signs_in(&server, &alice, app).await;
    }
    signs_in(&server, &bob, cast::TWODOORS).await;
    signs_out(&alice).await;
    for _ in 0..3 {
        server.deliver().await;
    }
    assert_eq!(
        (one.posted().len(), other.posted().len(), third.posted().len()),
        (1, 1, 0)
    );
    let sids = [one, other].map(|receiver| claim(&receiver.tokens()[0], "sid"));
    assert_eq!(sids[0], sids[1]);
}

#[tokio::test]
async fn a_receiver_that_is_down_hears_of_it_after_a_restart_once() {
    let server = server().await;
    let (receiver, socket) = Receiver::down();
    receiver.is_of(&server, cast::MYSWEETAPP).await;
    let alice = server.browser(cast::ALICE);
    let id = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    signs_out(&alice).await;
    server.deliver().await;
    assert_eq!(waiting(&server).await, 1, "it did not arrive");

    drop(alice);
    let server = server.restart().await;
    receiver.up(socket);
    server.deliver().await;
    assert!(receiver.posted().is_empty(), "it is not due yet");
    server.clock.advance(5);
    server.deliver().await;
    assert_eq!(receiver.tokens().len(), 1);
    assert_eq!(claim(&receiver.tokens()[0], "sid"), claim(&id, "sid"));
    assert_eq!(waiting(&server).await, 0);
    server.clock.advance(3600);
    server.deliver().await;
    assert_eq!(receiver.tokens().len(), 1, "once");
    // The token was made when it was sent: it is no older than that.
    let client = mysweetapp(&server).await;
    let late = server.clock.timestamp();
    assert!(
        client
            .back_channel_logout(&receiver.posted()[0], late)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn what_fails_is_tried_again_with_growing_pauses_and_given_up_after_a_day() {
    let server = server().await;
    let receiver = Receiver::start();
    receiver.answers(503);
    receiver.is_of(&server, cast::MYSWEETAPP).await;
    let alice = server.browser(cast::ALICE);
    signs_in(&server, &alice, cast::MYSWEETAPP).await;
    signs_out(&alice).await;
    server.deliver().await;
    for (tries, pause) in [(1, 5), (2, 15), (3, 45), (4, 135)] {
        assert_eq!(receiver.posted().len(), tries);
        server.clock.advance(pause - 1);
        server.deliver().await;
        assert_eq!(receiver.posted().len(), tries, "it waits for {pause} seconds");
        server.clock.advance(1);
        server.deliver().await;
    }
    let before = receiver.posted().len();
    for _ in 0..30 {
        server.clock.advance(3600);
        server.deliver().await;
    }
    let tried = receiver.posted().len() - before;
    assert!((20..=24).contains(&tried), "{tried}");
    assert_eq!(waiting(&server).await, 0);
    // Each try had a token of its own.
    let mut ids: Vec<String> = receiver
        .tokens()
        .iter()
        .map(|token| claim(token, "jti"))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), receiver.posted().len());
}

#[tokio::test]
async fn a_client_that_refuses_the_token_is_not_asked_again() {
    for (status, is_over) in [(400, true), (204, true), (404, false), (302, false), (501, false)] {
        let server = server().await;
        let receiver = Receiver::start();
        receiver.answers(status);
        receiver.is_of(&server, cast::MYSWEETAPP).await;
        let alice = server.browser(cast::ALICE);
        signs_in(&server, &alice, cast::MYSWEETAPP).await;
        signs_out(&alice).await;
        server.deliver().await;
        assert_eq!(receiver.posted().len(), 1);
        assert_eq!(waiting(&server).await == 0, is_over, "{status}");
    }
}

#[tokio::test]
async fn a_client_that_no_longer_wants_to_hear_of_it_is_left_alone() {
    let server = server().await;
    let receiver = Receiver::start();
    receiver.is_of(&server, cast::MYSWEETAPP).await;
    let alice = server.browser(cast::ALICE);
    signs_in(&server, &alice, cast::MYSWEETAPP).await;
    signs_out(&alice).await;
    server
        .changes(cast::MYSWEETAPP, |client| client.openid.backchannel_logout = None)
        .await;
    server.deliver().await;
    assert!(receiver.posted().is_empty());
    assert_eq!(waiting(&server).await, 0);
}

#[tokio::test]
async fn server_side_request_forgery_by_a_logout_address_reaches_no_private_host() {
    let server = TestServer::start().await;
    let receiver = Receiver::start();
    receiver.is_of(&server, cast::MYSWEETAPP).await;
    let alice = server.browser(cast::ALICE);
    signs_in(&server, &alice, cast::MYSWEETAPP).await;
    signs_out(&alice).await;
    server.deliver().await;
    assert!(receiver.posted().is_empty());
    assert_eq!(waiting(&server).await, 1);
}

#[tokio::test]
async fn more_than_can_be_under_way_at_once_all_arrive() {
    let server = server().await;
    let receiver = Receiver::start();
    receiver.is_of(&server, cast::MYSWEETAPP).await;
    let mut browsers = Vec::new();
    for _ in 0..40 {
        let alice = server.browser(cast::ALICE);
        signs_in(&server, &alice, cast::MYSWEETAPP).await;
        browsers.push(alice);
    }
    let last = browsers.pop().unwrap();
    let page = last.get("/account/sessions", &[]).await.form();
    let csrf = page.hidden.iter().find(|(name, _)| name == "csrf").unwrap();
    let answer = last
        .post("/account/sessions", &[("csrf", &csrf.1), ("session", "others")])
        .await;
    assert_eq!(answer.location().unwrap(), "/account/sessions?ended=39");
    server.deliver().await;
    let mut sids: Vec<String> = receiver
        .tokens()
        .iter()
        .map(|token| claim(token, "sid"))
        .collect();
    sids.sort_unstable();
    sids.dedup();
    assert_eq!((sids.len(), receiver.posted().len()), (39, 39));
}

#[tokio::test]
async fn a_running_server_delivers_by_itself() {
    let server = server().await;
    let receiver = Receiver::start();
    receiver.is_of(&server, cast::MYSWEETAPP).await;
    let running = server.runs();
    let alice = server.browser(cast::ALICE);
    let id = signs_in(&server, &alice, cast::MYSWEETAPP).await.id;
    signs_out(&alice).await;
    while receiver.posted().is_empty() || waiting(&server).await > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    running.abort();
    assert_eq!(claim(&receiver.tokens()[0], "sid"), claim(&id, "sid"));
    let metrics = server.metrics().await;
    assert!(
        metrics.contains("valetkey_deliveries_total{kind=\"logout\",outcome=\"delivered\"} 1"),
        "{metrics}"
    );
    assert!(metrics.contains("valetkey_deliveries_waiting 0"), "{metrics}");
}
