//! Query plans: no verb of the request path reads a whole table.

use crate::sessions::participants;
use crate::{
    OpenOptions, SqliteStore, clients, consents, devices, factors, forget, grants, keys, links, nonces,
    outbox, passkeys, pulse, sessions, throttle, users,
};
use rusqlite::{Connection, StatementStatus};

/// Every statement but the lists of everything, which administrators ask for.
const STATEMENTS: &[&str] = &[
    clients::UPDATE,
    clients::SET_USED,
    clients::FIND,
    clients::REMOVE,
    clients::FORGET_UNUSED,
    users::FIND,
    users::FIND_BY_USERNAME,
    users::FIND_BY_EMAIL,
    users::SET_PASSWORD,
    users::SET_CLAIMS,
    users::REMOVE,
    sessions::FIND,
    sessions::END,
    sessions::END_OF_USER,
    sessions::LIST,
    sessions::FIND_REPLACED,
    participants::FIND,
    participants::LIST,
    participants::JOIN,
    participants::FORGET,
    factors::PUT,
    factors::FIND,
    factors::USE_STEP,
    factors::REMOVE,
    factors::ADD_CODE,
    factors::USE_CODE,
    factors::REMOVE_CODES,
    factors::COUNT_CODES,
    passkeys::INSERT,
    passkeys::FIND,
    passkeys::LIST,
    passkeys::USE,
    passkeys::REMOVE,
    links::INSERT,
    links::FIND,
    links::LIST,
    links::REMOVE,
    outbox::INSERT,
    outbox::LIST_DUE,
    outbox::TAKE,
    outbox::REMOVE,
    outbox::POSTPONE,
    outbox::COUNT,
    consents::FIND,
    consents::LIST,
    consents::PUT,
    consents::FORGET,
    grants::INSERT,
    grants::FIND,
    grants::REDEEM,
    grants::ROTATE,
    grants::REVOKE,
    grants::REVOKE_OF_PAIR,
    grants::REVOKE_OF_USER,
    grants::REVOKE_OF_SESSION,
    grants::REVOKE_OF_OTHER_USER,
    grants::REVOKE_OF_CLIENT,
    grants::MIGRATION,
    grants::MOVE_TO_SESSION,
    grants::LIST_ACTIVE,
    grants::REVOKE_TOKEN,
    grants::ACCESS_STATUS,
    grants::TOKEN_REVOKED,
    devices::INSERT,
    devices::FIND,
    devices::FIND_BY_USER_CODE,
    devices::POLL,
    devices::APPROVE,
    devices::DENY,
    nonces::INSERT,
    keys::THAT_SIGNS,
    keys::RETIRE,
    throttle::FIND,
    throttle::COUNT,
    throttle::CLEAR,
    forget::ATTEMPTS,
    forget::REVOKED_TOKENS,
    forget::PARTICIPANTS,
    forget::SESSIONS,
    forget::OUTBOX,
    forget::GRANTS,
    forget::NONCES,
    forget::DEVICES,
    pulse::BEAT,
    pulse::BUMP,
    pulse::STAMP,
];

/// Those that run for each token and each call. SQLite prepares some statements again when they run with other values (an
/// outer join with a parameter, an order beside one), which takes longer than a whole request.
const EACH_REQUEST: &[&str] = &[
    clients::FIND,
    users::FIND,
    users::FIND_BY_USERNAME,
    sessions::FIND,
    participants::JOIN,
    consents::FIND,
    consents::PUT,
    grants::INSERT,
    grants::FIND,
    grants::REDEEM,
    grants::ROTATE,
    grants::REVOKE,
    grants::REVOKE_TOKEN,
    grants::ACCESS_STATUS,
    grants::TOKEN_REVOKED,
    devices::FIND,
    devices::POLL,
    nonces::INSERT,
    throttle::FIND,
    throttle::COUNT,
    throttle::CLEAR,
    pulse::STAMP,
];

fn texts(connection: &Connection, sql: &str, column: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let mut rows = statement.raw_query();
    let mut texts = Vec::new();
    while let Some(row) = rows.next().unwrap() {
        texts.push(row.get(column).unwrap());
    }
    texts
}

async fn check(work: impl FnOnce(&Connection) + Send + 'static) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
    let work = move |connection: &Connection| {
        work(connection);
        Ok(())
    };
    store.read(work).await.unwrap();
}

#[tokio::test]
async fn no_statement_of_a_request_reads_a_whole_table() {
    check(|connection| {
        for sql in STATEMENTS {
            for step in texts(connection, &format!("EXPLAIN QUERY PLAN {sql}"), "detail") {
                let reads_all = step.starts_with("SCAN") && step != "SCAN CONSTANT ROW";
                assert!(!reads_all || step.starts_with("SCAN (subquery"), "{step}: {sql}");
            }
        }
    })
    .await;
}

/// How often a statement was prepared again while it ran with other values each time.
fn prepared_again(connection: &Connection, sql: &str) -> i32 {
    let mut statement = connection.prepare(sql).unwrap();
    for round in 0..3_u8 {
        for parameter in 1..=statement.parameter_count() {
            let value = [round + 1; 16];
            statement.raw_bind_parameter(parameter, value.as_slice()).unwrap();
        }
        // Some statements take no such values, or change nothing here: they have begun all the same.
        let _ = statement.raw_query().next();
        statement.clear_bindings();
    }
    statement.get_status(StatementStatus::RePrepare)
}

#[tokio::test]
async fn no_statement_of_a_token_or_a_call_is_prepared_more_than_once() {
    check(|connection| {
        for sql in EACH_REQUEST {
            assert_eq!(prepared_again(connection, sql), 0, "{sql}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_statement_that_is_prepared_each_time_would_be_noticed() {
    check(|connection| {
        let sql = "SELECT id IS NOT NULL FROM (SELECT 1) LEFT JOIN grants ON id = ?1";
        assert!(prepared_again(connection, sql) > 0);
    })
    .await;
}

#[tokio::test]
async fn a_plan_that_reads_a_whole_table_would_be_noticed() {
    check(|connection| {
        let sql = "EXPLAIN QUERY PLAN SELECT id FROM grants WHERE nonce = 'x'";
        assert_eq!(texts(connection, sql, "detail"), ["SCAN grants"]);
    })
    .await;
}

#[tokio::test]
async fn each_hot_statement_uses_the_index_made_for_it() {
    check(|connection| {
        for (sql, index) in [
            (grants::LIST_ACTIVE, "grants_by_user"),
            (grants::REVOKE_OF_USER, "grants_by_user"),
            (grants::REVOKE_OF_PAIR, "grants_by_user"),
            (grants::REVOKE_OF_SESSION, "grants_by_session"),
            (grants::MOVE_TO_SESSION, "grants_by_session"),
            (
                grants::REVOKE_OF_CLIENT,
                "grants_by_client (client_id=? AND created_at>?)",
            ),
            (grants::MIGRATION, "grants_by_client"),
            (users::FIND_BY_EMAIL, "users_by_email"),
            (sessions::LIST, "sessions_by_user"),
            (sessions::END_OF_USER, "sessions_by_user"),
            (passkeys::LIST, "passkeys_by_user"),
            (links::LIST, "links_by_user"),
            (outbox::LIST_DUE, "outbox_by_turn"),
            (outbox::COUNT, "outbox_by_expiry"),
            (clients::LIST_UNUSED, "clients_that_registered (created_at<?)"),
            (clients::COUNT_REGISTERED, "clients_that_registered"),
            (forget::GRANTS, "grants_by_end"),
            (forget::PARTICIPANTS, "sessions_by_expiry"),
            (forget::OUTBOX, "outbox_by_expiry"),
            (forget::NONCES, "nonces_by_expiry"),
            (forget::DEVICES, "devices_by_expiry"),
            (forget::SESSIONS, "sessions_by_expiry"),
            (keys::THAT_SIGNS, "signing_keys_that_sign"),
        ] {
            let plan = texts(connection, &format!("EXPLAIN QUERY PLAN {sql}"), "detail");
            assert!(plan.iter().any(|step| step.contains(index)), "{plan:?}: {sql}");
        }
    })
    .await;
}

#[tokio::test]
async fn removing_a_parent_finds_its_children_by_an_index() {
    check(|connection| {
        let mut foreign_keys = 0;
        for table in texts(
            connection,
            "SELECT name FROM sqlite_schema WHERE type = 'table'",
            "name",
        ) {
            for column in texts(connection, &format!("PRAGMA foreign_key_list({table})"), "from") {
                foreign_keys += 1;
                let sql = format!("EXPLAIN QUERY PLAN DELETE FROM {table} WHERE {column} = ?1");
                let plan = texts(connection, &sql, "detail");
                assert!(
                    plan.iter().all(|step| step.starts_with("SEARCH")),
                    "{plan:?}: {sql}"
                );
            }
        }
        assert_eq!(foreign_keys, 12);
    })
    .await;
}
