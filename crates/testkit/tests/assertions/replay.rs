//! Assertion replay: an assertion that somebody caught on its way opens nothing.

use crate::operations::node::Node;
use valetkey_protocol::client_auth::JWT_BEARER;
use valetkey_protocol::rule::Rule;
use valetkey_testkit::{TestServer, cast};

#[tokio::test]
async fn assertion_replay_is_refused_for_as_long_as_the_assertion_lives() {
    let server = TestServer::start().await;
    for registered in [cast::HS_BACKUP, cast::KEY_BACKUP] {
        let now = server.clock.timestamp().0;
        let assertion = server.assertion(registered).with("exp", now + 300).signed();
        server.asserts(&assertion).await.tokens();
        for _ in 0..3 {
            server
                .asserts(&assertion)
                .await
                .is_refused_by(Rule::ClientAssertionReplayed);
            server.clock.advance(109);
            server.forget_expired().await;
        }
        server.clock.advance(2);
        server.forget_expired().await;
        server.clock.advance(1);
        server
            .asserts(&assertion)
            .await
            .is_refused_by(Rule::ClientAssertionExpired);
    }
}

#[tokio::test]
async fn assertion_replay_under_another_signature_or_at_another_endpoint_is_one() {
    let server = TestServer::start().await;
    let assertion = server.assertion(cast::KEY_BACKUP);
    server.asserts(&assertion.signed()).await.tokens();
    // ECDSA gives another signature each time: the jti is the same.
    server
        .asserts(&assertion.with("exp", server.clock.timestamp().0 + 90).signed())
        .await
        .is_refused_by(Rule::ClientAssertionReplayed);
}

#[tokio::test]
async fn what_one_client_used_up_another_may_use() {
    let server = TestServer::start().await;
    for registered in [cast::HS_BACKUP, cast::KEY_BACKUP] {
        let assertion = server.assertion(registered).with("jti", "the-same").signed();
        server.asserts(&assertion).await.tokens();
    }
}

#[tokio::test]
async fn assertion_replay_at_another_node_and_after_a_restart_is_refused() {
    let server = TestServer::start().await;
    let node = Node::beside(&server).await;
    let assertion = server.assertion(cast::KEY_BACKUP).signed();
    server.asserts(&assertion).await.tokens();
    let pairs = [
        ("grant_type", "client_credentials"),
        ("scope", "photos.read"),
        ("client_assertion_type", JWT_BEARER),
        ("client_assertion", &assertion),
    ];
    node.site
        .post("/token", &pairs)
        .await
        .is_refused_by(Rule::ClientAssertionReplayed);
    drop(node);
    let server = server.restart().await;
    server
        .asserts(&assertion)
        .await
        .is_refused_by(Rule::ClientAssertionReplayed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn assertion_replay_in_parallel_has_one_winner() {
    let server = TestServer::start().await;
    for _ in 0..10 {
        let assertion = server.assertion(cast::KEY_BACKUP).signed();
        let mut crowd = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (site, assertion) = (server.site.clone(), assertion.clone());
            crowd.spawn(async move {
                let pairs = [
                    ("grant_type", "client_credentials"),
                    ("scope", "photos.read"),
                    ("client_assertion_type", JWT_BEARER),
                    ("client_assertion", &assertion),
                ];
                site.post("/token", &pairs).await
            });
        }
        let answers = crowd.join_all().await;
        let winners = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(winners, 1);
    }
}
