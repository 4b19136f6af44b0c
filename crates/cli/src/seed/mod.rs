//! The people, clients, scopes and the API that `dev` starts with: the explainer's cast. All of it is documented, so
//! that people can script against it; none of it is secret.

mod clients;
mod people;
mod sign_out;
#[cfg(test)]
mod tests;

use crate::failure::Outcome;
use people::{PEOPLE, person};
use valetkey_model::{Client, UserId};
use valetkey_protocol::resource::ResourceIndicator;
use valetkey_rules::SecretKeys;
use valetkey_rules::policy::{Policy, Resource, TokenFormat};
use valetkey_rules::register::RegistrationMode;
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::pages::home;
use valetkey_store::{Store, StoreError};

/// Where `dev` is without `--port`.
pub(crate) const DEFAULT_PORT: u16 = 8080;

/// MySweetApp's secret.
pub(crate) const APP_SECRET: &str = "mysweetapp-secret";
/// MySweetApp's consumer secret (RFC 5849 §3.4.2).
pub(crate) const APP_OAUTH1_SECRET: &str = "mysweetapp-oauth1-secret";
/// The Photos API's secret.
pub(crate) const PHOTOS_SECRET: &str = "photos-api-secret";
const BACKUP_SECRET: &str = "photo-backup-secret";

/// Where the parts of `dev` are.
#[derive(Debug, Clone)]
pub(crate) struct Addresses {
    /// The authorization server, which is also its issuer.
    pub(crate) issuer: String,
    /// The Photos API, which is also its resource indicator.
    pub(crate) photos: String,
    /// MySweetApp.
    pub(crate) app: String,
}

impl Addresses {
    /// The three at this port and the two after it.
    pub(crate) fn at(port: u16) -> Self {
        let address = |after: u16| format!("http://localhost:{}", port.saturating_add(after));
        Self {
            issuer: address(0),
            photos: address(1),
            app: address(2),
        }
    }
}

/// What `dev` decides by: everybody may see why something was refused, and register apps of their own.
pub(crate) fn policy(addresses: &Addresses) -> Policy {
    let mut policy = Policy::new(addresses.issuer.clone());
    policy.show_details = true;
    policy.registration.mode = RegistrationMode::Open;
    policy.resources = resource(addresses)
        .map(|indicator| Resource {
            indicator,
            name: "Photos".into(),
            token_format: TokenFormat::USUAL,
            scopes: [
                ("photos.read", "See your photos"),
                ("photos.write", "Add photos to your album"),
            ]
            .map(|(word, says)| (word.to_owned(), says.to_owned()))
            .into(),
            access_token_ttl_seconds: None,
        })
        .into_iter()
        .collect();
    policy
}

fn resource(addresses: &Addresses) -> Option<ResourceIndicator> {
    ResourceIndicator::parse(&addresses.photos).ok()
}

/// Adds whoever is not there yet. Passwords and settings that somebody changed stay as they are; addresses that follow
/// `--port` are added, and what a version before did not know. Answers Alice's `sub`.
pub(crate) async fn plant(store: &dyn Store, addresses: &Addresses, secrets: &SecretKeys) -> Outcome<UserId> {
    let [alice, bob] = &PEOPLE;
    // Two hashes at once: they are most of what a first start costs.
    let (alice, bob) = tokio::join!(person(store, alice), person(store, bob));
    bob?;
    let there = store.list_clients().await?;
    let is_old = Old {
        before_oauth1: is_from_before_oauth1(&there),
        before_sign_out: sign_out::is_from_before(&there),
    };
    for client in clients::all(addresses, secrets, SystemClock.now()) {
        register(store, client, is_old).await?;
    }
    alice
}

/// What a folder does not know yet that an earlier version made.
#[derive(Debug, Clone, Copy)]
struct Old {
    before_oauth1: bool,
    before_sign_out: bool,
}

/// Whether the folder was made before MySweetApp learned OAuth 1.0a. (That it has none may also be somebody's will.)
fn is_from_before_oauth1(clients: &[Client]) -> bool {
    let mut uris = clients.iter().flat_map(|client| &client.redirect_uris);
    !uris.any(|uri| uri.as_str().ends_with(clients::OAUTH1_CALLBACK))
}

async fn register(store: &dyn Store, client: Client, is_old: Old) -> Result<(), StoreError> {
    let Some(mut there) = store.find_client(&client.id).await? else {
        return store.insert_client(client).await;
    };
    let before = there.clone();
    sign_out::follow(&mut there, &client, is_old.before_sign_out);
    for uri in client.redirect_uris {
        if !there.redirect_uris.contains(&uri) {
            there.redirect_uris.push(uri);
        }
    }
    there.introspects.extend(client.introspects);
    if is_old.before_oauth1 {
        there.grant_types.extend(client.grant_types);
        there.oauth1 = there.oauth1.or(client.oauth1);
    }
    if there != before {
        store.update_client(there).await?;
    }
    Ok(())
}

/// The cast as the start page and the terminal tell it.
pub(crate) fn told(addresses: &Addresses) -> home::Dev {
    home::Dev {
        app_url: addresses.app.clone(),
        photos_url: addresses.photos.clone(),
        people: PEOPLE
            .iter()
            .map(|role| home::Person {
                username: role.username.into(),
                password: role.password.into(),
            })
            .collect(),
        clients: clients::told(addresses),
    }
}
