//! Forgetting what is over, a little at a time, so that no request waits behind it for long.
//!
//! What somebody else holds is passed over: another node forgets it, or it is not over yet.

use crate::columns::{change, list, params};
use crate::connection::Connection;
use crate::failure::Failure;
use uuid::Uuid;
use valetkey_protocol::time::Timestamp;

pub(crate) const ATTEMPTS: &str = "DELETE FROM attempts WHERE key IN (SELECT key FROM attempts \
     WHERE window_ends_at <= $1 ORDER BY window_ends_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
pub(crate) const REVOKED_TOKENS: &str = "DELETE FROM revoked_tokens WHERE jti IN (SELECT jti FROM revoked_tokens \
     WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
pub(crate) const NONCES: &str = "DELETE FROM nonces WHERE key IN (SELECT key FROM nonces \
     WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
pub(crate) const DEVICES: &str = "DELETE FROM devices WHERE id IN (SELECT id FROM devices \
     WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
// Nobody joins a session that is held; nothing but expiry ends a session and leaves its participants.
pub(crate) const HOLD_SESSIONS: &str = "SELECT sid FROM sessions WHERE expires_at <= $1 \
     ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED";
pub(crate) const PARTICIPANTS: &str = "DELETE FROM participants WHERE (sid, client_id) IN \
     (SELECT sid, client_id FROM participants WHERE sid = ANY ($1) LIMIT $2)";
pub(crate) const SESSIONS: &str = "DELETE FROM sessions WHERE id IN \
     (SELECT id FROM sessions WHERE sid = ANY ($1) ORDER BY expires_at LIMIT $2)";
pub(crate) const OUTBOX: &str = "DELETE FROM outbox WHERE id IN (SELECT id FROM outbox \
     WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
// By the day first, which has the index.
pub(crate) const GRANTS: &str = "DELETE FROM grants WHERE id IN (SELECT id FROM grants \
     WHERE over_day <= $1 / 86400 AND over_at <= $1 ORDER BY over_day LIMIT $2 FOR UPDATE SKIP LOCKED)";

/// Forgets at most `limit` rows in all.
pub(crate) async fn expired(
    db: &Connection,
    now: Timestamp,
    keep_revoked_seconds: i64,
    limit: u32,
) -> Result<u64, Failure> {
    let over_since = now.plus_seconds(keep_revoked_seconds.saturating_neg());
    let mut left = i64::from(limit);
    for (sql, until) in [(ATTEMPTS, now), (REVOKED_TOKENS, now)] {
        left -= change(db, sql, params![until.0, left]).await?.cast_signed();
    }
    left -= sessions(db, now, left).await?;
    for (sql, until) in [
        (OUTBOX, now),
        (GRANTS, over_since),
        // Kept a while, so that a device that polls late is told that its code expired (RFC 8628 §3.5).
        (DEVICES, over_since),
        // Last: there is one for every signed request, and the others must not wait for them.
        (NONCES, now),
    ] {
        left -= change(db, sql, params![until.0, left]).await?.cast_signed();
    }
    Ok((i64::from(limit) - left).unsigned_abs())
}

/// Forgets at most so many sessions and participants of them; answers how many.
async fn sessions(db: &Connection, now: Timestamp, limit: i64) -> Result<i64, Failure> {
    let over: Vec<Uuid> = list(db, HOLD_SESSIONS, params![now.0, limit], |columns| columns.id()).await?;
    if over.is_empty() {
        return Ok(0);
    }
    let participants = change(db, PARTICIPANTS, params![over, limit])
        .await?
        .cast_signed();
    let sessions = change(db, SESSIONS, params![over, limit - participants]).await?;
    Ok(participants + sessions.cast_signed())
}
