//! Client authentication for the token, revocation and introspection endpoints (RFC 6749 §2.3).

use crate::call::{Call, Failure};
use crate::form;
use http::HeaderMap;
use std::sync::Arc;
use valetkey_model::Client;
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::params::Params;
use valetkey_rules::client_auth;

/// The client that sent the request, when it proved it.
pub(crate) async fn authenticate(
    call: &mut Call<'_>,
    headers: &HeaderMap,
    params: &Params,
) -> Result<Arc<Client>, Failure> {
    let authorization = form::authorization(headers);
    call.used_basic = authorization.is_some();
    let presented = Presented::read(authorization, params);
    let id = client_auth::claimed_id(&presented, &mut call.trail)?;
    call.client = call.app.client(id.as_str()).await?;
    client_auth::authenticate(&presented, call.client.as_deref(), &mut call.trail)?;
    match &call.client {
        Some(client) => {
            call.proved = !client.is_public();
            Ok(Arc::clone(client))
        }
        None => Err(Failure::Broken(String::from(
            "a client authenticated that does not exist",
        ))),
    }
}
