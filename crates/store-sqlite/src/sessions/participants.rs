//! Which clients take part in a session and want to hear of its end.

use crate::columns::{Columns, change, find, list};
use crate::failure::{Failure, of_insert};
use crate::outbox;
use rusqlite::{Connection, params};
use valetkey_model::{ClientId, Delivery, Errand, Participant, Sid};
use valetkey_protocol::time::Timestamp;
use valetkey_store::LOGOUT_KEPT_SECONDS;

pub(crate) const FIND: &str =
    "SELECT sid, client_id, sub FROM participants WHERE sid = ?1 AND client_id = ?2 AND sub = ?3";
pub(crate) const LIST: &str =
    "SELECT sid, client_id, sub FROM participants WHERE sid = ?1 ORDER BY client_id";
// A session that is over has nobody join it: nobody would be left to tell them.
pub(crate) const JOIN: &str = "INSERT INTO participants (sid, client_id, sub) \
     SELECT ?1, ?2, ?3 WHERE EXISTS (SELECT 1 FROM sessions WHERE sid = ?1) \
     ON CONFLICT (sid, client_id) DO UPDATE SET sub = excluded.sub";
pub(crate) const FORGET: &str = "DELETE FROM participants WHERE sid = ?1";

/// Whether it is written down already.
pub(super) fn has_joined(connection: &Connection, participant: &Participant) -> Result<bool, Failure> {
    let Participant { sid, client, sub } = participant;
    let wanted = params![sid.0.as_bytes(), client.as_str(), sub];
    Ok(find(connection, FIND, wanted, read)?.is_some())
}

/// Writes it down.
pub(super) fn join(connection: &Connection, participant: &Participant) -> Result<(), Failure> {
    let Participant { sid, client, sub } = participant;
    let joined = change(connection, JOIN, params![sid.0.as_bytes(), client.as_str(), sub]);
    joined.map_err(|error| of_insert(error, "participant", client))?;
    Ok(())
}

/// The participants of a session.
pub(super) fn of(connection: &Connection, sid: Sid) -> Result<Vec<Participant>, Failure> {
    list(connection, LIST, [sid.0.as_bytes()], read)
}

/// Puts a logout for each into the outbox, and forgets them.
pub(super) fn tell(connection: &Connection, sid: Sid, at: Timestamp) -> Result<(), Failure> {
    for Participant { sid, client, sub } in of(connection, sid)? {
        let logout = Delivery {
            id: Delivery::logout_id(sid, &client),
            errand: Errand::BackChannelLogout { client, sub, sid },
            attempts: 0,
            created_at: at,
            next_at: at,
            expires_at: at.plus_seconds(LOGOUT_KEPT_SECONDS),
        };
        outbox::insert(connection, &logout)?;
    }
    forget(connection, sid)
}

/// Forgets them untold.
pub(super) fn forget(connection: &Connection, sid: Sid) -> Result<(), Failure> {
    change(connection, FORGET, [sid.0.as_bytes()])?;
    Ok(())
}

fn read(columns: &mut Columns<'_, '_>) -> Result<Participant, Failure> {
    Ok(Participant {
        sid: Sid(columns.id()?),
        client: columns.parse("client id", ClientId::parse)?,
        sub: columns.take()?,
    })
}
