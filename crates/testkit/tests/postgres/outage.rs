//! A database that is gone, or does not answer: a clear 503 that can be tried again, and nothing has to be restarted.

use super::{binaries, patient};
use crate::operations::node::Node;
use std::sync::Arc;
use std::time::Duration;
use valetkey_store_postgres::{PostgresOptions, PostgresStore};
use valetkey_testkit::postgres::{self, Cluster, Database};
use valetkey_testkit::{Answer, TestServer, cast};

fn may_be_tried_again(answer: &Answer) {
    assert_eq!(answer.status, 503, "{}", answer.text());
    assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    let text = answer.text().to_lowercase();
    for word in ["postgres", "connection", "sql", "grants", "127.0.0.1"] {
        assert!(!text.contains(word), "{text}");
    }
}

#[tokio::test]
async fn a_lost_database_is_503_with_retry_after_and_is_found_again_when_it_is_back() {
    let Some(binaries) = binaries() else { return };
    let mut cluster = Cluster::start(&binaries);
    let server = TestServer::start_in_database(&cluster.database("valetkey")).await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let asked = app.asks_for("openid photos.read offline_access");
    let code = alice.allows(&asked).await;
    let got = app.redeems(&alice.allows(&asked).await).await.tokens();

    for crash in [false, true] {
        if crash {
            cluster.kill9();
        } else {
            cluster.stop();
        }
        may_be_tried_again(&app.redeems(&code).await);
        may_be_tried_again(&app.refreshes(&got).await);
        may_be_tried_again(&alice.answers(&asked, "allow").await);
        assert_eq!(server.site.get("/readyz", &[]).await.status, 503);
        assert_eq!(server.site.get("/healthz", &[]).await.status, 200);
        assert_eq!(server.site.get("/jwks", &[]).await.status, 200);
        cluster.start_again();
        while server.site.get("/readyz", &[]).await.status != 200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(app.reads_userinfo(&got.access).await.status, 200);
    }
    app.redeems(&code).await.tokens();
    app.refreshes(&got).await.tokens();
    alice.allows(&asked).await;
}

#[tokio::test]
async fn a_database_that_does_not_answer_in_time_is_503_with_retry_after() {
    let Some(server) = postgres::server() else { return };
    let database = Database::empty(&server).await;
    let first = TestServer::start_in_database(&database.url()).await;
    let options = PostgresOptions {
        verb_timeout: Duration::from_millis(500),
        long_verb_timeout: Duration::from_millis(500),
        lock_timeout: Duration::from_millis(400),
        ..patient()
    };
    let store = PostgresStore::open(&database.url(), options).await.unwrap();
    let node = Node::over(&first, Arc::new(store), |_| ()).await;
    let app = node.app(cast::MYSWEETAPP);
    let alice = first.browser(cast::ALICE);
    let code = alice.allows(&app.asks_for("openid")).await;

    let (locker, _connection) = postgres::connected(&database.url()).await.unwrap();
    let lock = "BEGIN; LOCK TABLE grants IN ACCESS EXCLUSIVE MODE";
    locker.batch_execute(lock).await.unwrap();
    may_be_tried_again(&app.redeems(&code).await);
    locker.batch_execute("ROLLBACK").await.unwrap();
    let first_app = first.app(cast::MYSWEETAPP);
    first_app.redeems(&code).await.tokens();
}
