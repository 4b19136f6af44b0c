//! Client authentication for the endpoints that clients call directly (RFC 6749 §2.3): a secret, or an assertion
//! that counts once (RFC 7523).

use crate::call::{Call, Failure};
use crate::context::Context;
use crate::outbound::documents::ClientKeys;
use crate::{client_keys, form, once, routes};
use http::HeaderMap;
use std::sync::Arc;
use valetkey_model::Client;
use valetkey_protocol::client_auth::Presented;
use valetkey_protocol::params::Params;
use valetkey_rules::client_auth::{self, Facts};

/// The client that sent the request to the endpoint at `path`, when it proved it.
pub(crate) async fn authenticate(
    call: &mut Call<'_>,
    headers: &HeaderMap,
    params: &Params,
    path: &str,
) -> Result<Arc<Client>, Failure> {
    let app = call.app;
    let authorization = form::authorization(headers);
    call.used_basic = authorization.is_some();
    let presented = Presented::read(authorization, params);
    let id = client_auth::claimed_id(&presented, &mut call.trail)?;
    call.client = app.client(id.as_str()).await?;
    // Boxed, here and where else it is seldom: the state of a request is moved as a whole, and so it is kept small.
    let keys = match &call.client {
        Some(client) if client_auth::needs_keys(&presented, client) => {
            Box::pin(keys(app, client, &presented)).await?
        }
        _ => None,
    };
    let facts = Facts {
        client: call.client.as_deref(),
        token_endpoint: &app.endpoint_url(routes::TOKEN),
        endpoint: &app.endpoint_url(path),
        keys: keys.as_ref().map(|keys| &keys.verifying),
        secrets: &app.secrets_of_clients,
        policy: app.policy(),
        now: call.now,
    };
    let shown_once = client_auth::authenticate(&presented, &facts, &mut call.trail)?;
    if let Some(assertion) = shown_once {
        once::first_time(call, &assertion).await?;
    }
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

/// The keys that the assertion is checked with, fetched again when none of them made it.
async fn keys(
    app: &Context,
    client: &Client,
    presented: &Presented,
) -> Result<Option<Arc<ClientKeys>>, Failure> {
    let keys = client_keys::keys_of(app, client).await?;
    let verifying = keys.as_ref().map(|keys| &keys.verifying);
    if client_auth::needs_other_keys(presented, verifying) {
        return client_keys::refetched_keys_of(app, client).await;
    }
    Ok(keys)
}
