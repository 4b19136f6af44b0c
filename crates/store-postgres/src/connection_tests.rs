//! What a verb costs on the wire: statements are prepared once for each connection, and what begins a transaction goes out
//! together with its first statement. Counted in what comes over the wire, and in what the server keeps.

use crate::columns::{change, params};
use crate::database::{Database, server};
use crate::proxy_for_tests::{self as proxy, Wire};
use crate::pulse::{BEAT, STAMP};
use crate::verb::{Verb, verb};
use crate::{PostgresOptions, PostgresStore};
use std::sync::Arc;
use tokio_postgres::types::Type;
use valetkey_store::{Answer, Store as _};

struct Opened {
    store: PostgresStore,
    wire: Arc<Wire>,
    _database: Database,
}

/// A store with one connection.
async fn opened(transaction_pooling: bool) -> Option<Opened> {
    let database = Database::empty(&server()?).await;
    let (url, wire) = proxy::lay(&database.url()).await;
    let options = PostgresOptions {
        pool_size: 1,
        transaction_pooling,
        ..PostgresOptions::default()
    };
    let store = PostgresStore::open(&url, options).await.unwrap();
    if !transaction_pooling {
        // Told once when it begins to listen: then the wire is left to the pool.
        store.told_of_change().await;
    }
    Some(Opened {
        store,
        wire,
        _database: database,
    })
}

/// What the pool's connection answers; prepares nothing by name.
async fn asks(store: &PostgresStore, question: &str) -> String {
    let object = store.pool.get().await.unwrap();
    let answer = object.query_typed_one(question, &[]).await.unwrap();
    answer.get(0)
}

/// How many statements with this text the server keeps for the pool's connection.
async fn kept(store: &PostgresStore, sql: &str) -> i64 {
    let object = store.pool.get().await.unwrap();
    let question = "SELECT count(*) FROM pg_prepared_statements WHERE statement = $1";
    let found = object.query_typed_one(question, &[(&sql, Type::TEXT)]).await;
    found.unwrap().get(0)
}

/// A transaction with so many statements, one after the other.
fn step(store: &PostgresStore, statements: u32) -> Answer<'_, ()> {
    verb!(store, Verb::STEP, db => {
        for _ in 0..statements {
            change(db, BEAT, params![]).await?;
        }
        Ok(())
    })
}

#[tokio::test]
async fn a_statement_is_prepared_the_first_time_and_kept_by_the_connection() {
    let Some(Opened {
        store,
        wire,
        _database,
    }) = opened(false).await
    else {
        return;
    };
    assert_eq!(wire.waits(store.change_stamp()).await, 2);
    assert_eq!(wire.waits(store.change_stamp()).await, 1);
    assert_eq!(kept(&store, STAMP).await, 1);
    assert_eq!(asks(&store, "SHOW lock_timeout").await, "5s");
}

/// The next transaction may land on another connection of the server, where nothing of this is known, or on what somebody
/// else left.
#[tokio::test]
async fn behind_a_transaction_pooler_a_connection_keeps_nothing() {
    let Some(Opened {
        store,
        wire,
        _database,
    }) = opened(true).await
    else {
        return;
    };
    for _ in 0..2 {
        assert_eq!(wire.waits(store.change_stamp()).await, 1);
        step(&store, 2).await.unwrap();
    }
    let all = "SELECT count(*)::text FROM pg_prepared_statements";
    assert_eq!(asks(&store, all).await, "0");
    assert_eq!(asks(&store, "SHOW lock_timeout").await, "0");
}

#[tokio::test]
async fn what_begins_a_transaction_is_not_waited_for() {
    for transaction_pooling in [false, true] {
        let Some(Opened {
            store,
            wire,
            _database,
        }) = opened(transaction_pooling).await
        else {
            return;
        };
        step(&store, 1).await.unwrap();
        for statements in 1..4 {
            let commit = 1;
            let waits = wire.waits(step(&store, statements)).await;
            assert_eq!(waits, statements + commit, "{transaction_pooling}");
        }
        assert_eq!(wire.waits(step(&store, 0)).await, 0, "there is nothing to begin");
    }
}
