//! The letters of accounts: who gets which, and how often. Letters with a link that a stranger can ask for are counted by
//! mailbox and by person, and beyond the limit are left out in silence: an answer that said so would tell who exists.

use super::link_of;
use crate::call::Failure;
use crate::context::Context;
use crate::mail::Letter;
use crate::mail::letters::{self, LetterError};
use crate::outbox;
use crate::routes;
use crate::throttle::{OfAddress, Verdict};
use valetkey_model::User;
use valetkey_rules::account::link::{self, Purpose};

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;

impl From<LetterError> for Failure {
    fn from(error: LetterError) -> Self {
        Self::Broken(error.to_string())
    }
}

/// Asks the owner of an address whether it is theirs and the account's, by a link of any purpose that the page of proof knows.
pub(crate) async fn prove<P: Purpose>(
    app: &Context,
    (to, username): (&str, &str),
    link: &P,
) -> Result<(), Failure> {
    let href = link_of(app, routes::VERIFY_EMAIL, &app.links.seal(link));
    let ttl = app.policy().accounts.verification_ttl_seconds;
    let letter = letters::verify_email(&app.settings.brand, (to, username), &href, whole(ttl, HOUR))?;
    to_mailbox(app, &letter).await
}

/// Tells the owner of an address that it is in use already, instead of [`prove`].
pub(crate) async fn account_exists(app: &Context, to: &str) -> Result<(), Failure> {
    let href = app.url(routes::FORGOT_PASSWORD);
    let letter = letters::account_exists(&app.settings.brand, to, &href)?;
    to_mailbox(app, &letter).await
}

/// Lets somebody choose a new password, when they have a proved address.
pub(crate) async fn reset(app: &Context, user: &User) -> Result<(), Failure> {
    let ttl = app.policy().accounts.reset_ttl_seconds;
    let Some(link) = link::reset_password(user, app.now().plus_seconds(ttl)) else {
        return Ok(());
    };
    if is_closed(app, &OfAddress::letters_of(app, user.id)).await? {
        return Ok(());
    }
    let href = link_of(app, routes::RESET_PASSWORD, &app.links.seal(&link));
    let letter = letters::reset_password(&app.settings.brand, &link.email, &href, whole(ttl, MINUTE))?;
    outbox::post(app, &letter).await
}

/// Tells that the password is another now.
pub(crate) async fn password_changed(app: &Context, user: &User) -> Result<(), Failure> {
    let href = app.url(routes::FORGOT_PASSWORD);
    let write = |to: &str| letters::password_changed(&app.settings.brand, to, &href, app.now());
    notice(app, link::proved_email(user), write).await
}

/// Tells the mailbox of before that the account has another one.
pub(crate) async fn email_changed(app: &Context, before: &User, new: &str) -> Result<(), Failure> {
    let href = app.url(routes::HOME);
    let write = |to: &str| letters::email_changed(&app.settings.brand, to, new, &href, app.now());
    notice(app, link::proved_email(before), write).await
}

/// Tells that the account is gone.
pub(crate) async fn account_deleted(app: &Context, user: &User) -> Result<(), Failure> {
    let href = app.url(routes::HOME);
    let write = |to: &str| letters::account_deleted(&app.settings.brand, to, &href, app.now());
    notice(app, link::proved_email(user), write).await
}

/// Notices go to whom they concern, however many there are; without a proved address or a mail server there is nobody to
/// tell.
async fn notice(
    app: &Context,
    to: Option<&str>,
    write: impl Fn(&str) -> Result<Letter, LetterError>,
) -> Result<(), Failure> {
    let Some(to) = to.filter(|_| app.mailer.is_some()) else {
        return Ok(());
    };
    // An operator may have written down what no letter can go to.
    match write(to) {
        Ok(letter) => outbox::post(app, &letter).await,
        Err(LetterError::Address) => Ok(()),
        Err(other) => Err(other.into()),
    }
}

async fn to_mailbox(app: &Context, letter: &Letter) -> Result<(), Failure> {
    if is_closed(app, &OfAddress::letters_to(app, &letter.to)).await? {
        return Ok(());
    }
    outbox::post(app, letter).await
}

async fn is_closed(app: &Context, receiver: &OfAddress) -> Result<bool, Failure> {
    let verdict = receiver.count(app, app.now()).await?;
    let is_closed = matches!(verdict, Verdict::Closed { .. });
    if is_closed {
        tracing::info!("a letter was left out: its receiver got enough of them");
    }
    Ok(is_closed)
}

/// Whole units, rounded up, for a letter that says for how long its link works.
fn whole(seconds: i64, unit: i64) -> u32 {
    u32::try_from(seconds.saturating_add(unit - 1) / unit).unwrap_or(1)
}
