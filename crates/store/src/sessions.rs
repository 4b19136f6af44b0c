//! Sign-in sessions, and which clients take part in them.
//!
//! Whenever a session ends because somebody ended it (not by itself, in time), the same step adds a
//! [`Delivery`](valetkey_model::Delivery) of a logout ([`Errand::BackChannelLogout`](valetkey_model::Errand)) for each of its
//! participants, named by [`Delivery::logout_id`](valetkey_model::Delivery::logout_id), due at once and given up
//! [`LOGOUT_KEPT_SECONDS`] later, and forgets the participants.

use crate::Answer;
use valetkey_model::{Participant, Session, SessionId, Sid, UserId};
use valetkey_protocol::time::Timestamp;

/// For how long a client is tried that does not answer to a logout token: a day.
pub const LOGOUT_KEPT_SECONDS: i64 = 24 * 60 * 60;

/// Remembers sessions.
pub trait SessionStore {
    /// Begins a session and ends `replaces` in the same step (a new sign-in never keeps an old id).
    /// Grants of the replaced session stay and move to the new one when the person is the same, and so do its participants,
    /// because `sid` is the same (with a new `sid` they are told, or forgotten when the old session had expired);
    /// when another person signed in, the grants are revoked as at sign-out, at `session.created_at`, and the participants
    /// are told. A session that bears that `sid` already is replaced in the same way: it is the same browser's.
    /// [`crate::StoreError::Orphan`] when the person is gone.
    fn begin_session(&self, session: Session, replaces: Option<SessionId>) -> Answer<'_, ()>;
    /// The session, expired or not; one that was ended is absent.
    fn find_session(&self, id: SessionId) -> Answer<'_, Option<Session>>;
    /// The person's sessions that are not over at `now`, newest first.
    fn list_sessions(&self, user: UserId, now: Timestamp) -> Answer<'_, Vec<Session>>;
    /// Ends a session and revokes (`SignedOut`) its grants that are not offline ones; `false` when there was none.
    fn end_session(&self, id: SessionId, at: Timestamp) -> Answer<'_, bool>;
    /// Ends the person's sessions but `except` in the same way, and revokes (`SignedOut`) those of their grants that are
    /// not offline ones and came from no session, too; answers how many sessions.
    fn end_sessions_of(&self, user: UserId, except: Option<SessionId>, at: Timestamp) -> Answer<'_, u64>;
    /// Writes down that a client takes part in a session and wants to hear of its end. Twice is as good as once;
    /// nothing happens when the session is over. [`crate::StoreError::Orphan`] when the client is gone.
    fn join_session(&self, participant: Participant) -> Answer<'_, ()>;
    /// Who takes part in the session, by client id.
    fn list_participants(&self, sid: Sid) -> Answer<'_, Vec<Participant>>;
}
