//! Somebody has shown who they are: by a password, a passkey, or another provider's word. What comes then is the same for
//! all: a session in this browser, and the page or answer that the request is waiting for.

use super::{flow, login_provider, page};
use crate::call::{Call, Failure};
use crate::factors::FirstStep;
use crate::interaction::Interaction;
use crate::routes;
use crate::session::{self, Proof};
use axum::response::Response;
use http::request::Parts;
use valetkey_model::User;
use valetkey_protocol::acr::Acr;

/// The first factor was right. Whoever has set up one-time codes is asked for one, unless that was asked for already where
/// they come from.
pub(super) async fn shown(
    call: &mut Call<'_>,
    parts: &Parts,
    mut interaction: Interaction,
    user: &User,
    proof: Proof,
) -> Result<Response, Failure> {
    let is_enough = proof.acr == Acr::TwoFactors;
    if !is_enough && call.app.store.find_totp(user.id).await?.is_some() {
        interaction.first_step = Some(FirstStep::of(user, proof.amr, call.now));
        interaction.challenge = None;
        return Ok(flow::to_page(call, &interaction, routes::LOGIN_SECOND_FACTOR));
    }
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
    tracing::info!(user = %user.id, session = %session.id, acr = session.acr.as_str(), "signed in");
    interaction.first_step = None;
    interaction.challenge = None;
    interaction.signed_in = Some(session.id);
    let response = match login_provider::offer(call, &interaction) {
        Some(question) => question,
        None => flow::go_on(call, interaction, Some(&session), false).await?,
    };
    Ok(page::with_cookies(response, session::cookies(app, &session)))
}
