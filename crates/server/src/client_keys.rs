//! The public keys of clients (RFC 7591 §2): those that are kept here, parsed once, and those at an address of the
//! client's ([`crate::outbound::documents`]), fetched again when a key is named that is not among them.

use crate::call::Failure;
use crate::context::Context;
use crate::outbound::OutboundError;
use crate::outbound::documents::ClientKeys;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use valetkey_jose::hash::sha256;
use valetkey_jose::{JwkSet, KeySet};
use valetkey_model::Client;
use valetkey_model::client::ClientKeys as Registered;

/// How many key sets are expected.
const KEPT_SETS: usize = 1024;
/// What all kept sets together may weigh.
const KEPT_BYTES: u64 = 16 * 1024 * 1024;

/// Parsed sets, by the hash of their text: a client that registers other keys has another entry at once.
pub(crate) struct ParsedKeys(Cache<[u8; 32], Kept, ByBytes>);

#[derive(Clone)]
struct Kept {
    keys: Arc<ClientKeys>,
    bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<[u8; 32], Kept> for ByBytes {
    fn weight(&self, _: &[u8; 32], kept: &Kept) -> u64 {
        kept.bytes
    }
}

impl Default for ParsedKeys {
    fn default() -> Self {
        Self(Cache::with_weighter(KEPT_SETS, KEPT_BYTES, ByBytes))
    }
}

impl ParsedKeys {
    /// The set, when it is one.
    fn of_text(&self, text: &str) -> Option<Arc<ClientKeys>> {
        let name = sha256(text.as_bytes());
        if let Some(kept) = self.0.get(&name) {
            return Some(kept.keys);
        }
        let set = JwkSet::from_json(text).ok()?;
        let verifying = KeySet::from_jwks(&set);
        let keys = Arc::new(ClientKeys { set, verifying });
        let kept = Kept {
            keys: Arc::clone(&keys),
            // Parsed keys weigh about as much as their text.
            bytes: u64::try_from(2 * text.len() + name.len()).unwrap_or(u64::MAX),
        };
        self.0.insert(name, kept);
        Some(keys)
    }
}

/// The client's keys. `None` when it has none that can be read: not registered, no JWK set, or not to be had at its
/// address now; what that means is the caller's rule.
pub(crate) async fn keys_of(app: &Context, client: &Client) -> Result<Option<Arc<ClientKeys>>, Failure> {
    Ok(match &client.keys {
        None => None,
        Some(Registered::Jwks(text)) => app.parsed_keys.of_text(text),
        Some(Registered::JwksUri(uri)) => there(client, app.documents.key_set(uri, app.now()).await),
    })
}

/// The same after a key was named that is not among them: keys at an address are fetched again, at most once in a while.
pub(crate) async fn refetched_keys_of(
    app: &Context,
    client: &Client,
) -> Result<Option<Arc<ClientKeys>>, Failure> {
    match &client.keys {
        Some(Registered::JwksUri(uri)) => {
            let answer = app.documents.refetch_key_set(uri, app.now()).await;
            Ok(there(client, answer))
        }
        Some(Registered::Jwks(_)) | None => keys_of(app, client).await,
    }
}

fn there(client: &Client, answer: Result<Arc<ClientKeys>, OutboundError>) -> Option<Arc<ClientKeys>> {
    answer
        .inspect_err(|error| {
            tracing::info!(%error, client_id = %client.id, "the client's keys cannot be had");
        })
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_jose::{Algorithm, SigningKey};

    #[test]
    fn what_is_no_key_set_is_nothing() {
        let parsed = ParsedKeys::default();
        for bad in ["", "{}", "[]", r#"{"keys":1}"#] {
            assert!(parsed.of_text(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_set_is_parsed_once_and_another_text_is_another_set() {
        let parsed = ParsedKeys::default();
        let text = || {
            let key = SigningKey::generate(Algorithm::ES256).unwrap();
            let set = JwkSet {
                keys: vec![key.public_jwk()],
            };
            (key, serde_json::to_string(&set).unwrap())
        };
        let ((key, one), (_, other)) = (text(), text());
        let first = parsed.of_text(&one).unwrap();
        assert!(first.verifying.get(key.kid()).is_some());
        assert!(Arc::ptr_eq(&first, &parsed.of_text(&one).unwrap()));
        let second = parsed.of_text(&other).unwrap();
        assert!(second.verifying.get(key.kid()).is_none());
    }
}
