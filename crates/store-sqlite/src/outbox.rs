//! What waits to be delivered.

use crate::SqliteStore;
use crate::columns::{Columns, change, corrupt, find, list_until};
use crate::failure::{Failure, of_insert};
use rusqlite::{Connection, params};
use valetkey_model::{ClientId, Delivery, Errand, Sid};
use valetkey_protocol::time::Timestamp;
use valetkey_store::{Answer, Due, OutboxStore};

/// The columns of a delivery, in the order in which `insert` and `read` go through them.
macro_rules! columns {
    () => {
        "id, kind, client_id, sub, sid, sealed, attempts, created_at, next_at, expires_at"
    };
}

pub(crate) const INSERT: &str = concat!(
    "INSERT INTO outbox (",
    columns!(),
    ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO NOTHING"
);
pub(crate) const LIST_DUE: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM outbox WHERE kind = ?2 AND next_at <= ?1 AND expires_at > ?1 ORDER BY next_at, created_at, id"
);
pub(crate) const TAKE: &str = "UPDATE outbox SET attempts = ?2, next_at = ?3 WHERE id = ?1 AND next_at <= ?4";
pub(crate) const REMOVE: &str = "DELETE FROM outbox WHERE id = ?1";
pub(crate) const POSTPONE: &str = "UPDATE outbox SET next_at = ?2 WHERE id = ?1";
pub(crate) const COUNT: &str = "SELECT count(*) FROM outbox WHERE expires_at > ?1";

impl OutboxStore for SqliteStore {
    fn enqueue(&self, delivery: Delivery) -> Answer<'_, ()> {
        self.write(move |connection| insert(connection, &delivery))
    }

    fn take_deliveries(
        &self,
        which: Due,
        now: Timestamp,
        again_at: Timestamp,
        limit: u32,
    ) -> Answer<'_, Vec<Delivery>> {
        Box::pin(async move {
            let mut taken = Vec::new();
            loop {
                let room = limit.saturating_sub(u32::try_from(taken.len()).unwrap_or(u32::MAX));
                let wanted = which.clone();
                // Looked for beside the writer, which must not wait while all that is not in turn is passed over.
                let due = self.read_all(move |connection| due(connection, &wanted, now, room));
                let due = due.await?;
                let found = due.len();
                if found == 0 {
                    return Ok(taken);
                }
                let won = self.write(move |connection| take(connection, due, now, again_at));
                let won = won.await?;
                let is_outrun = won.len() < found;
                taken.extend(won);
                // A second look would give clients a second turn.
                if !is_outrun || (which != Due::Letters && !taken.is_empty()) {
                    return Ok(taken);
                }
            }
        })
    }

    fn remove_delivery<'a>(&'a self, id: &'a str) -> Answer<'a, bool> {
        let id = id.to_owned();
        self.write(move |connection| Ok(change(connection, REMOVE, [id])? == 1))
    }

    fn postpone_delivery<'a>(&'a self, id: &'a str, next_at: Timestamp) -> Answer<'a, bool> {
        let id = id.to_owned();
        self.write(move |connection| Ok(change(connection, POSTPONE, params![id, next_at.0])? == 1))
    }

    fn count_deliveries(&self, now: Timestamp) -> Answer<'_, u64> {
        self.read_all(move |connection| {
            let count = find(connection, COUNT, [now.0], |columns| columns.take::<i64>())?;
            Ok(count.unwrap_or_default().unsigned_abs())
        })
    }
}

/// Adds a delivery, unless one of that name waits already.
pub(crate) fn insert(connection: &Connection, delivery: &Delivery) -> Result<(), Failure> {
    let (kind, logout, sealed) = match &delivery.errand {
        Errand::BackChannelLogout { client, sub, sid } => {
            ("back_channel_logout", Some((client, sub, sid)), None)
        }
        Errand::Mail { sealed } => ("mail", None, Some(sealed)),
    };
    let inserted = change(
        connection,
        INSERT,
        params![
            delivery.id,
            kind,
            logout.map(|(client, _, _)| client.as_str()),
            logout.map(|(_, sub, _)| sub),
            logout.map(|(_, _, sid)| sid.0.as_bytes()),
            sealed,
            delivery.attempts,
            delivery.created_at.0,
            delivery.next_at.0,
            delivery.expires_at.0,
        ],
    );
    inserted.map_err(|error| of_insert(error, "delivery", &delivery.id))?;
    Ok(())
}

/// Takes those that nobody has taken since they were found.
fn take(
    connection: &Connection,
    due: Vec<Delivery>,
    now: Timestamp,
    again_at: Timestamp,
) -> Result<Vec<Delivery>, Failure> {
    let mut taken = Vec::new();
    for mut delivery in due {
        delivery.attempts = delivery.attempts.saturating_add(1);
        delivery.next_at = again_at;
        let as_it_is = params![delivery.id, delivery.attempts, again_at.0, now.0];
        if change(connection, TAKE, as_it_is)? == 1 {
            taken.push(delivery);
        }
    }
    Ok(taken)
}

fn due(connection: &Connection, which: &Due, now: Timestamp, limit: u32) -> Result<Vec<Delivery>, Failure> {
    let kind = match which {
        Due::Letters => "mail",
        Due::Logouts { .. } => "back_channel_logout",
    };
    let mut turns = which.turns(limit);
    list_until(connection, LIST_DUE, params![now.0, kind], |columns| {
        Ok(turns.offer(read(columns)?))
    })?;
    Ok(turns.taken())
}

fn read(columns: &mut Columns<'_, '_>) -> Result<Delivery, Failure> {
    Ok(Delivery {
        id: columns.take()?,
        errand: errand(columns)?,
        attempts: columns.take()?,
        created_at: columns.time()?,
        next_at: columns.time()?,
        expires_at: columns.time()?,
    })
}

fn errand(columns: &mut Columns<'_, '_>) -> Result<Errand, Failure> {
    let kind: String = columns.take()?;
    match kind.as_str() {
        "back_channel_logout" => {
            let logout = Errand::BackChannelLogout {
                client: columns.parse("client id", ClientId::parse)?,
                sub: columns.take()?,
                sid: Sid(columns.id()?),
            };
            columns.skip(1);
            Ok(logout)
        }
        "mail" => {
            columns.skip(3);
            Ok(Errand::Mail {
                sealed: columns.take()?,
            })
        }
        other => Err(corrupt("errand", other)),
    }
}
