//! A store with one verb that is wrong in a way in which stores are wrong: to show that the history check finds it, or what
//! a server does about it.
//! Everything else goes to a store that is right.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use valetkey_model::factor::{Passkey, RecoveryCodeHash, Totp};
use valetkey_model::grant::{Active, GrantState, GrantedBy, RevokedWhy};
use valetkey_model::session::Session;
use valetkey_model::user::PasswordHash;
use valetkey_model::{
    Client, ClientId, Consent, Delivery, DeviceAuthorization, DeviceId, Grant, GrantId, Link, Participant,
    SessionId, Sid, StoredKey, User, UserId,
};
use valetkey_protocol::claims::StandardClaims;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{
    AccessStatus, Answer, Attempts, ClientStore, ConsentStore, DeviceStore, Due, FactorStore, GrantStore,
    KeyStore, Leaving, LinkStore, Migration, NonceStore, OutboxStore, PasskeyStore, Redeemed, Rotated,
    SessionStore, Store, StoreError, ThrottleStore, Told, UserStore,
};

/// Verbs that go to the inner store as they are.
macro_rules! delegate_verbs {
    ($(fn $name:ident($($argument:ident: $kind:ty),*) -> $answer:ty;)*) => {
        $(fn $name<'a>(&'a self, $($argument: $kind),*) -> Answer<'a, $answer> {
            self.inner.$name($($argument),*)
        })*
    };
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: as a control.
    None,
    /// `redeem_code` reads, and then writes whatever was written meanwhile: two win.
    RedeemReadsThenWrites,
    /// `rotate_refresh` writes the next generation without looking which one stands there.
    RotateIgnoresTheGeneration,
    /// `revoke_grant` answers that it did, and does nothing.
    RevokeForgets,
    /// `revoke_token` answers that it did, and does nothing.
    RevokeTokenForgets,
    /// `insert_grant` answers before the grant is there.
    InsertAnswersEarly,
    /// `find_session` forgets one in nine.
    SessionsGetLost,
    /// `change_stamp` fails as when there is no connection.
    StampUnreadable,
    /// `change_stamp` never answers.
    StampHangs,
    /// `change_stamp` fails as when the database is damaged.
    StampDamaged,
    /// `change_stamp` panics.
    StampPanics,
    /// `list_keys` fails as when there is no connection.
    KeysUnreadable,
    /// `forget_expired` never answers.
    ForgetHangs,
    /// `client_was_used` never answers.
    UseHangs,
    /// `client_was_used` fails as when there is no connection.
    UseUnwritable,
}

/// How long a wrong verb takes between its parts.
const BETWEEN: Duration = Duration::from_millis(40);

fn unreadable<'a, T: Send + 'a>() -> Answer<'a, T> {
    Box::pin(async { Err(StoreError::Unavailable(Box::from("there is no connection"))) })
}

/// See the module.
pub struct BrokenStore {
    inner: Arc<dyn Store>,
    fault: Mutex<Fault>,
    calls: AtomicU64,
}

impl std::fmt::Debug for BrokenStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrokenStore")
            .field("fault", &self.fault())
            .finish_non_exhaustive()
    }
}

impl BrokenStore {
    /// Breaks a store.
    #[must_use]
    pub fn new(inner: Arc<dyn Store>, fault: Fault) -> Self {
        Self {
            inner,
            fault: Mutex::new(fault),
            calls: AtomicU64::new(0),
        }
    }

    /// Breaks it in another way from now on, or mends it.
    pub fn turns(&self, fault: Fault) {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// How many calls a fault has counted.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    fn fault(&self) -> Fault {
        *self.fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Never answers.
    fn hangs<'a, T: 'a>(&'a self) -> Answer<'a, T> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        Box::pin(std::future::pending())
    }

    fn is_every(&self, nth: u64) -> bool {
        self.calls.fetch_add(1, Ordering::SeqCst) % nth == nth - 1
    }

    async fn redeem_by_reading_first(&self, id: GrantId, active: Active) -> Result<Redeemed, StoreError> {
        let found = self.inner.find_grant(id).await?;
        let is_free = found.is_some_and(|grant| matches!(grant.state, GrantState::CodeIssued(_)));
        tokio::time::sleep(BETWEEN).await;
        let written = self.inner.redeem_code(id, active).await?;
        Ok(if is_free { Redeemed::Won } else { written })
    }

    /// The bad luck that the wrong rotation needs: that it writes late.
    async fn wait_until_it_is_past(&self, id: GrantId, generation: u32) -> Result<(), StoreError> {
        for _ in 0..20 {
            let found = self.inner.find_grant(id).await?;
            let is_past = |grant: Grant| match grant.state {
                GrantState::Active(active) => active.generation > generation,
                GrantState::CodeIssued(_) | GrantState::Revoked { .. } => true,
            };
            if found.is_none_or(is_past) {
                break;
            }
            tokio::time::sleep(BETWEEN).await;
        }
        Ok(())
    }

    async fn rotate_whatever_is_there(&self, id: GrantId, next: Active) -> Result<Rotated, StoreError> {
        // Whoever asks at the same moment has read the same generation by now.
        tokio::time::sleep(BETWEEN).await;
        if self.is_every(3) {
            self.wait_until_it_is_past(id, next.generation).await?;
        }
        loop {
            let Some(grant) = self.inner.find_grant(id).await? else {
                return Ok(Rotated::Absent);
            };
            let GrantState::Active(active) = &grant.state else {
                return Ok(Rotated::Lost(Box::new(grant)));
            };
            if self.inner.rotate_refresh(id, active.generation, next).await? == Rotated::Won {
                return Ok(Rotated::Won);
            }
        }
    }
}

impl GrantStore for BrokenStore {
    fn insert_grant(&self, grant: Grant, consent: Option<Consent>) -> Answer<'_, ()> {
        if self.fault() != Fault::InsertAnswersEarly {
            return self.inner.insert_grant(grant, consent);
        }
        let inner = Arc::clone(&self.inner);
        tokio::spawn(async move {
            tokio::time::sleep(BETWEEN).await;
            inner.insert_grant(grant, consent).await
        });
        Box::pin(async { Ok(()) })
    }

    fn redeem_code(&self, id: GrantId, active: Active) -> Answer<'_, Redeemed> {
        match self.fault() {
            Fault::RedeemReadsThenWrites => Box::pin(self.redeem_by_reading_first(id, active)),
            _ => self.inner.redeem_code(id, active),
        }
    }

    fn rotate_refresh(&self, id: GrantId, from: u32, next: Active) -> Answer<'_, Rotated> {
        match self.fault() {
            Fault::RotateIgnoresTheGeneration => Box::pin(self.rotate_whatever_is_there(id, next)),
            _ => self.inner.rotate_refresh(id, from, next),
        }
    }

    fn revoke_grant(&self, id: GrantId, why: RevokedWhy, at: Timestamp) -> Answer<'_, bool> {
        match self.fault() {
            Fault::RevokeForgets => Box::pin(async { Ok(true) }),
            _ => self.inner.revoke_grant(id, why, at),
        }
    }

    fn revoke_token<'a>(&'a self, jti: &'a str, expires_at: Timestamp) -> Answer<'a, ()> {
        match self.fault() {
            Fault::RevokeTokenForgets => Box::pin(async { Ok(()) }),
            _ => self.inner.revoke_token(jti, expires_at),
        }
    }

    fn forget_expired(&self, now: Timestamp, keep_revoked_seconds: i64, limit: u32) -> Answer<'_, u64> {
        match self.fault() {
            Fault::ForgetHangs => self.hangs(),
            _ => self.inner.forget_expired(now, keep_revoked_seconds, limit),
        }
    }

    delegate_verbs! {
        fn find_grant(id: GrantId) -> Option<Grant>;
        fn revoke_grants_of_client(client: &'a ClientId, by: Option<GrantedBy>, since: Timestamp, why: RevokedWhy, at: Timestamp) -> u64;
        fn migration(client: &'a ClientId, now: Timestamp) -> Migration;
        fn list_active_grants(user: UserId, now: Timestamp) -> Vec<Grant>;
        fn access_status(jti: &'a str, grant: Option<GrantId>) -> AccessStatus;
    }
}

impl SessionStore for BrokenStore {
    fn find_session(&self, id: SessionId) -> Answer<'_, Option<Session>> {
        if self.fault() == Fault::SessionsGetLost && self.is_every(9) {
            return Box::pin(async { Ok(None) });
        }
        self.inner.find_session(id)
    }

    delegate_verbs! {
        fn begin_session(session: Session, replaces: Option<SessionId>) -> ();
        fn list_sessions(user: UserId, now: Timestamp) -> Vec<Session>;
        fn end_session(id: SessionId, at: Timestamp) -> bool;
        fn end_sessions_of(user: UserId, except: Option<SessionId>, at: Timestamp) -> u64;
        fn join_session(participant: Participant) -> ();
        fn list_participants(sid: Sid) -> Vec<Participant>;
    }
}

impl Store for BrokenStore {
    fn told_of_change(&self) -> Told<'_> {
        self.inner.told_of_change()
    }

    fn change_stamp(&self) -> Answer<'_, u64> {
        match self.fault() {
            Fault::StampUnreadable => unreadable(),
            Fault::StampHangs => self.hangs(),
            Fault::StampDamaged => Box::pin(async { Err(StoreError::Backend(Box::from("it is damaged"))) }),
            Fault::StampPanics => panic!("the store panics"),
            _ => self.inner.change_stamp(),
        }
    }

    delegate_verbs! {
        fn ready() -> ();
    }
}

impl ClientStore for BrokenStore {
    fn client_was_used<'a>(
        &'a self,
        id: &'a ClientId,
        at: Timestamp,
        unless_since: Timestamp,
    ) -> Answer<'a, bool> {
        match self.fault() {
            Fault::UseHangs => self.hangs(),
            Fault::UseUnwritable => {
                self.calls.fetch_add(1, Ordering::SeqCst);
                unreadable()
            }
            _ => self.inner.client_was_used(id, at, unless_since),
        }
    }

    delegate_verbs! {
        fn insert_client(client: Client) -> ();
        fn update_client(client: Client) -> bool;
        fn find_client(id: &'a ClientId) -> Option<Client>;
        fn list_clients() -> Vec<Client>;
        fn remove_client(id: &'a ClientId) -> bool;
        fn forget_unused_clients(before: Timestamp, limit: u32) -> u64;
        fn count_registered_clients() -> u64;
    }
}

impl UserStore for BrokenStore {
    delegate_verbs! {
        fn insert_user(user: User) -> ();
        fn find_user(id: UserId) -> Option<User>;
        fn find_user_by_username(username: &'a str) -> Option<User>;
        fn find_users_by_email(email: &'a str) -> Vec<User>;
        fn list_users() -> Vec<User>;
        fn set_password(id: UserId, hash: PasswordHash, except: Option<SessionId>, at: Timestamp) -> bool;
        fn set_claims(id: UserId, from: StandardClaims, to: StandardClaims) -> bool;
        fn remove_user(id: UserId, at: Timestamp) -> bool;
    }
}

impl FactorStore for BrokenStore {
    delegate_verbs! {
        fn put_totp(totp: Totp, recovery_codes: Vec<RecoveryCodeHash>) -> ();
        fn find_totp(user: UserId) -> Option<Totp>;
        fn use_totp_step(user: UserId, step: i64) -> bool;
        fn remove_totp(user: UserId) -> bool;
        fn replace_recovery_codes(user: UserId, codes: Vec<RecoveryCodeHash>) -> bool;
        fn use_recovery_code(user: UserId, code: RecoveryCodeHash) -> bool;
        fn count_recovery_codes(user: UserId) -> u32;
    }
}

impl PasskeyStore for BrokenStore {
    delegate_verbs! {
        fn insert_passkey(passkey: Passkey) -> ();
        fn find_passkey(id: &'a [u8]) -> Option<Passkey>;
        fn list_passkeys(user: UserId) -> Vec<Passkey>;
        fn use_passkey(id: &'a [u8], from: u32, to: u32, at: Timestamp) -> bool;
        fn remove_passkey(user: UserId, id: &'a [u8], leaving: Leaving) -> bool;
    }
}

impl LinkStore for BrokenStore {
    delegate_verbs! {
        fn insert_link(link: Link) -> ();
        fn insert_linked_user(user: User, link: Link) -> ();
        fn find_link(provider: &'a str, subject: &'a str) -> Option<Link>;
        fn list_links(user: UserId) -> Vec<Link>;
        fn remove_link(user: UserId, provider: &'a str, subject: &'a str, leaving: Leaving) -> bool;
    }
}

impl ConsentStore for BrokenStore {
    delegate_verbs! {
        fn find_consent(user: UserId, client: &'a ClientId) -> Option<Consent>;
        fn list_consents(user: UserId) -> Vec<Consent>;
        fn withdraw_consent(user: UserId, client: &'a ClientId, at: Timestamp) -> u64;
    }
}

impl DeviceStore for BrokenStore {
    delegate_verbs! {
        fn insert_device(device: DeviceAuthorization) -> bool;
        fn find_device_by_user_code(user_code_key: &'a str) -> Option<DeviceAuthorization>;
        fn find_device(id: DeviceId) -> Option<DeviceAuthorization>;
        fn poll_device(id: DeviceId, now: Timestamp) -> Option<DeviceAuthorization>;
        fn approve_device(id: DeviceId, grant: Grant, consent: Option<Consent>) -> bool;
        fn deny_device(id: DeviceId) -> bool;
    }
}

impl NonceStore for BrokenStore {
    delegate_verbs! {
        fn insert_nonce_once(key: &'a str, expires_at: Timestamp) -> bool;
    }
}

impl OutboxStore for BrokenStore {
    delegate_verbs! {
        fn enqueue(delivery: Delivery) -> ();
        fn take_deliveries(which: Due, now: Timestamp, again_at: Timestamp, limit: u32) -> Vec<Delivery>;
        fn remove_delivery(id: &'a str) -> bool;
        fn postpone_delivery(id: &'a str, next_at: Timestamp) -> bool;
        fn count_deliveries(now: Timestamp) -> u64;
    }
}

impl KeyStore for BrokenStore {
    fn list_keys(&self) -> Answer<'_, Vec<StoredKey>> {
        match self.fault() {
            Fault::KeysUnreadable => unreadable(),
            _ => self.inner.list_keys(),
        }
    }

    delegate_verbs! {
        fn insert_first_key(key: StoredKey) -> bool;
        fn rotate_key(key: StoredKey, replaces: Option<&'a str>, at: Timestamp, old_expires_at: Timestamp) -> bool;
        fn forget_keys(now: Timestamp) -> u64;
    }
}

impl ThrottleStore for BrokenStore {
    delegate_verbs! {
        fn attempts(key: &'a str, now: Timestamp) -> Option<Attempts>;
        fn record_failure(key: &'a str, now: Timestamp, window_seconds: i64) -> Attempts;
        fn clear_attempts(key: &'a str) -> ();
    }
}
