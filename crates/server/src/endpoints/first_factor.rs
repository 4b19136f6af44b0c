//! Somebody has shown who they are: by a password, a passkey, or another provider's word. What comes then is the same for
//! all: a session in this browser, and the page or answer that the request is waiting for.

use super::{flow, page};
use crate::call::{Call, Failure};
use crate::interaction::Interaction;
use crate::outbox;
use crate::session::{self, Proof};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::User;

/// The first factor was right.
pub(super) async fn shown(
    call: &mut Call<'_>,
    parts: &Parts,
    interaction: Interaction,
    user: &User,
    proof: Proof,
) -> Result<Response, Failure> {
    sign_in(call, parts, interaction, user, proof).await
}

/// Enough was shown: begins the session and goes on.
pub(super) async fn sign_in(
    call: &mut Call<'_>,
    parts: &Parts,
    mut interaction: Interaction,
    user: &User,
    proof: Proof,
) -> Result<Response, Failure> {
    let app = call.app;
    let session = session::begin(app, &parts.headers, user, proof).await?;
    // Somebody else may have been signed in here before.
    outbox::nudge(app);
    tracing::info!(user = %user.id, session = %session.id, "signed in");
    interaction.signed_in = Some(session.id);
    let response = flow::go_on(call, interaction, Some(&session), false).await?;
    Ok(page::with_cookies(response, session::cookies(app, &session)))
}
