//! Rows of every version are carried to the newest one.

use super::{LATEST, MIGRATIONS, migrate, version};
use crate::{DATABASE_FILE, OpenOptions, SqliteStore};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::path::Path;
use uuid::Uuid;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, IdTokenAlg, SecretHash};
use valetkey_model::grant::{Active, CodeIssued, GrantState, RevokedWhy};
use valetkey_model::user::PasswordHash;
use valetkey_model::{
    Client, ClientId, Consent, Grant, GrantId, Session, SessionId, StoredKey, User, UserId,
};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{
    ClientStore, ConsentStore, GrantStore, KeyStore, SessionStore, Store, ThrottleStore, UserStore,
};

/// The same records, as each version wrote them. Each migration comes with its file.
const FIXTURES: &[&str] = &[include_str!("../migrations/fixtures/0001.sql")];

fn database_of(folder: &Path, schema: u32) -> Connection {
    let connection = Connection::open(folder.join(DATABASE_FILE)).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    migrate(&connection, schema).unwrap();
    assert_eq!(version(&connection).unwrap(), schema);
    connection
}

#[test]
fn every_migration_has_its_rows() {
    assert_eq!(FIXTURES.len(), MIGRATIONS.len());
    for (schema, rows) in (1..).zip(FIXTURES) {
        let folder = tempfile::tempdir().unwrap();
        let connection = database_of(folder.path(), schema);
        connection.execute_batch(rows).unwrap();
        let mut tables = connection
            .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
            .unwrap();
        let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
        for table in tables.map(Result::unwrap) {
            let count = format!("SELECT count(*) FROM {table}");
            let count: u32 = connection.query_row(&count, [], |row| row.get(0)).unwrap();
            assert!(count > 0, "version {schema} has no rows in {table}");
        }
    }
}

#[tokio::test]
async fn rows_of_every_version_are_carried_to_the_newest() {
    for (schema, rows) in (1..).zip(FIXTURES) {
        let folder = tempfile::tempdir().unwrap();
        let connection = database_of(folder.path(), schema);
        connection.execute_batch(rows).unwrap();
        drop(connection);
        let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
        assert_people_and_apps(&store).await;
        assert_grants(&store).await;
        assert_keys_and_marks(&store).await;
        drop(store);
        assert_sound(folder.path());
    }
}

#[test]
fn a_migration_happens_once() {
    let folder = tempfile::tempdir().unwrap();
    drop(database_of(folder.path(), LATEST));
    let again = database_of(folder.path(), LATEST);
    assert_eq!(version(&again).unwrap(), LATEST);
}

fn assert_sound(folder: &Path) {
    let connection = Connection::open(folder.join(DATABASE_FILE)).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
    assert!(
        !connection
            .prepare("PRAGMA foreign_key_check")
            .unwrap()
            .exists([])
            .unwrap()
    );
    assert_eq!(version(&connection).unwrap(), LATEST);
}

const ALICE: UserId = UserId(Uuid::from_u128(1));
const SESSION: SessionId = SessionId(Uuid::from_u128(2));

fn app() -> ClientId {
    ClientId::parse("app").unwrap()
}

fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

fn photos() -> BTreeSet<ResourceIndicator> {
    BTreeSet::from([ResourceIndicator::parse("https://photos.example").unwrap()])
}

async fn assert_people_and_apps(store: &SqliteStore) {
    let client = Client {
        id: app(),
        name: "My app".to_owned(),
        authentication: Authentication::ClientSecretBasic {
            secret: SecretHash([1; 32]),
        },
        application_type: ApplicationType::Native,
        redirect_uris: vec![RedirectUri::parse("http://127.0.0.1/cb").unwrap()],
        post_logout_redirect_uris: vec!["https://app.example/bye".to_owned()],
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
        scope: scope("openid photos.read"),
        resources: photos(),
        introspects: BTreeSet::new(),
        id_token_signed_response_alg: IdTokenAlg::ES256,
        require_pkce: true,
        inspect_until: Some(Timestamp(1_800_000_000)),
        created_at: Timestamp(1_790_000_000),
    };
    assert_eq!(store.list_clients().await.unwrap(), vec![client]);
    let user = User {
        id: ALICE,
        username: "Alice".to_owned(),
        password_hash: Some(PasswordHash("$argon2id$hash".to_owned())),
        claims: StandardClaims {
            name: Some("Alice".to_owned()),
            email_verified: Some(true),
            ..StandardClaims::default()
        },
        created_at: Timestamp(1_790_000_000),
    };
    assert_eq!(store.find_user_by_username("ALICE").await.unwrap(), Some(user));
    let session = Session {
        id: SESSION,
        user: ALICE,
        auth_time: Timestamp(1_790_000_001),
        amr: vec!["pwd".to_owned()],
        created_at: Timestamp(1_790_000_002),
        expires_at: Timestamp(1_800_000_000),
    };
    assert_eq!(store.find_session(SESSION).await.unwrap(), Some(session));
    let consent = Consent {
        user: ALICE,
        client: app(),
        scope: scope("openid photos.read"),
        resources: photos(),
        granted_at: Timestamp(1_790_000_003),
    };
    assert_eq!(store.list_consents(ALICE).await.unwrap(), vec![consent]);
}

async fn assert_grants(store: &SqliteStore) {
    let code_issued = Grant {
        id: GrantId(Uuid::from_u128(3)),
        client: app(),
        user: ALICE,
        session: Some(SESSION),
        scope: scope("openid"),
        resources: photos(),
        offline: false,
        auth_time: Timestamp(1_790_000_001),
        amr: vec!["pwd".to_owned()],
        nonce: Some("n-1".to_owned()),
        created_at: Timestamp(1_790_000_004),
        expires_at: Timestamp(1_800_000_000),
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: "http://127.0.0.1:5000/cb".to_owned(),
            redirect_uri_was_given: true,
            code_challenge: Some(
                CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
            ),
            code_expires_at: Timestamp(1_790_000_064),
        }),
    };
    let active = Grant {
        id: GrantId(Uuid::from_u128(4)),
        session: None,
        resources: BTreeSet::new(),
        offline: true,
        nonce: None,
        created_at: Timestamp(1_790_000_005),
        state: GrantState::Active(Active {
            generation: 7,
            rotated_at: Timestamp(1_790_000_006),
            idle_expires_at: Timestamp(1_795_000_000),
        }),
        ..code_issued.clone()
    };
    let revoked = Grant {
        id: GrantId(Uuid::from_u128(5)),
        state: GrantState::Revoked {
            why: RevokedWhy::RefreshTokenReused,
            at: Timestamp(1_790_000_007),
        },
        ..active.clone()
    };
    for grant in [code_issued, active, revoked] {
        assert_eq!(store.find_grant(grant.id).await.unwrap(), Some(grant));
    }
}

async fn assert_keys_and_marks(store: &SqliteStore) {
    let signs = StoredKey {
        kid: "kid-1".to_owned(),
        alg: "ES256".to_owned(),
        sealed: vec![0x00, 0xff],
        created_at: Timestamp(1_790_000_000),
        retired_at: None,
        expires_at: None,
    };
    let retired = StoredKey {
        kid: "kid-0".to_owned(),
        sealed: vec![0x01, 0xff],
        created_at: Timestamp(1_780_000_000),
        retired_at: Some(Timestamp(1_790_000_000)),
        expires_at: Some(Timestamp(1_790_086_400)),
        ..signs.clone()
    };
    assert_eq!(store.list_keys().await.unwrap(), vec![signs, retired]);
    assert!(store.access_status("jti-1", None).await.unwrap().token_revoked);
    let attempts = store
        .attempts("key-1", Timestamp(1_790_000_000))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(attempts.failures, 4);
    store.ready().await.unwrap();
}
