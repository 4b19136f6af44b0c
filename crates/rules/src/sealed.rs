//! Clients' secrets that must be readable, because an HMAC is computed with them: for `client_secret_jwt` (OpenID Connect
//! Core §9) and OAuth 1.0a (RFC 5849 §3.4.2). Sealed under keys of the master key, which is never in the store.
//!
//! What a secret is for and whose it is is the associated data: a row that somebody moved to another client, or to
//! another use, does not open.

use valetkey_jose::derive::derive_key;
use valetkey_jose::seal::SealKey;
use valetkey_model::{ClientId, SealedSecret};
use valetkey_protocol::secret::Secret;

/// What a client's secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// Client assertions with an HMAC (RFC 7523 §2.2).
    ClientSecretJwt,
    /// The consumer secret (RFC 5849 §3.4.2).
    OAuth1,
}

impl Purpose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::ClientSecretJwt => "client_secret_jwt",
            Self::OAuth1 => "oauth1 consumer secret",
        }
    }
}

/// Seals and opens clients' secrets.
#[derive(Debug)]
pub struct SecretKeys(SealKey);

impl SecretKeys {
    /// Derives the key.
    #[must_use]
    pub fn new(master: &[u8; 32]) -> Self {
        Self(SealKey::new(&derive_key(master, "secrets of clients")))
    }

    /// Seals a secret of a client.
    #[must_use]
    pub fn seal(&self, purpose: Purpose, client: &ClientId, secret: &str) -> SealedSecret {
        SealedSecret(self.0.seal(&associated(purpose, client), secret.as_bytes()))
    }

    /// The secret, as the type that the caller names ([`ClientSecret`](valetkey_protocol::secret::ClientSecret),
    /// [`OAuth1Secret`](valetkey_protocol::secret::OAuth1Secret)); `None` when it was sealed for something else, or under
    /// another master key.
    #[must_use]
    pub fn open<Kind>(
        &self,
        purpose: Purpose,
        client: &ClientId,
        sealed: &SealedSecret,
    ) -> Option<Secret<Kind>> {
        let bytes = self.0.open(&associated(purpose, client), &sealed.0).ok()?;
        std::str::from_utf8(&bytes).ok().map(Secret::new)
    }
}

/// No client id holds a NUL.
fn associated(purpose: Purpose, client: &ClientId) -> Vec<u8> {
    format!("{}\0{client}", purpose.as_str()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, SECRET};
    use valetkey_protocol::secret::{ClientSecret, OAuth1Secret};

    fn opened(
        keys: &SecretKeys,
        purpose: Purpose,
        client: &ClientId,
        sealed: &SealedSecret,
    ) -> Option<String> {
        let secret: Option<OAuth1Secret> = keys.open(purpose, client, sealed);
        secret.map(|secret| secret.expose().to_owned())
    }

    #[test]
    fn a_secret_moved_to_another_client_another_use_or_another_server_does_not_open() {
        let keys = SecretKeys::new(&[7; 32]);
        let (client, other) = (samples::web_client().id, samples::native_client().id);
        let sealed = keys.seal(Purpose::OAuth1, &client, SECRET);
        assert_eq!(opened(&keys, Purpose::OAuth1, &other, &sealed), None);
        assert_eq!(opened(&keys, Purpose::ClientSecretJwt, &client, &sealed), None);
        assert_eq!(
            opened(&SecretKeys::new(&[8; 32]), Purpose::OAuth1, &client, &sealed),
            None
        );
        for at in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[at] ^= 1;
            assert_eq!(opened(&keys, Purpose::OAuth1, &client, &changed), None, "{at}");
        }
        assert_eq!(
            opened(&keys, Purpose::OAuth1, &client, &SealedSecret(Vec::new())),
            None
        );
    }

    #[test]
    fn a_secret_comes_back_and_is_not_seen_meanwhile() {
        let keys = SecretKeys::new(&[7; 32]);
        let client = samples::web_client().id;
        let sealed = keys.seal(Purpose::ClientSecretJwt, &client, SECRET);
        assert!(
            !sealed
                .0
                .windows(SECRET.len())
                .any(|part| part == SECRET.as_bytes())
        );
        let secret: ClientSecret = keys.open(Purpose::ClientSecretJwt, &client, &sealed).unwrap();
        assert_eq!(secret.expose(), SECRET);
    }
}
