//! The keys that seal clients' secrets, for the commands that make or take such a secret.

use crate::failure::Outcome;
use crate::master_key;
use crate::place::Opened;
use valetkey_rules::SecretKeys;
use valetkey_server::clock::SystemClock;
use valetkey_server::keys::KeyRing;
use valetkey_server::random::SystemRandom;
use valetkey_store::KeyStore as _;

/// Opens the store's signing keys on the way, or makes them as the first start would: so a wrong master key is noticed
/// before something is sealed under it, and a lost one is never replaced while something depends on it.
pub(super) async fn secret_keys(opened: &Opened) -> Outcome<SecretKeys> {
    let store_is_empty = opened.store.list_keys().await?.is_empty();
    let master = master_key::obtain(&opened.storage, store_is_empty, &SystemRandom)?;
    KeyRing::open(&opened.store, &master, &SystemClock).await?;
    Ok(SecretKeys::new(&master))
}
