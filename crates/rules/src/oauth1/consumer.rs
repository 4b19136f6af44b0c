//! The consumer (RFC 5849 §1.1: the client): which one a request names, whether it may use OAuth 1.0a at all, and the
//! keys that its signatures are checked with.

use super::Facts;
use super::parameters::needed;
use crate::sealed::Purpose;
use crate::shown::shown;
use valetkey_jose::oauth1::RsaPublicKey;
use valetkey_model::{Client, ClientId};
use valetkey_protocol::oauth1::{Protocol, SignatureMethod};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::OAuth1Secret;
use valetkey_protocol::time::Timestamp;

/// The client that the request says it comes from. Nothing is proven yet.
///
/// # Errors
/// The rule that refused.
pub fn consumer(protocol: &Protocol, trail: &mut Trail) -> Result<ClientId, Refusal> {
    let key = needed("oauth_consumer_key", protocol.consumer_key.as_deref(), trail)?;
    // A text that can be no client id is the id of no client.
    ClientId::parse(key).map_err(|_| trail.refuse(unknown(key)))
}

/// The keys of a consumer.
#[derive(Debug, Default)]
pub(super) struct Keys {
    pub(super) secret: Option<OAuth1Secret>,
    pub(super) rsa: Option<RsaPublicKey>,
}

impl Keys {
    /// Whether signatures of that method can be checked.
    pub(super) const fn has_one_for(&self, method: SignatureMethod) -> bool {
        match method {
            SignatureMethod::Plaintext | SignatureMethod::HmacSha1 | SignatureMethod::HmacSha256 => {
                self.secret.is_some()
            }
            SignatureMethod::RsaSha1 | SignatureMethod::RsaSha256 => self.rsa.is_some(),
        }
    }
}

/// The consumer's keys; none for one that is unknown or may not use OAuth 1.0a. A key that cannot be read is none.
pub(super) fn keys(facts: &Facts<'_>) -> Keys {
    let Some((client, oauth1)) = facts
        .client
        .and_then(|client| Some((client, client.oauth1.as_ref()?)))
    else {
        return Keys::default();
    };
    let open = |sealed| facts.secrets.open(Purpose::OAuth1, &client.id, sealed);
    Keys {
        secret: oauth1
            .secret
            .as_ref()
            .and_then(open)
            .filter(|secret: &OAuth1Secret| !secret.expose().is_empty()),
        rsa: oauth1
            .rsa_public_key
            .as_ref()
            .and_then(|der| RsaPublicKey::from_der(der).ok()),
    }
}

/// The consumer, when it is registered and may use OAuth 1.0a.
pub(super) fn known<'a>(
    protocol: &Protocol,
    facts: &Facts<'a>,
    trail: &mut Trail,
) -> Result<&'a Client, Refusal> {
    let key = protocol.consumer_key.as_deref().unwrap_or_default();
    let Some(client) = facts.client.filter(|client| client.id.as_str() == key) else {
        return Err(trail.refuse(unknown(key)));
    };
    trail.passed(Rule::OAuth1ConsumerUnknown);
    trail.require(Rule::OAuth1NotAllowed, client.oauth1.is_some(), || {
        ("a client with OAuth 1.0a".into(), client.id.to_string())
    })?;
    Ok(client)
}

/// Whether the consumer may begin, or finish beginning, new OAuth 1.0a access.
pub(super) fn may_begin(client: &Client, now: Timestamp, trail: &mut Trail) -> Result<(), Refusal> {
    let retires_at = client.oauth1.as_ref().and_then(|oauth1| oauth1.retires_at);
    trail.require(Rule::OAuth1NotAllowed, may_still_use(client, now), || {
        let received = retires_at.map_or_else(
            || format!("{} without", client.id),
            |at| format!("{}, retired from it at {at}", client.id),
        );
        ("a client with OAuth 1.0a".into(), received)
    })
}

/// Whether it may use OAuth 1.0a, and has not retired from it because its people have moved.
pub(crate) fn may_still_use(client: &Client, now: Timestamp) -> bool {
    let oauth1 = client.oauth1.as_ref();
    oauth1.is_some_and(|oauth1| oauth1.retires_at.is_none_or(|at| now < at))
}

fn unknown(key: &str) -> Refusal {
    Refusal::new(Rule::OAuth1ConsumerUnknown, "a registered client", shown(key))
}
