//! Letters that wait: sealed, because one may hold a link that opens an account; opened when they go out.

use super::{Outbox, Outcome};
use crate::call::Failure;
use crate::context::Context;
use crate::mail::Letter;
use uuid::Uuid;
use valetkey_model::{Delivery, Errand};
use valetkey_protocol::time::Timestamp;

/// For how long a mail server is tried that does not take a letter: a day.
const KEPT_SECONDS: i64 = 24 * 60 * 60;

/// Takes a letter; it goes out soon, and again and again if need be.
///
/// # Errors
/// Where no letters go out, and when the store fails.
pub(crate) async fn post(app: &Context, letter: &Letter) -> Result<(), Failure> {
    if app.mailer.is_none() {
        return Err(Failure::Broken(String::from(
            "no letters go out: there is no [mail] in the configuration",
        )));
    }
    let delivery = waiting(&app.outbox, letter, app.uuid(), app.now());
    app.store.enqueue(delivery).await?;
    super::nudge(app);
    Ok(())
}

/// A letter as it waits, for the server or for a command beside it.
pub(crate) fn waiting(outbox: &Outbox, letter: &Letter, id: Uuid, now: Timestamp) -> Delivery {
    let id = format!("mail {id}");
    // A letter is texts: writing it as JSON does not fail.
    let plain = serde_json::to_vec(letter).unwrap_or_default();
    let sealed = outbox.letters.seal(id.as_bytes(), &plain);
    Delivery {
        id,
        errand: Errand::Mail { sealed },
        attempts: 0,
        created_at: now,
        next_at: now,
        expires_at: now.plus_seconds(KEPT_SECONDS),
    }
}

/// Gives a letter to the mail server.
pub(super) async fn deliver(app: &Context, id: &str, sealed: &[u8]) -> Outcome {
    let opened = app.outbox.letters.open(id.as_bytes(), sealed);
    let letter: Option<Letter> = opened.ok().and_then(|plain| serde_json::from_slice(&plain).ok());
    let Some(letter) = letter else {
        tracing::error!("a letter that waits does not open with this master key; it is dropped");
        return Outcome::Dropped;
    };
    let Some(mailer) = &app.mailer else {
        tracing::warn!("a letter waits, and there is no [mail] in the configuration any more");
        return Outcome::Later;
    };
    match mailer.send(&letter, app.now()).await {
        Ok(()) => Outcome::Delivered,
        Err(error) if error.is_transient() => {
            tracing::warn!(%error, "a letter was not delivered; it will be tried again");
            Outcome::Later
        }
        Err(error) => {
            tracing::warn!(%error, "a letter was refused; it is not tried again");
            Outcome::Refused
        }
    }
}
