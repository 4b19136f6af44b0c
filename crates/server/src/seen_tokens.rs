//! Access tokens whose signature or seal was found good, so that the next request with the same token needs no second look
//! at it: that look is most of the work of answering one (docs/decisions/0034-performance.md).
//!
//! Only that is remembered, of a signature while the key that made it stands in the ring. When the token ends, whether
//! it or its grant was revoked, and whether its client is still there, is asked at every request.

use crate::context::Context;
use quick_cache::Weighter;
use quick_cache::sync::Cache;
use std::sync::Arc;
use valetkey_jose::KeySet;
use valetkey_jose::hash::sha256;
use valetkey_protocol::time::Timestamp;
use valetkey_rules::access_token;
use valetkey_rules::handle::{ACCESS_PREFIX, HandleKeys};
use valetkey_rules::issue::AccessTokenClaims;
use valetkey_store::StoreError;

/// How many tokens are expected.
const KEPT_TOKENS: usize = 4096;
/// What all of them together may weigh.
const KEPT_BYTES: u64 = 8 * 1024 * 1024;

/// What one takes beside its texts, which are less than twice as long as the token.
const ITSELF_BYTES: usize = 512;

/// The claims, by the hash of the token's whole text, signature included.
pub(crate) struct SeenTokens(Cache<[u8; 32], Seen, ByBytes>);

#[derive(Clone)]
struct Seen {
    by: By,
    claims: Arc<AccessTokenClaims>,
    bytes: u64,
}

/// Who made it.
#[derive(Clone)]
enum By {
    /// The key that signed; it is named by its thumbprint, so no other key has this name.
    Signature(Arc<str>),
    /// The key of opaque tokens, which stays for as long as the server runs.
    Seal,
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
    /// The claims of a JWT that one of the keys signed, or of an opaque token.
    fn claims(&self, text: &str, keys: &KeySet, handles: &HandleKeys) -> Option<Arc<AccessTokenClaims>> {
        let name = sha256(text.as_bytes());
        if let Some(Seen { by, claims, .. }) = self.0.get(&name) {
            let counts = match by {
                By::Signature(kid) => keys.get(&kid).is_some(),
                By::Seal => true,
            };
            return counts.then_some(claims);
        }
        let (by, claims) = if text.starts_with(ACCESS_PREFIX) {
            (Some(By::Seal), handles.open_access(text)?)
        } else {
            let signed = access_token::signed(text, keys)?;
            (signed.kid.map(|kid| By::Signature(kid.into())), signed.claims)
        };
        let claims = Arc::new(claims);
        if let Some(by) = by {
            let seen = Seen {
                by,
                claims: Arc::clone(&claims),
                bytes: u64::try_from(2 * text.len() + ITSELF_BYTES).unwrap_or(u64::MAX),
            };
            self.0.insert(name, seen);
        }
        Some(claims)
    }
}

/// The claims of a token that this server made, JWT or opaque, and that has not expired.
pub(crate) fn read(
    app: &Context,
    text: &str,
    now: Timestamp,
) -> Result<Option<Arc<AccessTokenClaims>>, StoreError> {
    let ring = app.current_keys()?;
    let claims = app.seen_tokens.claims(text, ring.verifying(), &app.handles);
    Ok(claims.filter(|claims| access_token::is_ours_now(claims, app.policy(), now)))
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

    fn handles() -> HandleKeys {
        HandleKeys::new(&[7; 32])
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
        assert!(seen.claims(&token, &keys(&[&other]), &handles()).is_none());
        assert!(seen.claims(&token, &keys(&[&other, &key]), &handles()).is_some());
        assert!(
            seen.claims(&token, &keys(&[&other]), &handles()).is_none(),
            "the key is gone"
        );
        assert!(seen.claims(&token, &KeySet::default(), &handles()).is_none());
        assert!(
            seen.claims(&token, &keys(&[&key]), &handles()).is_some(),
            "and is back"
        );
    }

    #[test]
    fn a_token_with_another_signature_or_other_claims_than_the_one_seen_is_looked_at_itself() {
        let (seen, key) = (SeenTokens::default(), key());
        let ring = keys(&[&key]);
        let good = token(&key);
        let first = seen.claims(&good, &ring, &handles()).unwrap();
        assert!(Arc::ptr_eq(
            &first,
            &seen.claims(&good, &ring, &handles()).unwrap()
        ));
        let (input, signature) = good.rsplit_once('.').unwrap();
        let foreign = token_signature(&self::key());
        for bad in [
            format!("{input}."),
            format!("{input}.{foreign}"),
            format!("{input}.{signature}A"),
            format!("{}.{signature}", input.to_uppercase()),
        ] {
            assert!(seen.claims(&bad, &ring, &handles()).is_none(), "{bad}");
            assert!(seen.claims(&bad, &ring, &handles()).is_none(), "{bad}, again");
        }
    }

    fn token_signature(key: &SigningKey) -> String {
        token(key).rsplit_once('.').unwrap().1.to_owned()
    }

    #[test]
    fn an_opaque_token_is_opened_once_and_one_that_was_changed_never() {
        let (seen, none) = (SeenTokens::default(), KeySet::default());
        let made = serde_json::from_value(serde_json::json!({
            "iss": "https://as.example", "sub": "app", "aud": "https://as.example", "exp": 9_000_000_000_i64,
            "iat": 0, "jti": "j", "client_id": "app",
        }));
        let sealed = handles().seal_access(&made.unwrap());
        let first = seen.claims(&sealed, &none, &handles()).unwrap();
        assert!(Arc::ptr_eq(
            &first,
            &seen.claims(&sealed, &none, &handles()).unwrap()
        ));
        let (but_the_last, last) = sealed.split_at(sealed.len() - 2);
        let changed = format!("{but_the_last}{}", if last == "AA" { "BA" } else { "AA" });
        for bad in [
            changed,
            sealed.to_uppercase(),
            HandleKeys::new(&[8; 32]).seal_access(&first),
        ] {
            assert!(seen.claims(&bad, &none, &handles()).is_none(), "{bad}");
            assert!(seen.claims(&bad, &none, &handles()).is_none(), "{bad}, again");
        }
    }
}
