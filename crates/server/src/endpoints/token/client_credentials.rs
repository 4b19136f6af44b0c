//! A client acting for itself (RFC 6749 §4.4): nothing is written, but once in some days, beside the answer, that a client
//! that registered itself is in use.

use super::issue::{self, Tokens};
use crate::call::{Call, Failure};
use crate::in_use::Use;
use valetkey_model::Client;
use valetkey_protocol::token;
use valetkey_rules::register;
use valetkey_rules::token::client_credentials;

pub(super) async fn issue(
    call: &mut Call<'_>,
    client: &Client,
    request: &token::Request,
) -> Result<token::Response, Failure> {
    let issued = client_credentials::decide(request, client, call.app.policy(), &mut call.trail)?;
    let response = issue::issue(call, client, &issued, Tokens::for_client()).await?;
    is_in_use(call, client);
    Ok(response)
}

/// What leaves no other trace. The token is good all the same.
fn is_in_use(call: &Call<'_>, client: &Client) {
    let (app, at) = (call.app, call.now);
    if let Some(unless_since) = register::use_to_write_down(client, &app.policy().registration, at) {
        let this = Use { at, unless_since };
        app.in_use.write_down(&client.id, this, &app.store, &app.clock);
    }
}
