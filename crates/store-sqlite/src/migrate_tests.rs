//! Rows of every version are carried to the newest one.

use super::{LATEST, MIGRATIONS, migrate, version};
use crate::{DATABASE_FILE, OpenError, OpenOptions, SqliteStore};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use uuid::Uuid;
use valetkey_model::client::{
    ApplicationType, Authentication, ClientKeys, Exchange, GrantType, OAuth1, SecretHash, SigningAlg,
};
use valetkey_model::device::DeviceState;
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy, RevokedWhy};
use valetkey_model::relying_party::{Presentation, RelyingParty};
use valetkey_model::session::SignedInFrom;
use valetkey_model::user::PasswordHash;
use valetkey_model::{
    Client, ClientId, Consent, DeviceAuthorization, DeviceId, Grant, GrantId, SealedSecret, Session,
    SessionId, Sid, StoredKey, User, UserId,
};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{
    ClientStore, ConsentStore, DeviceStore, GrantStore, KeyStore, Migration, NonceStore, SessionStore, Store,
    ThrottleStore, UserStore,
};

#[path = "migrate_tests_3.rs"]
mod version_3;

/// The same records, as each version wrote them. Each migration comes with its file.
const FIXTURES: &[&str] = &[
    include_str!("../migrations/fixtures/0001.sql"),
    include_str!("../migrations/fixtures/0002.sql"),
    include_str!("../migrations/fixtures/0003.sql"),
];

fn database_of(folder: &Path, schema: u32) -> Connection {
    let connection = Connection::open(folder.join(DATABASE_FILE)).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    migrate(&connection, schema).unwrap();
    assert_eq!(version(&connection).unwrap(), schema);
    connection
}

/// How many rows each table has.
fn counts(connection: &Connection) -> BTreeMap<String, u32> {
    let mut tables = connection
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
        .unwrap();
    let tables = tables.query_map([], |row| row.get::<_, String>(0)).unwrap();
    let count = |table: String| {
        let rows = connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0));
        (table, rows.unwrap())
    };
    tables.map(|table| count(table.unwrap())).collect()
}

#[test]
fn every_migration_has_its_rows() {
    assert_eq!(FIXTURES.len(), MIGRATIONS.len());
    for (schema, rows) in (1..).zip(FIXTURES) {
        let folder = tempfile::tempdir().unwrap();
        let connection = database_of(folder.path(), schema);
        connection.execute_batch(rows).unwrap();
        for (table, count) in counts(&connection) {
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
        let before = counts(&connection);
        drop(connection);
        let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
        assert_people_and_apps(&store).await;
        assert_grants(&store).await;
        assert_keys_and_marks(&store).await;
        if schema >= 2 {
            assert_what_version_2_added(&store).await;
        }
        if schema >= 3 {
            version_3::assert_what_it_added(&store).await;
        }
        drop(store);
        assert_sound(folder.path(), &before);
    }
}

#[test]
fn a_table_that_is_rebuilt_keeps_its_children_whoever_had_foreign_keys_on() {
    for (schema, rows) in (1..LATEST).zip(FIXTURES) {
        let folder = tempfile::tempdir().unwrap();
        let connection = database_of(folder.path(), schema);
        connection.execute_batch(rows).unwrap();
        let before = counts(&connection);
        connection.pragma_update(None, "foreign_keys", true).unwrap();
        migrate(&connection, LATEST).unwrap();
        assert_kept(&before, &counts(&connection));
    }
}

#[test]
fn a_migration_that_leaves_an_orphan_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let connection = database_of(folder.path(), 1);
    connection.execute_batch(FIXTURES[0]).unwrap();
    connection.execute("DELETE FROM clients", []).unwrap();
    let before = counts(&connection);
    let refused = migrate(&connection, 2).unwrap_err();
    assert!(
        matches!(refused, OpenError::Migration { number: 2 }),
        "{refused:?}"
    );
    assert_eq!(version(&connection).unwrap(), 1);
    assert_eq!(counts(&connection), before);
    assert!(connection.prepare("SELECT oauth1 FROM clients").is_err());
}

#[test]
fn a_migration_happens_once() {
    let folder = tempfile::tempdir().unwrap();
    drop(database_of(folder.path(), LATEST));
    let again = database_of(folder.path(), LATEST);
    assert_eq!(version(&again).unwrap(), LATEST);
}

/// No row is gone from any table.
fn assert_kept(before: &BTreeMap<String, u32>, after: &BTreeMap<String, u32>) {
    for (table, count) in before {
        assert_eq!(after.get(table), Some(count), "{table}");
    }
}

fn assert_sound(folder: &Path, before: &BTreeMap<String, u32>) {
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
    assert_kept(before, &counts(&connection));
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
        id_token_signed_response_alg: SigningAlg::ES256,
        require_pkce: true,
        keys: None,
        openid: RelyingParty::default(),
        presentation: Presentation::default(),
        registration: None,
        oauth1: None,
        exchange: None,
        inspect_until: Some(Timestamp(1_800_000_000)),
        created_at: Timestamp(1_790_000_000),
    };
    assert_eq!(store.find_client(&app()).await.unwrap(), Some(client));
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
        sid: Sid(SESSION.0),
        user: ALICE,
        auth_time: Timestamp(1_790_000_001),
        amr: vec!["pwd".to_owned()],
        acr: Acr::OneFactor,
        from: SignedInFrom::default(),
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
        by: GrantedBy::AuthorizationCode,
        migrated_from: None,
        scope: scope("openid"),
        resources: photos(),
        offline: false,
        auth_time: Timestamp(1_790_000_001),
        amr: vec!["pwd".to_owned()],
        acr: Acr::OneFactor,
        sid: None,
        claims: ClaimsRequest::default(),
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

async fn assert_what_version_2_added(store: &SqliteStore) {
    let moves = moves();
    let signs = Client {
        id: ClientId::parse("signs").unwrap(),
        name: "An app with a key of its own".to_owned(),
        authentication: Authentication::PrivateKeyJwt,
        keys: Some(ClientKeys::Jwks("{\"keys\":[]}".to_owned())),
        application_type: ApplicationType::Service,
        redirect_uris: Vec::new(),
        grant_types: BTreeSet::from([GrantType::ClientCredentials]),
        oauth1: None,
        exchange: None,
        ..moves.clone()
    };
    for client in [&moves, &signs] {
        assert_eq!(
            store.find_client(&client.id).await.unwrap().as_ref(),
            Some(client)
        );
    }
    let [oauth1, continues] = [6, 7].map(|number| GrantId(Uuid::from_u128(number)));
    let listed = store.list_active_grants(ALICE, Timestamp(1_790_000_007)).await;
    let of_client: Vec<_> = listed
        .unwrap()
        .into_iter()
        .filter(|grant| grant.client == moves.id)
        .collect();
    let found = of_client
        .iter()
        .map(|grant| (grant.id, grant.by, grant.migrated_from));
    assert_eq!(
        found.collect::<Vec<_>>(),
        [
            (continues, GrantedBy::Migration, Some(oauth1)),
            (oauth1, GrantedBy::OAuth1, None)
        ]
    );
    assert_eq!(of_client[1].expires_at, Timestamp(253_402_300_799));
    let migration = store.migration(&moves.id, Timestamp(1_790_000_007)).await;
    assert_eq!(migration.unwrap(), Migration { people: 1, moved: 1 });
    assert_devices(store, &moves.id, continues).await;
    let shown = store
        .insert_nonce_once("1790000300 nonce-1", Timestamp(1_790_000_300))
        .await;
    assert!(!shown.unwrap());
}

fn moves() -> Client {
    Client {
        id: ClientId::parse("moves").unwrap(),
        name: "An app of both generations".to_owned(),
        authentication: Authentication::ClientSecretJwt {
            secret: SealedSecret(vec![0x5e, 0xa1, 0xed]),
        },
        application_type: ApplicationType::Web,
        redirect_uris: vec![RedirectUri::parse("https://moves.example/cb").unwrap()],
        post_logout_redirect_uris: Vec::new(),
        grant_types: BTreeSet::from([
            GrantType::Implicit,
            GrantType::Password,
            GrantType::DeviceCode,
            GrantType::TokenExchange,
        ]),
        scope: scope("photos.read"),
        resources: BTreeSet::new(),
        introspects: BTreeSet::new(),
        id_token_signed_response_alg: SigningAlg::RS256,
        require_pkce: true,
        keys: None,
        openid: RelyingParty::default(),
        presentation: Presentation::default(),
        registration: None,
        oauth1: Some(OAuth1 {
            secret: Some(SealedSecret(vec![0x5e, 0xa1, 0xed, 0x01])),
            rsa_public_key: Some(vec![0x30, 0x59]),
            token_ttl_seconds: Some(86_400),
            retires_at: Some(Timestamp(1_900_000_000)),
        }),
        exchange: Some(Exchange {
            subjects: BTreeSet::from([app()]),
            may_impersonate: true,
        }),
        inspect_until: None,
        created_at: Timestamp(1_790_000_000),
    }
}

async fn assert_devices(store: &SqliteStore, client: &ClientId, grant: GrantId) {
    let approved = DeviceAuthorization {
        id: DeviceId(Uuid::from_u128(8)),
        client: client.clone(),
        user_code_key: "code-1".to_owned(),
        scope: scope("photos.read"),
        resources: photos(),
        asked_from: "203.0.113.7".to_owned(),
        created_at: Timestamp(1_790_000_000),
        expires_at: Timestamp(1_790_000_600),
        polled_at: Some(Timestamp(1_790_000_005)),
        state: DeviceState::Approved { grant },
    };
    let pending = DeviceAuthorization {
        id: DeviceId(Uuid::from_u128(9)),
        user_code_key: "code-2".to_owned(),
        scope: Scope::default(),
        resources: BTreeSet::new(),
        asked_from: "2001:db8::7".to_owned(),
        created_at: Timestamp(1_790_000_001),
        expires_at: Timestamp(1_790_000_601),
        polled_at: None,
        state: DeviceState::Pending,
        ..approved.clone()
    };
    for device in [approved, pending] {
        assert_eq!(store.find_device(device.id).await.unwrap(), Some(device));
    }
}
