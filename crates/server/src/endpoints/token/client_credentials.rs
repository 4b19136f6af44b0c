//! A client acting for itself (RFC 6749 §4.4): nothing is written.

use super::issue::{self, Tokens};
use crate::call::{Call, Failure};
use valetkey_model::Client;
use valetkey_protocol::token;
use valetkey_rules::token::client_credentials;

pub(super) async fn issue(
    call: &mut Call<'_>,
    client: &Client,
    request: &token::Request,
) -> Result<token::Response, Failure> {
    let issued = client_credentials::decide(request, client, call.app.policy(), &mut call.trail)?;
    issue::issue(call, client, &issued, Tokens::for_client()).await
}
