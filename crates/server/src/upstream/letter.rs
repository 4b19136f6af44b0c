//! The letter to somebody whose account another provider signs in to from now on, or does not any more.

use crate::context::Context;
use crate::mail::letters::{Change, SignInMethod, sign_in_method_changed};
use crate::{outbox, routes};
use valetkey_model::User;

/// Tells the person at their verified address, where letters go out. What was changed stands already, so that the letter
/// cannot be sent is for the log.
pub(crate) async fn tell_of_change(app: &Context, user: &User, label: &str, change: Change) {
    let is_verified = user.claims.email_verified == Some(true);
    let Some(to) = user.claims.email.as_deref().filter(|_| is_verified && app.mailer.is_some()) else {
        return;
    };
    let method = SignInMethod::Provider(label.to_owned());
    let link = app.url(routes::ACCOUNT);
    let letter = sign_in_method_changed(&app.settings.brand, to, &link, (&method, change), app.now());
    let posted = match letter {
        Ok(letter) => outbox::post(app, &letter).await.map_err(|failure| format!("{failure:?}")),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = posted {
        tracing::error!(user = %user.id, error, "the letter about a provider was not sent");
    }
}
