//! Forgetting what is over, a little at a time, so that no request waits behind it for long.

use crate::columns::change;
use crate::failure::Failure;
use rusqlite::{Connection, params};
use valetkey_protocol::time::Timestamp;

pub(crate) const ATTEMPTS: &str = "DELETE FROM attempts WHERE key IN \
     (SELECT key FROM attempts WHERE window_ends_at <= ?1 ORDER BY window_ends_at LIMIT ?2)";
pub(crate) const REVOKED_TOKENS: &str = "DELETE FROM revoked_tokens WHERE jti IN \
     (SELECT jti FROM revoked_tokens WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub(crate) const NONCES: &str = "DELETE FROM nonces WHERE key IN \
     (SELECT key FROM nonces WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub(crate) const DEVICES: &str = "DELETE FROM devices WHERE rowid IN \
     (SELECT rowid FROM devices WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
// Of the sessions that are forgotten next: nothing but expiry ends a session and leaves its participants.
pub(crate) const PARTICIPANTS: &str = "DELETE FROM participants WHERE (sid, client_id) IN \
     (SELECT participants.sid, client_id FROM sessions CROSS JOIN participants ON participants.sid = sessions.sid \
     WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub(crate) const SESSIONS: &str = "DELETE FROM sessions WHERE id IN \
     (SELECT id FROM sessions WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub(crate) const OUTBOX: &str = "DELETE FROM outbox WHERE rowid IN \
     (SELECT rowid FROM outbox WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";
pub(crate) const GRANTS: &str = "DELETE FROM grants WHERE rowid IN \
     (SELECT rowid FROM grants WHERE over_at <= ?1 ORDER BY over_at LIMIT ?2)";

/// Forgets at most `limit` rows in all.
pub(crate) fn expired(
    connection: &Connection,
    now: Timestamp,
    keep_revoked_seconds: i64,
    limit: u32,
) -> Result<u64, Failure> {
    let over_since = now.plus_seconds(keep_revoked_seconds.saturating_neg());
    let mut left = u64::from(limit);
    for (sql, until) in [
        (ATTEMPTS, now),
        (REVOKED_TOKENS, now),
        // Before their sessions, by which they are found.
        (PARTICIPANTS, now),
        (SESSIONS, now),
        (OUTBOX, now),
        (GRANTS, over_since),
        // Kept a while, so that a device that polls late is told that its code expired (RFC 8628 §3.5).
        (DEVICES, over_since),
        // Last: there is one for every signed request, and the others must not wait for them.
        (NONCES, now),
    ] {
        let forgotten = change(connection, sql, params![until.0, left.cast_signed()])?;
        left = left.saturating_sub(forgotten as u64);
    }
    Ok(u64::from(limit) - left)
}
