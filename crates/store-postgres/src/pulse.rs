//! Whether the store works, and whether clients or keys have changed.

use crate::PostgresStore;
use crate::columns::{change, find, params};
use crate::connection::Connection;
use crate::failure::Failure;
use crate::verb::{Verb, verb};
use valetkey_store::{Answer, Store, Told};

pub(crate) const BEAT: &str = "UPDATE pulse SET beats = beats + 1 WHERE id = 1 RETURNING stamp";
pub(crate) const BUMP: &str =
    "UPDATE pulse SET stamp = stamp + 1 WHERE id = 1 RETURNING pg_notify('valetkey_changes', '')";
pub(crate) const HOLD: &str = "SELECT stamp FROM pulse WHERE id = 1 FOR UPDATE";
pub(crate) const STAMP: &str = "SELECT stamp FROM pulse WHERE id = 1";

impl Store for PostgresStore {
    fn ready(&self) -> Answer<'_, ()> {
        // A real commit: a full or read-only disk, or a standby, is noticed here, not by the first person who signs in.
        verb!(self, Verb::CHANGE, db => match change(db, BEAT, params![]).await? {
            1 => Ok(()),
            _ => Err(crate::columns::corrupt("pulse", "its row is gone")),
        })
    }

    fn change_stamp(&self) -> Answer<'_, u64> {
        verb!(self, Verb::READ, db => {
            let stamp = find(db, STAMP, params![], |columns| columns.count()).await?;
            Ok(stamp.unwrap_or_default())
        })
    }

    fn told_of_change(&self) -> Told<'_> {
        match &self.listener {
            Some(listener) => Box::pin(listener.told()),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// Says, within the transaction of the change, that a client or a key has changed. The row stays locked until the end of
/// it: it comes last.
pub(crate) async fn bump_stamp(db: &Connection) -> Result<(), Failure> {
    change(db, BUMP, params![]).await?;
    Ok(())
}

/// Lets no two transactions go on at once that begin with this. Changes of clients and keys wait for each other in any
/// case, at their stamp.
pub(crate) async fn hold_stamp(db: &Connection) -> Result<(), Failure> {
    change(db, HOLD, params![]).await?;
    Ok(())
}
