//! Storing a client that registered itself, and making its id and its secret.

use super::told;
use crate::call::{Call, Failure};
use crate::context::Context;
use crate::provision::{hash_client_secret, new_client_secret};
use crate::{keys, random};
use std::sync::Arc;
use valetkey_model::client::Authentication;
use valetkey_model::relying_party::Registered;
use valetkey_model::{Client, ClientId};
use valetkey_protocol::register::Response;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::secret::ClientSecret;
use valetkey_rules::Purpose;
use valetkey_rules::register::token::Initial;
use valetkey_rules::register::{Made, Method, Registration, shared_id};
use valetkey_store::StoreError;

/// Begins the id of each client that registered itself.
const PREFIX: &str = "app-";

/// Stores it and answers.
pub(super) async fn new(
    call: &mut Call<'_>,
    registration: Registration,
    admitted: Option<Initial>,
) -> Result<Response, Failure> {
    let app = call.app;
    let anybody = admitted.is_none();
    if app.policy().registration.deduplicate
        && anybody
        && let Some(id) = shared_id(&registration)
    {
        return shared(call, registration, id).await;
    }
    is_room_left(call).await?;
    let id = ClientId::parse(&format!("{PREFIX}{}", random::text::<15>(app.random.as_ref())))
        .map_err(|error| Failure::Broken(error.to_string()))?;
    let (authentication, secret) = authentication(app, registration.method, &id);
    let client = registration.client(Made {
        id,
        authentication,
        created_at: call.now,
        registered: Registered {
            initial_access_token: admitted.map(|initial| initial.jti),
            ..Registered::default()
        },
    });
    make_keys(app, &client).await?;
    app.store.insert_client(client.clone()).await?;
    let answer = told(app, &client, secret);
    call.client = Some(Arc::new(client));
    Ok(answer)
}

/// The one client of all that register the very same.
async fn shared(call: &mut Call<'_>, registration: Registration, id: ClientId) -> Result<Response, Failure> {
    let app = call.app;
    let known = app.store.find_client(&id).await?;
    if known.is_none() {
        is_room_left(call).await?;
    }
    // Whoever registers it again needs it for as long as whoever was first.
    let client = registration.client(Made {
        id,
        authentication: Authentication::None,
        created_at: call.now,
        registered: Registered {
            shared: true,
            ..Registered::default()
        },
    });
    make_keys(app, &client).await?;
    let begins_anew = known
        .as_ref()
        .is_none_or(|known| is_half_over(app, known, &client));
    let client = match known {
        Some(known) if !begins_anew => known,
        Some(_) => {
            app.store.update_client(client.clone()).await?;
            client
        }
        None => match app.store.insert_client(client.clone()).await {
            // Somebody else was a moment faster, with the same.
            Ok(()) | Err(StoreError::Exists { .. }) => client,
            Err(error) => return Err(error.into()),
        },
    };
    let answer = told(app, &client, None);
    call.client = Some(Arc::new(client));
    Ok(answer)
}

/// Makes the keys that will sign for the client: when its first token comes, whoever checks it has seen them.
pub(super) async fn make_keys(app: &Context, client: &Client) -> Result<(), Failure> {
    for alg in keys::of_client(client) {
        app.signing_key(alg).await?;
    }
    Ok(())
}

/// Rarely enough that an app which registers at every start hardly ever writes.
fn is_half_over(app: &Context, known: &Client, new: &Client) -> bool {
    let kept_for = app.policy().registration.unused_ttl_seconds;
    new.created_at.seconds_since(known.created_at) > kept_for / 2
}

async fn is_room_left(call: &mut Call<'_>) -> Result<(), Failure> {
    let there = call.app.store.count_registered_clients().await?;
    let most = call.app.policy().registration.clients_most;
    call.trail.require(Rule::RegisterFull, there < most, || {
        (format!("at most {most} clients"), "one more".into())
    })?;
    Ok(())
}

/// How the client proves who it is, with a new secret where it has one.
pub(super) fn authentication(
    app: &Context,
    method: Method,
    id: &ClientId,
) -> (Authentication, Option<ClientSecret>) {
    let text = new_client_secret(app.random.as_ref());
    let secret = hash_client_secret(&text);
    let authentication = match method {
        Method::None => return (Authentication::None, None),
        Method::PrivateKeyJwt => return (Authentication::PrivateKeyJwt, None),
        Method::ClientSecretBasic => Authentication::ClientSecretBasic { secret },
        Method::ClientSecretPost => Authentication::ClientSecretPost { secret },
        Method::ClientSecretJwt => Authentication::ClientSecretJwt {
            secret: app
                .secrets_of_clients
                .seal(Purpose::ClientSecretJwt, id, text.expose()),
        },
    };
    (authentication, Some(text))
}

/// The client is not there any more.
pub(super) fn gone(call: &mut Call<'_>) -> Failure {
    call.trail
        .refuse(Refusal::plain(Rule::RegisterClientTokenInvalid))
        .into()
}
