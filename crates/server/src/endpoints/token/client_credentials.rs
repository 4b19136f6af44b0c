//! A client acting for itself (RFC 6749 §4.4): nothing is written, but once in some days that a client that registered
//! itself is in use.

use super::issue::{self, Tokens};
use crate::call::{Call, Failure};
use valetkey_model::Client;
use valetkey_protocol::token;
use valetkey_rules::register;
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

/// What leaves no other trace.
async fn is_in_use(call: &Call<'_>, client: &Client) -> Result<(), StoreError> {
    let policy = &call.app.policy().registration;
    if let Some(since) = register::use_to_write_down(client, policy, call.now) {
        call.app
            .store
            .client_was_used(&client.id, call.now, since)
            .await?;
    }
    Ok(())
}
