//! People's accounts at other providers.

use crate::columns::{Columns, change, find, list};
use crate::failure::{Failure, of_insert};
use crate::{SqliteStore, passkeys, users};
use rusqlite::{Connection, params};
use valetkey_model::{Link, User, UserId};
use valetkey_store::{Answer, Leaving, LinkStore};

pub(crate) const INSERT: &str =
    "INSERT INTO links (provider, subject, user_id, label, created_at) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(crate) const FIND: &str = "SELECT provider, subject, user_id, label, created_at FROM links \
     WHERE provider = ?1 AND subject = ?2";
pub(crate) const LIST: &str = "SELECT provider, subject, user_id, label, created_at FROM links \
     WHERE user_id = ?1 ORDER BY created_at, provider, subject";
pub(crate) const REMOVE: &str = "DELETE FROM links WHERE provider = ?1 AND subject = ?2 AND user_id = ?3";

impl LinkStore for SqliteStore {
    fn insert_link(&self, link: Link) -> Answer<'_, ()> {
        self.write(move |connection| insert(connection, &link))
    }

    fn insert_linked_user(&self, user: User, link: Link) -> Answer<'_, ()> {
        self.write(move |connection| {
            users::insert(connection, &user)?;
            let user = user.id;
            insert(connection, &Link { user, ..link })
        })
    }

    fn find_link<'a>(&'a self, provider: &'a str, subject: &'a str) -> Answer<'a, Option<Link>> {
        self.read(move |connection| find(connection, FIND, [provider, subject], read))
    }

    fn list_links(&self, user: UserId) -> Answer<'_, Vec<Link>> {
        self.read(move |connection| of(connection, user))
    }

    fn remove_link<'a>(
        &'a self,
        user: UserId,
        provider: &'a str,
        subject: &'a str,
        leaving: Leaving,
    ) -> Answer<'a, bool> {
        let (provider, subject) = (provider.to_owned(), subject.to_owned());
        self.write(move |connection| {
            let mut links = of(connection, user)?;
            links.retain(|link| (&link.provider, &link.subject) != (&provider, &subject));
            let passkeys = passkeys::of(connection, user)?.len();
            if !leaving.allows(users::has_password(connection, user)?, passkeys, &links) {
                return Ok(false);
            }
            let removed = params![provider, subject, user.0.as_bytes()];
            Ok(change(connection, REMOVE, removed)? == 1)
        })
    }
}

/// The person's links.
pub(crate) fn of(connection: &Connection, user: UserId) -> Result<Vec<Link>, Failure> {
    list(connection, LIST, [user.0.as_bytes()], read)
}

fn insert(connection: &Connection, link: &Link) -> Result<(), Failure> {
    let inserted = change(
        connection,
        INSERT,
        params![
            link.provider,
            link.subject,
            link.user.0.as_bytes(),
            link.label,
            link.created_at.0
        ],
    );
    inserted
        .map_err(|error| of_insert(error, "link", format_args!("{} at {}", link.label, link.provider)))?;
    Ok(())
}

fn read(columns: &mut Columns<'_, '_>) -> Result<Link, Failure> {
    Ok(Link {
        provider: columns.take()?,
        subject: columns.take()?,
        user: UserId(columns.id()?),
        label: columns.take()?,
        created_at: columns.time()?,
    })
}
