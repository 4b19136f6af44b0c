//! Query plans: no verb of the request path reads a whole table.

use crate::database::{Database, server};
use crate::sessions::participants;
use crate::{
    PostgresOptions, PostgresStore, clients, consents, devices, factors, forget, grants, keys, links, nonces,
    outbox, passkeys, pulse, sessions, throttle, users,
};
use tokio_postgres::{Client, NoTls};

/// Every statement but the lists of everything, which administrators ask for.
const STATEMENTS: &[&str] = &[
    clients::UPDATE,
    clients::FIND,
    clients::REMOVE,
    clients::SET_USED,
    clients::HOLD_UNUSED,
    clients::FORGET_UNUSED,
    users::FIND,
    users::FIND_BY_USERNAME,
    users::FIND_BY_EMAIL,
    users::SET_PASSWORD,
    users::SET_CLAIMS,
    users::HOLD,
    users::HOLD_ALL,
    users::REMOVE,
    sessions::FIND,
    sessions::HOLD_BROWSER,
    sessions::HOLD,
    sessions::HOLD_OF_SESSION,
    sessions::END,
    sessions::END_OF_USER,
    sessions::END_REPLACED,
    sessions::LIST,
    participants::FIND,
    participants::LIST,
    participants::JOIN,
    participants::IS_THERE,
    participants::TELL,
    participants::FORGET,
    factors::PUT,
    factors::FIND,
    factors::HOLD,
    factors::USE_STEP,
    factors::REMOVE,
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
    outbox::TAKE_LETTERS,
    outbox::TAKE_LOGOUTS,
    outbox::REMOVE,
    outbox::POSTPONE,
    outbox::COUNT,
    consents::FIND,
    consents::LIST,
    consents::HOLD,
    consents::INSERT,
    consents::UPDATE,
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
    devices::INSERT,
    devices::FIND,
    devices::FIND_BY_USER_CODE,
    devices::POLL,
    devices::APPROVE,
    devices::DENY,
    nonces::INSERT,
    keys::INSERT_FIRST,
    keys::RETIRE,
    throttle::FIND,
    throttle::COUNT,
    throttle::CLEAR,
    forget::ATTEMPTS,
    forget::REVOKED_TOKENS,
    forget::HOLD_SESSIONS,
    forget::PARTICIPANTS,
    forget::SESSIONS,
    forget::OUTBOX,
    forget::GRANTS,
    forget::NONCES,
    forget::DEVICES,
    pulse::BEAT,
    pulse::BUMP,
    pulse::HOLD,
    pulse::STAMP,
];

/// A database with the schema, and a connection that prefers any index to reading a whole table: the tables are empty.
struct Planner {
    client: Client,
    _database: Database,
}

impl Planner {
    async fn start() -> Option<Self> {
        let database = Database::empty(&server()?).await;
        drop(
            PostgresStore::open(&database.url(), PostgresOptions::default())
                .await
                .unwrap(),
        );
        let (client, connection) = tokio_postgres::connect(&database.url(), NoTls).await.unwrap();
        tokio::spawn(connection);
        let settings = "SET enable_seqscan = off; SET plan_cache_mode = force_generic_plan";
        client.batch_execute(settings).await.unwrap();
        Some(Self {
            client,
            _database: database,
        })
    }

    /// Grants of this many people, ten to each client.
    async fn fill(&self, people: u32) {
        let fill = format!(
            "INSERT INTO clients SELECT 'app-' || n, '', 'none', NULL, NULL, NULL, NULL, 'web', '[]', '[]', '[]', '', \
             '[]', '[]', 'ES256', true, '{{}}', '{{}}', NULL, false, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0 \
             FROM generate_series(0, {people} / 10) AS n; \
             INSERT INTO users SELECT gen_random_uuid(), n, n, NULL, '{{}}', NULL, n FROM generate_series(1, {people}) AS n; \
             INSERT INTO sessions SELECT gen_random_uuid(), id, id, 0, '[]', '1', '', '', created_at, created_at FROM users; \
             INSERT INTO grants (id, client_id, user_id, session_id, scope, resources, offline, auth_time, amr, acr, \
             created_at, expires_at, granted_by, state, generation, rotated_at, idle_expires_at) \
             SELECT gen_random_uuid(), 'app-' || created_at / 10, id, id, '', '[]', true, 0, '[]', '1', \
             created_at, 9000000, 'authorization_code', 'active', 1, 0, 864000 FROM users; \
             ANALYZE",
        );
        self.client.batch_execute(&fill).await.unwrap();
    }

    /// The plan that serves whatever the values are.
    async fn plan(&self, sql: &str) -> Vec<String> {
        let prepare = format!("PREPARE statement AS {sql}");
        self.client
            .batch_execute(&prepare)
            .await
            .unwrap_or_else(|error| panic!("{error:?}: {sql}"));
        let count =
            "SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'statement'";
        let count: i32 = self.client.query_one(count, &[]).await.unwrap().get(0);
        let values = vec!["NULL"; usize::try_from(count).unwrap()].join(", ");
        let values = if count > 0 { format!("({values})") } else { values };
        let explain = format!("EXPLAIN EXECUTE statement{values}");
        let rows = self.client.query(&explain, &[]).await.unwrap();
        self.client.batch_execute("DEALLOCATE statement").await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

fn reads_all(plan: &[String]) -> bool {
    plan.iter().any(|step| step.contains("Seq Scan on"))
}

#[tokio::test]
async fn no_statement_of_a_request_reads_a_whole_table() {
    let Some(planner) = Planner::start().await else {
        return;
    };
    for sql in STATEMENTS {
        let plan = planner.plan(sql).await;
        assert!(!reads_all(&plan), "{plan:#?}: {sql}");
    }
}

#[tokio::test]
async fn a_plan_that_reads_a_whole_table_would_be_noticed() {
    let Some(planner) = Planner::start().await else {
        return;
    };
    let plan = planner.plan("SELECT id FROM grants WHERE nonce = 'x'").await;
    assert!(reads_all(&plan), "{plan:#?}");
}

#[tokio::test]
async fn each_hot_statement_uses_the_index_made_for_it() {
    let Some(planner) = Planner::start().await else {
        return;
    };
    planner.fill(2000).await;
    for (sql, index) in [
        (grants::LIST_ACTIVE, "grants_by_user"),
        (grants::REVOKE_OF_USER, "grants_by_user"),
        (grants::REVOKE_OF_PAIR, "grants_by_user"),
        (grants::REVOKE_OF_SESSION, "grants_by_session"),
        (grants::MOVE_TO_SESSION, "grants_by_session"),
        (grants::REVOKE_OF_CLIENT, "grants_by_client"),
        (grants::MIGRATION, "grants_by_client"),
        (users::FIND_BY_EMAIL, "users_by_email"),
        (sessions::LIST, "sessions_by_user"),
        (sessions::END_OF_USER, "sessions_by_user"),
        (passkeys::LIST, "passkeys_by_user"),
        (links::LIST, "links_by_user"),
        (outbox::TAKE_LETTERS, "outbox_by_turn"),
        (outbox::COUNT, "outbox_by_expiry"),
        (clients::HOLD_UNUSED, "clients_that_registered"),
        (clients::COUNT_REGISTERED, "clients_that_registered"),
        (forget::GRANTS, "grants_by_end"),
        (forget::HOLD_SESSIONS, "sessions_by_expiry"),
        (forget::OUTBOX, "outbox_by_expiry"),
        (forget::NONCES, "nonces_by_expiry"),
        (forget::DEVICES, "devices_by_expiry"),
        (keys::RETIRE, "signing_keys_that_sign"),
    ] {
        let plan = planner.plan(sql).await;
        assert!(plan.iter().any(|step| step.contains(index)), "{plan:#?}: {sql}");
    }
}

#[tokio::test]
async fn removing_a_parent_finds_its_children_by_an_index() {
    let Some(planner) = Planner::start().await else {
        return;
    };
    let references = "SELECT conrelid::regclass::text, attname::text FROM pg_constraint JOIN pg_attribute \
         ON attrelid = conrelid AND attnum = ANY (conkey) WHERE contype = 'f'";
    let references = planner.client.query(references, &[]).await.unwrap();
    assert_eq!(references.len(), 12);
    for reference in references {
        let (table, column): (String, String) = (reference.get(0), reference.get(1));
        let plan = planner
            .plan(&format!("DELETE FROM {table} WHERE {column} = $1"))
            .await;
        assert!(!reads_all(&plan), "{plan:#?}: {table}.{column}");
    }
}

/// Rotating is the most frequent change of all: it must not touch the indexes.
#[tokio::test]
async fn a_rotation_makes_no_new_index_entries() {
    let Some(planner) = Planner::start().await else {
        return;
    };
    planner.fill(1).await;
    for rotation in 1..5_i64 {
        let id: uuid::Uuid = planner
            .client
            .query_one("SELECT id FROM grants", &[])
            .await
            .unwrap()
            .get(0);
        let idle = 864_000 + rotation * 600;
        let values: [&(dyn tokio_postgres::types::ToSql + Sync); 5] =
            [&id, &rotation, &(rotation + 1), &(rotation * 600), &idle];
        let changed = planner.client.execute(grants::ROTATE, &values).await.unwrap();
        assert_eq!(changed, 1);
    }
    let counted = "SELECT pg_stat_force_next_flush(), pg_stat_clear_snapshot()";
    planner.client.query(counted, &[]).await.unwrap();
    let counted = "SELECT n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables WHERE relname = 'grants'";
    let row = planner.client.query_one(counted, &[]).await.unwrap();
    assert_eq!((row.get::<_, i64>(0), row.get::<_, i64>(1)), (4, 4));
}
