//! Records for the cases: small numbers become ids, times are seconds after a fixed moment.

use crate::{Due, Store};
use std::collections::BTreeSet;
use std::sync::Arc;
use uuid::Uuid;
use valetkey_model::client::{ApplicationType, Authentication, GrantType, SecretHash, SigningAlg};
use valetkey_model::device::DeviceState;
use valetkey_model::grant::{Active, CodeIssued, GrantState, GrantedBy, RevokedWhy};
use valetkey_model::relying_party::{Presentation, RelyingParty};
use valetkey_model::session::SignedInFrom;
use valetkey_model::user::PasswordHash;
use valetkey_model::{
    Client, ClientId, Consent, Delivery, DeviceAuthorization, DeviceId, Errand, Grant, GrantId, Link,
    Participant, Passkey, RecoveryCodeHash, SealedSecret, Session, SessionId, Sid, StoredKey, Totp, User,
    UserId,
};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::claims_request::ClaimsRequest;
use valetkey_protocol::pkce::CodeChallenge;
use valetkey_protocol::redirect_uri::RedirectUri;
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_protocol::scope::Scope;
use valetkey_protocol::time::Timestamp;

pub(super) const ALICE: UserId = UserId(Uuid::from_u128(0xA11CE));
pub(super) const BOB: UserId = UserId(Uuid::from_u128(0xB0B));

pub(super) const fn time(seconds: i64) -> Timestamp {
    Timestamp(1_790_000_000 + seconds)
}

pub(super) fn scope(text: &str) -> Scope {
    Scope::parse(text).unwrap()
}

pub(super) fn resources(uris: &[&str]) -> BTreeSet<ResourceIndicator> {
    uris.iter()
        .map(|uri| ResourceIndicator::parse(uri).unwrap())
        .collect()
}

pub(super) fn client_id(text: &str) -> ClientId {
    ClientId::parse(text).unwrap()
}

pub(super) fn client(id: &str) -> Client {
    Client {
        id: client_id(id),
        name: format!("The app {id}"),
        authentication: Authentication::ClientSecret {
            secret: SecretHash([7; 32]),
        },
        application_type: ApplicationType::Web,
        redirect_uris: vec![RedirectUri::parse("https://app.example/callback").unwrap()],
        post_logout_redirect_uris: Vec::new(),
        grant_types: BTreeSet::from([GrantType::AuthorizationCode]),
        scope: scope("openid photos.read"),
        resources: BTreeSet::new(),
        introspects: BTreeSet::new(),
        id_token_signed_response_alg: SigningAlg::RS256,
        require_pkce: true,
        keys: None,
        openid: RelyingParty::default(),
        presentation: Presentation::default(),
        registration: None,
        oauth1: None,
        exchange: None,
        inspect_until: None,
        created_at: time(0),
    }
}

pub(super) fn user(id: UserId, username: &str) -> User {
    User {
        id,
        username: username.to_owned(),
        password_hash: Some(PasswordHash(format!("$argon2id$of {username}"))),
        claims: StandardClaims::default(),
        created_at: time(0),
    }
}

pub(super) const fn session_id(number: u128) -> SessionId {
    SessionId(Uuid::from_u128(0x5E55_0000 + number))
}

pub(super) const fn sid(number: u128) -> Sid {
    Sid(Uuid::from_u128(0x51D0_0000 + number))
}

/// A session whose `sid` has the same number.
pub(super) fn session(number: u128, user: UserId) -> Session {
    Session {
        id: session_id(number),
        sid: sid(number),
        user,
        auth_time: time(1),
        amr: vec!["pwd".to_owned()],
        acr: Acr::OneFactor,
        from: SignedInFrom {
            address: "203.0.113.7".to_owned(),
            user_agent: "A browser".to_owned(),
        },
        created_at: time(2),
        expires_at: time(1000),
    }
}

pub(super) const fn grant_id(number: u128) -> GrantId {
    GrantId(Uuid::from_u128(0x6A47_0000 + number))
}

/// A grant of Alice to `app` whose code is out; it is offline and came from no session.
pub(super) fn grant(number: u128) -> Grant {
    Grant {
        id: grant_id(number),
        client: client_id("app"),
        user: ALICE,
        session: None,
        by: GrantedBy::AuthorizationCode,
        migrated_from: None,
        scope: scope("openid photos.read"),
        resources: resources(&["https://photos.example"]),
        offline: true,
        auth_time: time(0),
        amr: vec!["pwd".to_owned()],
        acr: Acr::OneFactor,
        sid: None,
        claims: ClaimsRequest::default(),
        nonce: Some("n-0S6_WzA2Mj".to_owned()),
        created_at: time(10),
        expires_at: time(10_000),
        state: GrantState::CodeIssued(CodeIssued {
            redirect_uri: "https://app.example/callback".to_owned(),
            redirect_uri_was_given: true,
            code_challenge: Some(
                CodeChallenge::parse("E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM").unwrap(),
            ),
            code_expires_at: time(70),
        }),
    }
}

/// A grant that ends with the session.
pub(super) fn grant_of_session(number: u128, session: u128) -> Grant {
    Grant {
        session: Some(session_id(session)),
        offline: false,
        ..grant(number)
    }
}

pub(super) const fn active(generation: u32) -> Active {
    Active {
        generation,
        rotated_at: time(20 + generation as i64),
        idle_expires_at: time(5_000 + generation as i64),
    }
}

/// What stands where there is no end: the last second of the year 9999.
pub(super) const NEVER: Timestamp = Timestamp(253_402_300_799);

/// A grant of Alice to `app` that is active from the start, as where no code goes out.
pub(super) fn active_grant(number: u128, by: GrantedBy) -> Grant {
    Grant {
        by,
        ..grant(number).redeemed(active(1))
    }
}

/// Token credentials that last until they are revoked.
pub(super) fn oauth1_grant(number: u128) -> Grant {
    Grant {
        expires_at: NEVER,
        ..active_grant(number, GrantedBy::OAuth1).redeemed(Active {
            idle_expires_at: NEVER,
            ..active(1)
        })
    }
}

pub(super) const fn device_id(number: u128) -> DeviceId {
    DeviceId(Uuid::from_u128(0xDE1C_0000 + number))
}

/// A request of `app` that nobody has answered yet.
pub(super) fn device(number: u128) -> DeviceAuthorization {
    DeviceAuthorization {
        id: device_id(number),
        client: client_id("app"),
        user_code_key: format!("user code {number}"),
        scope: scope("openid photos.read"),
        resources: resources(&["https://photos.example"]),
        asked_from: "203.0.113.7".to_owned(),
        created_at: time(10),
        expires_at: time(610),
        polled_at: None,
        state: DeviceState::Pending,
    }
}

/// `client` takes part in the session of that number.
pub(super) fn participant(number: u128, client: &str) -> Participant {
    Participant {
        sid: sid(number),
        client: client_id(client),
        sub: format!("sub at {client}"),
    }
}

/// What is to be delivered when the session of the participant ends at `at`.
pub(super) fn logout(participant: &Participant, at: i64) -> Delivery {
    let Participant { sid, client, sub } = participant.clone();
    Delivery {
        id: format!("logout {} {client}", sid.0),
        errand: Errand::BackChannelLogout { client, sub, sid },
        attempts: 0,
        created_at: time(at),
        next_at: time(at),
        expires_at: time(at + 86_400),
    }
}

/// A letter that waits since `at`, and is given up after 1000 seconds.
pub(super) fn letter(name: &str, at: i64) -> Delivery {
    Delivery {
        id: name.to_owned(),
        errand: Errand::Mail {
            sealed: vec![0, 0xff, 7],
        },
        attempts: 0,
        created_at: time(at),
        next_at: time(at),
        expires_at: time(at + 1000),
    }
}

/// Logouts, so many of each client.
pub(super) fn logouts(each: usize) -> Due {
    Due::Logouts {
        each,
        except: Vec::new(),
    }
}

/// The delivery after it was taken once more.
pub(super) fn taken(delivery: &Delivery, again_at: i64) -> Delivery {
    Delivery {
        attempts: delivery.attempts + 1,
        next_at: time(again_at),
        ..delivery.clone()
    }
}

pub(super) fn totp(user: UserId) -> Totp {
    Totp {
        user,
        secret: SealedSecret(vec![0, 0xff, 7]),
        created_at: time(3),
        last_step: 100,
    }
}

pub(super) const fn code(number: u8) -> RecoveryCodeHash {
    RecoveryCodeHash([number; 32])
}

pub(super) fn passkey(number: u8, user: UserId) -> Passkey {
    Passkey {
        id: vec![0, number],
        user,
        name: format!("Key {number}"),
        public_key: vec![0xa5, 0, number],
        sign_count: 5,
        backed_up: false,
        transports: vec!["internal".to_owned()],
        created_at: time(i64::from(number)),
        last_used_at: None,
    }
}

pub(super) fn link(provider: &str, subject: &str, user: UserId) -> Link {
    Link {
        provider: provider.to_owned(),
        subject: subject.to_owned(),
        user,
        label: format!("{subject}@{provider}.example"),
        created_at: time(4),
    }
}

pub(super) fn consent_of(grant: &Grant) -> Consent {
    Consent {
        user: grant.user,
        client: grant.client.clone(),
        scope: grant.scope.clone(),
        resources: grant.resources.clone(),
        granted_at: grant.created_at,
    }
}

pub(super) fn key(kid: &str, alg: &str, created: i64) -> StoredKey {
    StoredKey {
        kid: kid.to_owned(),
        alg: alg.to_owned(),
        sealed: vec![0, 1, 2, 255],
        created_at: time(created),
        retired_at: None,
        expires_at: None,
    }
}

/// Alice and Bob, `app` and `other`.
pub(super) async fn people_and_apps(store: &Arc<dyn Store>) {
    store.insert_user(user(ALICE, "alice")).await.unwrap();
    store.insert_user(user(BOB, "bob")).await.unwrap();
    store.insert_client(client("app")).await.unwrap();
    store.insert_client(client("other")).await.unwrap();
}

/// Adds the grants, with no consent.
pub(super) async fn add_grants(store: &Arc<dyn Store>, grants: &[Grant]) {
    for grant in grants {
        store.insert_grant(grant.clone(), None).await.unwrap();
    }
}

/// Where the grant stands.
pub(super) async fn state_of(store: &Arc<dyn Store>, number: u128) -> GrantState {
    store.find_grant(grant_id(number)).await.unwrap().unwrap().state
}

pub(super) const fn revoked(why: RevokedWhy, at: i64) -> GrantState {
    GrantState::Revoked { why, at: time(at) }
}

/// What a case says when a verb answered `Ok` that had to be refused, or was refused otherwise.
#[track_caller]
pub(super) fn assert_exists<T: std::fmt::Debug>(answer: Result<T, crate::StoreError>, what: &str) {
    match answer {
        Err(crate::StoreError::Exists { what: found, .. }) => assert_eq!(found, what),
        other => panic!("expected that the {what} exists already, got {other:?}"),
    }
}

#[track_caller]
pub(super) fn assert_orphan<T: std::fmt::Debug>(answer: Result<T, crate::StoreError>, what: &str) {
    match answer {
        Err(crate::StoreError::Orphan { what: found }) => assert_eq!(found, what),
        other => panic!("expected an orphaned {what}, got {other:?}"),
    }
}
