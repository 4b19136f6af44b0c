//! Whether the store works, and whether clients or keys have changed.

use crate::SqliteStore;
use crate::columns::{change, find};
use crate::failure::Failure;
use rusqlite::Connection;
use valetkey_store::{Answer, Store};

pub(crate) const BEAT: &str = "UPDATE pulse SET beats = beats + 1 WHERE id = 1";
pub(crate) const BUMP: &str = "UPDATE pulse SET stamp = stamp + 1 WHERE id = 1";
pub(crate) const STAMP: &str = "SELECT stamp FROM pulse WHERE id = 1";

impl Store for SqliteStore {
    fn ready(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            // A real commit: a full or read-only disk is noticed here, not by the first person who signs in.
            self.write(|connection| Ok(change(connection, BEAT, [])?)).await?;
            self.read(stamp).await.map(|_| ())
        })
    }

    fn change_stamp(&self) -> Answer<'_, u64> {
        self.read(stamp)
    }
}

/// Says, within the transaction of the change, that a client or a key has changed.
pub(crate) fn bump_stamp(connection: &Connection) -> Result<(), Failure> {
    change(connection, BUMP, [])?;
    Ok(())
}

fn stamp(connection: &Connection) -> Result<u64, Failure> {
    let stamp = find(connection, STAMP, [], |columns| columns.take::<i64>())?;
    Ok(stamp.unwrap_or_default().unsigned_abs())
}
