//! Which clients take part in a session and want to hear of its end.

use crate::columns::{Columns, change, find, list, params};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use uuid::Uuid;
use valetkey_model::{ClientId, Participant, Sid};
use valetkey_protocol::time::Timestamp;
use valetkey_store::LOGOUT_KEPT_SECONDS;

pub(crate) const FIND: &str =
    "SELECT sid, client_id, sub FROM participants WHERE sid = $1 AND client_id = $2 AND sub = $3";
pub(crate) const LIST: &str =
    "SELECT sid, client_id, sub FROM participants WHERE sid = $1 ORDER BY client_id";
// A session that is over has nobody join it: nobody would be left to tell them. Whoever ends it waits for who is joining.
pub(crate) const JOIN: &str = "WITH held AS MATERIALIZED (SELECT sid FROM sessions WHERE sid = $1 FOR KEY SHARE) \
     INSERT INTO participants (sid, client_id, sub) SELECT sid, $2, $3 FROM held \
     ON CONFLICT (sid, client_id) DO UPDATE SET sub = excluded.sub";
pub(crate) const IS_THERE: &str = "SELECT sid FROM sessions WHERE sid = $1";
// The name of a delivery is that of `Delivery::logout_id`.
pub(crate) const TELL: &str = "WITH told AS (DELETE FROM participants WHERE sid = ANY ($1) RETURNING sid, client_id, sub) \
     INSERT INTO outbox (id, kind, client_id, sub, sid, attempts, created_at, next_at, expires_at) \
     SELECT 'logout ' || sid || ' ' || client_id, 'back_channel_logout', client_id, sub, sid, 0, $2, $2, $3 FROM told \
     ON CONFLICT (id) DO NOTHING";
pub(crate) const FORGET: &str = "DELETE FROM participants WHERE sid = $1";

/// How often a session may be replaced while somebody joins it.
const TRIES: usize = 5;

/// Whether it is written down already.
pub(super) async fn has_joined(db: &Connection, participant: &Participant) -> Result<bool, Failure> {
    let Participant { sid, client, sub } = participant;
    let wanted = params![sid.0, client.as_str(), sub];
    Ok(find(db, FIND, wanted, read).await?.is_some())
}

/// Writes it down.
pub(super) async fn join(db: &Connection, participant: &Participant) -> Result<(), Failure> {
    let Participant { sid, client, sub } = participant;
    for _ in 0..TRIES {
        let joined = change(db, JOIN, params![sid.0, client.as_str(), sub]).await;
        let joined = joined.map_err(|error| of_insert(error, "participant", client))?;
        // A new sign-in may have replaced the session's row by one of the same sid.
        if joined == 1 || change(db, IS_THERE, params![sid.0]).await? == 0 {
            return Ok(());
        }
    }
    Err(Failure::Outrun)
}

/// The participants of a session.
pub(super) async fn of(db: &Connection, sid: Sid) -> Result<Vec<Participant>, Failure> {
    list(db, LIST, params![sid.0], read).await
}

/// Puts a logout for each participant of these sessions into the outbox, and forgets them.
pub(super) async fn tell(db: &Connection, sids: &[Uuid], at: Timestamp) -> Result<(), Failure> {
    if !sids.is_empty() {
        let until = at.plus_seconds(LOGOUT_KEPT_SECONDS);
        change(db, TELL, params![sids.to_vec(), at.0, until.0]).await?;
    }
    Ok(())
}

/// Forgets them untold.
pub(super) async fn forget(db: &Connection, sid: Sid) -> Result<(), Failure> {
    change(db, FORGET, params![sid.0]).await?;
    Ok(())
}

fn read(columns: &mut Columns<'_>) -> Result<Participant, Failure> {
    Ok(Participant {
        sid: Sid(columns.id()?),
        client: columns.parse("client id", ClientId::parse)?,
        sub: columns.take()?,
    })
}
