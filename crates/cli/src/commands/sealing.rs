//! The keys that seal clients' secrets and initial access tokens, for the commands that make or take such.

use crate::failure::Outcome;
use crate::master_key::{self, MasterKey};
use crate::place::Opened;
use valetkey_jose::Algorithm;
use valetkey_model::{Client, StoredKey};
use valetkey_rules::SecretKeys;
use valetkey_rules::register::token::RegistrationKeys;
use valetkey_server::clock::{Clock as _, SystemClock};
use valetkey_server::keys::{self, KeyRing};
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

/// Makes the keys that will sign for the client: when its first token comes, whoever checks it has seen them. Those that
/// every installation has are made by its first start.
pub(super) async fn signing_keys_of(opened: &Opened, client: &Client) -> Outcome {
    let there = opened.store.list_keys().await?;
    let is_there = |alg: &Algorithm| {
        let signs = |key: &StoredKey| key.alg == alg.as_str() && key.retired_at.is_none();
        keys::ALGORITHMS.contains(alg) || there.iter().any(signs)
    };
    let missing: Vec<Algorithm> = keys::of_client(client).filter(|alg| !is_there(alg)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let (store, master) = (opened.store.as_ref(), master(opened).await?);
    let ring = KeyRing::open(store, &master, &SystemClock).await?;
    for alg in missing {
        ring.signing(store, alg, SystemClock.now()).await?;
    }
    Ok(())
}

/// What seals initial access tokens.
pub(super) async fn registration_keys(opened: &Opened) -> Outcome<RegistrationKeys> {
    Ok(RegistrationKeys::new(&*master(opened).await?))
}
