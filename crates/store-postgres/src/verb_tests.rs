//! What a verb does when PostgreSQL does not: conflicts, lost connections, silence, and people who go away.

use super::{CONFLICTS, Verb};
use crate::columns::{change, find, params};
use crate::database::{Database, server};
use crate::{PostgresOptions, PostgresStore, proxy_for_tests as proxy};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, NonceStore, Store, StoreError};

const CONFLICT: &str = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40001'; END $$";
const DEADLOCK: &str = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '40P01'; END $$";
const DIE: &str = "SELECT pg_terminate_backend(pg_backend_pid())";
const BEAT: &str = "UPDATE pulse SET beats = beats + 1 WHERE id = 1";
const BEATS: &str = "SELECT beats FROM pulse WHERE id = 1";

struct Opened {
    store: PostgresStore,
    _database: Database,
}

async fn open(options: PostgresOptions) -> Option<Opened> {
    let database = Database::empty(&server()?).await;
    let store = PostgresStore::open(&database.url(), options).await.unwrap();
    Some(Opened {
        store,
        _database: database,
    })
}

async fn beats(store: &PostgresStore) -> i64 {
    let beats: Answer<'_, Option<i64>> =
        verb!(store, Verb::READ, db => find(db, BEATS, params![], |columns| columns.take()).await);
    beats.await.unwrap().unwrap()
}

/// Does something once less than it is asked to, and then beats.
fn beat_after<'s>(
    store: &'s PostgresStore,
    verb: Verb,
    tries: &'s AtomicU32,
    accident: (&'static str, u32),
) -> Answer<'s, u64> {
    verb!(store, verb, db => {
        let (sql, times) = accident;
        if !verb.in_transaction && tries.fetch_add(1, Ordering::Relaxed) < times {
            return change(db, sql, params![]).await;
        }
        let beat = change(db, BEAT, params![]).await?;
        if verb.in_transaction && tries.fetch_add(1, Ordering::Relaxed) < times {
            change(db, sql, params![]).await?;
        }
        Ok(beat)
    })
}

#[tokio::test]
async fn what_others_were_quicker_than_is_done_again_and_once() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    for accident in [CONFLICT, DEADLOCK] {
        for verb in [Verb::STEP, Verb::CHANGE] {
            let (tries, before) = (AtomicU32::new(0), beats(&store).await);
            let done = beat_after(&store, verb, &tries, (accident, 2)).await;
            assert_eq!(done.unwrap(), 1);
            assert_eq!(tries.load(Ordering::Relaxed), 3);
            assert_eq!(beats(&store).await, before + 1);
        }
    }
}

#[tokio::test]
async fn who_is_always_too_slow_is_told_to_come_again() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    let (tries, before) = (AtomicU32::new(0), beats(&store).await);
    let done = beat_after(&store, Verb::STEP, &tries, (CONFLICT, u32::MAX)).await;
    assert!(matches!(done, Err(StoreError::Busy)), "{done:?}");
    assert_eq!(tries.load(Ordering::Relaxed), CONFLICTS + 1);
    assert_eq!(beats(&store).await, before);
}

#[tokio::test]
async fn a_transaction_whose_connection_is_lost_before_commit_is_done_again() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    let (tries, before) = (AtomicU32::new(0), beats(&store).await);
    assert_eq!(beat_after(&store, Verb::STEP, &tries, (DIE, 1)).await.unwrap(), 1);
    assert_eq!(tries.load(Ordering::Relaxed), 2);
    assert_eq!(beats(&store).await, before + 1);
}

/// A statement that commits itself may have been committed when its connection is lost: repeating it blindly would redeem
/// a code twice.
#[tokio::test]
async fn a_statement_whose_outcome_is_not_known_is_not_done_again() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    let tries = AtomicU32::new(0);
    let done = beat_after(&store, Verb::CHANGE, &tries, (DIE, 1)).await;
    assert!(matches!(done, Err(StoreError::Unavailable(_))), "{done:?}");
    assert_eq!(tries.load(Ordering::Relaxed), 1);
    store.ready().await.unwrap();
}

#[tokio::test]
async fn a_reading_whose_connection_is_lost_is_done_again() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    let tries = AtomicU32::new(0);
    let tries = &tries;
    let read: Answer<'_, Option<i64>> = verb!(&store, Verb::READ, db => {
        if tries.fetch_add(1, Ordering::Relaxed) == 0 {
            change(db, DIE, params![]).await?;
        }
        find(db, BEATS, params![], |columns| columns.take()).await
    });
    assert!(read.await.unwrap().is_some());
}

#[tokio::test]
async fn a_database_that_does_not_answer_is_not_waited_for() {
    let options = PostgresOptions {
        pool_size: 1,
        verb_timeout: Duration::from_millis(300),
        ..PostgresOptions::default()
    };
    let Some(Opened { store, _database }) = open(options).await else {
        return;
    };
    let sleeps: Answer<'_, u64> =
        verb!(&store, Verb::CHANGE, db => change(db, "SELECT pg_sleep(60)", params![]).await);
    let done = sleeps.await;
    assert!(matches!(done, Err(StoreError::Unavailable(_))), "{done:?}");
    // On another connection: that one still waits for the answer.
    store.ready().await.unwrap();
}

/// It may have waited for what others held: to close the others would have everybody wait who uses the store.
#[tokio::test]
async fn a_statement_that_is_late_ends_its_own_connection_and_no_other() {
    let options = PostgresOptions {
        verb_timeout: Duration::from_millis(300),
        ..PostgresOptions::default()
    };
    let Some(Opened { store, _database }) = open(options).await else {
        return;
    };
    for verb in [Verb::READ, Verb::CHANGE, Verb::STEP] {
        drop(four_connections(&store).await);
        assert_eq!(store.pool.status().available, 4);
        let sleeps: Answer<'_, u64> =
            verb!(&store, verb, db => change(db, "SELECT pg_sleep(60)", params![]).await);
        let done = sleeps.await;
        assert!(matches!(done, Err(StoreError::Unavailable(_))), "{done:?}");
        assert_eq!(store.pool.status().available, 3, "{verb:?}");
    }
}

/// A server that is lost is lost for all of them, and so is a primary that became a standby.
#[tokio::test]
async fn when_a_connection_is_lost_those_that_wait_are_closed_too() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    let only_reads = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '25006'; END $$";
    for accident in [DIE, only_reads] {
        drop(four_connections(&store).await);
        assert_eq!(store.pool.status().available, 4);
        let lost: Answer<'_, u64> = verb!(&store, Verb::CHANGE, db => change(db, accident, params![]).await);
        let done = lost.await;
        assert!(matches!(done, Err(StoreError::Unavailable(_))), "{done:?}");
        assert_eq!(store.pool.status().size, 0, "{accident}");
    }
}

#[tokio::test]
async fn what_is_left_half_done_is_undone() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    let before = beats(&store).await;
    let (began, begins) = tokio::sync::oneshot::channel();
    let began = &std::sync::Mutex::new(Some(began));
    let work: Answer<'_, u64> = verb!(&store, Verb::STEP, db => {
        change(db, BEAT, params![]).await?;
        began.lock().unwrap().take().unwrap().send(()).unwrap();
        change(db, "SELECT pg_sleep(60)", params![]).await
    });
    tokio::select! {
        done = work => panic!("{done:?}"),
        begun = begins => begun.unwrap(),
    }
    // It waits for the row that the other transaction held, which nobody will go on with.
    store.ready().await.unwrap();
    assert_eq!(beats(&store).await, before + 1);
}

#[tokio::test]
async fn when_all_connections_are_in_use_people_are_told_to_come_again() {
    let options = PostgresOptions {
        pool_size: 1,
        wait_timeout: Duration::from_millis(50),
        ..PostgresOptions::default()
    };
    let Some(Opened { store, _database }) = open(options).await else {
        return;
    };
    let object = store.pool.get().await.unwrap();
    let done = store.ready().await;
    assert!(matches!(done, Err(StoreError::Busy)), "{done:?}");
    drop(object);
    store.ready().await.unwrap();
}

#[tokio::test]
async fn after_the_server_ended_every_connection_the_store_works_again() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    drop(four_connections(&store).await);
    let end_others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND pid <> pg_backend_pid()";
    let ended: Answer<'_, u64> = verb!(&store, Verb::CHANGE, db => change(db, end_others, params![]).await);
    assert!(ended.await.unwrap() >= 3);
    for _ in 0..8 {
        assert!(store.change_stamp().await.is_ok());
    }
}

/// Four connections at once.
async fn four_connections(store: &PostgresStore) -> Vec<deadpool_postgres::Object> {
    let mut objects = Vec::new();
    for _ in 0..4 {
        objects.push(store.pool.get().await.unwrap());
    }
    objects
}

/// Text with a NUL cannot be stored, so nothing is found by it, and nobody is told to come again for it.
#[tokio::test]
async fn nothing_is_found_by_text_that_cannot_be_stored() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    use valetkey_store::{ThrottleStore, UserStore};
    assert_eq!(store.find_user_by_username("a\0").await.unwrap(), None);
    assert_eq!(store.find_users_by_email("a\0").await.unwrap(), Vec::new());
    assert_eq!(store.attempts("a\0", Timestamp(0)).await.unwrap(), None);
    assert!(store.insert_nonce_once("a\0", Timestamp(0)).await.is_err());
    store.ready().await.unwrap();
}

#[tokio::test]
async fn a_change_on_one_node_is_told_to_the_others() {
    let Some(Opened { store, _database }) = open(PostgresOptions::default()).await else {
        return;
    };
    let other = PostgresStore::open(&_database.url(), PostgresOptions::default())
        .await
        .unwrap();
    // Once when it begins to listen.
    other.told_of_change().await;
    let end_listeners = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE 'LISTEN%'";
    for is_cut_off in [false, true] {
        if is_cut_off {
            let ended: Answer<'_, u64> =
                verb!(&store, Verb::CHANGE, db => change(db, end_listeners, params![]).await);
            assert_eq!(ended.await.unwrap(), 2);
        }
        let bump: Answer<'_, ()> = verb!(&store, Verb::STEP, db => crate::pulse::bump_stamp(db).await);
        bump.await.unwrap();
        let told = tokio::time::timeout(Duration::from_secs(30), other.told_of_change());
        told.await.expect("it was told");
    }
}

/// The worst moment: the transaction was committed, and nobody says so. Who asks again finds it done.
#[tokio::test]
async fn a_commit_whose_answer_is_lost_is_an_error_and_is_not_done_again() {
    let Some(server) = server() else { return };
    let database = Database::empty(&server).await;
    let (url, wire) = proxy::lay(&database.url()).await;
    let options = PostgresOptions {
        verb_timeout: Duration::from_secs(3),
        ..PostgresOptions::default()
    };
    let store = PostgresStore::open(&url, options).await.unwrap();
    let (tries, before) = (AtomicU32::new(0), beats(&store).await);
    wire.loses_commit.store(true, Ordering::Relaxed);
    let done = beat_after(&store, Verb::STEP, &tries, (CONFLICT, 0)).await;
    assert!(matches!(done, Err(StoreError::Unavailable(_))), "{done:?}");
    assert_eq!(tries.load(Ordering::Relaxed), 1);
    assert_eq!(beats(&store).await, before + 1);
}

/// A node that is cut off answers that it cannot, soon, and goes on when it is connected again.
#[tokio::test]
async fn a_wire_that_falls_silent_keeps_nobody_waiting() {
    let Some(server) = server() else { return };
    let database = Database::empty(&server).await;
    let (url, wire) = proxy::lay(&database.url()).await;
    let options = PostgresOptions {
        pool_size: 4,
        verb_timeout: Duration::from_millis(400),
        connect_timeout: Duration::from_millis(200),
        wait_timeout: Duration::from_millis(200),
        ..PostgresOptions::default()
    };
    let store = PostgresStore::open(&url, options).await.unwrap();
    store.ready().await.unwrap();
    wire.is_silent.store(true, Ordering::Relaxed);
    for _ in 0..6 {
        let done = store.change_stamp().await;
        assert!(
            matches!(done, Err(StoreError::Unavailable(_) | StoreError::Busy)),
            "{done:?}"
        );
    }
    wire.is_silent.store(false, Ordering::Relaxed);
    store.ready().await.unwrap();
}
