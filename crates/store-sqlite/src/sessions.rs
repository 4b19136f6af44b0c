//! Sign-in sessions.

pub(crate) mod participants;

use crate::SqliteStore;
use crate::columns::{Columns, by_name, change, find, list, to_json};
use crate::failure::{Failure, of_insert};
use crate::grants::{MOVE_TO_SESSION, REVOKE_OF_OTHER_USER, REVOKE_OF_SESSION, REVOKE_OF_USER};
use rusqlite::{Connection, params};
use valetkey_model::grant::RevokedWhy;
use valetkey_model::session::SignedInFrom;
use valetkey_model::{Participant, Session, SessionId, Sid, UserId};
use valetkey_protocol::acr::Acr;
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, SessionStore};

/// The columns of a session, in the order in which `insert` and `read` go through them.
macro_rules! columns {
    () => {
        "id, sid, user_id, auth_time, amr, acr, address, user_agent, created_at, expires_at"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO sessions (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"
);
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM sessions WHERE id = ?1");
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM sessions WHERE user_id = ?1 AND expires_at > ?2 ORDER BY created_at DESC, id DESC"
);
pub(crate) const FIND_REPLACED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM sessions WHERE id = ?1 OR (sid = ?2 AND id <> ?3)"
);
pub(crate) const END: &str = "DELETE FROM sessions WHERE id = ?1 RETURNING sid";
pub(crate) const END_OF_USER: &str = "DELETE FROM sessions WHERE user_id = ?1 AND id IS NOT ?2 RETURNING sid";

impl SessionStore for SqliteStore {
    fn begin_session(&self, session: Session, replaces: Option<SessionId>) -> Answer<'_, ()> {
        self.write(move |connection| begin(connection, &session, replaces))
    }

    fn find_session(&self, id: SessionId) -> Answer<'_, Option<Session>> {
        self.read(move |connection| find(connection, FIND, [id.0.as_bytes()], read))
    }

    fn list_sessions(&self, user: UserId, now: Timestamp) -> Answer<'_, Vec<Session>> {
        self.read(move |connection| list(connection, LIST, params![user.0.as_bytes(), now.0], read))
    }

    fn end_session(&self, id: SessionId, at: Timestamp) -> Answer<'_, bool> {
        self.write(move |connection| {
            // Also when the session itself was forgotten already: its grants may not have been.
            let why = RevokedWhy::SignedOut.as_str();
            change(connection, REVOKE_OF_SESSION, params![id.0.as_bytes(), why, at.0])?;
            let ended = find(connection, END, [id.0.as_bytes()], sid)?;
            if let Some(sid) = ended {
                participants::tell(connection, sid, at)?;
            }
            Ok(ended.is_some())
        })
    }

    fn end_sessions_of(&self, user: UserId, except: Option<SessionId>, at: Timestamp) -> Answer<'_, u64> {
        self.write(move |connection| end_all(connection, user, except, at))
    }

    fn join_session(&self, participant: Participant) -> Answer<'_, ()> {
        Box::pin(async move {
            let joined = self.read(|connection| participants::has_joined(connection, &participant));
            if joined.await? {
                return Ok(());
            }
            self.write(move |connection| participants::join(connection, &participant))
                .await
        })
    }

    fn list_participants(&self, sid: Sid) -> Answer<'_, Vec<Participant>> {
        self.read(move |connection| participants::of(connection, sid))
    }
}

fn begin(connection: &Connection, session: &Session, replaces: Option<SessionId>) -> Result<(), Failure> {
    let named = replaces.as_ref().map(|old| old.0.as_bytes());
    let replaced = params![named, session.sid.0.as_bytes(), session.id.0.as_bytes()];
    let replaced = list(connection, FIND_REPLACED, replaced, read)?;
    for old in &replaced {
        find(connection, END, [old.id.0.as_bytes()], sid)?;
    }
    insert(connection, session)?;
    for old in &replaced {
        pass_on_grants(connection, old.id, session)?;
        pass_on_participants(connection, old, session)?;
    }
    match replaces {
        // It was forgotten already: its grants may not have been.
        Some(gone) if replaced.iter().all(|old| old.id != gone) => pass_on_grants(connection, gone, session),
        _ => Ok(()),
    }
}

/// The same person keeps the grants; those of another are revoked.
fn pass_on_grants(connection: &Connection, old: SessionId, new: &Session) -> Result<(), Failure> {
    let (old, user) = (old.0.as_bytes(), new.user.0.as_bytes());
    change(
        connection,
        MOVE_TO_SESSION,
        params![old, user, new.id.0.as_bytes()],
    )?;
    let why = RevokedWhy::SignedOut.as_str();
    let revoked = params![old, user, why, new.created_at.0];
    change(connection, REVOKE_OF_OTHER_USER, revoked)?;
    Ok(())
}

/// The same person under the same `sid` keeps the participants.
fn pass_on_participants(connection: &Connection, old: &Session, new: &Session) -> Result<(), Failure> {
    let same_person = old.user == new.user;
    if same_person && old.sid == new.sid {
        return Ok(());
    }
    if same_person && old.is_expired(new.created_at) {
        return participants::forget(connection, old.sid);
    }
    participants::tell(connection, old.sid, new.created_at)
}

/// Ends the person's sessions but `except`, and revokes their grants that hang on no session but that; answers how many
/// sessions.
pub(crate) fn end_all(
    connection: &Connection,
    user: UserId,
    except: Option<SessionId>,
    at: Timestamp,
) -> Result<u64, Failure> {
    let kept = except.as_ref().map(|kept| kept.0.as_bytes());
    let why = RevokedWhy::SignedOut.as_str();
    let revoked = params![user.0.as_bytes(), why, at.0, kept];
    change(connection, REVOKE_OF_USER, revoked)?;
    leave_all(connection, user, except, at)
}

/// Ends the person's sessions but `except` and tells who took part, and leaves grants alone; answers how many.
pub(crate) fn leave_all(
    connection: &Connection,
    user: UserId,
    except: Option<SessionId>,
    at: Timestamp,
) -> Result<u64, Failure> {
    let kept = except.as_ref().map(|kept| kept.0.as_bytes());
    let ended = list(connection, END_OF_USER, params![user.0.as_bytes(), kept], sid)?;
    for sid in &ended {
        participants::tell(connection, *sid, at)?;
    }
    Ok(ended.len() as u64)
}

fn insert(connection: &Connection, session: &Session) -> Result<(), Failure> {
    let inserted = change(
        connection,
        INSERT,
        params![
            session.id.0.as_bytes(),
            session.sid.0.as_bytes(),
            session.user.0.as_bytes(),
            session.auth_time.0,
            to_json("amr", &session.amr)?,
            session.acr.as_str(),
            session.from.address,
            session.from.user_agent,
            session.created_at.0,
            session.expires_at.0,
        ],
    );
    inserted.map_err(|error| of_insert(error, "session", session.id))?;
    Ok(())
}

fn read(columns: &mut Columns<'_, '_>) -> Result<Session, Failure> {
    Ok(Session {
        id: SessionId(columns.id()?),
        sid: sid(columns)?,
        user: UserId(columns.id()?),
        auth_time: columns.time()?,
        amr: columns.json("amr")?,
        acr: columns.parse("acr", |text| by_name(&Acr::ALL, Acr::as_str, text))?,
        from: SignedInFrom {
            address: columns.take()?,
            user_agent: columns.take()?,
        },
        created_at: columns.time()?,
        expires_at: columns.time()?,
    })
}

fn sid(columns: &mut Columns<'_, '_>) -> Result<Sid, Failure> {
    Ok(Sid(columns.id()?))
}
