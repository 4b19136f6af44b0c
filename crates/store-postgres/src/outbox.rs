//! What waits to be delivered.

use crate::PostgresStore;
use crate::columns::{Columns, change, corrupt, find, list, params};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use crate::verb::{Verb, verb};
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
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (id) DO NOTHING"
);
/// Takes those of `due`.
macro_rules! take {
    ($due:expr) => {
        concat!(
            "WITH ",
            $due,
            ", taken AS (UPDATE outbox SET attempts = least(attempts + 1, 4294967295), next_at = $2 \
             FROM due WHERE id = due_id RETURNING due_at, ",
            columns!(),
            ") SELECT ",
            columns!(),
            " FROM taken ORDER BY due_at, created_at, id"
        )
    };
}

// What another node is taking is passed over.
pub(crate) const TAKE_LETTERS: &str = take!(
    "due AS MATERIALIZED (SELECT id AS due_id, next_at AS due_at FROM outbox \
     WHERE kind = 'mail' AND next_at <= $1 AND expires_at > $1 \
     ORDER BY next_at, created_at, id LIMIT $3 FOR UPDATE SKIP LOCKED)"
);
// Whose turn it is, as `Turns` has it, is found without locks; what was taken meanwhile is left out, and its client has
// less in this turn.
pub(crate) const TAKE_LOGOUTS: &str = take!(
    "queues AS (SELECT id, next_at, created_at, \
       row_number() OVER (PARTITION BY client_id ORDER BY next_at, created_at, id) AS place FROM outbox \
       WHERE kind = 'back_channel_logout' AND next_at <= $1 AND expires_at > $1 AND client_id <> ALL ($5)), \
     turns AS MATERIALIZED (SELECT id AS turn_id FROM queues WHERE place <= $4 \
       ORDER BY next_at, created_at, id LIMIT $3), \
     due AS MATERIALIZED (SELECT id AS due_id, next_at AS due_at FROM turns JOIN outbox ON id = turn_id \
       WHERE next_at <= $1 AND expires_at > $1 FOR UPDATE OF outbox SKIP LOCKED)"
);
pub(crate) const REMOVE: &str = "DELETE FROM outbox WHERE id = $1";
pub(crate) const POSTPONE: &str = "UPDATE outbox SET next_at = $2 WHERE id = $1";
pub(crate) const COUNT: &str = "SELECT count(*) FROM outbox WHERE expires_at > $1";

impl OutboxStore for PostgresStore {
    fn enqueue(&self, delivery: Delivery) -> Answer<'_, ()> {
        verb!(self, Verb::CHANGE, db => insert(db, &delivery).await)
    }

    fn take_deliveries(
        &self,
        which: Due,
        now: Timestamp,
        again_at: Timestamp,
        limit: u32,
    ) -> Answer<'_, Vec<Delivery>> {
        verb!(self, Verb::CHANGE, db => {
            let limit = i64::from(limit);
            let Due::Logouts { each, except } = &which else {
                return list(db, TAKE_LETTERS, params![now.0, again_at.0, limit], read).await;
            };
            let each = i64::try_from(*each).unwrap_or(i64::MAX);
            let except: Vec<String> = except.iter().map(ToString::to_string).collect();
            list(db, TAKE_LOGOUTS, params![now.0, again_at.0, limit, each, except], read).await
        })
    }

    fn remove_delivery<'a>(&'a self, id: &'a str) -> Answer<'a, bool> {
        verb!(self, Verb::CHANGE, db => Ok(change(db, REMOVE, params![id]).await? == 1))
    }

    fn postpone_delivery<'a>(&'a self, id: &'a str, next_at: Timestamp) -> Answer<'a, bool> {
        verb!(self, Verb::CHANGE, db => Ok(change(db, POSTPONE, params![id, next_at.0]).await? == 1))
    }

    fn count_deliveries(&self, now: Timestamp) -> Answer<'_, u64> {
        verb!(self, Verb::READ_ALL, db => {
            let count = find(db, COUNT, params![now.0], |columns| columns.count()).await?;
            Ok(count.unwrap_or_default())
        })
    }
}

/// Adds a delivery, unless one of that name waits already.
async fn insert(db: &Connection, delivery: &Delivery) -> Result<(), Failure> {
    let (kind, logout, sealed) = match &delivery.errand {
        Errand::BackChannelLogout { client, sub, sid } => {
            ("back_channel_logout", Some((client, sub, sid)), None)
        }
        Errand::Mail { sealed } => ("mail", None, Some(sealed)),
    };
    let inserted = change(
        db,
        INSERT,
        params![
            delivery.id,
            kind,
            logout.map(|(client, _, _)| client.as_str()),
            logout.map(|(_, sub, _)| sub),
            logout.map(|(_, _, sid)| sid.0),
            sealed.map(Vec::as_slice),
            i64::from(delivery.attempts),
            delivery.created_at.0,
            delivery.next_at.0,
            delivery.expires_at.0,
        ],
    )
    .await;
    inserted.map_err(|error| of_insert(error, "delivery", &delivery.id))?;
    Ok(())
}

fn read(columns: &mut Columns<'_>) -> Result<Delivery, Failure> {
    Ok(Delivery {
        id: columns.take()?,
        errand: errand(columns)?,
        attempts: columns.count()?,
        created_at: columns.time()?,
        next_at: columns.time()?,
        expires_at: columns.time()?,
    })
}

fn errand(columns: &mut Columns<'_>) -> Result<Errand, Failure> {
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
