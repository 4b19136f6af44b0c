//! `oauth_signature_method` (RFC 5849 §3.4): known, safe on this wire, and one that the consumer has a key for. Which
//! key a method uses is fixed: a consumer with an RSA key cannot be attacked by an HMAC with that public key as secret.

use super::consumer::Keys;
use super::message::Signed;
use super::parameters::needed;
use crate::policy::Policy;
use crate::shown::{listed, shown};
use url::Url;
use valetkey_protocol::oauth1::SignatureMethod;
use valetkey_protocol::redirect_uri::is_loopback_host;
use valetkey_protocol::rule::{Refusal, Rule, Trail};

/// The method that the request names.
pub(super) fn named(
    signed: &Signed<'_>,
    policy: &Policy,
    trail: &mut Trail,
) -> Result<SignatureMethod, Refusal> {
    let name = signed.protocol.signature_method.as_deref();
    let name = needed("oauth_signature_method", name, trail)?;
    let Some(method) = SignatureMethod::parse(name) else {
        return Err(trail.refuse(Refusal::new(
            Rule::OAuth1SignatureMethodUnsupported,
            listed(SignatureMethod::ALL.map(SignatureMethod::as_str)),
            shown(name),
        )));
    };
    if method == SignatureMethod::Plaintext {
        trail.require(
            Rule::OAuth1PlaintextWithoutTls,
            keeps_secrets(signed.uri, policy),
            || ("an https URI".into(), shown(signed.uri)),
        )?;
    }
    Ok(method)
}

/// §3.4.4: PLAINTEXT sends the secrets themselves. A server that runs on the loopback interface alone has no wire.
fn keeps_secrets(uri: &str, policy: &Policy) -> bool {
    let Ok(url) = Url::parse(uri) else {
        return false;
    };
    match url.scheme() {
        "https" => true,
        "http" => {
            is_loopback_host(&url) && Url::parse(&policy.issuer).is_ok_and(|issuer| is_loopback_host(&issuer))
        }
        _ => false,
    }
}

/// Whether the consumer has a key for the method.
pub(super) fn registered(method: SignatureMethod, keys: &Keys, trail: &mut Trail) -> Result<(), Refusal> {
    trail.require(
        Rule::OAuth1SignatureMethodUnsupported,
        keys.has_one_for(method),
        || {
            let usable = SignatureMethod::ALL.into_iter().filter(|m| keys.has_one_for(*m));
            (listed(usable.map(SignatureMethod::as_str)), method.to_string())
        },
    )
}
