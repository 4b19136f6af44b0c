//! Grants, and the few single access tokens that were revoked before their time.

use crate::Answer;
use valetkey_model::grant::{Active, RevokedWhy};
use valetkey_model::{Consent, Grant, GrantId, UserId};
use valetkey_protocol::time::Timestamp;

/// How [`GrantStore::redeem_code`] came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Redeemed {
    /// This call, and no other ever, redeemed the code.
    Won,
    /// Another call was first, or the grant is over: the grant as it stands now.
    Lost(Box<Grant>),
    /// There is no such grant.
    Absent,
}

/// How [`GrantStore::rotate_refresh`] came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotated {
    /// This call moved the grant to the next generation.
    Won,
    /// The grant is not `Active` at that generation any more: the grant as it stands now.
    Lost(Box<Grant>),
    /// There is no such grant.
    Absent,
}

/// What the store knows about an access token that somebody shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessStatus {
    /// Whether this one token was revoked.
    pub token_revoked: bool,
    /// The grant it names, when it names one and the grant is there.
    pub grant: Option<Grant>,
}

/// Remembers grants.
pub trait GrantStore {
    /// Adds a grant (`CodeIssued`) and, in the same step, adds what was allowed to the remembered
    /// consent of the pair (scope and resources grow to the union; `granted_at` of the first stays).
    /// [`crate::StoreError::Orphan`] when its client or its person is gone.
    fn insert_grant(&self, grant: Grant, consent: Option<Consent>) -> Answer<'_, ()>;
    /// The grant.
    fn find_grant(&self, id: GrantId) -> Answer<'_, Option<Grant>>;
    /// `CodeIssued -> Active`, by exactly one caller.
    fn redeem_code(&self, id: GrantId, active: Active) -> Answer<'_, Redeemed>;
    /// `Active { generation: from } -> Active(next)`, by exactly one caller.
    fn rotate_refresh(&self, id: GrantId, from: u32, next: Active) -> Answer<'_, Rotated>;
    /// Any state but `Revoked` `-> Revoked`; `false` when it was revoked already or is absent.
    fn revoke_grant(&self, id: GrantId, why: RevokedWhy, at: Timestamp) -> Answer<'_, bool>;
    /// The person's `Active` grants that have not expired at `now`, newest first.
    fn list_active_grants(&self, user: UserId, now: Timestamp) -> Answer<'_, Vec<Grant>>;
    /// Revokes one access token by its `jti` until it would have expired anyway.
    fn revoke_token<'a>(&'a self, jti: &'a str, expires_at: Timestamp) -> Answer<'a, ()>;
    /// What is known about an access token, in one reading.
    fn access_status<'a>(&'a self, jti: &'a str, grant: Option<GrantId>) -> Answer<'a, AccessStatus>;
    /// Forgets at most `limit` rows of what is over at `now`: expired sessions, token revocations of
    /// expired tokens, closed windows of attempts, and grants that are over since more than
    /// `keep_revoked_seconds`. A grant is over when its code expired unredeemed, when its refresh token
    /// was idle too long, when it expired, or when it was revoked; keep it longer than its access tokens
    /// live. Answers how many rows were forgotten.
    fn forget_expired(&self, now: Timestamp, keep_revoked_seconds: i64, limit: u32) -> Answer<'_, u64>;
}
