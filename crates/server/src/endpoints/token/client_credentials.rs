//! A client acting for itself (RFC 6749 §4.4): nothing is written, but once in some days that a client that registered
//! itself is in use.

use super::issue::{self, Tokens};
use crate::call::{Call, Failure};
use valetkey_model::Client;
use valetkey_protocol::token;
use valetkey_rules::token::client_credentials;
use valetkey_store::StoreError;

pub(super) async fn issue(
    call: &mut Call<'_>,
    client: &Client,
    request: &token::Request,
) -> Result<token::Response, Failure> {
    let issued = client_credentials::decide(request, client, call.app.policy(), &mut call.trail)?;
    let response = issue::issue(call, client, &issued, Tokens::for_client()).await?;
    // The token is good all the same.
    if let Err(error) = is_in_use(call, client).await {
        tracing::warn!(client = client.id.as_str(), %error, "that a client is in use could not be written down");
    }
    Ok(response)
}

/// Those that registered themselves are forgotten when nobody uses them, and this leaves no other trace. Written down when
/// a tenth of the time has passed that unused ones are kept.
async fn is_in_use(call: &Call<'_>, client: &Client) -> Result<(), StoreError> {
    let Some(registered) = &client.registration else {
        return Ok(());
    };
    let known = registered.used_at.unwrap_or(client.created_at);
    let kept_for = call.app.policy().registration.unused_ttl_seconds;
    if kept_for > 0 && call.now.seconds_since(known) >= kept_for / 10 {
        call.app.store.client_was_used(&client.id, call.now).await?;
    }
    Ok(())
}
