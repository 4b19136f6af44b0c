//! A server that cannot take more says so at once, and one whose store is gone says so to the load balancer.

use super::node::Node;
use super::tokens;
use rusqlite::Connection;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinHandle;
use valetkey_protocol::rule::Rule;
use valetkey_store_sqlite::{DATABASE_FILE, OpenOptions, SqliteStore};
use valetkey_testkit::{Answer, TestServer, cast};

/// Another process writes for a long time: until it is dropped.
fn write_lock(server: &TestServer) -> Connection {
    let connection = Connection::open(server.folder().join(DATABASE_FILE)).unwrap();
    connection.busy_timeout(Duration::from_secs(10)).unwrap();
    connection.execute_batch("BEGIN IMMEDIATE").unwrap();
    connection
}

/// A node at which one write may wait. PostgreSQL has no queue of writes.
async fn narrow(first: &TestServer) -> Node {
    let options = OpenOptions {
        queue_capacity: 1,
        ..OpenOptions::guest()
    };
    let store = SqliteStore::open(first.folder(), options).unwrap();
    Node::over(first, Arc::new(store), |_| ()).await
}

/// Writes that wait, one in the writer's hands and one in its queue, and the first answer that did not wait.
async fn fill_the_queue<F>(mut post: impl FnMut() -> F) -> (Vec<JoinHandle<Answer>>, Answer)
where
    F: Future<Output = Answer> + Send + 'static,
{
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let mut waiting = Vec::new();
    loop {
        let (answer, tell) = (post(), tell.clone());
        waiting.push(tokio::spawn(async move {
            let answer = answer.await;
            let _ = tell.send(answer.clone());
            answer
        }));
        // Each gets its turn before the next one comes.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        if let Ok(answer) = told.try_recv() {
            return (waiting, answer);
        }
        assert!(waiting.len() < 1_000, "nobody is turned away");
    }
}

#[tokio::test]
async fn a_full_queue_of_the_store_is_503_with_retry_after_and_loses_nothing_that_was_accepted() {
    let first = TestServer::start_in_a_folder().await;
    let node = narrow(&first).await;
    let (alice, app) = (first.browser(cast::ALICE), node.app(cast::MYSWEETAPP));
    let got = tokens(&alice, &first.app(cast::MYSWEETAPP), "openid offline_access").await;

    let lock = write_lock(&first);
    let (waiting, refused) = fill_the_queue(|| {
        let (app, token) = (app.clone(), got.refresh.clone());
        async move { app.refreshes_with(&token, &[]).await }
    })
    .await;
    refused.is_refused_by(Rule::ServerBusy);
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").parse::<u32>().unwrap() > 0);
    assert_eq!(refused.header("cache-control"), "no-store");

    drop(lock);
    let mut accepted = Vec::new();
    for task in waiting {
        let answer = task.await.unwrap();
        if answer.status == 200 {
            accepted.push(answer.tokens());
        } else {
            answer.is_refused_by(Rule::ServerBusy);
        }
    }
    // The writes that waited were the same rotation: one won, the others got the same successor.
    let last = accepted
        .first()
        .expect("the one in the writer's hands went through");
    assert!(accepted.iter().all(|tokens| tokens.refresh == last.refresh));
    app.refreshes(last).await.tokens();
}

#[tokio::test]
async fn a_person_at_a_busy_server_gets_a_page_with_retry_after_and_may_try_again() {
    let first = TestServer::start_in_a_folder().await;
    let node = narrow(&first).await;
    let app = node.app(cast::MYSWEETAPP);
    let bob = Arc::new(node.browser(cast::BOB));
    let login = bob.opens(&app.asks_for("openid")).await;

    let lock = write_lock(&first);
    let (waiting, busy) = fill_the_queue(|| {
        let (bob, login) = (bob.clone(), login.clone());
        async move { bob.signs_in(&login).await }
    })
    .await;
    assert_eq!(busy.status, 503);
    assert!(busy.header("retry-after").parse::<u32>().unwrap() > 0);
    assert!(busy.header("content-type").starts_with("text/html"));
    assert!(bob.cookie("vk_session").is_empty());

    drop(lock);
    for task in waiting {
        task.await.unwrap();
    }
    // The second of the two writes of a sign-in may find no room; the session is begun all the same.
    let consent = bob.signs_in(&login).await;
    assert!(consent.text().contains("id=\"allow\""), "{}", consent.text());
}

#[tokio::test]
async fn a_full_queue_of_passwords_is_503_with_retry_after_and_counts_as_nobodys_failure() {
    let server = TestServer::start_with(|settings| settings.password_queue = 1).await;
    let app = server.app(cast::MYSWEETAPP);
    let mut crowd = tokio::task::JoinSet::new();
    // Far more than the failures that one name may have.
    for _ in 0..40 {
        let alice = server.browser(cast::ALICE);
        let asked = app.asks_for("openid");
        crowd.spawn(async move {
            let login = alice.opens(&asked).await;
            alice.signs_in(&login).await
        });
    }
    let answers = crowd.join_all().await;
    let busy: Vec<_> = answers.iter().filter(|answer| answer.status == 503).collect();
    assert!(!busy.is_empty());
    for answer in &busy {
        assert!(answer.header("retry-after").parse::<u32>().unwrap() > 0);
    }
    assert!(
        answers.iter().all(|answer| answer.status != 429),
        "nobody guessed"
    );
    assert!(
        answers
            .iter()
            .any(|answer| answer.text().contains("id=\"allow\"")),
        "somebody got in"
    );
    server.browser(cast::ALICE).allows(&app.asks_for("openid")).await;
}

#[tokio::test]
async fn readiness_ends_with_the_store_and_comes_back_with_it_while_the_process_lives() {
    let first = TestServer::start().await;
    let node = Node::beside(&first).await;
    for site in [&node.site, &node.management()] {
        assert_eq!(site.get("/readyz", &[]).await.status, 200);
    }
    first.runs_sql("ALTER TABLE pulse RENAME TO gone").await;
    for site in [&node.site, &node.management()] {
        let answer = site.get("/readyz", &[]).await;
        assert_eq!(answer.status, 503);
        assert!(!answer.text().contains("pulse"), "{}", answer.text());
        assert_eq!(site.get("/healthz", &[]).await.status, 200);
    }
    first.runs_sql("ALTER TABLE gone RENAME TO pulse").await;
    assert_eq!(node.site.get("/readyz", &[]).await.status, 200);
}

#[tokio::test]
async fn a_store_that_is_broken_is_500_that_tells_nothing_of_it_and_nobody_is_told_to_come_again() {
    let server = TestServer::start().await;
    let (alice, app) = (server.browser(cast::ALICE), server.app(cast::MYSWEETAPP));
    let code = alice.allows(&app.asks_for("openid")).await;
    server.runs_sql("ALTER TABLE grants RENAME TO gone").await;
    let answer = app.redeems(&code).await;
    assert_eq!(
        (answer.status.as_u16(), answer.error().as_str()),
        (500, "server_error")
    );
    let page = alice.answers(&app.asks_for("openid"), "allow").await;
    assert_eq!(page.status, 500);
    for answer in [&answer, &page] {
        assert_eq!(answer.header("retry-after"), "");
    }
    for text in [answer.text(), page.text()] {
        assert!(!text.contains("grants") && !text.contains("table"), "{text}");
    }
    server.runs_sql("ALTER TABLE gone RENAME TO grants").await;
    app.redeems(&code).await.tokens();
}
