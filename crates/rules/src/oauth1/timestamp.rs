//! `oauth_timestamp` and `oauth_nonce` (RFC 5849 §3.3): a request is signed now, and once. The nonce is remembered for
//! as long as its timestamp is taken, so that none comes back.
//!
//! §3.1 lets a client leave both out with PLAINTEXT. Here it may not: every request has its nonce.

use super::Facts;
use super::parameters::needed;
use super::signature::Proven;
use crate::once::Once;
use crate::shown::shown;
use valetkey_model::Client;
use valetkey_protocol::oauth1::Protocol;
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::time::Timestamp;

/// More than any library sends.
const MOST_NONCE_BYTES: usize = 256;
/// Enough until the year 33658.
const MOST_TIMESTAMP_DIGITS: usize = 12;

/// When a request was signed, with its nonce.
#[derive(Debug)]
pub(super) struct Fresh<'a> {
    timestamp: &'a str,
    nonce: &'a str,
    forget_at: Timestamp,
}

/// Takes a timestamp that is near enough to now, before or after, and the nonce.
pub(super) fn fresh<'a>(
    protocol: &'a Protocol,
    facts: &Facts<'_>,
    trail: &mut Trail,
) -> Result<Fresh<'a>, Refusal> {
    let timestamp = needed("oauth_timestamp", protocol.timestamp.as_deref(), trail)?;
    let nonce = needed("oauth_nonce", protocol.nonce.as_deref(), trail)?;
    let short = nonce.len() <= MOST_NONCE_BYTES;
    trail.require(Rule::OAuth1ParametersUnreadable, short, || {
        (
            format!("an oauth_nonce of at most {MOST_NONCE_BYTES} bytes"),
            format!("one of {}", nonce.len()),
        )
    })?;
    let window = facts.policy.oauth1_timestamp_window_seconds;
    let signed_at = seconds(timestamp);
    let near = signed_at.is_some_and(|at| facts.now.seconds_since(at).abs() <= window);
    trail.require(Rule::OAuth1TimestampRefused, near, || {
        (format!("within {window} s of {}", facts.now), shown(timestamp))
    })?;
    let forget_at = signed_at.unwrap_or(facts.now).plus_seconds(window + 1);
    Ok(Fresh {
        timestamp,
        nonce,
        forget_at,
    })
}

/// A positive integer, in its one spelling.
fn seconds(text: &str) -> Option<Timestamp> {
    let digits = text.len() <= MOST_TIMESTAMP_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
    let number: i64 = text.parse().ok().filter(|_| digits && !text.starts_with('0'))?;
    Some(Timestamp(number))
}

impl Fresh<'_> {
    /// What must not have been shown before. Only who holds a [`Proven`] signature gets to have it remembered.
    pub(super) fn once(&self, client: &Client, protocol: &Protocol, _: &Proven) -> Once {
        let token = protocol.token.as_deref().unwrap_or_default();
        Once::oauth1(&client.id, token, (self.timestamp, self.nonce), self.forget_at)
    }
}
