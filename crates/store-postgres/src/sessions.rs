//! Sign-in sessions.
//!
//! Locks are taken in this order: the person, sessions, participants, grants. Whoever ends a session has it locked before
//! anybody is told, so that nobody joins meanwhile.

pub(crate) mod participants;

use crate::PostgresStore;
use crate::columns::{Columns, by_name, change, find, list, params, to_json};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use crate::grants::{MOVE_TO_SESSION, REVOKE_OF_OTHER_USER, REVOKE_OF_SESSION, REVOKE_OF_USER};
use crate::users;
use crate::verb::{Verb, verb};
use uuid::Uuid;
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
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
);
pub(crate) const FIND: &str = concat!("SELECT ", columns!(), " FROM sessions WHERE id = $1");
pub(crate) const LIST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM sessions WHERE user_id = $1 AND expires_at > $2 ORDER BY created_at DESC, id DESC"
);
// The browser: two that bear one sid are one after the other, whoever they are.
pub(crate) const HOLD_BROWSER: &str = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
// The person, and those whose sessions are replaced: nobody adds a grant to one of these meanwhile.
pub(crate) const HOLD: &str = "SELECT id FROM users WHERE id = ANY (ARRAY(SELECT user_id FROM sessions \
     WHERE id = $2 OR sid = $3) || $1) ORDER BY id FOR UPDATE";
pub(crate) const HOLD_OF_SESSION: &str =
    "SELECT id FROM users WHERE id = (SELECT user_id FROM sessions WHERE id = $1) FOR UPDATE";
pub(crate) const END_REPLACED: &str = concat!(
    "DELETE FROM sessions WHERE id = $1 OR (sid = $2 AND id <> $3) RETURNING ",
    columns!()
);
pub(crate) const END: &str = "DELETE FROM sessions WHERE id = $1 RETURNING sid";
pub(crate) const END_OF_USER: &str =
    "DELETE FROM sessions WHERE user_id = $1 AND id IS DISTINCT FROM $2 RETURNING sid";

impl SessionStore for PostgresStore {
    fn begin_session(&self, session: Session, replaces: Option<SessionId>) -> Answer<'_, ()> {
        verb!(self, Verb::STEP, db => begin(db, &session, replaces).await)
    }

    fn find_session(&self, id: SessionId) -> Answer<'_, Option<Session>> {
        verb!(self, Verb::READ, db => find(db, FIND, params![id.0], read).await)
    }

    fn list_sessions(&self, user: UserId, now: Timestamp) -> Answer<'_, Vec<Session>> {
        verb!(self, Verb::READ, db => list(db, LIST, params![user.0, now.0], read).await)
    }

    fn end_session(&self, id: SessionId, at: Timestamp) -> Answer<'_, bool> {
        verb!(self, Verb::STEP, db => {
            change(db, HOLD_OF_SESSION, params![id.0]).await?;
            let ended = list(db, END, params![id.0], |columns| columns.id()).await?;
            participants::tell(db, &ended, at).await?;
            // Also when the session itself was forgotten already: its grants may not have been.
            let why = RevokedWhy::SignedOut.as_str();
            change(db, REVOKE_OF_SESSION, params![why, at.0, id.0]).await?;
            Ok(!ended.is_empty())
        })
    }

    fn end_sessions_of(&self, user: UserId, except: Option<SessionId>, at: Timestamp) -> Answer<'_, u64> {
        verb!(self, Verb::STEP, db => {
            users::hold_all(db, user).await?;
            end_all(db, user, except, at).await
        })
    }

    fn join_session(&self, participant: Participant) -> Answer<'_, ()> {
        verb!(self, Verb::CHANGE, db => {
            if participants::has_joined(db, &participant).await? {
                return Ok(());
            }
            participants::join(db, &participant).await
        })
    }

    fn list_participants(&self, sid: Sid) -> Answer<'_, Vec<Participant>> {
        verb!(self, Verb::READ, db => participants::of(db, sid).await)
    }
}

async fn begin(db: &Connection, session: &Session, replaces: Option<SessionId>) -> Result<(), Failure> {
    change(db, HOLD_BROWSER, params![session.sid.to_string()]).await?;
    let named = replaces.map(|old| old.0);
    let held = params![session.user.0, named, session.sid.0];
    let held: Vec<Uuid> = list(db, HOLD, held, |columns| columns.id()).await?;
    if !held.contains(&session.user.0) {
        return Err(Failure::Orphan { what: "session" });
    }
    let replaced = params![named, session.sid.0, session.id.0];
    let replaced = list(db, END_REPLACED, replaced, read).await?;
    insert(db, session).await?;
    for old in &replaced {
        pass_on_participants(db, old, session).await?;
    }
    // It may have been forgotten already, and its grants not.
    let gone = replaces.filter(|gone| replaced.iter().all(|old| old.id != *gone));
    for old in replaced.iter().map(|old| old.id).chain(gone) {
        pass_on_grants(db, old, session).await?;
    }
    Ok(())
}

/// The same person keeps the grants; those of another are revoked.
async fn pass_on_grants(db: &Connection, old: SessionId, new: &Session) -> Result<(), Failure> {
    change(db, MOVE_TO_SESSION, params![old.0, new.user.0, new.id.0]).await?;
    let why = RevokedWhy::SignedOut.as_str();
    let revoked = params![why, new.created_at.0, old.0, new.user.0];
    change(db, REVOKE_OF_OTHER_USER, revoked).await?;
    Ok(())
}

/// The same person under the same `sid` keeps the participants.
async fn pass_on_participants(db: &Connection, old: &Session, new: &Session) -> Result<(), Failure> {
    let same_person = old.user == new.user;
    if same_person && old.sid == new.sid {
        return Ok(());
    }
    if same_person && old.is_expired(new.created_at) {
        return participants::forget(db, old.sid).await;
    }
    participants::tell(db, &[old.sid.0], new.created_at).await
}

/// Ends the person's sessions but `except`, and revokes their grants that hang on no session but that; answers how many
/// sessions. The person is locked already.
pub(crate) async fn end_all(
    db: &Connection,
    user: UserId,
    except: Option<SessionId>,
    at: Timestamp,
) -> Result<u64, Failure> {
    let ended = leave_all(db, user, except, at).await?;
    let why = RevokedWhy::SignedOut.as_str();
    let revoked = params![why, at.0, user.0, except.map(|kept| kept.0)];
    change(db, REVOKE_OF_USER, revoked).await?;
    Ok(ended)
}

/// Ends the person's sessions but `except` and tells who took part, and leaves grants alone; answers how many.
pub(crate) async fn leave_all(
    db: &Connection,
    user: UserId,
    except: Option<SessionId>,
    at: Timestamp,
) -> Result<u64, Failure> {
    let ended = params![user.0, except.map(|kept| kept.0)];
    let ended: Vec<Uuid> = list(db, END_OF_USER, ended, |columns| columns.id()).await?;
    participants::tell(db, &ended, at).await?;
    Ok(ended.len() as u64)
}

async fn insert(db: &Connection, session: &Session) -> Result<(), Failure> {
    let inserted = change(
        db,
        INSERT,
        params![
            session.id.0,
            session.sid.0,
            session.user.0,
            session.auth_time.0,
            to_json("amr", &session.amr)?,
            session.acr.as_str(),
            session.from.address,
            session.from.user_agent,
            session.created_at.0,
            session.expires_at.0,
        ],
    )
    .await;
    inserted.map_err(|error| of_insert(error, "session", session.id))?;
    Ok(())
}

fn read(columns: &mut Columns<'_>) -> Result<Session, Failure> {
    Ok(Session {
        id: SessionId(columns.id()?),
        sid: Sid(columns.id()?),
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
