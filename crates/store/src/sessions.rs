//! Sign-in sessions.

use crate::Answer;
use valetkey_model::{Session, SessionId};
use valetkey_protocol::time::Timestamp;

/// Remembers sessions.
pub trait SessionStore {
    /// Begins a session and ends `replaces` in the same step (a new sign-in never keeps an old id).
    /// Grants of the replaced session stay and move to the new one when the person is the same;
    /// when another person signed in, they are revoked as at sign-out, at `session.created_at`.
    /// [`crate::StoreError::Orphan`] when the person is gone.
    fn begin_session(&self, session: Session, replaces: Option<SessionId>) -> Answer<'_, ()>;
    /// The session, expired or not; one that was ended is absent.
    fn find_session(&self, id: SessionId) -> Answer<'_, Option<Session>>;
    /// Ends a session and revokes (`SignedOut`) its grants that are not offline ones; `false` when there was none.
    fn end_session(&self, id: SessionId, at: Timestamp) -> Answer<'_, bool>;
}
