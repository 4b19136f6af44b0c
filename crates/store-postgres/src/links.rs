//! People's accounts at other providers.

use crate::columns::{Columns, change, find, list, params};
use crate::connection::Connection;
use crate::failure::{Failure, of_insert};
use crate::verb::{Verb, verb};
use crate::{PostgresStore, passkeys, users};
use valetkey_model::{Link, User, UserId};
use valetkey_store::{Answer, Leaving, LinkStore};

pub(crate) const INSERT: &str =
    "INSERT INTO links (provider, subject, user_id, label, created_at) VALUES ($1, $2, $3, $4, $5)";
pub(crate) const FIND: &str = "SELECT provider, subject, user_id, label, created_at FROM links \
     WHERE provider = $1 AND subject = $2";
pub(crate) const LIST: &str = "SELECT provider, subject, user_id, label, created_at FROM links \
     WHERE user_id = $1 ORDER BY created_at, provider, subject";
pub(crate) const REMOVE: &str = "DELETE FROM links WHERE provider = $1 AND subject = $2 AND user_id = $3";

impl LinkStore for PostgresStore {
    fn insert_link(&self, link: Link) -> Answer<'_, ()> {
        verb!(self, Verb::CHANGE, db => insert(db, link.user, &link).await)
    }

    fn insert_linked_user(&self, user: User, link: Link) -> Answer<'_, ()> {
        verb!(self, Verb::STEP, db => {
            users::insert(db, &user).await?;
            insert(db, user.id, &link).await
        })
    }

    fn find_link<'a>(&'a self, provider: &'a str, subject: &'a str) -> Answer<'a, Option<Link>> {
        verb!(self, Verb::READ, db => find(db, FIND, params![provider, subject], read).await)
    }

    fn list_links(&self, user: UserId) -> Answer<'_, Vec<Link>> {
        verb!(self, Verb::READ, db => of(db, user).await)
    }

    fn remove_link<'a>(
        &'a self,
        user: UserId,
        provider: &'a str,
        subject: &'a str,
        leaving: Leaving,
    ) -> Answer<'a, bool> {
        verb!(self, Verb::STEP, db => {
            users::hold(db, user).await?;
            let mut links = of(db, user).await?;
            links.retain(|link| (link.provider.as_str(), link.subject.as_str()) != (provider, subject));
            let passkeys = passkeys::of(db, user).await?.len();
            if !leaving.allows(users::has_password(db, user).await?, passkeys, &links) {
                return Ok(false);
            }
            Ok(change(db, REMOVE, params![provider, subject, user.0]).await? == 1)
        })
    }
}

/// The person's links.
pub(crate) async fn of(db: &Connection, user: UserId) -> Result<Vec<Link>, Failure> {
    list(db, LIST, params![user.0], read).await
}

/// Adds a link for this person, whomever it names.
async fn insert(db: &Connection, user: UserId, link: &Link) -> Result<(), Failure> {
    let values = params![link.provider, link.subject, user.0, link.label, link.created_at.0];
    let inserted = change(db, INSERT, values).await;
    inserted
        .map_err(|error| of_insert(error, "link", format_args!("{} at {}", link.label, link.provider)))?;
    Ok(())
}

fn read(columns: &mut Columns<'_>) -> Result<Link, Failure> {
    Ok(Link {
        provider: columns.take()?,
        subject: columns.take()?,
        user: UserId(columns.id()?),
        label: columns.take()?,
        created_at: columns.time()?,
    })
}
