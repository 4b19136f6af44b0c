//! What the command line needs to add people and clients: password hashes and new secrets; and letters to people.

use crate::clock::Clock;
use crate::mail::Letter;
use crate::outbox::{self, Outbox};
use crate::password::{NoThreads, PasswordError, Passwords};
use crate::random::{self, Random};
use valetkey_model::client::SecretHash;
use valetkey_model::user::PasswordHash;
use valetkey_protocol::secret::{ClientSecret, Password};
use valetkey_rules::policy::Policy;
use valetkey_store::{Store, StoreError};

/// The password cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Too short.
    #[error("the password must have at least {0} characters")]
    TooShort(usize),
    /// Too long.
    #[error("the password must have at most {0} bytes")]
    TooLong(usize),
    /// It could not be hashed.
    #[error(transparent)]
    Hash(#[from] PasswordError),
    /// Nothing can be hashed.
    #[error(transparent)]
    Threads(#[from] NoThreads),
}

/// Checks a new password against the policy and hashes it.
pub async fn hash_password(
    password: &Password,
    policy: &Policy,
    random: &dyn Random,
) -> Result<PasswordHash, BadPassword> {
    let text = password.expose();
    if text.chars().count() < policy.password_min_characters {
        return Err(BadPassword::TooShort(policy.password_min_characters));
    }
    if text.len() > policy.password_max_bytes {
        return Err(BadPassword::TooLong(policy.password_max_bytes));
    }
    hash_any_password(password, random).await
}

/// Hashes a password without looking at its length, for the well-known ones of the development server.
pub async fn hash_any_password(
    password: &Password,
    random: &dyn Random,
) -> Result<PasswordHash, BadPassword> {
    Ok(Passwords::new(1, 1, random)?.hash(password, random).await?)
}

/// Puts a letter into the queue of the server whose store and master key these are; it goes out when the server runs.
pub async fn post_letter(
    store: &dyn Store,
    master_key: &[u8; 32],
    letter: &Letter,
    (clock, random): (&dyn Clock, &dyn Random),
) -> Result<(), StoreError> {
    let id = random::uuid(clock, random);
    let waiting = outbox::waiting(&Outbox::new(master_key), letter, id, clock.now());
    store.enqueue(waiting).await
}

/// A new client secret: 256 random bits in base64url. Shown once; only its hash is kept.
#[must_use]
pub fn new_client_secret(random: &dyn Random) -> ClientSecret {
    ClientSecret::new(random::text::<32>(random))
}

/// What the store keeps of a client secret.
#[must_use]
pub fn hash_client_secret(secret: &ClientSecret) -> SecretHash {
    SecretHash(valetkey_jose::hash::sha256(secret.expose().as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::SystemRandom;

    #[tokio::test]
    async fn a_password_that_the_policy_does_not_allow_is_not_hashed() {
        let policy = Policy::new("https://auth.example");
        let short = hash_password(&Password::new("1234567"), &policy, &SystemRandom).await;
        assert_eq!(short, Err(BadPassword::TooShort(8)));
        let long = hash_password(&Password::new("x".repeat(1025)), &policy, &SystemRandom).await;
        assert_eq!(long, Err(BadPassword::TooLong(1024)));
    }

    #[test]
    fn a_new_secret_has_256_bits() {
        let secret = new_client_secret(&SystemRandom);
        assert_eq!(secret.expose().len(), 43);
        assert_ne!(secret, new_client_secret(&SystemRandom));
    }
}
