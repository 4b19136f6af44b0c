//! What may be shown once: the `jti` of a client assertion (RFC 7523 §3), the nonce of an OAuth 1.0a request
//! (RFC 5849 §3.3), and a link that makes an account. The rules name it, after they found the signature good; the store
//! remembers it on every node.

use valetkey_jose::{b64, hash::sha256};
use valetkey_model::ClientId;
use valetkey_protocol::rule::{Refusal, Rule};
use valetkey_protocol::time::Timestamp;

/// Something that must not have been shown before. The caller asks the store's `insert_nonce_once`, and where that says no
/// answers with [`Once::refusal`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use = "what is not remembered can be shown again"]
pub struct Once {
    /// What the store remembers: a hash, nothing of what was shown.
    pub key: String,
    /// Until when; from then on the thing itself is too old to be shown.
    pub expires_at: Timestamp,
    /// The rule that refuses a second time.
    pub rule: Rule,
}

impl Once {
    /// The `jti` of an assertion. Its expiry is not part of the key: the same `jti` with another one is a second use.
    pub fn assertion(client: &ClientId, jti: &str, expires_at: Timestamp) -> Self {
        Self {
            key: format!("jti.{}", hash(&["assertion", client.as_str(), jti])),
            expires_at,
            rule: Rule::ClientAssertionReplayed,
        }
    }

    /// The nonce of a signed request: it need only differ from others with the same timestamp and credentials. The key
    /// begins with the timestamp, so that a store appends it; not with its expiry, which a policy that changes would move,
    /// and the nonce would be new again.
    pub fn oauth1(
        client: &ClientId,
        token: &str,
        (timestamp, nonce): (&str, &str),
        expires_at: Timestamp,
    ) -> Self {
        let hash = hash(&["oauth1", client.as_str(), token, timestamp, nonce]);
        Self {
            key: format!("{timestamp:0>12}.{hash}"),
            expires_at,
            rule: Rule::OAuth1NonceUsed,
        }
    }

    /// A link of a letter that makes an account: `named` tells it from every other of its purpose.
    pub fn link(purpose: &str, named: &[&str], expires_at: Timestamp, rule: Rule) -> Self {
        let parts: Vec<&str> = std::iter::once(purpose).chain(named.iter().copied()).collect();
        Self {
            key: format!("link.{}", hash(&parts)),
            expires_at,
            rule,
        }
    }

    /// The answer when the store remembers it already.
    #[must_use]
    pub fn refusal(&self) -> Refusal {
        let (expected, received) = match self.rule {
            Rule::ClientAssertionReplayed => ("a jti that is new", "one that was used before"),
            Rule::AccountLinkUsed | Rule::SignUpInvitationInvalid => {
                ("a link that was not used", "one that was used before")
            }
            _ => (
                "a nonce that is new for this timestamp and these credentials",
                "one that was used before",
            ),
        };
        Refusal::new(self.rule, expected, received)
    }
}

/// Each part led by its length, so that no two lists give the same hash.
fn hash(parts: &[&str]) -> String {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    b64::encode_url(&sha256(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samples::{self, NOW};

    #[test]
    fn assertion_replay_the_same_jti_has_the_same_key_whatever_expiry_it_names() {
        let client = samples::web_client().id;
        let first = Once::assertion(&client, "j-1", NOW);
        assert_eq!(
            first.key,
            Once::assertion(&client, "j-1", NOW.plus_seconds(9)).key
        );
        assert_eq!(first.refusal().rule, Rule::ClientAssertionReplayed);
        let other = samples::native_client().id;
        assert_ne!(first.key, Once::assertion(&other, "j-1", NOW).key);
        assert_ne!(first.key, Once::assertion(&client, "j-2", NOW).key);
        assert!(!first.key.contains("j-1"));
    }

    #[test]
    fn nonce_replay_the_key_is_of_the_consumer_the_token_the_timestamp_and_the_nonce_together() {
        let client = samples::web_client().id;
        let key = |token, timestamp, nonce| Once::oauth1(&client, token, (timestamp, nonce), NOW).key;
        let first = key("t", "1", "n");
        assert_eq!(first, key("t", "1", "n"));
        for other in [
            key("", "1", "n"),
            key("t", "2", "n"),
            key("t", "1", "m"),
            key("t1", "", "n"),
        ] {
            assert_ne!(first, other);
        }
        let other = Once::oauth1(&samples::native_client().id, "t", ("1", "n"), NOW);
        assert_ne!(first, other.key);
        assert_eq!(other.refusal().rule, Rule::OAuth1NonceUsed);
    }

    #[test]
    fn nonce_replay_the_key_stays_when_the_policy_remembers_for_longer() {
        let client = samples::web_client().id;
        let until = |time| Once::oauth1(&client, "t", ("1", "n"), time).key;
        assert_eq!(until(NOW), until(NOW.plus_seconds(300)));
    }

    #[test]
    fn later_nonces_sort_behind_earlier_ones() {
        let client = samples::web_client().id;
        let at = |time| Once::oauth1(&client, "t", (time, "n"), NOW).key;
        assert!(at("999999999") < at("1000000000"));
    }
}
