//! Sign-in sessions.

use crate::SqliteStore;
use crate::columns::{Columns, change, find, to_json};
use crate::failure::{Failure, of_insert};
use crate::grants::{MOVE_TO_SESSION, REVOKE_OF_OTHER_USER, REVOKE_OF_SESSION};
use rusqlite::params;
use valetkey_model::grant::RevokedWhy;
use valetkey_model::{Session, SessionId, UserId};
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, SessionStore};

pub(crate) const INSERT: &str = "INSERT INTO sessions (id, user_id, auth_time, amr, created_at, expires_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(crate) const FIND: &str =
    "SELECT id, user_id, auth_time, amr, created_at, expires_at FROM sessions WHERE id = ?1";
pub(crate) const END: &str = "DELETE FROM sessions WHERE id = ?1";
pub(crate) const END_OF_USER: &str = "DELETE FROM sessions WHERE user_id = ?1";

impl SessionStore for SqliteStore {
    fn begin_session(&self, session: Session, replaces: Option<SessionId>) -> Answer<'_, ()> {
        self.write(move |connection| {
            if let Some(old) = replaces {
                change(connection, END, [old.0.as_bytes()])?;
            }
            let inserted = change(
                connection,
                INSERT,
                params![
                    session.id.0.as_bytes(),
                    session.user.0.as_bytes(),
                    session.auth_time.0,
                    to_json("amr", &session.amr)?,
                    session.created_at.0,
                    session.expires_at.0,
                ],
            );
            inserted.map_err(|error| of_insert(error, "session", session.id))?;
            if let Some(old) = replaces {
                let (old, user) = (old.0.as_bytes(), session.user.0.as_bytes());
                change(
                    connection,
                    MOVE_TO_SESSION,
                    params![old, user, session.id.0.as_bytes()],
                )?;
                let why = RevokedWhy::SignedOut.as_str();
                change(
                    connection,
                    REVOKE_OF_OTHER_USER,
                    params![old, user, why, session.created_at.0],
                )?;
            }
            Ok(())
        })
    }

    fn find_session(&self, id: SessionId) -> Answer<'_, Option<Session>> {
        self.read(move |connection| find(connection, FIND, [id.0.as_bytes()], session))
    }

    fn end_session(&self, id: SessionId, at: Timestamp) -> Answer<'_, bool> {
        self.write(move |connection| {
            // Also when the session itself was forgotten already: its grants may not have been.
            let why = RevokedWhy::SignedOut.as_str();
            change(connection, REVOKE_OF_SESSION, params![id.0.as_bytes(), why, at.0])?;
            Ok(change(connection, END, [id.0.as_bytes()])? == 1)
        })
    }
}

fn session(columns: &mut Columns<'_, '_>) -> Result<Session, Failure> {
    Ok(Session {
        id: SessionId(columns.id()?),
        user: UserId(columns.id()?),
        auth_time: columns.time()?,
        amr: columns.json("amr")?,
        created_at: columns.time()?,
        expires_at: columns.time()?,
    })
}
