//! `oauth_signature` (RFC 5849 §3.4): there, and this consumer's for this very request. It is computed for an unknown
//! consumer as for a known one.

use super::consumer::Keys;
use super::message::Signed;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::sync::LazyLock;
use valetkey_jose::oauth1::{Digest, RsaPublicKey, hmac_verify};
use valetkey_protocol::oauth1::{SignatureMethod, SigningKey, signing_key};
use valetkey_protocol::rule::{Refusal, Rule, Trail};
use valetkey_protocol::secret::OAuth1Secret;

/// Stands in for the secret that a consumer does not have; what it signs is still refused.
const NOBODYS_SECRET: &str = "nobody";

/// Stands in for the key that a consumer does not have. Its private half is gone, and what it signs would be refused.
const NOBODYS_KEY: &str = "-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAtqB298QsvwixToCfQS4a
kw2hld5IVEiVdc7KUyPqON3CL+9eUzqBJoy3/aMggw0fM1IwdxHniQv/7L64IJ0u
d8HiUTfmXz8OZ3e4BqrAzDAmDgwcv5JIwq3TJvZqFsg4WKOVWgCvfAyClvW2AxoV
4TiBYbs92OTLABbvGorQR4trAnlyKaBcFZ511u3fqLEiIFvJbPcCRiR4B+gEDJsw
64AI6Py5RRfbIfAJQz/zU0BGnhyNh1sAD30WM/3Z8jQ6J3F2VauEmi5fAANli/xN
yDt5uPIGeOHKpzw3DfflvFHyo//FO6E2B9tHw+QSS62zb3PW5ZCOvIEF940zwMwj
PQIDAQAB
-----END PUBLIC KEY-----";

static NOBODY: LazyLock<Option<RsaPublicKey>> = LazyLock::new(|| RsaPublicKey::from_pem(NOBODYS_KEY).ok());

/// Says that the signature was found good. There is no other way to one.
#[derive(Debug)]
pub(super) struct Proven(());

/// The signature, when there is one: a request that lost it on the way was signed by nobody.
pub(super) fn there<'a>(signed: &Signed<'a>, trail: &mut Trail) -> Result<&'a str, Refusal> {
    super::parameters::needed("oauth_signature", signed.signature, trail)
}

/// Whether it is the consumer's. Never true without the consumer's own key.
pub(super) fn holds(
    base_string: &str,
    received: &str,
    method: SignatureMethod,
    (keys, token_secret): (&Keys, Option<&OAuth1Secret>),
) -> bool {
    let message = base_string.as_bytes();
    let consumer_secret = keys.secret.as_ref().map_or(NOBODYS_SECRET, OAuth1Secret::expose);
    let token_secret = token_secret.map_or("", OAuth1Secret::expose);
    let hmac = |digest| {
        let key = signing_key(consumer_secret, token_secret);
        let tag = STANDARD.decode(received).unwrap_or_default();
        hmac_verify(digest, key.expose().as_bytes(), message, &tag)
    };
    let rsa = |digest| {
        let key = keys.rsa.as_ref().or(NOBODY.as_ref());
        let bytes = STANDARD.decode(received).unwrap_or_default();
        key.is_some_and(|key| key.verify(digest, message, &bytes))
    };
    let fits = match method {
        SignatureMethod::Plaintext => SigningKey::new(received) == signing_key(consumer_secret, token_secret),
        SignatureMethod::HmacSha1 => hmac(Digest::Sha1),
        SignatureMethod::HmacSha256 => hmac(Digest::Sha256),
        SignatureMethod::RsaSha1 => rsa(Digest::Sha1),
        SignatureMethod::RsaSha256 => rsa(Digest::Sha256),
    };
    fits && keys.has_one_for(method)
}

/// Refuses when it is not. The base string is what a developer compares; nothing in it is a secret of the server's.
pub(super) fn good(
    holds: bool,
    method: SignatureMethod,
    signed: &Signed<'_>,
    trail: &mut Trail,
) -> Result<Proven, Refusal> {
    trail.require(Rule::OAuth1SignatureInvalid, holds, || match method {
        SignatureMethod::Plaintext => (
            "the consumer secret, & and the token secret, each encoded (not shown)".into(),
            "another text (not shown)".into(),
        ),
        _ => (
            signed.base_string.to_owned(),
            format!("a signature by {method} of something else, or under other secrets"),
        ),
    })?;
    Ok(Proven(()))
}
