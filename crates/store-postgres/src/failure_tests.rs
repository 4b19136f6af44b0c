//! Whose fault a failure is: what to ask again for, and what to repair.

use crate::columns::{change, params};
use crate::database::{Database, run, server};
use crate::verb::{Verb, verb};
use crate::{PostgresOptions, PostgresStore};
use std::time::Duration;
use valetkey_store::{Answer, Store as _, StoreError};

async fn opened() -> Option<(PostgresStore, Database)> {
    let database = Database::empty(&server()?).await;
    let patience = Duration::from_secs(300);
    let options = PostgresOptions {
        connect_timeout: patience,
        wait_timeout: patience,
        verb_timeout: patience,
        ..PostgresOptions::default()
    };
    let store = PostgresStore::open(&database.url(), options).await.unwrap();
    Some((store, database))
}

/// What the store says when the database refuses a statement.
async fn told_of(store: &PostgresStore, sql: &str) -> StoreError {
    let refused: Answer<'_, u64> = verb!(store, Verb::CHANGE, db => change(db, sql, params![]).await);
    refused.await.unwrap_err()
}

fn raise(code: &str) -> String {
    format!("DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '{code}'; END $$")
}

#[tokio::test]
async fn what_is_broken_is_nothing_to_ask_again_for() {
    let Some((store, _database)) = opened().await else {
        return;
    };
    let mut wrong = vec![
        "INSERT INTO pulse (id, stamp, beats) VALUES (2, 0, 0)".to_owned(),
        "INSERT INTO attempts (key) VALUES ('a')".to_owned(),
        "SELECT nothing FROM nowhere".to_owned(),
        "SELEC".to_owned(),
    ];
    // No right to it, a statement that nobody prepared, a file that is gone, damaged data, a fault of PostgreSQL's own.
    for code in ["42501", "26000", "58P01", "XX001", "XX000"] {
        wrong.push(raise(code));
    }
    for sql in wrong {
        let told = told_of(&store, &sql).await;
        assert!(matches!(told, StoreError::Backend(_)), "{sql}: {told:?}");
    }
    store.ready().await.unwrap();
}

#[tokio::test]
async fn what_the_server_has_no_room_for_or_cannot_do_now_can_be_asked_for_again() {
    let Some((store, _database)) = opened().await else {
        return;
    };
    // A full disk, no memory, a standby, an operator at work, a server that stops or starts, a disk that fails, a
    // connection that breaks.
    for code in [
        "53100", "53200", "25006", "57000", "57P01", "57P03", "58030", "58000", "08006", "40003",
    ] {
        let told = told_of(&store, &raise(code)).await;
        assert!(matches!(told, StoreError::Unavailable(_)), "{code}: {told:?}");
    }
    for code in ["53300", "55P03", "57014"] {
        let told = told_of(&store, &raise(code)).await;
        assert!(matches!(told, StoreError::Busy), "{code}: {told:?}");
    }
    store.ready().await.unwrap();
}

#[tokio::test]
async fn a_database_that_only_reads_is_not_ready_until_it_takes_writes() {
    let Some((store, database)) = opened().await else {
        return;
    };
    let server = server().unwrap();
    for only_reads in [true, false] {
        let text = format!(
            "ALTER DATABASE {} SET default_transaction_read_only = {only_reads}",
            database.name()
        );
        run(&server, &text).await;
        // It counts for connections from now on.
        store.pool.retain(|_, _| false);
        let told = store.ready().await;
        assert_eq!(
            matches!(told, Err(StoreError::Unavailable(_))),
            only_reads,
            "{told:?}"
        );
        assert_eq!(told.is_err(), only_reads, "{told:?}");
    }
}

#[tokio::test]
async fn a_server_that_nobody_reaches_can_be_asked_again() {
    let Some((store, database)) = opened().await else {
        return;
    };
    database.is_left_alone().await;
    let told = store.ready().await;
    assert!(matches!(told, Err(StoreError::Unavailable(_))), "{told:?}");
}

/// Nothing that comes back by itself: whoever asks again waits in vain, and whoever operates it has to be told.
#[tokio::test]
async fn a_database_that_is_not_there_is_a_fault_to_repair_and_nothing_to_ask_again_for() {
    let Some((store, database)) = opened().await else {
        return;
    };
    let (server, name) = (server().unwrap(), database.name());
    database.is_left_alone().await;
    let elsewhere = format!("{name}_elsewhere");
    run(&server, &format!("ALTER DATABASE {name} RENAME TO {elsewhere}")).await;
    store.pool.retain(|_, _| false);
    let told = store.ready().await;
    run(&server, &format!("ALTER DATABASE {elsewhere} RENAME TO {name}")).await;
    run(&server, &format!("ALTER DATABASE {name} ALLOW_CONNECTIONS true")).await;
    let Err(StoreError::Backend(why)) = told else {
        panic!("{told:?}");
    };
    assert!(why.to_string().contains("does not exist (3D000)"), "{why}");
    store.ready().await.unwrap();
}
