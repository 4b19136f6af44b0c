//! What version 3 added, and what it made of the rows of version 2.

use super::{FIXTURES, database_of, scope};
use crate::{OpenOptions, SqliteStore};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;
use valetkey_model::client::{ApplicationType, Authentication, ClientKeys, GrantType, SigningAlg};
use valetkey_model::relying_party::{
    Encryption, LogoutUri, Presentation, Registered, RelyingParty, SubjectType,
};
use valetkey_model::session::SignedInFrom;
use valetkey_model::{
    Client, ClientId, Delivery, Errand, GrantId, Link, Participant, Passkey, RecoveryCodeHash, SealedSecret,
    Session, SessionId, Sid, Totp, UserId,
};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::authorize::ResponseType;
use valetkey_protocol::claims_request::{Asked, ClaimsRequest};
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{
    ClientStore, Due, FactorStore, GrantStore, LinkStore, OutboxStore, PasskeyStore, SessionStore, UserStore,
};

const BOB: UserId = UserId(Uuid::from_u128(10));
const SESSION: SessionId = SessionId(Uuid::from_u128(11));
const SID: Sid = Sid(Uuid::from_u128(12));

fn relies() -> ClientId {
    ClientId::parse("relies").unwrap()
}

pub(super) async fn assert_what_it_added(store: &SqliteStore) {
    assert_the_relying_party(store).await;
    assert_bobs_session(store).await;
    assert_bobs_factors(store).await;
    assert_the_outbox(store).await;
}

fn at(path: &str) -> Option<String> {
    Some(format!("https://relies.example/{path}"))
}

fn openid() -> RelyingParty {
    let encrypted = |alg: &str| {
        Some(Encryption {
            alg: alg.to_owned(),
            enc: "A256GCM".to_owned(),
        })
    };
    let told_at = |path: &str, session_required| {
        Some(LogoutUri {
            uri: format!("https://relies.example/{path}"),
            session_required,
        })
    };
    RelyingParty {
        response_types: ["code", "id_token token"]
            .map(|text| ResponseType::parse(text).unwrap())
            .into(),
        subject_type: SubjectType::Pairwise,
        sector_identifier_uri: at("sector"),
        id_token_encryption: encrypted("RSA-OAEP-256"),
        userinfo_signed_response_alg: Some(SigningAlg::ES384),
        userinfo_encryption: encrypted("ECDH-ES"),
        request_object_signing_alg: Some(SigningAlg::Ed25519),
        require_signed_request_object: true,
        request_uris: at("request").into_iter().collect(),
        default_max_age_seconds: Some(600),
        require_auth_time: true,
        default_acr_values: vec!["2".to_owned(), "1".to_owned()],
        initiate_login_uri: at("begin"),
        frontchannel_logout: told_at("front", true),
        backchannel_logout: told_at("back", false),
        token_endpoint_auth_signing_alg: Some("ES256".to_owned()),
    }
}

async fn assert_the_relying_party(store: &SqliteStore) {
    let presentation = Presentation {
        logo_uri: at("logo"),
        client_uri: at(""),
        policy_uri: at("policy"),
        tos_uri: at("tos"),
        contacts: vec!["carol@relies.example".to_owned()],
    };
    let registration = Some(Registered {
        updated_at: Some(Timestamp(1_790_000_001)),
        initial_access_token: Some("iat-1".to_owned()),
        software_id: Some("relies".to_owned()),
        software_version: Some("1".to_owned()),
        shared: true,
        used_at: None,
    });
    let client = Client {
        id: relies(),
        name: "A relying party".to_owned(),
        authentication: Authentication::None,
        application_type: ApplicationType::Web,
        redirect_uris: vec![RedirectUri::parse("https://relies.example/cb").unwrap()],
        post_logout_redirect_uris: Vec::new(),
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::Implicit]),
        scope: scope("openid"),
        resources: BTreeSet::new(),
        introspects: BTreeSet::new(),
        id_token_signed_response_alg: SigningAlg::PS256,
        require_pkce: true,
        keys: at("jwks").map(ClientKeys::JwksUri),
        openid: openid(),
        presentation,
        registration,
        oauth1: None,
        exchange: None,
        inspect_until: None,
        created_at: Timestamp(1_790_000_000),
    };
    assert_eq!(store.find_client(&relies()).await.unwrap(), Some(client));
    assert_eq!(store.count_registered_clients().await.unwrap(), 1);
}

async fn assert_bobs_session(store: &SqliteStore) {
    let session = Session {
        id: SESSION,
        sid: SID,
        user: BOB,
        auth_time: Timestamp(1_790_000_001),
        amr: ["pwd", "otp", "mfa"].map(str::to_owned).to_vec(),
        acr: Acr::TwoFactors,
        from: SignedInFrom {
            address: "203.0.113.7".to_owned(),
            user_agent: "A browser".to_owned(),
        },
        created_at: Timestamp(1_790_000_002),
        expires_at: Timestamp(1_800_000_000),
    };
    assert_eq!(store.find_session(SESSION).await.unwrap(), Some(session));
    let participant = Participant {
        sid: SID,
        client: relies(),
        sub: "bob-at-relies".to_owned(),
    };
    assert_eq!(store.list_participants(SID).await.unwrap(), vec![participant]);
    let grant = store.find_grant(GrantId(Uuid::from_u128(13))).await.unwrap();
    let grant = grant.unwrap();
    let at_least_two = Asked {
        values: vec!["2".into()],
        ..Asked::default()
    };
    let claims = ClaimsRequest {
        userinfo: BTreeMap::from([("nickname".to_owned(), None)]),
        id_token: BTreeMap::from([("acr".to_owned(), Some(at_least_two))]),
    };
    assert_eq!(
        (grant.acr, grant.sid, grant.claims),
        (Acr::TwoFactors, Some(SID), claims)
    );
}

async fn assert_bobs_factors(store: &SqliteStore) {
    let found = store.find_users_by_email("bob@EXAMPLE.com").await.unwrap();
    assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), [BOB]);
    let totp = Totp {
        user: BOB,
        secret: SealedSecret(vec![0x5e, 0xa1, 0xed]),
        created_at: Timestamp(1_790_000_000),
        last_step: 59_666_666,
    };
    assert_eq!(store.find_totp(BOB).await.unwrap(), Some(totp));
    let passkey = Passkey {
        id: vec![0xc0, 0xff, 0xee],
        user: BOB,
        name: "Phone".to_owned(),
        public_key: vec![0xa5, 0x01],
        sign_count: u32::MAX,
        backed_up: true,
        transports: vec!["internal".to_owned(), "hybrid".to_owned()],
        created_at: Timestamp(1_790_000_000),
        last_used_at: Some(Timestamp(1_790_000_009)),
    };
    assert_eq!(store.list_passkeys(BOB).await.unwrap(), vec![passkey]);
    let link = Link {
        provider: "github".to_owned(),
        subject: "42".to_owned(),
        user: BOB,
        label: "bob42".to_owned(),
        created_at: Timestamp(1_790_000_000),
    };
    assert_eq!(store.find_link("github", "42").await.unwrap(), Some(link));
}

async fn assert_the_outbox(store: &SqliteStore) {
    let again_at = Timestamp(1_790_000_120);
    let mail = Delivery {
        id: "mail-1".to_owned(),
        errand: Errand::Mail {
            sealed: vec![0x00, 0xff],
        },
        attempts: 1,
        created_at: Timestamp(1_790_000_000),
        next_at: again_at,
        expires_at: Timestamp(1_790_086_400),
    };
    let gone = Sid(Uuid::from_u128(14));
    let logout = Delivery {
        id: Delivery::logout_id(gone, &relies()),
        errand: Errand::BackChannelLogout {
            client: relies(),
            sub: "bob-at-relies".to_owned(),
            sid: gone,
        },
        attempts: 4,
        ..mail.clone()
    };
    let logouts = Due::Logouts {
        each: 1,
        except: Vec::new(),
    };
    for (which, delivery) in [(Due::Letters, mail), (logouts, logout)] {
        let taken = store.take_deliveries(which, Timestamp(1_790_000_060), again_at, 10);
        assert_eq!(taken.await.unwrap(), vec![delivery]);
    }
}

#[tokio::test]
async fn a_recovery_code_of_version_3_can_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let connection = database_of(folder.path(), 3);
    connection.execute_batch(FIXTURES[2]).unwrap();
    drop(connection);
    let store = SqliteStore::open(folder.path(), OpenOptions::owner()).unwrap();
    for (code, expected) in [(3, false), (2, true), (2, false)] {
        let used = store.use_recovery_code(BOB, RecoveryCodeHash([code; 32]));
        assert_eq!(used.await.unwrap(), expected);
    }
}

/// Who has an address in version 2, and whether it was verified.
const CLAIMS: &[(&str, Option<&str>)] = &[
    (r#"{}"#, None),
    (r#"{"email":"none@example.com"}"#, None),
    (r#"{"email":"not@example.com","email_verified":false}"#, None),
    (r#"{"email":"text@example.com","email_verified":"true"}"#, None),
    (
        r#"{"email":"Zoe+x@Example.COM","email_verified":true}"#,
        Some("zoe+x@example.com"),
    ),
    // The Kelvin sign is no k, and only ASCII has small letters here.
    (
        "{\"email\":\"\u{212A}\u{C4}@example.com\",\"email_verified\":true}",
        Some("\u{212A}\u{C4}@example.com"),
    ),
];

#[test]
fn a_verified_address_of_version_2_is_found_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let connection = database_of(folder.path(), 2);
    for (number, (claims, _)) in (0_u32..).zip(CLAIMS) {
        let id = Uuid::from_u128(u128::from(number));
        let row = (id.as_bytes(), number.to_string(), claims);
        let insert = "INSERT INTO users VALUES (?1, ?2, ?2, NULL, ?3, 1790000000)";
        connection.execute(insert, row).unwrap();
    }
    super::migrate(&connection, 3).unwrap();
    let mut keys = connection
        .prepare("SELECT email_key FROM users ORDER BY id")
        .unwrap();
    let keys = keys.query_map([], |row| row.get::<_, Option<String>>(0)).unwrap();
    for ((claims, expected), key) in CLAIMS.iter().zip(keys) {
        assert_eq!(key.unwrap().as_deref(), *expected, "{claims}");
    }
}

#[test]
fn a_client_has_its_keys_in_one_place() {
    let folder = tempfile::tempdir().unwrap();
    let connection = database_of(folder.path(), 3);
    connection.execute_batch(FIXTURES[2]).unwrap();
    let both = "UPDATE clients SET jwks = '{\"keys\":[]}' WHERE id = 'relies'";
    assert!(connection.execute(both, []).is_err());
}
