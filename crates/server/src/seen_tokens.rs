//! Access tokens whose signature was found good, so that the next request with the same token needs no second look at it:
//! that look is most of the work of answering one (docs/decisions/0034-performance.md).
//!
//! Only the signature is remembered, and only while the key that made it stands in the ring. When the token ends, whether
//! it or its grant was revoked, and whether its client is still there, is asked at every request.

use crate::context::Context;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use valetkey_jose::KeySet;
use valetkey_jose::hash::sha256;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::access_token;
use valetkey_rules::handle::ACCESS_PREFIX;
use valetkey_rules::issue::AccessTokenClaims;

/// How many tokens are expected.
const KEPT_TOKENS: usize = 4096;
/// What all of them together may weigh.
const KEPT_BYTES: u64 = 8 * 1024 * 1024;

/// The claims, by the hash of the token's whole text, signature included.
pub(crate) struct SeenTokens(Cache<[u8; 32], Seen, ByBytes>);

#[derive(Clone)]
struct Seen {
    /// The key that signed; it is named by its thumbprint, so no other key has this name.
    kid: Arc<str>,
    claims: Arc<AccessTokenClaims>,
    bytes: u64,
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<[u8; 32], Seen> for ByBytes {
    fn weight(&self, _: &[u8; 32], seen: &Seen) -> u64 {
        seen.bytes
    }
}

impl Default for SeenTokens {
    fn default() -> Self {
        Self(Cache::with_weighter(KEPT_TOKENS, KEPT_BYTES, ByBytes))
    }
}

impl SeenTokens {
    /// The claims of a JWT that one of the keys signed.
    fn claims(&self, text: &str, keys: &KeySet) -> Option<Arc<AccessTokenClaims>> {
        let name = sha256(text.as_bytes());
        if let Some(seen) = self.0.get(&name) {
            return keys.get(&seen.kid).map(|_| seen.claims);
        }
        let signed = access_token::signed(text, keys)?;
        let claims = Arc::new(signed.claims);
        if let Some(kid) = signed.kid {
            let seen = Seen {
                kid: kid.into(),
                claims: Arc::clone(&claims),
                // Claims weigh less than twice the text that carries them.
                bytes: u64::try_from(2 * text.len() + name.len()).unwrap_or(u64::MAX),
            };
            self.0.insert(name, seen);
        }
        Some(claims)
    }
}

/// The claims of a token that this server made, JWT or opaque, and that has not expired.
pub(crate) fn read(app: &Context, text: &str, now: Timestamp) -> Option<Arc<AccessTokenClaims>> {
    let claims = if text.starts_with(ACCESS_PREFIX) {
        Arc::new(app.handles.open_access(text)?)
    } else {
        app.seen_tokens.claims(text, app.keys.current().verifying())?
    };
    access_token::is_ours_now(&claims, app.policy(), now).then_some(claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use valetkey_jose::{Algorithm, SigningKey};
    use valetkey_rules::issue::ACCESS_TOKEN_TYPE;

    fn key() -> SigningKey {
        SigningKey::generate(Algorithm::ES256).unwrap()
    }

    fn keys(of: &[&SigningKey]) -> KeySet {
        of.iter().map(|key| key.verifying_key()).collect()
    }

    fn token(key: &SigningKey) -> String {
        let claims = serde_json::json!({
            "iss": "https://as.example", "sub": "app", "aud": "https://as.example", "exp": 9_000_000_000_i64,
            "iat": 0, "jti": "j", "client_id": "app",
        });
        key.sign_jwt(ACCESS_TOKEN_TYPE, &claims).unwrap()
    }

    #[test]
    fn a_token_whose_key_was_removed_counts_no_more_although_it_was_seen() {
        let (seen, key, other) = (SeenTokens::default(), key(), key());
        let token = token(&key);
        assert!(seen.claims(&token, &keys(&[&other])).is_none());
        assert!(seen.claims(&token, &keys(&[&other, &key])).is_some());
        assert!(seen.claims(&token, &keys(&[&other])).is_none(), "the key is gone");
        assert!(seen.claims(&token, &KeySet::default()).is_none());
        assert!(seen.claims(&token, &keys(&[&key])).is_some(), "and is back");
    }

    #[test]
    fn a_token_with_another_signature_or_other_claims_than_the_one_seen_is_looked_at_itself() {
        let (seen, key) = (SeenTokens::default(), key());
        let ring = keys(&[&key]);
        let good = token(&key);
        let first = seen.claims(&good, &ring).unwrap();
        assert!(Arc::ptr_eq(&first, &seen.claims(&good, &ring).unwrap()));
        let (input, signature) = good.rsplit_once('.').unwrap();
        let foreign = token_signature(&self::key());
        for bad in [
            format!("{input}."),
            format!("{input}.{foreign}"),
            format!("{input}.{signature}A"),
            format!("{}.{signature}", input.to_uppercase()),
        ] {
            assert!(seen.claims(&bad, &ring).is_none(), "{bad}");
            assert!(seen.claims(&bad, &ring).is_none(), "{bad}, again");
        }
    }

    fn token_signature(key: &SigningKey) -> String {
        token(key).rsplit_once('.').unwrap().1.to_owned()
    }
}
