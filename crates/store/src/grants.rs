//! Grants, and the few single access tokens that were revoked before their time.

use crate::Answer;
use valetkey_model::grant::{Active, GrantedBy, RevokedWhy};
use valetkey_model::{ClientId, Consent, Grant, GrantId, UserId};
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

/// How far the people of a client have moved from OAuth 1.0a to OAuth 2. People are counted, not grants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Migration {
    /// Who has an active grant of the client, by either protocol.
    pub people: u64,
    /// Who of them has an active grant of OAuth 2.
    pub moved: u64,
}

/// Remembers grants.
pub trait GrantStore {
    /// Adds a grant (`CodeIssued`, or `Active` where no code goes out) and, in the same step, adds what was allowed to the remembered
    /// consent of the pair (scope and resources grow to the union; `granted_at` of the first stays).
    /// [`crate::StoreError::Orphan`] when its client or its person is gone, [`crate::StoreError::Exists`] when there is
    /// a grant of that id (temporary credentials are authorized once).
    fn insert_grant(&self, grant: Grant, consent: Option<Consent>) -> Answer<'_, ()>;
    /// The grant.
    fn find_grant(&self, id: GrantId) -> Answer<'_, Option<Grant>>;
    /// `CodeIssued -> Active`, by exactly one caller.
    fn redeem_code(&self, id: GrantId, active: Active) -> Answer<'_, Redeemed>;
    /// `Active { generation: from } -> Active(next)`, by exactly one caller.
    fn rotate_refresh(&self, id: GrantId, from: u32, next: Active) -> Answer<'_, Rotated>;
    /// Any state but `Revoked` `-> Revoked`; `false` when it was revoked already or is absent.
    fn revoke_grant(&self, id: GrantId, why: RevokedWhy, at: Timestamp) -> Answer<'_, bool>;
    /// Revokes every grant of the client that is not over and came about in that way (any way when `None`) at `since` or
    /// later; answers how many. For an operator who finds that people were tricked (RFC 10027).
    fn revoke_grants_of_client<'a>(
        &'a self,
        client: &'a ClientId,
        by: Option<GrantedBy>,
        since: Timestamp,
        why: RevokedWhy,
        at: Timestamp,
    ) -> Answer<'a, u64>;
    /// How far the client's people have moved from OAuth 1.0a to OAuth 2, by the `Active` grants that are not over at `now`.
    fn migration<'a>(&'a self, client: &'a ClientId, now: Timestamp) -> Answer<'a, Migration>;
    /// The person's `Active` grants that are not over at `now`, newest first. One whose refresh token lay idle too long
    /// is over, although an access token of it may live for some minutes more.
    fn list_active_grants(&self, user: UserId, now: Timestamp) -> Answer<'_, Vec<Grant>>;
    /// Revokes one access token by its `jti` until it would have expired anyway.
    fn revoke_token<'a>(&'a self, jti: &'a str, expires_at: Timestamp) -> Answer<'a, ()>;
    /// What is known about an access token, in one reading.
    fn access_status<'a>(&'a self, jti: &'a str, grant: Option<GrantId>) -> Answer<'a, AccessStatus>;
    /// Forgets at most `limit` rows of what is over at `now`: expired sessions and who took part in them, token revocations
    /// of expired tokens, closed windows of attempts, expired nonces, deliveries that were given up, and device requests and grants that are
    /// over since more than `keep_revoked_seconds`. A grant is over when its code expired unredeemed, when its refresh token
    /// was idle too long, when it expired, or when it was revoked; keep it longer than its access tokens
    /// live. Answers how many rows were forgotten.
    fn forget_expired(&self, now: Timestamp, keep_revoked_seconds: i64, limit: u32) -> Answer<'_, u64>;
}
