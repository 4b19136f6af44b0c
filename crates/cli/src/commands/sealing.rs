//! The keys that seal clients' secrets and initial access tokens, for the commands that make or take such.

use crate::failure::Outcome;
use crate::master_key::{self, MasterKey};
use crate::place::Opened;
use valetkey_rules::SecretKeys;
use valetkey_rules::register::token::RegistrationKeys;
use valetkey_server::clock::SystemClock;
use valetkey_server::keys::KeyRing;
use valetkey_server::random::SystemRandom;

/// Opens the store's signing keys on the way, or makes them as the first start would: so a wrong master key is noticed
/// before something is sealed under it, and a lost one is never replaced while something depends on it.
pub(super) async fn master(opened: &Opened) -> Outcome<MasterKey> {
    let store_is_empty = opened.store.list_keys().await?.is_empty();
    let master = master_key::obtain(&opened.storage, store_is_empty, &SystemRandom)?;
    KeyRing::open(opened.store.as_ref(), &master, &SystemClock).await?;
    Ok(master)
}

/// What seals clients' secrets.
pub(super) async fn secret_keys(opened: &Opened) -> Outcome<SecretKeys> {
    Ok(SecretKeys::new(&*master(opened).await?))
}

/// What seals initial access tokens.
pub(super) async fn registration_keys(opened: &Opened) -> Outcome<RegistrationKeys> {
    Ok(RegistrationKeys::new(&*master(opened).await?))
}
