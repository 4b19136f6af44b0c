//! What an operator decides: the policy of the rules, the look, whom to trust, and the limits of one request.
//! Reading a configuration file is the command line's business.

use crate::address::Network;
use crate::inspector::Inspector;
use crate::outbound::OutboundSettings;
use crate::pages::{Brand, home};
use crate::upstream::ProviderSettings;
use std::sync::Arc;
use url::Url;
use valetkey_rules::policy::Policy;

/// Everything the server needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The rules' limits and lifetimes, the issuer, scopes and resources.
    pub policy: Policy,
    /// Name, accent and logo. `base_path` is set from the issuer.
    pub brand: Brand,
    /// What the start page of the development server tells, and the sign-in page hints at.
    pub dev: Option<home::Dev>,
    /// The proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Who records flows; `None` records nothing.
    pub inspector: Option<Arc<Inspector>>,
    /// Whose flows are recorded.
    pub inspect: Inspect,
    /// How large a request's body may be.
    pub body_bytes: usize,
    /// How long one request may take, its body included.
    pub request_seconds: u64,
    /// How often the store is asked whether clients or keys have changed: for so long a change stays unseen that nobody told of.
    /// Half a minute after the last answer clients and keys are not served any more, so with more than that one failure is enough.
    pub follow_every_seconds: u64,
    /// How many passwords are hashed at once; each takes 19 MiB while it runs.
    pub password_workers: usize,
    /// How many passwords may wait to be hashed.
    pub password_queue: usize,
    /// How letters go out; `None` sends none.
    pub mail: Option<crate::mail::MailSettings>,
    /// What the server's own requests may do.
    pub outbound: OutboundSettings,
    /// The providers that sign people in, in the order of their buttons.
    pub providers: Vec<ProviderSettings>,
    /// When the signing keys are exchanged.
    pub key_rotation: KeyRotation,
    /// Pages of the operator that the metadata leads to.
    pub links: Links,
}

/// Pages of the operator's own (OpenID Connect Discovery §3).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Links {
    /// For developers of apps.
    pub documentation_uri: Option<String>,
    /// What apps may do with what they learn here.
    pub policy_uri: Option<String>,
    /// The terms for apps.
    pub tos_uri: Option<String>,
}

/// When the signing keys are exchanged for new ones, and for how long the old ones verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyRotation {
    /// A key signs for so long; `None`: until an operator rotates it.
    pub after_seconds: Option<i64>,
    /// A key that signs no more verifies for so long after the last token that it signed has expired: clocks differ, and
    /// APIs keep key sets for a while.
    pub margin_seconds: i64,
}

impl Default for KeyRotation {
    fn default() -> Self {
        Self {
            after_seconds: Some(90 * 24 * 3600),
            margin_seconds: 3600,
        }
    }
}

/// Whose flows the inspector records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Inspect {
    /// Everybody's: the development server.
    Everyone,
    /// Those of the clients that an administrator allowed for a time (`inspect_until`).
    Allowed,
}

impl Settings {
    /// The defaults for a policy.
    #[must_use]
    pub fn new(policy: Policy) -> Self {
        Self {
            policy,
            brand: Brand::default(),
            dev: None,
            trusted_proxies: Vec::new(),
            inspector: None,
            inspect: Inspect::Allowed,
            body_bytes: 64 * 1024,
            request_seconds: 20,
            follow_every_seconds: 1,
            password_workers: std::thread::available_parallelism().map_or(2, |n| n.get().min(4)),
            password_queue: 64,
            mail: None,
            outbound: OutboundSettings::default(),
            providers: Vec::new(),
            key_rotation: KeyRotation::default(),
            links: Links::default(),
        }
    }
}

/// The issuer, taken apart.
#[derive(Debug, Clone)]
pub(crate) struct Issuer {
    /// Scheme, host and port, as a browser writes them in `Origin`.
    pub(crate) origin: String,
    /// Empty, or `/auth`.
    pub(crate) path: String,
    /// Whether cookies can be `Secure`.
    pub(crate) is_https: bool,
}

/// The issuer is no usable URL.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the issuer {0:?} must be an http or https URL without query and fragment, and without a slash at the end (RFC 8414 §2)"
)]
pub struct InvalidIssuer(String);

impl Issuer {
    pub(crate) fn parse(issuer: &str) -> Result<Self, InvalidIssuer> {
        let invalid = || InvalidIssuer(issuer.to_owned());
        let url = Url::parse(issuer).map_err(|_| invalid())?;
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        let is_http = matches!(url.scheme(), "http" | "https");
        let path = url.path().trim_end_matches('/').to_owned();
        // Braces would be taken for a placeholder by the router.
        if !is_plain || !is_http || issuer.ends_with('/') || path.contains(['{', '}', '%']) {
            return Err(invalid());
        }
        Ok(Self {
            origin: url.origin().ascii_serialization(),
            path,
            is_https: url.scheme() == "https",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_that_cannot_be_compared_letter_by_letter_is_refused() {
        for bad in [
            "",
            "auth.example",
            "ftp://auth.example",
            "https://auth.example/",
            "https://auth.example/a/",
            "https://auth.example?x",
            "https://auth.example#x",
            "https://auth.example/{id}",
        ] {
            assert!(Issuer::parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_issuer_is_taken_apart() {
        let issuer = Issuer::parse("https://auth.example:8443/tenant/a").unwrap();
        assert_eq!(issuer.origin, "https://auth.example:8443");
        assert_eq!(issuer.path, "/tenant/a");
        assert!(issuer.is_https);
        assert_eq!(Issuer::parse("http://localhost:8080").unwrap().path, "");
    }
}
